"""A file of another kind: what it is, and which command takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from backsim.cli import run as cli
from backsim.kinds import Kind, kind_of

SCENARIO = """
horizon: 20
products: mug
suppliers: {acme: {lead_time: 2}}
customers: {shops: {demand: {arrivals: {poisson: {rate: 1}}, products: mug}}}
policy: {reorder: {rule: base_stock, S: 5}}
"""
EXPERIMENT = """
scenario: shop.yaml
replications: 2
seed: 1
metrics: [fill_rate]
policies: {low: {policy.reorder.S: 1}, high: {policy.reorder.S: 9}}
"""
SEARCH = """
scenario: shop.yaml
search: {policy.reorder.S: {integers: [1, 9]}}
"""
KNOWN = """
source: Palm (1938)
scenario:
  horizon: 20
  products: mug
  suppliers: {acme: {lead_time: 2}}
  customers: {shops: {demand: {arrivals: {poisson: {rate: 1}}, products: mug}}}
  policy: {reorder: {rule: base_stock, S: 5}}
expect: {fill_rate: 0.947}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One path of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    (tmp_path / "x.yaml").write_text(EXPERIMENT)
    (tmp_path / "search.yaml").write_text(SEARCH)
    (tmp_path / "palm.yaml").write_text(KNOWN)
    (tmp_path / "base.yaml").write_text("format: 1\nexperiment: x\nseed: 1\nreplications: 8\n")
    (tmp_path / "orders.csv").write_text("day,item,count\n1,mug,2\n")
    (tmp_path / "own.py").write_text("")
    (tmp_path / "empty").mkdir()
    assert cli(["allocate", "--template", "book"]) == 0
    assert cli(["run", "shop.yaml", "--seed", "1", "-n", "2", "--out", "run"]) == 0
    return tmp_path


KINDS = {
    "shop.yaml": Kind.SCENARIO,
    "x.yaml": Kind.EXPERIMENT,
    "search.yaml": Kind.SEARCH,
    "palm.yaml": Kind.KNOWN_ANSWERS,
    "base.yaml": Kind.BASELINE,
    "orders.csv": Kind.CSV,
    "own.py": Kind.RULES,
    "book": Kind.BOOK,
    "run": Kind.RUN,
    "run/provenance.json": Kind.RUN,
    "empty": Kind.FOLDER,
}
TAKES = {
    "run": (Kind.SCENARIO,),
    "resolve": (Kind.SCENARIO,),
    "regret": (Kind.SCENARIO,),
    "validate": (Kind.SCENARIO, Kind.EXPERIMENT, Kind.SEARCH, Kind.KNOWN_ANSWERS, Kind.BOOK),
    "selftest": (Kind.KNOWN_ANSWERS, Kind.FOLDER),
    "compare": (Kind.EXPERIMENT,),
    "optimise": (Kind.SEARCH,),
    "check": (Kind.EXPERIMENT, Kind.SEARCH),
    "allocate": (Kind.BOOK, Kind.FOLDER),
}


def test_every_kind_is_told_by_its_contents(folder: Path) -> None:
    assert {name: kind_of(folder / name) for name in KINDS} == KINDS
    assert kind_of(folder / "none.yaml") is None


@pytest.mark.parametrize("command", TAKES)
def test_a_command_says_what_it_was_given(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, kind in KINDS.items():
        if kind not in TAKES[command]:
            capsys.readouterr()
            assert cli([command, name]) == 2
            told = capsys.readouterr()
            lines = (told.err + told.out).strip().splitlines()
            assert len(lines) <= 3
            assert kind.told(Path(name)) in "\n".join(lines)


def test_what_else_to_do_with_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report.html").write_text("<!doctype html><title>Report</title>")
    for command, said in (
        (["optimise", "x.yaml"], "use `backsim compare x.yaml`, or give it a `search` block"),
        (["calibrate", "book/lines.csv"], ", or give the folder that it is in"),
        (["outlook", "shop.yaml", "book"], ", or name the book first"),
        (["compare", "report.html"], "report.html is a web page: use a browser"),
        (["run", "shoop.yaml"], "(No such file or directory; did you mean shop.yaml?)"),
    ):
        capsys.readouterr()
        assert cli(command) == 2
        assert said in " ".join(capsys.readouterr().err.split())


def test_rerun_and_diff(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("shop.yaml", "x.yaml", "book"):
        capsys.readouterr()
        assert cli(["reproduce", name]) == 2
        assert KINDS[name].told(Path(name)) in capsys.readouterr().err


def test_validate_checks_what_it_knows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli(["validate", "shop.yaml", "x.yaml", "search.yaml", "book", "palm.yaml"]) == 0
    out = capsys.readouterr().out
    assert "x.yaml: ok (an experiment with 2 policies)" in out
    assert "search.yaml: ok (a search among 9 policies)" in out
    assert "book: ok (a book of " in out
    assert "palm.yaml: ok (1 known answer)" in out
    (folder / "x.yaml").write_text(EXPERIMENT.replace("fill_rate", "fil_rate"))
    assert cli(["validate", "shop.yaml", "x.yaml"]) == 2
    assert "fil_rate" in capsys.readouterr().err
