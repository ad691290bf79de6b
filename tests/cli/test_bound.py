"""`backsim regret`: with its defaults, on what is shipped and on what a user writes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from backsim.cli import run as cli
from backsim.hindsight.bound import rules_for
from backsim.scenario import load

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
SHORT = ["--seed", "1", "-n", "1", "--engine", "simpy", "--format", "csv"]
SHORT += ["--set", "warm_up=1", "--set", "horizon=6", "--workers", "1"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_bound_with_its_defaults(path: Path, capsys: pytest.CaptureFixture[str]):
    """It plays what fits the scenario, or says why it knows no bound for the scenario at all."""
    if "online_retail" in path.name and not (path.parents[2] / "shared" / "data").exists():
        pytest.skip("its trace is not in the repository")
    code = cli(["regret", str(path), *SHORT])
    shown = capsys.readouterr()
    if code:
        assert "backsim: bound: expected a scenario in which" in shown.err
        return
    played = [row["rule"] for row in csv.DictReader(io.StringIO(shown.out))]
    assert played[0] == "as it is"
    assert "fcfs" in played


def test_a_rule_that_does_not_go_with_the_scenario_is_left_out():
    path = next(path for path in SCENARIOS if path.stem == "gold_and_silver")
    fitting, left_out = rules_for(load(path))
    assert "lp" not in fitting
    assert set(left_out) == {"lp"}
    assert "policy.rationing" in left_out["lp"]
