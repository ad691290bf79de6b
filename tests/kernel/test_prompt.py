"""What arrives at the instant of ordering serves everybody, and is not from stock."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders, play

from backsim.engines.log import Log
from backsim.entities import CANCELLED, LOST, SHIPPED
from backsim.results.metrics import measure
from backsim.scenario.model import Model

TOLERANCES: list[Any] = ["none", 0, 0.5, "unlimited"]
TO_ORDER = {"reorder": {"rule": "base_stock", "S": 0}}
EVERY_DAY = orders(*((float(day), 4) for day in range(1, 11)))


def statuses(log: Log) -> list[int]:
    return [int(line["status"]) for line in log.lines]


def served_at_once(model: Model, log: Log) -> None:
    """Everybody is served when they order, nobody from stock."""
    assert statuses(log) == [SHIPPED] * len(log.lines)
    assert (log.lines["closed"] == log.lines["time"]).all()
    assert not log.lines["filled"].any()
    metrics = measure(model, log)
    assert metrics["fill_rate"] == metrics["order_fill_rate"] == 0
    assert metrics["lost_rate"] == metrics["cancel_rate"] == metrics["mean_wait"] == 0
    assert metrics["otif"] == 1


@pytest.mark.parametrize("notice", ["silent", "at_order"])
@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_made_to_order_in_no_time(tolerance: Any, notice: str):
    customers = {"a": {"demand": EVERY_DAY, "tolerance": tolerance}}
    model = build(customers, stock=[TO_ORDER], policy={"notice": notice})
    log = play(model)
    served_at_once(model, log)
    assert (log.purchases["units"] == 4).all()


@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_what_is_on_the_shelf_is_from_stock_and_the_rest_is_not(tolerance: Any):
    customers = {"a": {"demand": orders((1, 4), (2, 2)), "tolerance": tolerance}}
    stock = {"reorder": {"rule": "base_stock", "S": 3}}
    log = play(build(customers, stock=[stock]))
    assert statuses(log) == [SHIPPED, SHIPPED]
    assert log.lines["filled"].tolist() == [3, 2]


@pytest.mark.parametrize(
    "supplier",
    [
        {"lead_time": 1},
        {"capacity": {"servers": 1, "service": 1}},
        {"lateness": {"share": 1, "days": 1}},
        {"disruptions": {"planned": [{"starts": 0.5, "days": 9}]}},
    ],
    ids=str,
)
def test_who_does_not_wait_is_lost_before_anything_is_ordered_that_comes_later(supplier: Any):
    customers = {"a": {"demand": EVERY_DAY, "tolerance": "none"}}
    log = play(build(customers, stock=[TO_ORDER], suppliers={"maker": supplier}, horizon=9.5))
    assert statuses(log) == [LOST] * 9
    assert len(log.purchases) == 0


def test_who_does_not_wait_is_lost_where_the_rule_orders_nothing():
    customers = {"a": {"demand": orders((1, 2), (2, 3)), "tolerance": "none"}}
    stock = {"reorder": {"rule": "s_S", "s": -3, "S": 1}, "initial": 0}
    log = play(build(customers, stock=[stock]))
    assert statuses(log) == [LOST, SHIPPED]  # at -3 four are ordered
    assert log.stocks["on_hand"].max() == 1


@pytest.mark.parametrize(("after_demand", "status"), [(True, SHIPPED), (False, LOST)])
def test_a_review_after_the_demand_of_its_instant_is_in_time(after_demand: bool, status: int):
    review = {"period": 1, "after_demand": after_demand}
    customers = {"a": {"demand": orders((2, 4), (3.5, 4)), "tolerance": "none"}}
    log = play(build(customers, stock=[{**TO_ORDER, "review": review}]))
    assert statuses(log) == [status, LOST]


def test_of_an_order_the_lines_that_cannot_be_had_are_lost():
    customers = {
        "a": {"demand": orders((1, {"mug": 1, "plate": 1})), "tolerance": "none"},
        "b": {
            "demand": orders((2, {"mug": 1, "plate": 1})),
            "tolerance": "none",
            "shipment": "order",
        },
    }
    far = {"products": "plate", "supplier": "far", "reorder": TO_ORDER["reorder"]}
    log = play(
        build(
            customers,
            products=("mug", "plate"),
            stock=[{"products": "mug", **TO_ORDER}, far],
            suppliers={"maker": {}, "far": {"lead_time": 2}},
        )
    )
    assert statuses(log) == [SHIPPED, LOST, LOST, LOST]
    assert len(log.purchases) == 1


def test_who_leaves_at_the_end_of_the_instant_is_lost_not_cancelled():
    """Of two units one is sound: the customer has one, the other is lost with no other try."""
    supplier = {"maker": {"yield_share": 0.5}}
    stock = {"reorder": {"rule": "s_S", "s": -2, "S": 0}}
    customers = {"a": {"demand": orders((1, 2)), "tolerance": "none"}}
    log = play(build(customers, stock=[stock], suppliers=supplier))
    (line,) = log.lines
    assert (line["shipped"], line["left"], line["status"]) == (1, 1, LOST)
    assert line["status"] != CANCELLED


# -- networks --------------------------------------------------------------------------------------

SHOP = {"sites": "shop", "supplier": {"site": "depot"}, **TO_ORDER}


def demand_at_the_shop(tolerance: Any) -> dict[str, Any]:
    rows = [{"time": day, "site": "shop", "lines": {"mug": 2}} for day in (1.0, 2.0)]
    return {"a": {"demand": {"orders": rows}, "tolerance": tolerance}}


@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize(("level", "from_stock"), [(0, 0), (2, 1)])
def test_a_chain_of_sites_without_lead_times(tolerance: Any, level: int, from_stock: float):
    depot = {"sites": "depot", "reorder": {"rule": "base_stock", "S": level}}
    sites = ("depot", "shop")
    model = build(demand_at_the_shop(tolerance), sites=sites, stock=[depot, SHOP])
    log = play(model)
    served_at_once(model, log)
    assert measure(model, log)["site_fill_rate"] == from_stock


def test_a_site_serves_who_does_not_wait_as_long_as_it_has_units():
    depot = {"sites": "depot", "reorder": "none", "initial": 3}
    sites = ("depot", "shop")
    log = play(build(demand_at_the_shop("none"), sites=sites, stock=[depot, SHOP]))
    assert log.lines["shipped"].tolist() == [2, 1]
    assert statuses(log) == [SHIPPED, LOST]


@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_an_emergency_source_without_lead_time(tolerance: Any):
    near = {"supplier": "near", "emergency": {"level": -1, "up_to": 0}}
    stock = {"supplier": ["far", near], **TO_ORDER}
    rows = {"far": {"lead_time": 3}, "near": {}}
    model = build(
        {"a": {"demand": EVERY_DAY, "tolerance": tolerance}}, stock=[stock], suppliers=rows
    )
    log = play(model)
    served_at_once(model, log)


@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_a_transfer_that_takes_no_time(tolerance: Any):
    far = {"reorder": {"rule": "base_stock", "S": 0}, "supplier": "far"}
    stock = [
        {"sites": "depot", **far, "initial": 4},
        {"sites": "shop", **far, "transfers": {"sites": "depot", "days": 0}},
    ]
    model = build(
        demand_at_the_shop(tolerance),
        sites=("depot", "shop"),
        stock=stock,
        suppliers={"far": {"lead_time": 30}},
    )
    log = play(model)
    served_at_once(model, log)


@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_what_is_made_in_no_time_from_components_at_hand(tolerance: Any):
    bike = {"products": "mug", "made_from": {"clay": 2}, **TO_ORDER}
    clay = {"products": "clay", "reorder": {"rule": "base_stock", "S": 8}}
    model = build(
        {"a": {"demand": EVERY_DAY, "tolerance": tolerance}},
        products=("mug", "clay"),
        stock=[bike, clay],
    )
    log = play(model)
    served_at_once(model, log)
