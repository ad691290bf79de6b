"""Waiting lines served in batches, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim import simulate
from backsim.results.metrics import measure
from backsim.scenario import from_dict


def test_those_who_wait_are_served_at_the_next_run():
    customers = {"a": {"demand": orders((1, 1))}}
    stock = {"initial": 0, "clearing": {"every": 2, "first": 0.5}, "inbound": inbound((3, 1))}
    log = play(build(customers, stock=[stock], horizon=7))
    assert tell(log) == ["1 order 0 1", "1 wait 0 1", "3 receive 0 1", "4.5 ship 0 1"]
    stock_point = log.stocks[-1]
    assert (stock_point["clearings"], stock_point["on_hand_days"]) == (4, 1.5)


@pytest.mark.parametrize(("between", "closed"), [(True, [6.0, 3.5]), (False, [4.0, 6.0])])
def test_may_new_orders_take_stock_between_runs(between: bool, closed: list[float]):
    customers = {"a": {"demand": orders((1, 1), (3.5, 1))}}
    clearing = {"every": 2, "between": between}
    stock = {"initial": 0, "clearing": clearing, "inbound": inbound((3, 1), (5, 1))}
    log = play(build(customers, stock=[stock], horizon=7))
    assert log.lines["closed"].tolist() == closed


def test_a_new_order_never_passes_a_line_that_blocks():
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line"},
        "small": {"demand": orders((2, 1))},
    }
    for overtaking, closed in (("skip", 2.0), ("strict", float("inf")), ("partial", 4.0)):
        stock = {"initial": 1, "clearing": 4, "overtaking": overtaking, "inbound": inbound((3, 3))}
        log = play(build(customers, stock=[stock], horizon=7))
        assert log.lines["closed"][1] == (4.0 if overtaking == "strict" else closed)


def test_a_run_comes_after_arrivals_and_before_orders():
    customers = {"a": {"demand": orders((1, 2), (4, 1))}}
    stock = {"initial": 0, "clearing": 4, "inbound": inbound((4, 2))}
    assert tell(play(build(customers, stock=[stock], horizon=7))) == lines_of(
        """1 order 0 2
        1 wait 0 2
        4 receive 0 2
        4 ship 0 2
        4 order 1 1
        4 wait 1 1"""
    )


def test_units_of_a_customer_who_leaves_wait_for_the_next_run():
    customers = {
        "a": {"demand": orders((1, {"mug": 1, "plate": 1})), "shipment": "order", "tolerance": 2},
        "b": {"demand": orders((2, 1))},
    }
    model = build(
        customers,
        products=("mug", "plate"),
        stock=[{"products": ["mug"], "initial": 1, "clearing": 4}, {"products": ["plate"]}],
        horizon=5,
    )
    log = play(model)
    assert log.lines["closed"].tolist() == [3.0, 3.0, 4.0]


# -- what has been kept is taken back --------------------------------------------------------------


def two_orders(**clearing: Any) -> Any:
    """Two mugs are kept for an order that lacks a plate, when an urgent one asks for two."""
    customers = {
        "a": {"demand": orders((1, {"mug": 2, "plate": 1})), "shipment": "order", "priority": 2},
        "b": {"demand": orders((2, 2))},
    }
    return build(
        customers,
        products=("mug", "plate"),
        stock=[
            {"products": ["mug"], "initial": 2, "inbound": inbound((9, 2))},
            {"products": ["plate"], "initial": 0, "inbound": inbound((5, 1))},
        ],
        policy={"priority": "class_priority", "clearing": {"every": 4, **clearing}},
        horizon=14,
    )


def test_a_run_may_take_back_what_is_kept():
    model = two_orders(reallocate=True)
    log = play(model)
    assert tell(log) == lines_of(
        """1 order 0 2
        1 reserve 0 2
        1 order 1 1
        1 wait 1 1
        2 order 2 2
        2 wait 2 2
        4 release 0 2
        4 ship 2 2
        5 receive 1 1
        8 reserve 1 1
        9 receive 0 2
        12 reserve 0 2
        12 ship 0 2
        12 ship 1 1"""
    )
    assert log.reallocations["units"].sum() == 2
    assert measure(model, log)["reallocated_rate"] == pytest.approx(2 / 5)


def test_what_is_not_taken_back_stays_with_its_order():
    model = two_orders(reallocate=False)
    log = play(model)
    assert log.lines["closed"].tolist() == [8.0, 8.0, 12.0]
    assert measure(model, log)["reallocated_rate"] == 0


def test_a_line_that_gets_its_units_again_has_lost_nothing():
    customers = {
        "a": {"demand": orders((1, {"mug": 2, "plate": 1})), "shipment": "order"},
        "b": {"demand": orders((2, 2)), "priority": 2},
    }
    model = build(
        customers,
        products=("mug", "plate"),
        stock=[{"products": ["mug"], "initial": 2}, {"products": ["plate"], "initial": 0}],
        policy={"priority": "class_priority", "clearing": {"every": 4, "reallocate": True}},
        horizon=5,
    )
    log = play(model)
    assert tell(log)[-2:] == ["4 release 0 2", "4 reserve 0 2"]
    assert log.reallocations["units"].tolist() == [0]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("between", [True, False])
@pytest.mark.parametrize("estimate", ["live", "undated"])
def test_customers_are_told_the_run_that_serves_them(between: bool, estimate: str, engine: str):
    """First come, first served, and four days a purchase: who heard the receipt heard too early."""
    demand = {
        "arrivals": {"poisson": {"rate": 1}},
        "products": "mug",
        "size": {"geometric": {"p": 0.5}},
    }
    informed = {"tolerance": "unlimited", "grace": "unlimited"}
    model = from_dict(
        {
            "horizon": 400,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": 4}},
            "customers": {"all": {"demand": demand, "informed": informed}},
            "policy": {
                "reorder": {"rule": "r_nQ", "r": 2, "Q": 5},
                "notice": "at_order",
                "estimate": estimate,
                "overtaking": "strict",
                "clearing": {"every": 3, "first": 1, "between": between},
            },
        }
    )
    run = simulate(model, seed=3, engine=engine)
    if estimate == "live":
        assert run.metrics["promise_kept"] == 1.0  # 45 % where runs were not known
        runs = (run.notices["promise"] - 1.0) / 3.0
        assert (abs(runs - runs.round()) < 1e-9).all()
    else:
        assert run.notices["promise"].isna().all()


@pytest.mark.parametrize("estimate", ["live", "quoted", "mean_lead_time", "quantile"])
def test_who_waits_for_units_that_are_there_is_told_the_next_run(estimate: str):
    """Runs on days 0, 4, 8; of two orders one unit is there, the other comes on day 7."""
    stock = {
        "initial": 1,
        "reorder": {"rule": "base_stock", "S": 1},
        "clearing": {"every": 4, "between": False},
        "notice": "at_order",
        "estimate": estimate,
    }
    customers = {"a": {"demand": orders((1, 1), (1, 1))}}
    log = play(build(customers, stock=[stock], suppliers={"maker": {"lead_time": 6}}, horizon=9))
    assert log.notices["promise"].tolist() == log.lines["closed"].tolist() == [4, 8]


def test_who_comes_to_stand_before_units_that_are_there_hears_of_the_next_run():
    """The unit on hand is that of the first customer, who leaves on day 2.5."""
    stock = {
        "initial": 1,
        "reorder": {"rule": "base_stock", "S": 1},
        "clearing": {"every": 4, "between": False},
        "notice": "on_change",
        "estimate": "live",
    }
    customers = {"a": {"demand": orders((1, 1)), "tolerance": 1.5}, "b": {"demand": orders((2, 1))}}
    log = play(build(customers, stock=[stock], suppliers={"maker": {"lead_time": 6}}, horizon=9))
    assert log.notices[["time", "promise"]].tolist() == [(2.5, 4)]
    assert log.lines["closed"].tolist() == [2.5, 4]
