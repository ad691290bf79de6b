"""Small stories of several sites, worked by hand.

Lines of the sites' own orders are counted on after those of the customers.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim.engines.log import Log
from backsim.results.metrics import measure

SITES = ("shop", "hub")
FROM_HUB = {"site": "hub", "transport": 2}


def told(log: Log) -> list[str]:
    """The event log without what suppliers and sites say of dates."""
    return [row for row in tell(log) if " expect " not in row]


def base(level: int) -> dict[str, Any]:
    return {"rule": "base_stock", "S": level}


def at(site: str, *rows: tuple[float, Any], **fields: Any) -> dict[str, Any]:
    """A class of customers who order what is written at a site."""
    demand = orders(*rows)
    for order in demand["orders"]:
        order["site"] = site
    return {"demand": demand, **fields}


def shop(**fields: Any) -> dict[str, Any]:
    return {"sites": ["shop"], "supplier": FROM_HUB, "reorder": base(2), **fields}


def hub(**fields: Any) -> dict[str, Any]:
    return {"sites": ["hub"], **fields}


def test_a_purchase_from_a_site_is_an_order_there():
    model = build(
        {"a": at("shop", (1, 1), (1.5, 1))},
        sites=SITES,
        stock=[shop(), hub(initial=1, inbound=inbound((4, 3)))],
    )
    log = play(model)
    assert told(log) == lines_of(
        """1 order 0 1
        1 ship 0 1
        1 purchase 1 1
        1 order 2 1
        1 ship 2 1
        1.5 order 1 1
        1.5 ship 1 1
        1.5 purchase 2 1
        1.5 order 3 1
        1.5 wait 3 1
        3 receive 1 1
        4 receive 0 3
        4 ship 3 1
        6 receive 2 1"""
    )
    metrics = measure(model, log)
    assert metrics.get("site_fill_rate", "site", "hub") == 0.5
    assert metrics.get("mean_site_wait", "site", "hub") == (4 - 1.5) / 2
    assert metrics.get("mean_in_transit", "site", "shop") == 2 * 2 / 20
    assert metrics.get("mean_site_backlog", "site", "hub") == (4 - 1.5) / 20


def test_customers_and_sites_compete_for_the_same_units():
    """The site orders first, but customers of the hub come before it."""
    model = build(
        {"a": at("shop", (1, 2)), "b": at("hub", (2, 1), (3, 1))},
        sites=SITES,
        stock=[
            shop(supplier={**FROM_HUB, "priority": 2}),
            hub(initial=0, priority="class_priority", inbound=inbound((4, 3))),
        ],
    )
    log = play(model)
    assert [row for row in told(log) if row.startswith("4 ")] == [
        "4 receive 0 3",
        "4 ship 1 1",
        "4 ship 2 1",
        "4 ship 3 1",
    ]
    assert log.site_lines["open"].tolist() == [1]


def test_units_are_held_back_from_a_site():
    model = build(
        {"a": at("shop", (1, 2)), "b": at("hub", (2, 1))},
        sites=SITES,
        stock=[
            shop(),
            hub(initial=2, rationing={"rule": "critical_level", "levels": {"shop": 1}}),
        ],
    )
    log = play(model)
    assert log.site_lines[["shipped", "open"]].tolist() == [(1, 1)]
    assert log.lines["filled"].tolist() == [2, 1]


def test_a_purchase_arrives_in_the_parts_it_was_shipped_in():
    customers = {"a": at("shop", (1, 2))}
    stock = [shop(), hub(initial=1, inbound=inbound((4, 1)))]
    assert told(play(build(customers, sites=SITES, stock=stock)))[2:] == lines_of(
        """1 purchase 1 2
        1 order 1 2
        1 ship 1 1
        1 wait 1 1
        3 receive 2 1
        4 receive 0 1
        4 ship 1 1
        6 receive 1 1"""
    )
    stock[0] = shop(supplier={**FROM_HUB, "shipment": "whole"})
    assert told(play(build(customers, sites=SITES, stock=stock)))[2:] == lines_of(
        """1 purchase 1 2
        1 order 1 2
        1 wait 1 2
        4 receive 0 1
        4 ship 1 2
        6 receive 1 2"""
    )


def test_the_periodic_order_of_a_textbook():
    """Receive; order, from the customers' end upwards; what takes no time arrives; demand."""
    model = build(
        {"a": at("shop", (0, 2), (1, 1))},
        sites=SITES,
        suppliers={"maker": {"lead_time": 0}},
        stock=[
            hub(reorder=base(2), review=1, initial=2),
            shop(supplier={"site": "hub"}, review=1, initial=1, reorder=base(3)),
        ],
        horizon=1.5,
    )
    assert told(play(model)) == lines_of(
        """0 purchase 0 2
        0 order 2 2
        0 ship 2 2
        0 receive 0 2
        0 purchase 1 2
        0 receive 1 2
        0 order 0 2
        0 ship 0 2
        1 purchase 2 2
        1 order 3 2
        1 ship 3 2
        1 receive 2 2
        1 purchase 3 2
        1 receive 3 2
        1 order 1 1
        1 ship 1 1"""
    )


