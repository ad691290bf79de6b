"""Customers who wait want fewer units, or more: small stories, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim import streams
from backsim.engines import simpy
from backsim.entities import CANCELLED, NEVER, SHIPPED
from backsim.errors import InputError, LedgerError
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.results.profile import profile
from backsim.results.run import Run
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

HALF = {"after": 1.5, "factor": 0.5}
NOTHING = {"after": 1.5, "factor": 0}
DOUBLE = {"after": 1.5, "factor": 2}


def shop(demand: dict[str, Any], changes: Any = HALF, **fields: Any) -> Model:
    """One mug on hand, nine more on day 6."""
    customer = {"demand": demand, "changes": changes, **fields.pop("customer", {})}
    stock = {"initial": 1, "inbound": inbound((6, 9)), **fields.pop("stock", {})}
    return build({"a": customer, **fields.pop("others", {})}, stock=[stock], **fields)


def test_what_has_not_been_shipped_is_cancelled_as_far_as_it_is_not_wanted():
    """Two of four are wanted: one has been shipped, two are cancelled, one ships on day 6."""
    model = shop(orders((1, 4)))
    log = play(model)
    assert tell(log) == lines_of("""
        1 order 0 4
        1 ship 0 1
        1 wait 0 3
        2.5 leave 0 2
        6 receive 0 9
        6 ship 0 1
    """)
    line = log.lines[0]
    assert (line["shipped"], line["left"], line["status"], line["closed"]) == (2, 2, SHIPPED, 6)
    check_ledger(model, log)
    metrics = measure(model, log)
    assert metrics["cancel_rate"] == metrics["cancel.changed"] == 0.5
    assert metrics["cancel.no_notice"] == 0
    assert metrics["mean_wait"] == 5 / 2
    assert metrics["wait_p95"] == 5
    assert metrics["shipped_per_day"] == 2 / 20
    backlog = (2 * 1.5 + 1 * 5) / 20
    assert metrics["mean_backlog"] == pytest.approx(backlog)
    assert log.stocks["net_days"][-1] == pytest.approx(1 - 20 * backlog)  # up to day 6
    assert profile(model, log).backlog[[0, 15, 30]].tolist() == [0, 1, 0]


def test_units_that_are_cancelled_cost_what_cancelled_units_cost():
    model = shop(orders((1, 4)), costs={"lost_margin": 3, "backorder_unit": 2, "backorder_time": 1})
    metrics = measure(model, play(model))
    assert metrics["cost.lost_margin"] == pytest.approx(3 * 2 / 20)
    assert metrics["cost.backorder_unit"] == pytest.approx(2 * 3 / 20)
    assert metrics["cost.backorder_time"] == pytest.approx(1 * (2 * 1.5 + 5) / 20)


def test_a_customer_who_has_got_more_than_is_wanted_keeps_it():
    model = shop(orders((1, 4)), stock={"initial": 3})
    log = play(model)
    line = log.lines[0]
    assert (line["shipped"], line["left"], line["status"], line["closed"]) == (3, 1, SHIPPED, 2.5)


def test_a_line_of_which_nothing_is_wanted_is_cancelled():
    log = play(shop(orders((1, 1), (2, 4)), NOTHING))
    line = log.lines[1]
    assert (line["shipped"], line["left"], line["status"], line["closed"]) == (0, 4, CANCELLED, 3.5)


@pytest.mark.parametrize("changes", [HALF, NOTHING, DOUBLE], ids=str)
def test_what_has_been_shipped_is_not_changed(changes: dict[str, Any]):
    """In the instant at which the units arrive, too: they were there first."""
    log = play(shop(orders((1, 4)), changes, stock={"inbound": inbound((2.5, 9))}))
    assert len(log.lines) == 1
    assert (log.lines["shipped"][0], log.lines["left"][0]) == (4, 0)
    assert not len(log.reductions)


def test_units_that_are_added_are_an_order_of_their_own():
    """Four more on day 2.5, behind the customer of day 2; they wait from then on."""
    model = shop(orders((1, 4)), DOUBLE, others={"b": {"demand": orders((2, 5))}})
    log = play(model)
    assert log.lines["time"].tolist() == [1, 2, 2.5]
    assert log.lines["units"].tolist() == [4, 5, 4]
    assert log.lines["open"].tolist() == [0, 0, 3]
    assert measure(model, log).get("mean_wait", "class", "a") == pytest.approx(
        (3 * 5 + 1 * 3.5 + 3 * 17.5) / 8
    )


def test_an_addition_is_told_its_own_date():
    """The first date stands."""
    told = {"notice": "at_order", "estimate": {"rule": "fixed", "days": 6}}
    log = play(shop(orders((1, 4)), DOUBLE, stock=told))
    assert log.contacts["first_promise"].tolist() == [7, 8.5]
    assert log.contacts["notices"].tolist() == [1, 1]


def test_fewer_units_bring_forward_who_stands_behind():
    """The second customer learns on day 2.5 that the nine units of day 6 are enough."""
    told = {
        "initial": 0,
        "inbound": inbound((6, 9), (9, 9)),
        "notice": ["at_order", {"rule": "on_change", "threshold": 1}],
        "estimate": "live",
    }
    model = shop(orders((1, 8)), stock=told, others={"b": {"demand": orders((2, 4))}})
    log = play(model)
    second = log.notices[log.notices["head"] == 1]
    assert second[["time", "promise"]].tolist() == [(2, 9), (2.5, 6)]


def test_who_must_be_served_whole_is_served_when_less_is_wanted():
    """Three on hand are not enough for four, and those behind wait, until two are wanted."""
    whole = {"shipment": "line"}
    model = shop(
        orders((1, 4)),
        stock={"initial": 3, "inbound": [], "overtaking": "strict"},
        customer=whole,
        others={"b": {"demand": orders((2, 1))}},
    )
    log = play(model)
    assert log.shipments[["time", "line", "units"]].tolist() == [(2.5, 0, 2), (2.5, 1, 1)]


def two_mugs_and_a_plate(demand: Any, changes: Any) -> Model:
    """What is on hand for orders that ship whole, and change."""
    return build(
        {"a": {"demand": demand, "shipment": "order", "changes": changes}},
        products=["mug", "plate"],
        stock=[
            {"products": ["mug"], "initial": 2},
            {"products": ["plate"], "initial": 1},
        ],
        horizon=5,
    )


def test_an_order_ships_when_what_it_lacked_is_not_wanted():
    """Nothing of the plates is wanted any more, and half of the mugs that are kept."""
    demand = orders((1, {"mug": 2, "plate": 2}), (2, {"mug": 1}))
    model = two_mugs_and_a_plate(demand, HALF)
    log = play(model)
    assert tell(log)[4:] == lines_of("""
        2 order 2 1
        2 wait 2 1
        2.5 leave 0 1
        2.5 reserve 2 1
        2.5 ship 2 1
        2.5 leave 1 1
        2.5 reserve 1 1
        2.5 ship 0 1
        2.5 ship 1 1
    """)
    assert log.lines["closed"].tolist() == [2.5, 2.5, 2.5]
    assert log.stocks["reserved"].sum() == 0
    check_ledger(model, log)


def test_an_order_whose_missing_line_is_dropped_ships_whole():
    demand = orders((1, {"mug": 1, "plate": 2}))
    model = two_mugs_and_a_plate(demand, NOTHING)
    log = play(model)
    assert log.lines["status"].tolist() == [CANCELLED, CANCELLED]
    assert log.lines["left"].tolist() == [1, 2]
    assert log.stocks["on_hand"].tolist()[-2:] == [2, 1]


def test_fewer_units_are_bought():
    """The position rises by what is cancelled; or the matching purchase is withdrawn."""
    bought = {"initial": 0, "inbound": [], "reorder": {"rule": "base_stock", "S": 0}}
    model = shop(orders((1, 4), (3, 2)), stock=bought, suppliers={"maker": {"lead_time": 9}})
    assert play(model).purchases["units"].tolist() == [4]
    log = play(model.replace({f"stock[{len(model.scenario.stock) - 1}].withdraw": True}))
    assert log.purchases["units"].tolist() == [2, 1]


def test_of_what_a_customer_no_longer_wanted_nothing_comes_back():
    model = shop(orders((1, 4), (5, 1)), customer={"returns": {"share": 1, "after": 1}})
    assert play(model).returns[["time", "line", "units"]].tolist() == [(7, 1, 1)]


def test_packs_stay_whole():
    """A half of three packs of 6 is two, as halves are rounded to the even number."""
    demand = {"arrivals": {"period": {"every": 30, "first": 1}}, "products": "mug", "size": 3}
    model = shop(demand, products={"mug": {"pack": 6}})
    assert play(model).reductions["units"].tolist() == [6]


def test_a_substitute_replaces_what_is_still_wanted():
    """Half of four is cancelled on day 2.5; for the other two a cup is taken as the date slips."""
    told = {
        "initial": 0,
        "inbound": [{"arrives": 9, "expected": 4, "units": 9}],
        "notice": ["at_order", {"rule": "on_change", "threshold": 1}],
        "estimate": "live",
        "substitution": "when_late",
    }
    model = build(
        {
            "a": {"demand": orders((1, 4)), "changes": HALF, "takes_substitute": 1},
            "b": {"demand": orders((3, {"cup": 1}))},
        },
        products={"mug": {"substitutes": "cup"}, "cup": {}},
        stock=[
            {"products": ["mug"], **told},
            {"products": ["cup"], "initial": 0, "inbound": inbound((3.5, 9))},
        ],
        suppliers={"maker": {"messages": {"when": "at_due"}, "lead_time": 20}},
    )
    log = play(model)
    check_ledger(model, log)
    assert log.substitutions["units"].tolist() == [2]
    assert (log.lines["left"][0], log.reductions["units"].tolist()) == (4, [2])
    metrics = measure(model, log)
    assert metrics["cancel_rate"] == pytest.approx(2 / 5)
    assert metrics["substituted_rate"] == pytest.approx(2 / 5)


RANDOM: dict[str, Any] = {
    "horizon": 200.0,
    "products": "mug",
    "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 1}}}},
    "policy": {"reorder": {"rule": "s_S", "s": 2, "S": 9}},
}
DEMAND = {
    "arrivals": {"poisson": {"rate": 2}},
    "products": "mug",
    "size": {"geometric": {"mean": 3}},
}


def test_to_drop_all_after_some_days_is_to_leave_then():
    """In a world of orders of one line, where theory knows what impatience does."""
    found = []
    for says in ({"tolerance": 2}, {"changes": {"after": 2, "factor": 0}}):
        model = from_dict({**RANDOM, "customers": {"a": {"demand": DEMAND, **says}}})
        log = simpy.run(model, streams.draw(model, 5))
        check_ledger(model, log)
        metrics = measure(model, log)
        names = ("cancel_rate", "mean_wait", "mean_backlog", "fill_rate", "cost.lost_margin")
        found.append([log.lines[n].tolist() for n in ("time", "shipped", "left", "closed")])
        found[-1].append([metrics[name] for name in names])
    assert len(found[0][0]) > 300
    assert sum(found[0][2]) > 50
    assert found[0][:4] == found[1][:4]
    assert found[0][4] == pytest.approx(found[1][4])


def test_the_draws_are_the_customers_own():
    """Whatever they change, the orders of the file and of others are where they were."""
    plain = {"a": {"demand": DEMAND}, "b": {"demand": DEMAND}}
    given = {"share": 0.5, "after": {"exponential": {"mean": 3}}, "factor": DEMAND["size"]}
    one, other = (
        streams.draw(from_dict({**RANDOM, "customers": customers}), 5)
        for customers in (plain, {**plain, "a": {**plain["a"], "changes": given}})
    )
    adds = other.columns["adds_to"] > 0
    assert adds.sum() > 20
    for name in ("time", "units", "customer_class"):
        assert (other.columns[name][~adds] == one.columns[name]).all()
    raised = np.flatnonzero(adds) - other.columns["adds_to"][adds]
    assert not adds[raised].any()
    waited = other.columns["time"][adds] - other.columns["time"][raised]
    assert waited == pytest.approx(other.columns["drops_after"][raised], abs=1e-6)
    assert (other.columns["customer_class"][adds] == 0).all()


def test_an_addition_finds_its_line_beside_customers_of_a_process():
    """Orders beside the tape move the places of the lines."""
    model = shop(orders((1, 4), (1.2, 1)), DOUBLE)
    tape = streams.draw(model, 1)

    def busy(live: simpy.Live):
        yield live.at(0.5)
        live.order("a", {"mug": 1})
        yield live.at(1.1)
        live.order("a", {"mug": 2})

    log = simpy.run(model, tape, extend=[busy])
    assert log.lines["time"].tolist() == [0.5, 1, 1.1, 1.2, 2.5, 2.7]
    assert log.lines["units"].tolist() == [1, 4, 2, 1, 4, 1]


def test_an_addition_comes_even_where_goodwill_has_gone():
    """Who waits already has not stayed away."""
    judged = {"every": 2, "service": [0, 1], "orders": [0, 1]}
    model = shop(
        orders((1, 4), (3, 1)), DOUBLE, stock={"initial": 0}, customer={"goodwill": judged}
    )
    assert play(model).lines["time"].tolist() == [1, 2.5]


def test_more_units_than_there_may_be_are_refused():
    model = shop(orders((1, 4)), {"after": 1, "factor": 1e9})
    with pytest.raises(InputError, match=r"customers\.a\.changes\.factor: expected at most"):
        streams.draw(model, 1)


def test_the_ledger_finds_a_reduction_that_is_not_in_the_table():
    model = shop(orders((1, 4)))
    log = play(model)
    with pytest.raises(LedgerError, match="line 0: cancelled in part = reductions logged"):
        check_ledger(model, replace(log, reductions=log.reductions[:0]))


def test_results_tell_them():
    model = shop(orders((1, 4)))
    run = Run(model, 1, 0, "simpy", "test", play(model))
    assert run.orders[["shipped", "left", "status"]].values.tolist() == [[2, 2, "shipped"]]
    assert run.orders["tolerance"].tolist() == [NEVER]
