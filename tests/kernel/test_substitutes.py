"""Another product in place of one that is out, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim.results.ledger import check_ledger
from backsim.results.metrics import Metrics, measure
from backsim.scenario.model import Model

PRODUCTS = {
    "mug": {"price": 5, "substitutes": {"cup": {"discount": 1}, "glass": {}}},
    "cup": {"price": 6},
    "glass": {"price": 2},
}

CUP, GLASS = -2, -1
"""Their stock points, from the last."""


def model(customers: dict[str, Any], **fields: Any) -> Model:
    """2 mugs, 3 cups and 9 glasses at the start."""
    stock = [
        {"products": [name], "initial": units, **fields.pop(name, {})}
        for name, units in (("mug", 2), ("cup", 3), ("glass", 9))
    ]
    return build(customers, products=PRODUCTS, stock=stock, **fields)


def figures(model: Model, log: Any) -> Metrics:
    check_ledger(model, log)
    return measure(model, log)


def test_units_that_are_kept_for_a_batch_run_are_no_substitutes():
    """Cups are given out on days 0, 4, 8; between runs to nobody, so a glass is taken."""
    for between, taken in ((True, CUP), (False, GLASS)):
        cup = {"clearing": {"every": 4, "between": between}}
        log = play(model({"a": {"demand": orders((1, 3))}}, cup=cup))
        assert (log.substitutions["stock"] - len(log.stocks)).tolist() == [taken]


def test_the_first_substitute_that_can_fill_the_rest_is_taken():
    customers = {"a": {"demand": orders((1, 4), (2, 2), (3, 10))}}
    played = model(customers, horizon=10, costs={"backorder_unit": 1})
    log = play(played)
    assert tell(log) == lines_of(
        """1 order 0 4
        1 ship 0 2
        1 wait 0 2
        1 substitute 0 2
        2 order 1 2
        2 wait 1 2
        2 substitute 1 2
        3 order 2 10
        3 wait 2 10"""
    )
    assert log.substitutions["units"].tolist() == [2, 2]
    assert log.substitutions["stock"].tolist() == [log.stocks["index"][-2], log.stocks["index"][-1]]
    assert log.lines["closed"].tolist() == [1.0, 2.0, float("inf")]
    metrics = figures(played, log)
    assert metrics["substituted_rate"] == pytest.approx(4 / 16)
    assert metrics["fill_rate"] == pytest.approx(2 / 16)
    assert metrics["cost.substitute"] == pytest.approx(2 * 1 / 10)
    assert metrics["revenue"] == pytest.approx((2 * 5 + 2 * 6 + 2 * 2) / 10)
    assert metrics["cost.backorder_unit"] == pytest.approx(10 / 10)  # those who still wait
    assert metrics["otif"] == pytest.approx(2 / 3)


def test_a_customer_who_takes_none_waits():
    customers = {"a": {"demand": orders((1, 4)), "takes_substitute": 0}}
    log = play(model(customers))
    assert len(log.substitutions) == 0
    assert log.lines["open"].tolist() == [2]


def test_nothing_is_offered_that_others_wait_for_or_that_is_kept_for_others():
    customers = {
        "a": {"demand": orders((1, {"cup": 9}), (2, 4)), "shipment": "line"},
    }
    waiting = model(customers, cup={"overtaking": "strict"})
    assert play(waiting).substitutions["stock"].tolist() == [len(waiting.stock_points) - 1]
    levels = {"rule": "critical_level", "levels": {"a": 2}}
    kept = model({"a": {"demand": orders((2, 4))}}, cup={"rationing": levels})
    assert play(kept).substitutions["stock"].tolist() == [len(kept.stock_points) - 1]


def test_a_lost_sale_is_saved():
    customers = {"a": {"demand": orders((1, 4)), "tolerance": "none"}}
    played = model(customers)
    log = play(played)
    assert figures(played, log)["lost_rate"] == 0
    for substitution in ("never", "when_late"):
        other = model(customers, policy={"substitution": substitution})
        log = play(other)
        assert figures(other, log)["lost_rate"] == pytest.approx(2 / 4)


def test_orders_that_ship_whole_are_offered_none():
    customers = {"a": {"demand": orders((1, 4)), "shipment": "order"}}
    assert len(play(model(customers)).substitutions) == 0


def test_a_line_that_stood_in_the_way_lets_others_through():
    customers = {
        "a": {"demand": orders((1, 3)), "shipment": "line"},
        "b": {"demand": orders((2, 1)), "takes_substitute": 0},
    }
    log = play(model(customers, mug={"overtaking": "strict"}))
    assert tell(log)[-2:] == ["2 order 1 1", "2 ship 1 1"]


def test_a_line_that_takes_a_substitute_late_lets_those_behind_it_through():
    """5 of 6 mugs go to a better customer on day 10, when the promise to the blocking line ends."""
    customers = {
        "a": {"demand": orders((1, 3)), "shipment": "line", "priority": 2},
        "b": {"demand": orders((3, 2)), "takes_substitute": 0, "priority": 3},
        "c": {"demand": orders((2, 5)), "takes_substitute": 0, "shipment": "line"},
    }
    policy = {
        **{"notice": "at_order", "estimate": "quoted", "priority": "class_priority"},
        **{"overtaking": "strict", "substitution": "when_late"},
    }
    suppliers = {"maker": {"lead_time": 30}}
    played = model(customers, policy=policy, suppliers=suppliers, mug={"inbound": inbound((10, 4))})
    last = ["10 receive 0 4", "10 ship 1 5", "10 substitute 0 3", "10 ship 2 1"]
    assert tell(play(played))[-4:] == last


def test_the_stock_point_of_the_substitute_is_reviewed():
    customers = {"a": {"demand": orders((1, 4))}}
    log = play(model(customers, cup={"reorder": {"rule": "base_stock", "S": 3}}))
    assert tell(log)[-3:] == ["1 substitute 0 2", "1 purchase 0 2", "1 receive 0 2"]


def test_a_substitute_when_the_promise_slips():
    """Told day 10 and given 2 days of grace; what comes on day 10 goes to a better customer."""
    customers = {
        "a": {"demand": orders((1, 4)), "priority": 2, "informed": {"grace": 2}},
        "b": {"demand": orders((5, 4)), "takes_substitute": 0},
    }
    policy = {"notice": "at_order", "estimate": "quoted", "priority": "class_priority"}
    for substitution, last in (("when_late", "12 substitute 0 2"), ("at_order", "12 leave 0 2")):
        played = model(
            customers,
            policy={**policy, "substitution": substitution},
            mug={"inbound": inbound((10, 4))},
            cup={"initial": 3 if substitution == "when_late" else 0},
            glass={"initial": 0},
        )
        log = play(played)
        assert tell(log)[-1] == last
        assert figures(played, log)["cost.backorder_unit"] == 0


def test_a_later_date_is_a_slip():
    """Told again at once when the estimate moves: day 10, then, behind another, nobody knows."""
    customers = {
        "a": {"demand": orders((1, 4)), "priority": 2},
        "b": {"demand": orders((5, 4)), "takes_substitute": 0},
    }
    policy = {
        "notice": [{"rule": "at_order"}, {"rule": "on_change", "threshold": 1}],
        "estimate": "quoted",
        "priority": "class_priority",
        "substitution": "both",
    }
    stock = {"mug": {"inbound": inbound((10, 4))}, "glass": {"initial": 0}}
    log = play(
        model(customers, policy=policy, cup={"initial": 0, "inbound": inbound((3, 2))}, **stock)
    )
    assert tell(log)[-3:] == ["5 substitute 0 2", "10 receive 0 4", "10 ship 1 4"]
