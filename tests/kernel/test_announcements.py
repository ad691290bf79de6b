"""Orders that are known before they are wanted, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models import build, lines_of, orders, play, tell

import backsim
from backsim import streams
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.load import from_dict

BASE = {"rule": "base_stock", "S": 2}
MAKER = {"maker": {"lead_time": 2}}


def test_what_is_known_is_ordered_and_ships_when_it_is_wanted():
    customers = {"a": {"announced": 3, "demand": orders((5, 2))}}
    log = play(build(customers, suppliers=MAKER, policy={"reorder": BASE}, horizon=9))
    assert tell(log) == lines_of(
        """2 purchase 0 2
        4 receive 0 2
        5 order 0 2
        5 ship 0 2"""
    )
    assert log.stocks["on_hand"][-1] == 2
    assert log.stocks["announced"][-1] == 0


def test_without_it_the_purchase_comes_with_the_order():
    customers = {"a": {"demand": orders((5, 2))}}
    log = play(build(customers, suppliers=MAKER, policy={"reorder": BASE}, horizon=9))
    assert tell(log)[0] == "5 order 0 2"
    assert "5 purchase 0 2" in tell(log)


def test_orders_of_the_first_days_are_known_from_the_start():
    customers = {"a": {"announced": 3, "demand": orders((1, 1), (2, 1), (3.5, 1))}}
    log = play(build(customers, suppliers=MAKER, policy={"reorder": BASE}, horizon=9))
    assert tell(log)[:3] == ["0 purchase 0 1", "0 purchase 1 1", "0.5 purchase 2 1"]
    assert log.purchases["placed"].tolist() == [0, 0, 0.5]


def test_classes_that_say_so_and_classes_that_do_not():
    customers = {
        "early": {"announced": 2, "demand": orders((4, 1))},
        "sudden": {"demand": orders((3, 1))},
    }
    log = play(build(customers, suppliers=MAKER, policy={"reorder": BASE}, horizon=9))
    assert log.purchases["placed"].tolist() == [2, 3]


def test_a_review_of_the_same_instant_sees_it_afterwards():
    customers = {"a": {"announced": 2, "demand": orders((6, 1))}}
    policy = {"reorder": BASE, "review": {"period": 2, "first": 0}}
    log = play(build(customers, suppliers=MAKER, policy=policy, horizon=9))
    assert log.purchases["placed"].tolist() == [6]  # known at 4, after the review of that instant


def test_those_above_see_it_too():
    """The echelon of the site above falls when the order becomes known."""
    echelon = {"rule": "echelon_base_stock", "S": 6}
    stock = [
        {"sites": ["main"], "supplier": "maker", "reorder": echelon, "initial": 3},
        {"sites": ["shop"], "supplier": {"site": "main"}, "reorder": BASE, "initial": 3},
    ]
    customers = {"a": {"announced": 3, "demand": [{**orders((5, 2))}]}}
    customers["a"]["demand"][0]["orders"][0]["site"] = "shop"
    model = build(customers, sites=("main", "shop"), stock=stock, suppliers=MAKER, horizon=9)
    placed = {(int(p["stock"]), float(p["placed"])) for p in play(model).purchases}
    assert {time for _, time in placed} == {2.0}


def test_a_process_beside_the_model_orders_now():
    model = from_dict(
        {
            "horizon": 9,
            "products": "mug",
            "suppliers": MAKER,
            "customers": {"a": {"announced": 3, "demand": orders((5, 1))}},
            "policy": {"reorder": BASE},
        }
    )

    def beside(live):
        yield live.env.timeout(1)
        live.order("a", {"mug": 1})

    run = backsim.simulate(model, seed=1, engine="simpy", extend=[beside])
    check_ledger(model, run.log)
    assert run.log.purchases["placed"].tolist() == [1, 2]
    assert run.log.stocks["announced"].tolist() == [0]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_the_earlier_it_is_known_the_less_is_waited_for(engine: str):
    """The same orders; the position falls earlier, so that purchases come earlier."""
    found = []
    for days in (0, 1, 2.5, 5):
        model = from_dict(
            {
                "horizon": 500,
                "warm_up": 20,
                "products": "mug",
                "suppliers": {"maker": {"lead_time": 5}},
                "customers": {
                    "a": {
                        "announced": days,
                        "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"},
                    }
                },
                "policy": {"reorder": {"rule": "base_stock", "S": 4}},
            }
        )
        run = backsim.simulate(model, seed=3, engine=engine)
        found.append(measure(model, run.log)["mean_backlog"])
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0  # known a lead time before


def test_notice_may_be_drawn():
    """Orders of days 5 to 14 are known one or three days before, each as its customer likes."""
    notice = {"discrete": {"values": [1, 3]}}
    rows = [(float(day), 1) for day in range(5, 15)]
    model = build(
        {"a": {"announced": notice, "demand": orders(*rows)}},
        suppliers=MAKER,
        policy={"reorder": BASE},
        horizon=16,
    )
    log = play(model)
    check_ledger(model, log)
    drawn = streams.draw(model, 1).columns["announced"]
    assert set(drawn.tolist()) == {1.0, 3.0}
    assert log.purchases["placed"].tolist() == sorted(np.arange(5.0, 15.0) - drawn)
    assert log.lines["filled"].sum() == 10


def test_notice_of_no_days_is_known_with_the_order():
    """One class always says so three days before, one mostly says nothing before."""
    customers = {
        "early": {"announced": 3, "demand": orders((5, 1))},
        "late": {
            "announced": {"discrete": {"values": [0, 9], "weights": [1, 1e-12]}},
            "demand": orders((4, 1)),
        },
    }
    log = play(build(customers, suppliers=MAKER, policy={"reorder": BASE}, horizon=9))
    assert log.purchases["placed"].tolist() == [2, 4]
