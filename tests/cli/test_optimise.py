"""`backsim optimise` as a user meets it: output, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.search.periodic import scenario

from backsim.cli import run as cli
from backsim.results.store import to_yaml

SEARCH = """\
title: "How much to keep"
question: "Which level costs least?"
scenario: scenario.yaml
search:
  policy.reorder.S: {integers: [14, 19]}
indifference: 5 %
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file of a search, in the current folder."""
    monkeypatch.chdir(tmp_path)
    given = scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 60)
    Path("scenario.yaml").write_text(to_yaml(given))
    Path("search.yaml").write_text(SEARCH)
    return "search.yaml"


def test_policy_promise_and_files(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["optimise", file, "--engine", "simpy", "--out", "found"]) == 0
    shown = capsys.readouterr()
    for text in ("How much to keep", "Which level costs least?", "today (reference)", "Spent: "):
        assert text in shown.out
    names = {f.name for f in Path("found").iterdir()}
    assert names >= {"search.json", "search.sqlite", "report.html", "study.sqlite"}
    assert json.loads(Path("found/search.json").read_text())["promised"]


def test_json(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["optimise", file, "--engine", "simpy", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["promised"]
    assert 14 <= found["settings"]["policy.reorder.S"] <= 19
    assert found["confidence"] == 0.95


def test_no_promise_is_exit_1(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_text(SEARCH.replace("5 %", "0.01 %"))
    assert cli(["optimise", file, "--engine", "simpy", "-n", "200"]) == 1
    assert "Nothing is promised" in capsys.readouterr().out


def test_bad_input_is_exit_2(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(file).write_text(SEARCH.replace("[14, 19]", "[19, 14]"))
    assert cli(["optimise", file]) == 2
    assert "expected the lower end first" in capsys.readouterr().err
    assert cli(["compare", file]) == 2
    assert "use `backsim optimise search.yaml`" in capsys.readouterr().err


def test_validate_knows_it(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["validate", file]) == 0
    assert "search.yaml: ok (a search among 6 policies)" in capsys.readouterr().out


def test_stock_that_costs_nothing_is_warned_of(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The most stock is best then, at the end of whatever range is searched."""
    Path(file).write_text(f"{SEARCH}set: {{costs.holding: 0}}\n")
    cli(["optimise", file, "--engine", "simpy", "-n", "300"])
    shown = capsys.readouterr()
    assert "warning: minimise cost.total while holding stock costs nothing" in shown.err
    assert "the end of the range searched of policy.reorder.S" in " ".join(shown.out.split())
