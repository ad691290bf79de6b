"""The pytest plugin, as a user's test meets it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from tests.regression import gate

ROOT = Path(__file__).parents[2]
TEST = """
import pytest

def test_plain(backsim):
    backsim.assert_no_regression("experiment.yaml", workers=1)

@pytest.mark.backsim(baseline="baselines", workers=1)
def test_marked(backsim):
    backsim.assert_no_regression("experiment.yaml")

def test_other():
    pass
"""
HEAVY = ("numpy", "pandas", "pydantic", "scipy", "numba", "matplotlib", "simpy", "ruamel")


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "backsim.regression.plugin", "-q"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, "--strict-markers", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_users_tests(tmp_path: Path) -> None:
    gate.write(tmp_path, set={"horizon": 30}, replications=8)
    (tmp_path / "test_it.py").write_text(TEST)
    code, said = run(tmp_path, "--backsim-update")
    assert (code, "3 passed" in said) == (0, True), said
    gate.replace(tmp_path / "shop.yaml", ("holding: 0.1", "holding: 0.3"))
    code, said = run(tmp_path)
    assert code == 1
    assert "2 failed, 1 passed" in said, said
    assert "plain: cost.holding: " in said
    assert "Traceback" not in said
    code, said = run(tmp_path, "-m", "not backsim")
    assert (code, "1 passed, 2 deselected" in said) == (0, True), said


NEAR = """
import pytest

def test_from_the_root(backsim):
    backsim.assert_no_regression("experiments/experiment.yaml", workers=1)

@pytest.mark.backsim(workers=1)
def test_beside_the_test(backsim):
    backsim.assert_no_regression("near.yaml")
"""


def test_paths_do_not_depend_on_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in ("experiments", "tests"):
        (tmp_path / name).mkdir()
        file = gate.write(tmp_path / name, set={"horizon": 30}, replications=2)
    file.rename(file.with_name("near.yaml"))
    (tmp_path / "tests" / "test_near.py").write_text(NEAR)
    code, said = run(tmp_path, "--backsim-update")
    assert (code, "2 passed" in said) == (0, True), said
    code, said = run(tmp_path / "tests")
    assert (code, "2 passed" in said) == (0, True), said
    baselines = sorted(str(f.relative_to(tmp_path)) for f in tmp_path.rglob("baselines/*"))
    assert baselines == ["experiments/baselines/experiment.yaml", "tests/baselines/near.yaml"]


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("baselin='x'", "expected a known setting (baseline), got 'baselin'"),
        ("'x'", "expected settings by name (baseline, workers, engine, strict), got 'x'"),
        ("workers='2'", "workers: expected a whole number above 0, got '2'"),
        ("engine='fast'", "engine: expected auto, simpy or compiled, got 'fast'"),
    ],
)
def test_a_marker_that_says_something_else(tmp_path: Path, marker: str, message: str) -> None:
    text = f"import pytest\n\n@pytest.mark.backsim({marker})\ndef test_x(backsim):\n    pass\n"
    (tmp_path / "test_it.py").write_text(text)
    code, said = run(tmp_path)
    assert code == 4
    assert f"ERROR: test_it.py::test_x: @pytest.mark.backsim: {message}" in said
    assert "Traceback" not in said


def test_a_call_that_says_something_else(tmp_path: Path) -> None:
    call = "backsim.assert_no_regression('experiment.yaml', worker=1)"
    (tmp_path / "test_it.py").write_text(f"def test_x(backsim):\n    {call}\n")
    code, said = run(tmp_path)
    assert code == 1
    assert "assert_no_regression: expected a known setting (workers), got 'worker'" in said


def test_a_missing_baseline_fails_the_test(tmp_path: Path) -> None:
    gate.write(tmp_path)
    (tmp_path / "test_it.py").write_text(TEST)
    code, said = run(tmp_path, "-k", "plain")
    assert code == 1
    assert "expected the baseline of experiment.yaml, found none" in said


def test_loading_it_imports_nothing_heavy() -> None:
    script = "import sys, backsim.regression.plugin; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = {name.partition(".")[0] for name in done.stdout.split()}
    assert not modules & set(HEAVY)


def test_the_entry_point_is_this_module() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    place = project["project"]["entry-points"]["pytest11"]["backsim"]
    assert hasattr(import_module(place), "pytest_addoption")
