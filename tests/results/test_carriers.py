"""Carriers who take only so many shipments per call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play

from backsim.results.metrics import Metrics, measure
from backsim.results.metrics.carriers import Carriers, _first_with_room
from backsim.results.metrics.sums import Sums
from backsim.scenario.model import Model

WEEK = {"office": {}}  # Monday to Friday; day 0 is a Monday


def shop(*rows: tuple[float, Any], shipping: Any, **fields: Any) -> Model:
    customer = {"demand": orders(*rows), "due_in": 1, **fields}
    return build(
        {"a": customer},
        products=["mug", "cup"],
        sites={"main": {"shipping": shipping}},
        stock=[{"initial": 50}],
        horizon=30,
        start="2024-01-01",
        calendars=WEEK,
    )


def leaves(model: Model) -> list[float]:
    """When each line leaves that is filled at once."""
    m = Sums(model, play(model))
    lines = np.arange(len(m.time))
    return [float(t) for t in m.of(Carriers).leaves(0, lines, m.time)]


def measured(model: Model) -> Metrics:
    return measure(model, play(model))


def test_the_carrier_takes_two_orders_per_day():
    """Five orders of Monday noon: two leave then, two on Tuesday, one on Wednesday."""
    model = shop(*[(0.5, 1)] * 5, shipping={"capacity": 2})
    assert leaves(model) == [0.5, 0.5, 1.0, 1.0, 2.0]
    found = measured(model)
    assert found["delivery_time"] == pytest.approx((0.5 + 0.5 + 1.5) / 5)
    assert found["otif"] == 0.8  # the fifth one is there on day 2, and due on day 1.5


def test_lines_of_an_order_are_one_shipment():
    model = shop((0.5, {"mug": 1, "cup": 1}), (0.5, 1), shipping={"capacity": 1})
    assert leaves(model) == [0.5, 0.5, 1.0]


def test_calls_are_on_working_days_at_the_hour():
    """Friday is day 4: of three orders of that morning one leaves at noon, two next week."""
    shipping = {"calendar": "office", "cut_off": 12, "capacity": 1}
    model = shop((4.1, 1), (4.2, 1), (4.3, 1), (7.1, 1), shipping=shipping)
    assert leaves(model) == [4.5, 7.5, 8.5, 9.5]


def test_closed_days_let_shipments_pile_up():
    """Four orders of the weekend leave on Monday and Tuesday, two each."""
    model = shop(*[(5.5, 1)] * 4, shipping={"calendar": "office", "capacity": 2})
    assert leaves(model) == [7.0, 7.0, 8.0, 8.0]


def test_what_was_shipped_in_the_warm_up_is_taken_first():
    model = shop(*[(2.5, 1)] * 3, (3.5, 1), shipping={"capacity": 1}).replace(warm_up=3)
    assert measured(model)["delivery_time"] == pytest.approx(5 - 3.5)


def test_a_capacity_that_is_never_reached_changes_nothing():
    rows = [(0.1 * i, 1) for i in range(60)]
    free, wide = (measured(shop(*rows, shipping=s)) for s in ({}, {"capacity": 100}))
    for name, values in free.values.items():
        assert values.tobytes() == wide.values[name].tobytes(), name


@pytest.mark.parametrize("capacity", [1, 2, 5])
def test_the_queue_is_that_of_one_after_the_other(capacity: int):
    due = np.sort(np.random.default_rng(capacity).integers(0, 30, 97))
    taken: dict[int, int] = {}
    expected, call = [], 0
    for day in due.tolist():
        call = max(call, day)
        while taken.get(call, 0) == capacity:
            call += 1
        taken[call] = taken.get(call, 0) + 1
        expected.append(call)
    assert _first_with_room(due, capacity).tolist() == expected
