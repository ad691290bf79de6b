"""A system that cannot keep up is told from one that can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backsim
from backsim.cli import run as cli
from backsim.experiment import load_study
from backsim.results.overload import BACKLOG, GROWTH, WAITING, Load, load_of
from backsim.results.store import to_yaml
from backsim.results.summary import summarise
from backsim.scenario.load import from_dict
from backsim.statistics import estimate


def shop(units_per_day: float, horizon: float = 365, **fields: Any) -> dict[str, Any]:
    """10 units a day are ordered."""
    return {
        "horizon": horizon,
        "products": "item",
        "suppliers": {"maker": {"capacity": {"units_per_day": units_per_day}}},
        "customers": {"c": {"demand": {"arrivals": {"poisson": {"rate": 10}}, "products": "item"}}},
        "policy": {"reorder": {"rule": "base_stock", "S": 5}},
        **fields,
    }


def judged(scenario: dict[str, Any], seed: int, replications: int) -> Load:
    runs = backsim.replicate(
        from_dict(scenario), seed=seed, replications=replications, engine="simpy", workers=1
    )
    found = summarise(runs)
    return load_of(*(found.get(name) for name in (GROWTH, BACKLOG, WAITING)))


@pytest.mark.parametrize("replications", [1, 4])
def test_a_maker_that_is_too_slow(replications: int) -> None:
    assert judged(shop(9), 1, replications) is Load.overloaded


def test_stable_systems_raise_no_alarm() -> None:
    """12 studies of 4 replications at 90 % load; at most 1 % of such may be called overloaded."""
    model = shop(100 / 9, 150, warm_up=30)
    alarms = sum(judged(model, seed, 4) is not Load.fine for seed in range(12))
    assert alarms <= 1  # more has a probability of 0.6 % at the most


def test_a_short_window_leaves_many_waiting_without_overload() -> None:
    """Every order waits 20 days; the window has 60."""
    slow = shop(1000, 100, warm_up=40)
    slow["suppliers"] = {"maker": {"lead_time": 20}}
    slow["policy"] = {"reorder": {"rule": "base_stock", "S": 0}}
    assert judged(slow, 1, 3) is Load.unfinished


def test_the_criterion_by_hand() -> None:
    def state(growth: list[float], backlog: float, waiting: float) -> Load:
        ends = (growth, [backlog] * len(growth), [waiting] * len(growth))
        return load_of(*(estimate(values) for values in ends))

    assert state([9, 10, 11], 10, 0.02) is Load.overloaded
    assert state([9, 10, 11], 10, 0.005) is Load.fine  # nearly everybody is served
    assert state([4, 5, 4], 10, 0.02) is Load.fine  # it grows a little
    assert state([-5, 30, 3], 10, 0.02) is Load.fine  # chance
    assert state([-5, 30, 3], 10, 0.06) is Load.overloaded  # grows as seen
    assert state([9, 11], 10, 0.02) is Load.fine  # chance cannot be judged
    assert state([9, 11], 10, 0.06) is Load.overloaded
    assert state([0, 0, 0], 10, 0.06) is Load.unfinished
    assert state([np.nan], np.nan, np.nan) is Load.fine


def test_run_compare_and_report_say_so(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(to_yaml(shop(9)))
    (tmp_path / "e.yaml").write_text(
        "scenario: s.yaml\nreplications: 3\nseed: 1\nobjective: minimise mean_wait\n"
        "policies: {fcfs: {policy.priority: fcfs}, lifo: {policy.priority: lifo}}\n"
        "metrics: [wait_p95]\nconstraints: 'wait_p99 <= 100'\n"
    )
    assert cli(["run", "s.yaml", "--seed", "1", "-n", "3", "--engine", "simpy"]) == 0
    assert "The system is overloaded: the backlog grows" in capsys.readouterr().out
    lifo = ["--set", "policy.priority=lifo"]
    assert cli(["run", "s.yaml", "--seed", "1", "-n", "3", "--engine", "simpy", *lifo]) == 0
    row = next(r for r in capsys.readouterr().out.splitlines() if "wait_p95" in r)
    assert "> 36" in row or "> 35" in row
    assert cli(["compare", "e.yaml", "--engine", "simpy", "--out", "study"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "The system is overloaded: the backlog grows throughout the run" in out
    assert "of the units ordered are still waiting at its end" in out
    page = (tmp_path / "study" / "report.html").read_text()
    assert "The system is overloaded" in page
    study = load_study("study")
    table = study.table()
    assert np.isnan(table.loc["lifo", ("wait_p95", "mean")])
    assert table.loc["lifo", ("wait_p99 <= 100", "")] == "violated"
    assert table.loc["fcfs", ("wait_p99 <= 100", "")] == "satisfied"
    differences = study.differences()
    assert "wait_p95" not in set(differences["metric"])  # not known of lifo


def test_an_objective_that_is_not_known_is_refused(tmp_path: Any) -> None:
    models = {
        name: from_dict(shop(9)).replace({"policy.priority": name}) for name in ("fcfs", "lifo")
    }
    study = backsim.compare(
        models, replications=2, objective="minimise wait_p95", engine="simpy", workers=1
    )
    with pytest.raises(backsim.InputError, match="policy lifo: wait_p95 is not known, only that"):
        _ = study.ranking


def test_nobody_ordered_what_a_constraint_is_about() -> None:
    """No order to measure is not a violation; in how many replications there was one is told."""
    rare = shop(100, 50)
    rare["products"] = ["item", "slow"]
    for name, rate in (("rare", 0.01), ("never", 1e-9)):
        rare["customers"][name] = {
            "demand": {"arrivals": {"poisson": {"rate": rate}}, "products": "slow"}
        }
    study = backsim.compare(
        {"low": from_dict(rare), "high": from_dict(rare).replace({"policy.reorder.S": 9})},
        replications=5,
        seed=1,
        objective="minimise mean_backlog",
        constraints=["fill_rate[rare] >= 0.5", "fill_rate[never] >= 0.5"],
        engine="simpy",
        workers=1,
    )
    measured = int((~np.isnan(study.array("fill_rate[rare]")[0])).sum())
    assert 0 < measured < 5
    for row in study.records():
        assert (
            row["fill_rate[rare] >= 0.5"] == f"satisfied, measured in {measured} of 5 replications"
        )
        assert row["fill_rate[never] >= 0.5"] == "no order to measure"
    assert "There was no order to measure for fill rate of never >= 50 %." in study.finding
    assert f"(measured in {measured} of 5 replications)" in study.finding
    assert "breaks" not in study.finding
