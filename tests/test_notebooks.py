"""Notebooks of the documentation run, and what they show is short and readable."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from backsim.errors import InputError

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs").glob("*.ipynb"))


def shown(code: str, names: dict[str, Any]) -> Any:
    """What a cell shows: the value of its last line, if that is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    cells = [cell for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert all(not cell["outputs"] for cell in cells), "outputs are not kept"
    names: dict[str, Any] = {}
    for cell in cells:
        value = shown("".join(cell["source"]), names)
        if value is None:
            continue
        module = type(value).__module__
        if module.startswith("backsim."):
            assert len(repr(value)) < 300, repr(value)
            if hasattr(value, "_repr_html_"):
                assert "<t" in value._repr_html_()


def test_tables_have_names_for_rows_and_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    import backsim

    monkeypatch.chdir(ROOT)
    shop = backsim.load("scenarios/quickstart.yaml", ["horizon=500"])
    runs = backsim.replicate(shop, seed=1, replications=3, engine="simpy")
    assert repr(runs) == "3 replications of scenarios/quickstart.yaml"
    first = next(runs)
    assert first.metrics.table("product").loc["fill_rate", "cakestand"] == first.metrics.get(
        "fill_rate", "product", "cakestand"
    )
    summary = runs.summary()
    assert summary["fill_rate[retail]"] == summary.get("fill_rate", "class", "retail")
    assert summary["fill_rate"].count == 2, "the first run was taken before"
    table = summary.table()
    assert table.loc["fill_rate", ("retail", "mean")] == summary["fill_rate[retail]"].mean
    assert table.loc["fill_rate", ("", "half_width")] == summary["fill_rate"].half_width
    with pytest.raises(InputError, match="'nobody'"):
        summary["fill_rate[nobody]"]
    assert runs.summary() is summary, "a cell may be run again"
