"""Delivery and express: what is on time, what it costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play

from backsim import streams
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


def test_days_on_the_way_may_be_drawn_for_each_order():
    """Two orders a day apart with two lines each: both lines of an order take equally long."""
    days = {"discrete": {"values": [1, 6]}}
    rows = [(float(i), {"mug": 1, "cup": 1}) for i in range(40)]
    customers = {
        "a": {"demand": orders(*rows), "due_in": 3, "delivery": {"days": days}},
        "b": {"demand": orders((0.5, 1)), "delivery": 2},
    }
    stock = [{"initial": 100}]
    model = build(customers, products=["mug", "cup"], stock=stock, horizon=60)
    log = play(model)
    drawn = log.ways["on_the_way"]
    of_a = log.lines["customer_class"] == 0
    assert set(drawn[of_a].tolist()) == {1.0, 6.0}
    assert (drawn[of_a].reshape(-1, 2)[:, 0] == drawn[of_a].reshape(-1, 2)[:, 1]).all()
    found = measure(model, log)
    assert found.get("otif", "class", "a") == (drawn[of_a] == 1).mean()
    assert found.get("delivery_time", "class", "a") == pytest.approx(drawn[of_a].mean())
    assert found.get("delivery_time", "class", "b") == 2
    fixed = build(
        customers | {"a": customers["a"] | {"delivery": 1}},
        products=["mug", "cup"],
        stock=stock,
        horizon=60,
    )
    assert play(fixed).lines.tobytes() == log.lines.tobytes()  # nothing else is drawn otherwise


def test_nobody_orders():
    late = {"demand": orders((5, 1)), "delivery": {"days": {"uniform": {"low": 0, "high": 9}}}}
    model = build({"a": late}, horizon=2)
    assert np.isnan(measure(model, play(model))["delivery_time"])


def test_express_is_chosen_by_the_mean_and_drawn_by_itself():
    """In the mean 3.5 days would be late for day 3: all goes by express, in 1 or 2 days."""
    delivery = {
        "days": {"discrete": {"values": [1, 6]}},
        "express": {"days": {"discrete": {"values": [1, 2]}}},
    }
    rows = [(float(i), 1) for i in range(40)]
    customers = {"a": {"demand": orders(*rows), "due_in": 3, "delivery": delivery}}
    model = build(customers, stock=[{"initial": 100}], horizon=60)
    log = play(model)
    found = measure(model, log)
    assert (found["express_rate"], found["otif"]) == (1.0, 1.0)
    assert found["delivery_time"] == pytest.approx(log.ways["by_express"].mean())


def test_demand_that_depends_on_goodwill_keeps_the_days_of_its_orders():
    """Orders that are not placed leave the log; the others keep what was drawn for them."""
    goodwill = {"every": 5, "service": [0, 1], "orders": [0.2, 1]}
    rows = [(float(i), 1) for i in range(60)]
    customers = {
        "a": {
            "demand": orders(*rows),
            "tolerance": "none",
            "goodwill": goodwill,
            "delivery": {"days": {"uniform": {"low": 0, "high": 9}}},
        }
    }
    model = build(customers, stock=[{"initial": 20}], horizon=80)
    log, tape = play(model), streams.draw(model, 1)
    assert len(log.lines) < len(tape)
    days = dict(zip(tape.columns["time"], tape.columns["on_the_way"], strict=True))
    assert log.ways["on_the_way"].tolist() == [days[time] for time in log.lines["time"]]