def test_reviews_of_different_periods_go_upwards_too():
    """The hub's second review was planned before the shop's third: it still comes after it."""
    model = build(
        {"a": at("shop", (0.5, 1), (1.5, 1))},
        sites=SITES,
        suppliers={"maker": {"lead_time": 0}},
        stock=[
            hub(reorder=base(2), review=2),
            shop(supplier={"site": "hub"}, review=1),
        ],
        horizon=2.5,
    )
    assert [row for row in told(play(model)) if row.startswith("2 ")] == lines_of(
        """2 purchase 1 1
        2 order 3 1
        2 ship 3 1
        2 receive 1 1
        2 purchase 2 2
        2 receive 2 2"""
    )


def test_what_waits_at_a_site_can_be_called_back():
    """The customer leaves; the unit that still waits is withdrawn, the one on its way is not."""
    model = build(
        {"a": at("shop", (1, 2), tolerance=0.5)},
        sites=SITES,
        stock=[shop(reorder=base(0), initial=0, withdraw=True), hub(initial=1)],
    )
    log = play(model)
    assert told(log) == lines_of(
        """1 order 0 2
        1 wait 0 2
        1 purchase 0 2
        1 order 1 2
        1 ship 1 1
        1 wait 1 1
        1.5 leave 0 2
        1.5 leave 1 1
        1.5 withdraw 0 1
        3 receive 1 1"""
    )
    assert log.site_lines[["units", "shipped", "open"]].tolist() == [(1, 1, 0)]
    hub_stock = log.stocks[-1]
    assert (hub_stock["backlog"], hub_stock["waiting"]) == (0, 0)


# -- several sources -------------------------------------------------------------------------------


def two_hubs(sources: list[Any], *rows: tuple[float, Any], initial: int = 1) -> list[str]:
    """Whom a shop buys from, one unit a customer."""
    model = build(
        {"a": at("shop", *rows), "b": at("near", (19, 1)), "c": at("far", (19, 1))},
        sites=("shop", "near", "far"),
        suppliers={"maker": {"lead_time": 1}},
        stock=[
            {"sites": ["shop"], "supplier": sources, "reorder": base(9)},
            {"sites": ["near", "far"], "initial": initial},
        ],
    )
    log = play(model)
    rows_of = log.purchases[log.purchases["stock"] == len(log.stocks) - 3]
    names = ["near", "far"]
    return [
        names[r["source"] - len(log.stocks) + 2] if r["source"] >= 0 else "maker" for r in rows_of
    ]


def test_sources_are_tried_in_order_of_preference():
    near, far = {"site": "near"}, {"site": "far", "transport": 3}
    days = [(float(day), 1) for day in range(1, 5)]
    assert two_hubs([near, far], *days) == ["near", "far", "near", "near"]
    assert two_hubs([near, far, {"supplier": "maker"}], *days) == ["near", "far", "maker", "maker"]


def test_shares_are_kept():
    sources = [{"site": "near", "share": 0.25}, {"supplier": "maker", "share": 0.75}]
    found = two_hubs(sources, *[(float(day), 1) for day in range(1, 9)], initial=9)
    assert len(found) == 8
    for k in range(1, 9):
        assert abs(found[:k].count("near") - 0.25 * k) < 1


# -- making ----------------------------------------------------------------------------------------


def bicycles(**supplier: Any) -> Any:
    return build(
        {"a": {"demand": orders((1, {"bicycle": 1}), (2, {"wheel": 1}))}},
        products=("bicycle", "wheel", "frame"),
        suppliers={"stand": supplier, "maker": {"lead_time": 1}},
        stock=[
            {
                "products": ["bicycle"],
                "supplier": "stand",
                "made_from": {"wheel": 2, "frame": 1},
                "reorder": base(1),
            },
            {"products": ["wheel"], "supplier": "maker", "initial": 2},
            {"products": ["frame"], "supplier": "maker", "initial": 0, "inbound": inbound((3, 1))},
        ],
    )


