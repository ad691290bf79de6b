"""`check` holds the answer of a search."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from tests.search.periodic import scenario

from backsim.cli import run as cli
from backsim.results.store import to_yaml

SEARCH = {
    "scenario": "scenario.yaml",
    "search": {"policy.reorder.S": {"integers": [13, 20]}},
    "indifference": "4 %",
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with the baseline of its answer."""
    folder = tmp_path_factory.mktemp("searched")
    with chdir(folder):
        write(4.0)
        Path("levels.yaml").write_text(to_yaml(SEARCH))
        assert cli(["check", "levels.yaml", "--update", "--engine", "simpy"]) == 0
    return folder


@pytest.fixture
def folder(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the current folder."""
    monkeypatch.chdir(shutil.copytree(searched, tmp_path, dirs_exist_ok=True))
    return tmp_path


def write(penalty: float) -> None:
    Path("scenario.yaml").write_text(to_yaml(scenario(2, penalty, {"poisson": {"mean": 5.0}}, 60)))


def check(*options: str) -> int:
    return cli(["check", "levels.yaml", "--engine", "simpy", *options])


def test_the_same_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0
    assert "levels: ok: 'S=" in capsys.readouterr().out
    assert cli(["check", "levels.yaml", "--update", "--engine", "simpy"]) == 0
    assert "baseline unchanged" in capsys.readouterr().out


def test_a_search_says_itself_how_many_replications_it_takes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--update", "-n", "100") == 2
    assert "levels.yaml: expected no --replications for a search" in capsys.readouterr().out


def test_another_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A unit lost costs five times as much: more stock is better now."""
    write(20.0)
    assert check("--markdown", "check.md", "--junit", "check.xml") == 1
    out = capsys.readouterr().out
    assert "levels: FAILED: the answer is now 'S=" in out
    assert "less than the answer before" in out
    assert "backsim check levels.yaml --update" in out
    assert "the answer is now" in Path("check.md").read_text()
    assert 'failures="1"' in Path("check.xml").read_text()


def test_another_answer_as_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The level next to it costs hardly more."""
    file = Path("baselines/levels.yaml")
    held = yaml.safe_load(file.read_text())
    level = held["settings"]["policy.reorder.S"]
    held["settings"]["policy.reorder.S"] = level + 1
    file.write_text(to_yaml(held))
    assert check() == 0
    assert (
        f"ok: the answer is now 'S={level}', as good as the one before" in capsys.readouterr().out
    )


def test_the_same_answer_at_another_cost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("baselines/levels.yaml")
    held = yaml.safe_load(file.read_text())
    file.write_text(to_yaml({**held, "mean": held["mean"] * 1.5}))
    assert check() == 1
    assert "is still the answer, at another level" in capsys.readouterr().out


def test_another_answer_at_another_cost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is as good as the one before, which costs more by now, too."""
    file = Path("baselines/levels.yaml")
    held = yaml.safe_load(file.read_text())
    held["settings"]["policy.reorder.S"] += 1
    file.write_text(to_yaml({**held, "mean": held["mean"] / 1.5}))
    assert check() == 1
    assert "FAILED: the answer is now 'S=" in (told := capsys.readouterr().out)
    assert "at another level: " in told


def test_a_baseline_that_is_no_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("baselines/levels.yaml").write_bytes(b"\xff\xfe")
    assert cli(["check", "levels.yaml", "--update", "--engine", "simpy"]) == 2
    assert "expected a readable file" in capsys.readouterr().out


def test_no_baseline_and_another_s(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.yaml").write_text(to_yaml(SEARCH))
    assert cli(["check", "other.yaml"]) == 2
    assert "to make it: backsim check other.yaml --update" in capsys.readouterr().out
    Path("baselines/other.yaml").write_text(Path("baselines/levels.yaml").read_text())
    assert cli(["check", "other.yaml"]) == 2
    assert "expected the baseline of 'other', got that of 'levels'" in capsys.readouterr().out
