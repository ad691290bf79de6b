"""Each priority rule does what it is for, on the same random world as first come, first served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backsim
from backsim.results.run import Run
from backsim.scenario.load import from_dict

BASE: dict[str, Any] = {
    "horizon": 3000,
    "warm_up": 100,
    "products": {"mug": {"price": 3}},
    "suppliers": {"acme": {"lead_time": {"exponential": {"mean": 6}}}},
    "customers": {
        "gold": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"}},
        "silver": {
            "priority": 2,
            "demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"},
        },
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 11}},
}


def play(rule: Any, **classes: Any) -> Run:
    """A run with one priority rule, and further fields of both classes."""
    customers = {name: {**c, **classes} for name, c in BASE["customers"].items()}
    model = from_dict(
        {**BASE, "customers": customers, "policy": {**BASE["policy"], "priority": rule}}
    )
    return backsim.simulate(model, seed=11, engine="simpy")


def waits(run: Run) -> np.ndarray[Any, Any]:
    return run.orders["wait"].dropna().to_numpy()


def test_lifo_keeps_the_mean_and_spreads_the_waits() -> None:
    """Source: Kingman, Proc. Cambridge Phil. Soc. 58 (1962) 163-164."""
    fcfs, lifo = waits(play("fcfs")), waits(play("lifo"))
    assert lifo.mean() == pytest.approx(fcfs.mean(), rel=0.02)
    assert lifo.std() > 1.05 * fcfs.std()


def test_class_priority_and_ageing_lie_between() -> None:
    def ratio(rule: Any) -> float:
        metrics = play(rule).metrics
        return metrics.get("mean_wait", "class", "gold") / metrics.get(
            "mean_wait", "class", "silver"
        )

    strict, mild, none = (
        ratio("class_priority"),
        ratio({"rule": "urgency_ageing", "rate": 0.3}),
        ratio("fcfs"),
    )
    assert strict < 0.9 * none
    assert strict < mild < none
    assert ratio({"rule": "urgency_ageing", "rate": 0}) == strict


def test_earliest_due_lowers_the_lateness() -> None:
    due = {"due_in": {"uniform": {"low": 0, "high": 20}}}

    def lateness(rule: str) -> float:
        orders = play(rule, **due).orders
        return float((orders["closed"] - orders["due"]).clip(lower=0).mean())

    assert lateness("earliest_due") < 0.9 * lateness("fcfs")


def sized(run: Run) -> float:
    """Mean wait of a line, whatever its size."""
    return float(waits(run).mean())


def test_smallest_first_lowers_the_mean_wait_of_lines() -> None:
    size = {"tolerance": "unlimited", "shipment": "line"}
    small = [play_sized(rule, **size) for rule in ("smallest_first", "fcfs", "largest_value")]
    means = [sized(run) for run in small]
    assert means[0] < means[1] < means[2]


def play_sized(rule: str, **classes: Any) -> Run:
    demand = {
        "arrivals": {"poisson": {"rate": 0.5}},
        "products": "mug",
        "size": {"geometric": {"p": 0.3}},
    }
    return play(rule, demand=demand, **classes)


def test_least_cancel_time_loses_fewer_customers() -> None:
    tolerance = {"tolerance": {"uniform": {"low": 0, "high": 12}}}
    fewer = play("least_cancel_time", **tolerance).metrics["cancel_rate"]
    assert fewer < play("fcfs", **tolerance).metrics["cancel_rate"]
