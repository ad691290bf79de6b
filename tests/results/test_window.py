"""What is counted or paid per event belongs to [warm-up, horizon): a year is twelve months."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import NEVER_REVIEWED, build, orders, play

from backsim.results.metrics import Metrics, measure

YEAR: dict[str, Any] = {
    "time_unit": "months",
    "horizon": 12,
    "costs": {"ordering": 50, "purchase": 2, "holding": 1},
}
EACH_MONTH = {"arrivals": {"period": {"every": 1}}, "products": "mug", "size": 100}
MONTHLY = {"reorder": {"rule": "base_stock", "S": 100}, "review": 1, "initial": 0}


def of(customers: Any, *, seed: int = 1, **fields: Any) -> Metrics:
    model = build(customers, **fields)
    return measure(model, play(model, seed, record=False))


@pytest.mark.parametrize("warm_up", [0, 0.5, 6])
def test_a_month_has_one_order_and_one_purchase(warm_up: float):
    """100 units wanted at the start of each month, ordered then and delivered immediately."""
    metrics = of({"shops": {"demand": EACH_MONTH}}, stock=[MONTHLY], warm_up=warm_up, **YEAR)
    months = 12 - warm_up
    counted = 12 - int(warm_up + 0.5)  # a month that starts within the window counts
    assert metrics["orders_per_day"] == pytest.approx(counted / months)
    assert metrics["units_per_day"] == pytest.approx(100 * counted / months)
    assert metrics["purchases_per_day"] == pytest.approx(counted / months)
    assert metrics["cost.ordering"] == pytest.approx(50 * counted / months)
    assert metrics["cost.total"] == pytest.approx(250 * counted / months)


def test_orders_of_a_list_that_fall_on_the_ends_of_the_window():
    customers = {"shops": {"demand": orders((3, 1), (6, 2), (9, 4), (12, 8))}}
    metrics = of(customers, stock=[{"initial": 99}], horizon=12, warm_up=6)
    assert metrics["units_per_day"] == 1.0  # those of 6 and 9


def test_orders_and_promises_that_fall_due_at_the_horizon_are_not_yet_due():
    rows = orders((2, 1), (7, 1))
    customers = {"shops": {"demand": rows, "due_in": 5, "tolerance": "unlimited"}}
    stock = {
        "initial": 0,
        "inbound": [{"arrives": 4, "units": 1}, {"arrives": 12, "units": 1}],
        "notice": "at_order",
        "estimate": "quoted",
    }
    metrics = of(customers, stock=[stock], horizon=12)
    assert metrics["otif"] == 1.0  # of the order of day 2 alone
    assert metrics["promise_kept"] == 1.0


def test_periods_of_a_forecast_that_end_in_the_window():
    """Demand of 1, 2, 4, ... in the periods that end at 1, 2, 3, ...; 2, 3 and 4 count."""
    customers = {"shops": {"demand": orders(*((t + 0.5, 2**t) for t in range(5)))}}
    stock = {
        "initial": 99,
        "reorder": {"rule": "forecast_base_stock", "z": 0},
        "forecast": "static",
        "observe": {"every": 1, "mean": 0, "variance": 0},
        "review": NEVER_REVIEWED,
    }
    metrics = of(customers, stock=[stock], horizon=5, warm_up=2)
    assert metrics["forecast_error"] == pytest.approx(1.0)


def test_notices_and_inquiries_at_the_horizon_are_not_made():
    customers = {"shops": {"demand": orders((2, 1))}}
    stock = {"initial": 0, "notice": {"rule": "every", "days": 5}}
    metrics = of(customers, stock=[stock], horizon=12)
    assert metrics["contacts_per_order"] == 1.0  # on day 7, and not on day 12
