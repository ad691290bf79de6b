"""Delivery and express: what is on time, what it costs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, orders, play

from backsim.results.metrics import Metrics, measure


def figures(delivery: Any, **fields: Any) -> Metrics:
    """A unit ordered and shipped on day 1, one ordered on day 2 and shipped on day 4."""
    customers = {
        "a": {"demand": orders((1, 1), (2, 1)), "due_in": 4, "delivery": delivery, **fields}
    }
    stock = {"initial": 1, "inbound": inbound((4, 1))}
    model = build(customers, stock=[stock], costs={"express": 20}, horizon=10)
    return measure(model, play(model))


def test_due_dates_are_dates_of_delivery():
    at_once, slow = figures(0), figures(3)
    assert (at_once["otif"], slow["otif"]) == (1.0, 0.5)  # shipped on day 4, there on day 7, due 6
    assert (at_once["delivery_time"], slow["delivery_time"]) == (1.0, 4.0)
    assert at_once["mean_wait"] == slow["mean_wait"] == 1.0
    assert figures(4.5)["otif"] == 0.0


def test_what_would_be_late_goes_by_express():
    fast = figures({"days": 3, "express": {"days": 1}})
    assert fast["otif"] == 1.0
    assert fast["express_rate"] == 0.5
    assert fast["delivery_time"] == pytest.approx((3 + 2 + 1) / 2)
    assert fast["cost.express"] == pytest.approx(20 / 10)


@pytest.mark.parametrize(("slack", "share"), [(-1, 0.0), (-0.5, 0.5), (1, 0.5), (1.5, 1.0)])
def test_the_slack_below_which_express_is_used(slack: float, share: float):
    """The first unit would be there 1 day early, the second 1 day late."""
    found = figures({"days": 3, "express": {"days": 1, "slack": slack}})
    assert found["express_rate"] == share


def test_an_order_is_on_time_when_its_last_unit_is():
    customers = {"a": {"demand": orders((1, 2)), "due_in": 4, "delivery": 1}}
    for day, otif in ((4, 1.0), (4.5, 0.0)):
        stock = {"initial": 1, "inbound": inbound((day, 1))}
        model = build(customers, stock=[stock], horizon=10)
        assert measure(model, play(model))["otif"] == otif
