"""Customers who take only units that have some days left: small stories, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, orders, play, tell

from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model


def shop(customers: dict[str, Any], life: float = 5, **stock: Any) -> Model:
    """Three mugs on day 0, which keep five days, and two more on day 2; the rest is said."""
    point = {"reorder": "none", "initial": 3, "inbound": inbound((2, 2)), **stock}
    return build(customers, products={"mug": {"shelf_life": life}}, stock=[point])


def expired(model: Model) -> list[tuple[float, int]]:
    log = play(model)
    check_ledger(model, log)
    return [(float(lot["expires"]), int(lot["expired"])) for lot in log.lots if lot["expired"]]


def picky(*rows: tuple[float, Any], days: float = 3, **fields: Any) -> dict[str, Any]:
    return {"demand": orders(*rows), "min_life": days, **fields}


def test_the_oldest_of_those_that_are_fresh_enough_are_taken():
    """On day 3 those of day 0 have two days left, too few: one of day 2 is taken."""
    assert expired(shop({"a": picky((3, 1))})) == [(5, 3), (7, 1)]


def test_exactly_so_many_days_are_enough():
    """On day 2 those of day 0 have three days left, and are the oldest."""
    assert expired(shop({"a": picky((2, 1))})) == [(5, 2), (7, 2)]


def test_others_take_the_oldest():
    assert expired(shop({"a": picky((3, 1)), "b": {"demand": orders((3, 2))}})) == [(5, 1), (7, 1)]


def test_who_finds_too_old_stock_waits_and_stands_in_nobodys_way():
    """Four are wanted fresh on day 3: two are there; the rest waits until day 6.

    Who comes on day 4 gets one of the old units, under strict overtaking too.
    """
    customers = {"a": picky((3, 4)), "b": {"demand": orders((4, 1))}}
    model = shop(customers, inbound=inbound((2, 2), (6, 9)), overtaking="strict")
    log = play(model)
    assert tell(log)[1:] == [
        "3 order 0 4",
        "3 ship 0 2",
        "3 wait 0 2",
        "4 order 1 1",
        "4 ship 1 1",
        "5 expire -1 2",
        "6 receive 1 9",
        "6 ship 0 2",
        "11 expire -1 7",
    ]
    assert measure(model, log).get("mean_wait", "class", "a") == pytest.approx(2 * 3 / 4)


def test_a_whole_line_that_is_partly_there_blocks_as_ever():
    """Two fresh ones are not four, and those behind wait, though what they want is there."""
    customers = {"a": picky((3, 4), shipment="line"), "b": {"demand": orders((4, 1))}}
    assert play(shop(customers, overtaking="strict")).lines["shipped"].tolist() == [0, 0]
    assert play(shop(customers, overtaking="skip")).lines["shipped"].tolist() == [0, 1]


def test_who_does_not_wait_is_lost_beside_old_stock():
    customers = {"a": picky((4.5, 1), tolerance="none")}
    log = play(shop(customers, inbound=[]))
    assert log.lines["left"].tolist() == [1]
    assert log.stocks["expired"][-1] == 3


def test_units_held_back_count_all_that_are_on_hand():
    """Two fresh ones among five on hand, of which four are held back: one may be had."""
    held = {"rationing": {"rule": "critical_level", "levels": {"a": 4}}}
    assert play(shop({"a": picky((3, 2))}, **held)).lines["shipped"].tolist() == [1]


def test_old_units_are_no_substitute():
    model = build(
        {"a": picky((4, {"cup": 1}), takes_substitute=1)},
        products={"cup": {"substitutes": "mug"}, "mug": {"shelf_life": 5}},
        stock=[
            {"products": ["cup"], "initial": 0, "substitution": "at_order"},
            {"products": ["mug"], "initial": 3},
        ],
    )
    assert not len(play(model).substitutions)
    assert len(play(model.replace({"customers.a.min_life": 1})).substitutions) == 1


def test_another_site_serves_with_fresh_units():
    """North has old ones only: south's serve, which came later."""
    model = build(
        {"a": picky((4, {"mug": 1}), served_by="south") | {"demand": SITED}},
        products={"mug": {"shelf_life": 5}},
        sites=["north", "south"],
        stock=[
            {"sites": ["north"], "initial": 3},
            {"sites": ["south"], "initial": 1, "inbound": inbound((2, 2))},
        ],
    )
    log = play(model)
    assert log.stocks["on_hand"].tolist()[-2:] == [0, 0]
    assert [int(lot["expired"]) for lot in log.lots] == [3, 1, 1]
    assert len(log.reroutes) == 1


SITED = {"orders": [{"time": 4, "lines": {"mug": 1}, "site": "north"}]}


def test_units_kept_for_others_are_shipped_oldest_first():
    """Both orders of `b` keep a unit; `c`, who leaves, frees the younger one."""
    whole = {"shipment": "order"}
    customers = {
        "a": picky((6.5, 1), days=1, tolerance="none"),
        "b": {"demand": orders((1, {"mug": 1, "cup": 1})), **whole},
        "c": {"demand": orders((3, {"mug": 1, "cup": 1})), **whole, "tolerance": 3},
    }
    model = build(
        customers,
        products={"mug": {"shelf_life": 5}, "cup": {}},
        stock=[
            {"products": ["mug"], "initial": 1, "inbound": inbound((2, 1))},
            {"products": ["cup"], "initial": 0},
        ],
    )
    log = play(model)
    check_ledger(model, log)
    assert log.stocks["expired"].sum() == 1  # on day 7: half a day is not enough for `a`
    early = model.replace({"customers.a.min_life": 0.5})
    assert play(early).lines["shipped"].tolist() == [0, 0, 0, 0, 1]
