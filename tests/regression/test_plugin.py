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
    return done.returncode, done.stdout


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


@pytest.mark.parametrize("setting", [{"worker": 1}])
def test_an_unknown_setting(tmp_path: Path, setting: dict[str, int]) -> None:
    from backsim.regression.plugin import Gate

    with pytest.raises(TypeError, match="worker"):
        Gate(False, {}).assert_no_regression(tmp_path / "x.yaml", **setting)
