"""The rule by which waiting lines are served is known by whom it served first."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.data.recovery import random_scenario

from backsim.api import simulate
from backsim.backtest.simulated import tables_of
from backsim.data.calibrate import Calibration, calibrate
from backsim.data.scenariofile import scenario_text
from backsim.data.writing import write_export
from backsim.scenario import from_dict


def served_by(rule: str, folder: Path) -> Calibration:
    values = random_scenario(3) | {"horizon": 330, "policy": {"priority": rule}}
    values["customers"]["trade"]["priority"] = 2
    values["customers"]["web"]["priority"] = 1
    run = simulate(from_dict(values), seed=4, engine="simpy")
    write_export(tables_of(run), "plain", folder)
    return calibrate(folder)


@pytest.mark.parametrize("rule", ["fcfs", "lifo", "smallest_first", "class_priority"])
def test_the_rule_explains_most(tmp_path: Path, rule: str):
    found = served_by(rule, tmp_path)
    assert found.priority.rule == rule
    assert found.priority.explained[rule] > 0.75
    assert f"priority: {rule}" in scenario_text(found)
    if rule == "class_priority":
        ranks = dict(zip(found.history.classes, found.priority.rank, strict=True))
        assert ranks == {"web": 1, "trade": 2}
