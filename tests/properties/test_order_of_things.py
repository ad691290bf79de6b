"""What theory says of any sample path: played on one tape, more stock never serves fewer units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import build, built_in, check, deliveries, use
from tests.properties.strategies import ARRIVALS, LEAD_TIMES

from backsim import streams
from backsim.engines import simpy
from backsim.engines.log import Log
from backsim.entities import NOTES

SEEDS = st.integers(0, 50)
UNIT_CLASSES = st.lists(
    st.builds(
        lambda arrivals, priority: {
            "demand": {"arrivals": arrivals, "products": "mug"},
            "priority": priority,
        },
        ARRIVALS,
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=3,
)
SUPPLIERS = st.builds(
    lambda lead_time, crossing, capacity: {
        "maker": {"lead_time": lead_time, "crossing": crossing, "capacity": capacity}
    },
    LEAD_TIMES,
    st.booleans(),
    st.sampled_from(["unlimited", {"servers": 1, "service": 0.3}, {"units_per_day": 4}]),
)


def run(classes: list[Any], seed: int, suppliers: Any, record: bool = False, **stock: Any) -> Log:
    customers = {f"class {i}": customer for i, customer in enumerate(classes)}
    model = build(customers, stock=[stock], suppliers=suppliers, horizon=15)
    log = simpy.run(model, streams.draw(model, seed), record=record)
    check(model, log)
    return log


def backlog_by_time(log: Log) -> dict[float, int]:
    """Units waiting after everything that happens at an instant."""
    sign = {"order": 1, "ship": -1, "leave": -1, "lose": -1}
    signs = np.array([sign.get(name, 0) for name in NOTES])
    change = signs[log.notes["what"]] * log.notes["units"]
    return dict(zip(log.notes["time"].tolist(), np.cumsum(change).tolist(), strict=True))


@settings(max_examples=examples(60))
@given(UNIT_CLASSES, SEEDS, SUPPLIERS, st.integers(0, 5), st.integers(1, 3))
def test_a_higher_base_stock_never_serves_fewer_at_once(
    classes: list[Any], seed: int, suppliers: Any, level: int, more: int
):
    """Full backordering, unit demand, one purchase a demand: the k-th purchase is the same."""
    low, high = (
        run(classes, seed, suppliers, reorder={"rule": "base_stock", "S": S}, initial=S)
        for S in (level, level + more)
    )
    assert high.lines["filled"].sum() >= low.lines["filled"].sum()
    assert high.lines["shipped"].sum() >= low.lines["shipped"].sum()
    for early, late in zip(deliveries(high), deliveries(low), strict=True):
        assert early <= late or not late  # first come, first served: nobody is served later


@settings(max_examples=examples(60))
@given(UNIT_CLASSES, SEEDS, SUPPLIERS, st.integers(0, 5))
def test_the_priority_rule_does_not_change_the_total_backlog(
    classes: list[Any], seed: int, suppliers: Any, level: int
):
    """Unit demand, full backordering: who waits changes, how many wait does not."""
    backlogs = [
        backlog_by_time(
            run(
                classes,
                seed,
                suppliers,
                record=True,
                reorder={"rule": "base_stock", "S": level},
                priority=use(rule),
            )
        )
        for rule in built_in("priority")
    ]
    assert all(backlog == backlogs[0] for backlog in backlogs)


@settings(max_examples=examples(60))
@given(UNIT_CLASSES, SEEDS, SUPPLIERS, st.integers(0, 3))
def test_rationing_never_serves_more_units(
    classes: list[Any], seed: int, suppliers: Any, level: int
):
    levels = {f"class {i}": i for i in range(len(classes))}
    shared, rationed = (
        run(classes, seed, suppliers, reorder={"rule": "base_stock", "S": level}, rationing=rule)
        for rule in ("none", {"rule": "critical_level", "levels": levels})
    )
    assert rationed.lines["shipped"].sum() <= shared.lines["shipped"].sum()


@pytest.mark.parametrize("seed", range(3))
def test_partial_shipment_ships_no_later_than_whole_lines(seed: int):
    """First come, first served, one class: every unit."""
    demand = {
        "arrivals": {"poisson": {"rate": 3}},
        "products": "mug",
        "size": {"discrete": {"values": [1, 4]}},
    }
    suppliers = {"maker": {"lead_time": {"gamma": {"mean": 2, "cv": 1}}}}
    partial, whole = (
        run(
            [{"demand": demand, "shipment": shipment}],
            seed,
            suppliers,
            reorder={"rule": "base_stock", "S": 12},
            overtaking="strict",
        )
        for shipment in ("partial", "line")
    )
    assert (partial.lines["closed"] <= whole.lines["closed"]).all()
    assert partial.lines["filled"].sum() >= whole.lines["filled"].sum()