def test_making_waits_for_all_components():
    """The wheels are kept for it from day 1; the frame comes on day 3; work takes a day."""
    log = play(bicycles(capacity={"servers": 1, "service": 1}))
    assert told(log) == lines_of(
        """1 order 0 1
        1 ship 0 1
        1 purchase 1 1
        1 order 2 2
        1 reserve 2 2
        1 order 3 1
        1 wait 3 1
        2 order 1 1
        2 wait 1 1
        3 receive 0 1
        3 reserve 3 1
        3 ship 2 2
        3 ship 3 1
        4 receive 1 1"""
    )
    assert log.purchases["sent"][1] == 3


def test_one_machine_makes_one_after_the_other():
    model = build(
        {"a": {"demand": orders((1, {"bicycle": 3}))}},
        products=("bicycle", "wheel"),
        suppliers={"stand": {"capacity": {"servers": 1, "service": 2, "per": "unit"}}},
        stock=[
            {
                "products": ["bicycle"],
                "supplier": "stand",
                "made_from": {"wheel": 2},
                "reorder": {"rule": "r_nQ", "r": -1, "Q": 1},
                "initial": 0,
            },
            {"products": ["wheel"], "supplier": "stand", "initial": 6},
        ],
    )
    log = play(model)
    made = log.purchases[log.purchases["stock"] == len(log.stocks) - 2]
    assert made[["units", "arrives"]].tolist() == [(3, 7.0)]
    assert log.stocks[-1]["on_hand"] == 0


# -- echelons --------------------------------------------------------------------------------------


def test_an_echelon_is_reviewed_when_a_customer_orders_below():
    """The shop orders in twos, but the hub sees each customer and orders one for one."""
    model = build(
        {"a": at("shop", (1, 1), (2, 1), (3, 1))},
        sites=SITES,
        suppliers={"maker": {"lead_time": 1}},
        stock=[
            shop(reorder={"rule": "s_S", "s": 0, "S": 2}),
            hub(reorder={"rule": "echelon_base_stock", "S": 5}, supplier="maker"),
        ],
    )
    log = play(model)
    assert log.stocks["initial"][-2:].tolist() == [2, 3]
    own = log.purchases[log.purchases["stock"] == len(log.stocks) - 1]
    assert own[["placed", "units"]].tolist() == [(1.0, 1), (2.0, 1), (3.0, 1)]


def test_echelon_base_stock_is_local_base_stock_where_all_order_one_for_one():
    """Source: Axsäter and Rosling, Management Science 39 (1993) 1274-1280."""
    customers = {
        "a": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug", "sites": "shop"}}
    }
    logs = [
        play(
            build(
                customers,
                sites=SITES,
                suppliers={"maker": {"lead_time": 1.5}},
                stock=[shop(reorder=base(4)), hub(reorder=rule, supplier="maker")],
                horizon=50,
            ),
            seed=3,
        )
        for rule in (base(3), {"rule": "echelon_base_stock", "S": 7})
    ]
    assert logs[0].lines.tobytes() == logs[1].lines.tobytes()
    assert (logs[0].stocks["on_hand_days"] == logs[1].stocks["on_hand_days"]).all()


# -- dates -----------------------------------------------------------------------------------------


def test_estimates_look_through_the_network():
    """The hub expects a unit on day 5; the shop will have it 2 days later, and says so."""
    model = build(
        {"a": at("shop", (1, 1))},
        sites=SITES,
        suppliers={"maker": {"lead_time": 4}},
        stock=[
            shop(
                reorder=base(0), initial=0, notice=[{"rule": "at_order"}], estimate={"rule": "live"}
            ),
            hub(reorder=base(0), initial=0, supplier="maker"),
        ],
    )
    log = play(model)
    assert log.notices[["time", "promise"]].tolist() == [(1.0, 7.0)]
    own = log.purchases[log.purchases["source"] >= 0]
    assert own[["quoted", "expected", "arrives"]].tolist() == [(7.0, 7.0, 7.0)]


@pytest.mark.parametrize("rule", ["quoted", "live", "mean_lead_time", "quantile"])
def test_an_estimate_is_of_the_source_that_brings_it(rule: str) -> None:
    """The first unit is made in two days and a day away; the second comes from the other source."""
    model = build(
        {"a": at("shop", (1, 1), (2, 1))},
        sites=["shop"],
        suppliers={
            "near": {"capacity": {"servers": 1, "service": 2}, "lead_time": 1},
            "far": {"lead_time": 10},
        },
        stock=[
            {
                "sites": ["shop"],
                "initial": 0,
                "reorder": base(0),
                "supplier": [
                    {"supplier": "near", "share": 0.5},
                    {"supplier": "far", "share": 0.5},
                ],
            }
        ],
        policy={"notice": "at_order", "estimate": rule},
    )
    assert play(model).contacts["promise"].tolist() == [4, 12]
