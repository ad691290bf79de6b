"""Customers who were served badly order less often: small stories, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders, play

from backsim import streams
from backsim.engines import simpy
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model

ALL_OR_NOTHING = {"service": [0.5, 1], "orders": [0, 1]}


def shop(demand: dict[str, Any], goodwill: dict[str, Any], **fields: Any) -> Model:
    """One mug on hand, and no more to come; customers judge every 4 days."""
    customer = {
        "demand": demand,
        "goodwill": {"every": 4, **goodwill},
        **fields.pop("customer", {}),
    }
    return build({"a": customer}, stock=[{"initial": 1, **fields.pop("stock", {})}], **fields)


def kept(model: Model) -> float:
    """The goodwill at the end."""
    return float(play(model).classes["goodwill"][0])


def test_who_was_served_badly_stays_away_until_it_is_forgotten():
    """Half of the units of days 0 to 4 are filled: nobody orders on days 4 to 8.

    An order of day 4 itself comes after the judgement.  Where nothing was ordered there is nothing
    to complain of: on days 8 to 12 all order again.
    """
    model = shop(orders((1, 1), (2, 1), (4, 1), (5, 1), (9, 1), (9.5, 1)), ALL_OR_NOTHING)
    log = play(model.replace(horizon=11))
    assert log.lines["time"].tolist() == [1, 2, 9, 9.5]
    assert log.lines["head"].tolist() == [0, 1, 2, 3]
    check_ledger(model, log)
    metrics = measure(model.replace(horizon=11), log)
    assert metrics["goodwill"] == metrics.get("goodwill", "class", "a") == pytest.approx(4 / 6)
    assert metrics["fill_rate"] == pytest.approx(1 / 4)
    assert log.classes["goodwill"][0] == 1.0


def test_whole_orders_stay_away():
    goods = {"mug": 1, "cup": 1}
    demand = orders((1, goods), (2, goods), (5, goods), (9, goods))
    log = play(shop(demand, ALL_OR_NOTHING, products=["mug", "cup"], horizon=10))
    assert log.lines["time"].tolist() == [1, 1, 2, 2, 9, 9]
    assert log.lines["head"].tolist() == [0, 0, 2, 2, 4, 4]


def test_the_line_between_the_points_is_straight_and_level_beyond_them():
    served = {"service": [0.2, 0.6, 0.7], "orders": [0.1, 0.5, 0.9]}
    # 1 of 2 units, then 1 of 10, then all of 1
    assert kept(shop(orders((1, 2)), served, horizon=5)) == pytest.approx(0.4)
    assert kept(shop(orders((1, 10)), served, horizon=5)) == pytest.approx(0.1)
    assert kept(shop(orders((1, 1)), served, horizon=5)) == pytest.approx(0.9)


def test_goodwill_goes_a_part_of_the_way_and_comes_back():
    """To 1 - 0.25 x (1 - 0) after a period that deserves none; 0.25 of the rest comes back."""
    model = shop(orders((1, 2)), {"service": [0.5, 1], "orders": [0, 1], "weight": 0.25})
    assert kept(model.replace(horizon=5)) == 0.75
    assert kept(model.replace(horizon=9)) == 0.75 + 0.25 * 0.25


def test_an_order_is_filled_whole_or_not():
    """One of two orders is filled whole, and two of three units."""
    demand = orders((1, 1), (2, 2))
    served = {"service": [0, 1], "orders": [0, 1]}
    stock = {"initial": 2}
    assert kept(shop(demand, served, stock=stock, horizon=5)) == pytest.approx(2 / 3)
    served["judged_by"] = "order_fill_rate"
    assert kept(shop(demand, served, stock=stock, horizon=5)) == 0.5


@pytest.mark.parametrize(("judged_by", "service"), [("fill_rate", -0.75), ("order_fill_rate", 0.0)])
def test_a_substitute_counts_as_the_class_says(judged_by, service):
    """The mug goes to the first; the second takes 7 cups, each worse than nothing."""
    model = build(
        {
            "a": {
                "demand": orders((1, 1), (2, 7)),
                "goodwill": {
                    "every": 4,
                    "judged_by": judged_by,
                    "service": [-1, 1],
                    "orders": [0, 1],
                    "substitute": -1,
                },
            }
        },
        products={"mug": {"substitutes": "cup"}, "cup": {}},
        stock=[
            {"products": ["mug"], "initial": 1, "substitution": "at_order"},
            {"products": ["cup"], "initial": 9},
        ],
        horizon=5,
    )
    assert kept(model) == pytest.approx((service + 1) / 2)


def test_broken_promises_are_judged_when_they_are_broken():
    """Of two orders, the promise of day 3 is broken before the judgement, that of day 4.5 after."""
    stock = {"initial": 0, "notice": "at_order", "estimate": {"rule": "fixed", "days": 1.5}}
    judged = {"judged_by": "broken_promises", "service": [0, 1], "orders": [1, 0.2]}
    model = shop(orders((1.5, 1), (3, 1), (5, 1)), judged, stock=stock)
    assert kept(model.replace(horizon=5)) == pytest.approx(0.6)


def test_each_class_judges_for_itself():
    one = {"demand": orders((1, 1), (5, 1)), "goodwill": {"every": 4, **ALL_OR_NOTHING}}
    other = {"demand": orders((2, 1), (6, 1))}
    log = play(build({"a": other, "b": one}, horizon=8))
    assert log.lines["time"].tolist() == [1, 2, 6]
    assert log.classes["goodwill"].tolist()[:2] == [1.0, 0.0]


def test_a_policy_that_keeps_more_goodwill_keeps_the_same_customers_and_more():
    demand = {"arrivals": {"poisson": {"rate": 20}}, "products": "mug"}
    judged = {"service": [0, 1], "orders": [0.2, 1]}
    found = []
    for units in (100, 200):
        model = shop(demand, judged, stock={"initial": units}, horizon=20)
        tape = streams.draw(model, 1)
        found.append(set(simpy.run(model, tape).lines["time"].tolist()))
    assert found[0] < found[1] < set(tape.columns["time"].tolist())


def test_customers_who_did_not_order_are_counted_in_the_window_only():
    model = shop(orders((1, 2), (5, 1), (6, 1)), ALL_OR_NOTHING, horizon=8)
    assert play(model).classes["not_placed"][0] == 2
    assert play(model.replace(warm_up=5.5)).classes["not_placed"][0] == 1
