"""What must hold between models without any number from theory, on the same random numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backsim.results.run import Run
from backsim.validation.case import Case, Look
from backsim.validation.measures import second_moment_of_wait
from backsim.validation.sampling import Effort, run_case

AMPLE = {"lead_time": {"exponential": {"mean": 4.0}}}
SERVER = {"capacity": {"servers": 1, "service": {"exponential": {"mean": 0.5}}}}
CLEARING = ("fcfs", "lifo", "class_priority")


def customer(rate: float, priority: int = 1) -> dict[str, Any]:
    """Customers who order one unit each."""
    demand = {"arrivals": {"poisson": {"rate": rate}}, "products": "item"}
    return {"demand": demand, "priority": priority}


def case_of(customers: dict[str, Any], supplier: dict[str, Any], policy: dict[str, Any]) -> Case:
    """One product at one site, over 120,000 orders."""
    rate = sum(c["demand"]["arrivals"]["poisson"]["rate"] for c in customers.values())
    scenario = {
        "products": "item",
        "customers": customers,
        "suppliers": {"maker": supplier},
        "policy": policy,
        "warm_up": math.ceil(20_000 / rate),
        "horizon": math.ceil(20_000 / rate) + math.ceil(100_000 / rate),
    }
    return Case(scenario, Path())


def play(
    supplier: dict[str, Any], clearing: str, levels: tuple[int, int] = (0, 0)
) -> tuple[Run, Case]:
    """A replication of a base stock of 8 units for two classes."""
    kept = dict(zip(("gold", "other"), levels, strict=True))
    case = case_of(
        {"gold": customer(0.6), "other": customer(0.9, 2)},
        supplier,
        {
            "reorder": {"rule": "base_stock", "S": 8},
            "priority": clearing,
            "rationing": {"rule": "critical_level", "levels": kept} if any(levels) else "none",
        },
    )
    return run_case(case, Effort(seed=11), 0), case


@pytest.mark.parametrize("supply", [AMPLE, SERVER], ids=["ample", "server"])
def test_total_backlog_is_the_same_for_all_that_conserve_work(supply: dict[str, Any]):
    """To the bit: on hand and backlog over time are the same, whoever is served first."""
    runs = [play(supply, clearing)[0] for clearing in CLEARING]
    for field in ("on_hand_days", "net_days", "net_squared_days", "clear_days", "on_order_days"):
        values = {float(run.log.stocks[field][0]) for run in runs}
        assert len(values) == 1, field
    waits = [run.metrics.get("mean_wait", "class", "gold") for run in runs]
    assert waits[2] < min(waits[:2])  # they are not the same runs


def test_total_backlog_is_greater_with_reservation():
    plain, _ = play(AMPLE, "class_priority")
    held, _ = play(AMPLE, "class_priority", (0, 2))
    assert held.metrics["mean_backlog"] > plain.metrics["mean_backlog"]
    net = [run.log.stocks["net_days"][0] for run in (plain, held)]
    assert net[0] == net[1]  # who has the units is all that differs


@pytest.mark.parametrize("clearing", CLEARING)
@pytest.mark.parametrize("supply", [AMPLE, SERVER], ids=["ample", "server"])
def test_little(supply: dict[str, Any], clearing: str):
    """Backlog = rate x wait, by class; on order = purchases a day x lead time."""
    run, case = play(supply, clearing)
    for name in case.model.classes:
        backlog, rate, wait = (
            run.metrics.get(metric, "class", name)
            for metric in ("mean_backlog", "units_per_day", "mean_wait")
        )
        assert backlog == pytest.approx(rate * wait, rel=0.005)
    look = Look(run, case)
    lead_time = float((look.purchased("arrives") - look.purchased("placed")).mean())
    on_order = run.metrics["purchases_per_day"] * lead_time
    assert run.metrics["mean_on_order"] == pytest.approx(on_order, rel=0.005)


@pytest.mark.parametrize("levels", [(0, 0), (0, 3)])
def test_base_stock_identity(levels: tuple[int, int]):
    """On hand - backlog + on order = S, at every instant, so also on average."""
    run, _ = play(AMPLE, "class_priority", levels)
    total = run.metrics["mean_net_stock"] + run.metrics["mean_on_order"]
    assert total == pytest.approx(8.0, abs=1e-9)


def test_reorder_point_identity():
    """(r,Q): the position is uniform on r + 1 .. r + Q."""
    case = case_of(
        {"all": customer(10.0)},
        {"lead_time": {"exponential": {"mean": 1.0}}},
        {"reorder": {"rule": "r_nQ", "r": 8, "Q": 7}},
    )
    metrics = run_case(case, Effort(seed=12), 0).metrics
    position = metrics["mean_net_stock"] + metrics["mean_on_order"]
    assert position == pytest.approx(8 + (7 + 1) / 2, abs=0.05)


@pytest.mark.parametrize(
    "lead_time",
    [4.0, {"gamma": {"shape": 0.5, "scale": 8.0}}],
    ids=["deterministic", "gamma"],
)
def test_fill_rate_of_the_class_that_is_held_back(lead_time: Any):
    """P(Poisson(6) <= S - C - 1), for any law of the lead time."""
    from scipy.stats import poisson

    run, _ = play({"lead_time": lead_time}, "class_priority", (0, 2))
    expected = poisson.cdf(8 - 2 - 1, 6.0)
    assert run.metrics.get("fill_rate", "class", "other") == pytest.approx(expected, abs=0.01)


def test_class_blind_orders_differ_in_spread_only():
    runs = [play(SERVER, clearing) for clearing in ("fcfs", "lifo")]
    fcfs, lifo = (second_moment_of_wait(Look(*run)) for run in runs)
    means = [run.metrics["mean_wait"] for run, _ in runs]
    assert means[0] == pytest.approx(means[1], rel=0.002)
    assert lifo > 1.5 * fcfs


def test_replications_are_independent_of_the_clearing():
    """The same customers and lead times, whatever the rule."""
    one, other = (play(AMPLE, clearing)[0].log for clearing in ("fcfs", "class_priority"))
    assert np.array_equal(one.lines["time"], other.lines["time"])
    assert np.array_equal(one.purchases["lead_time"], other.purchases["lead_time"])
