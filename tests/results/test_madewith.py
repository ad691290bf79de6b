"""What results are made with: every file and package that may change a number."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import backsim
from backsim.results.madewith import (
    NUMBERS,
    Provenance,
    code_digest,
    code_files,
    environment,
    here,
)

PACKAGE = Path(backsim.__file__).parent

LOADED = """
import json, sys
from pathlib import Path
import backsim.api, backsim.engines.compiled, backsim.engines.simpy, backsim.experiment.work
import backsim.allocation.solver.highs, backsim.allocation.plan.greedy, backsim.experiment.tapes
names = [getattr(m, "__file__", "") for n, m in sys.modules.items() if n.startswith("backsim")]
print(json.dumps(sorted(name for name in names if name)))
"""


def loaded_to_play() -> set[Path]:
    """The files of backsim that are loaded to play a replication."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    return {Path(file) for file in json.loads(done.stdout)}


def test_every_file_that_is_loaded_to_play_counts() -> None:
    assert loaded_to_play() <= set(code_files(PACKAGE))


FEW = 20
"""Files that are hashed together, so that each hash is quick."""


def test_a_byte_more_in_any_of_them_is_another_digest(tmp_path: Path) -> None:
    copy = tmp_path / "backsim"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    first = code_digest(copy)
    assert first == code_digest()
    names = [file.relative_to(PACKAGE) for file in code_files(PACKAGE)]
    for name in (
        "allocation/plan/clearing.py",
        "quantities.py",
        "entities/orders.py",
        "tables/excel.py",
    ):
        assert Path(name) in names
    for start in range(0, len(names), FEW):
        few = tmp_path / f"from {start}" / "backsim"
        for name in names[start : start + FEW]:
            (few / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(copy / name, few / name)
        before = code_digest(few)
        for name in names[start : start + FEW]:
            data = (few / name).read_bytes()
            (few / name).write_bytes(data + b"\n")
            assert code_digest(few) != before, name
            (few / name).write_bytes(data)
    (copy / "allocation" / "new.py").write_text("LEAST = 1\n")
    assert code_digest(copy) != first
    (copy / "allocation" / "new.py").unlink()
    (copy / "report" / "html.py").write_text("")
    assert code_digest(copy) == first  # it only shows


def test_the_versions_of_all_that_they_import() -> None:
    imported: set[str] = set()
    for file in code_files(PACKAGE):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - {"backsim"}
    homes = packages_distributions()
    needed = {min(homes[name], key=len) for name in others}
    plain = {name.lower().replace("_", "-") for name in needed}
    assert plain == set(NUMBERS) - {"backsim"}
    assert environment()["versions"]["highspy"] != "not installed"


def test_what_has_changed_is_one_list() -> None:
    """Studies and baselines keep the hash of the source among the versions; runs beside them."""
    before = {"versions": {"numpy": "1.0", "source": "old"}, "python": "3.10", "arithmetic": "arm"}
    now = {"versions": {"numpy": "2.0", "scipy": "1.1"}, "source": "new", "python": "3.10"}
    one, other = Provenance.from_dict(before), Provenance.from_dict(now)
    assert [(c.what, c.before, c.now) for c in one.changes(other)] == [
        ("version of numpy", "1.0", "2.0"),
        ("version of scipy", "unknown", "1.1"),
        ("backsim's code", "old", "new"),
        ("platform", "arm", "unknown"),
    ]
    assert [c.brief for c in one.changes(other)][::2] == ["numpy 1.0 -> 2.0", "backsim's code"]
    assert not list(here().changes(Provenance.from_dict(here().to_dict())))
