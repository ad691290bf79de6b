"""Least purchases, multiples, and products that are ordered together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play, played_fast

import backsim
from backsim.entities import NONE
from backsim.quantities import Level
from backsim.results.metrics import measure
from backsim.rules import FAMILIES
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def bought(log: Any) -> list[tuple[float, int, int]]:
    """(day, units, product) of each purchase; products count from the first that is not idle."""
    first = min(log.purchases["stock"]) if len(log.purchases) else 0
    return [(float(p["placed"]), int(p["units"]), int(p["stock"] - first)) for p in log.purchases]


@pytest.mark.parametrize(
    ("lots", "units"),
    [
        ({}, 3),
        ({"least_order": 5}, 5),
        ({"multiple": 4}, 4),
        ({"least_order": 5, "multiple": 4}, 8),
        ({"least_order": 2, "multiple": 3}, 3),
    ],
    ids=str,
)
def test_a_purchase_is_as_large_as_the_supplier_asks(lots: dict[str, int], units: int):
    stock = {"reorder": {"rule": "base_stock", "S": 6}, **lots}
    log = play(build({"a": {"demand": orders((1, 3))}}, stock=[stock]))
    assert bought(log) == [(1, units, 0)]


def test_what_was_ordered_above_the_level_is_not_ordered_again():
    stock = {"reorder": {"rule": "base_stock", "S": 6}, "least_order": 5}
    log = play(build({"a": {"demand": orders((1, 3), (2, 1), (3, 2))}}, stock=[stock]))
    assert bought(log) == [(1, 5, 0), (3, 5, 0)]  # positions 8, 7, then 5 -> 10


def test_lots_hold_for_every_rule():
    stock = {"reorder": {"rule": "r_nQ", "r": 2, "Q": 3}, "initial": 4, "multiple": 10}
    log = play(build({"a": {"demand": orders((1, 3))}}, stock=[stock]))
    assert bought(log) == [(1, 10, 0)]


@pytest.mark.parametrize(
    ("lots", "purchases"),
    [  # of the positions 3 and 2, after orders for 3 and 1; S is 6
        ({"most_stock": 7, "multiple": 4}, [(1, 4)]),  # 7, then 6
        ({"most_stock": 6, "multiple": 4}, [(2, 4)]),  # room for 3 is room for none
        ({"most_stock": 6, "least_order": 4}, [(2, 4)]),
        ({"most_stock": 5}, [(1, 2), (2, 1)]),
        ({"most_stock": 2}, []),
        ({"most_stock": 12, "multiple": 10}, [(2, 10)]),  # room for 9, then for 10
    ],
    ids=str,
)
def test_a_purchase_that_has_no_room_is_rounded_down(lots: dict[str, int], purchases: Any):
    stock = {"reorder": {"rule": "base_stock", "S": 6}, "initial": 6, **lots}
    log = play(build({"a": {"demand": orders((1, 3), (2, 1))}}, stock=[stock]))
    assert [row[:2] for row in bought(log)] == purchases


def test_exactly_one_lot_at_a_time():
    demand = {"a": {"demand": orders((1, 6), (2, 1), (3, 1))}}
    one = {"reorder": {"rule": "r_Q", "r": 2, "Q": 3}, "initial": 4}
    assert [row[:2] for row in bought(play(build(demand, stock=[one])))] == [(1, 3), (2, 3), (3, 3)]
    many = {"reorder": {"rule": "r_nQ", "r": 2, "Q": 3}, "initial": 4}
    assert [row[:2] for row in bought(play(build(demand, stock=[many])))] == [(1, 6), (3, 3)]


def test_a_constant_order_comes_whatever_the_stock_is():
    stock = {"reorder": {"rule": "constant_order", "Q": 3}, "review": 2, "initial": 9}
    log = play(build({"a": {"demand": orders((1, 1))}}, stock=[stock], horizon=5))
    assert [row[:2] for row in bought(log)] == [(0, 3), (2, 3), (4, 3)]


# -- together --------------------------------------------------------------------------------------


def trio(rules: list[Any], **fields: Any) -> Model:
    """Three products at one site; mugs are asked for on day 1, plates and bowls a little before."""
    products = ("mug", "plate", "bowl")
    demand = orders((0.5, {"plate": 2, "bowl": 4}), (1, {"mug": 4}))
    return build(
        {"a": {"demand": demand}},
        products=products,
        stock=[
            {"products": [name], "reorder": rule, "initial": 8, **fields.pop(name, {})}
            for name, rule in zip(products, rules, strict=True)
        ],
        **fields,
    )


CAN_ORDER = {"rule": "can_order", "s": 4, "c": 6, "S": 10}
TIMID = {"rule": "can_order", "s": 3, "c": 3, "S": 10}
ALONE = {"rule": "s_S", "s": 3, "S": 10}


def test_who_is_at_its_can_order_level_joins():
    log = play(trio([CAN_ORDER, CAN_ORDER, TIMID]))
    assert bought(log) == [(1, 6, 0), (1, 4, 1)]  # plates at 6 join; bowls at 4 may not
    assert log.purchases["joined"].tolist() == [NONE, 0]


def test_other_rules_are_not_asked():
    log = play(trio([CAN_ORDER, ALONE, CAN_ORDER]))
    assert bought(log) == [(0.5, 6, 2), (1, 6, 0)]  # plates at 6 are not asked


def test_products_of_other_suppliers_and_sites_are_not_asked():
    log = play(
        trio(
            [CAN_ORDER, CAN_ORDER, TIMID],
            suppliers={"maker": {}, "other": {}},
            plate={"supplier": "other"},
        )
    )
    assert bought(log) == [(1, 6, 0)]


def test_joint_purchases_come_in_lots_too():
    log = play(trio([CAN_ORDER, CAN_ORDER, TIMID], plate={"multiple": 12}))
    assert bought(log) == [(1, 6, 0), (1, 12, 1)]


def test_a_joint_purchase_pays_its_fixed_cost_once():
    model = trio(
        [CAN_ORDER, CAN_ORDER, TIMID], horizon=10, costs={"ordering": 100, "ordering_item": 7}
    )
    (run,) = backsim.replicate(model, seed=1, replications=1, engine="simpy")
    assert run.metrics["cost.ordering"] == pytest.approx((100 + 2 * 7) / 10)
    assert run.metrics.get("cost.ordering", "product", "mug") == pytest.approx(107 / 10)
    assert run.metrics.get("cost.ordering", "product", "plate") == pytest.approx(7 / 10)
    assert run.metrics["purchases_per_day"] == pytest.approx(2 / 10)


# -- what theory says of it ------------------------------------------------------------------------


def market(rule: Any, **fields: Any) -> Model:
    """Four products of one supplier."""
    names = ["a", "b", "c", "d"]
    demand = {"arrivals": {"poisson": {"rate": 8}}, "products": names}
    return build(
        {"all": {"demand": demand}},
        products=names,
        suppliers={"maker": {"lead_time": 1}},
        stock=[{"reorder": rule, **fields}],
        horizon=4_000,
        warm_up=100,
        costs={"ordering": 50, "ordering_item": 1, "holding": 1},
    )


def mean(model: Model, metric: str) -> float:
    return float(np.mean([measure(model, played_fast(model, 2, r))[metric] for r in range(3)]))


def test_joining_lowers_the_cost_of_ordering_where_the_fixed_cost_is_high():
    """With common random numbers; the differences are many times their standard errors."""
    together = market({"rule": "can_order", "s": 4, "c": 14, "S": 24})
    alone = market({"rule": "can_order", "s": 4, "c": 4, "S": 24})
    plain = market({"rule": "s_S", "s": 4, "S": 24})
    assert mean(plain, "cost.ordering") == mean(alone, "cost.ordering")
    assert mean(together, "cost.ordering") < 0.75 * mean(alone, "cost.ordering")
    assert mean(together, "cost.total") < mean(alone, "cost.total")


def test_a_least_purchase_raises_the_stock_and_lowers_the_number_of_purchases():
    free, bound = (
        market({"rule": "base_stock", "S": 8}),
        market({"rule": "base_stock", "S": 8}, least_order=10),
    )
    assert mean(bound, "mean_on_hand") > mean(free, "mean_on_hand") + 2
    assert mean(bound, "purchases_per_day") < 0.2 * mean(free, "purchases_per_day")
    assert mean(bound, "fill_rate") > mean(free, "fill_rate")


# -- orders with several lines ---------------------------------------------------------------------

JOINT = {"maker": {"joint_orders": True}}
COSTS = {"ordering": 70, "ordering_item": 7}


def weekly(**fields: Any) -> Model:
    """Two products, reviewed together once a week."""
    demand = [{"arrivals": {"poisson": {"rate": 3}}, "products": name} for name in ("mug", "plate")]
    return build(
        {"a": {"demand": demand}},
        products=("mug", "plate"),
        stock=[{"reorder": {"rule": "base_stock", "S": 40}, "review": 7}],
        costs=COSTS,
        horizon=2000,
        **fields,
    )


def test_purchases_of_one_review_are_one_order_with_a_line_each():
    """285 reviews order; 70 for each, and 7 for each of the two lines: a common cycle.

    Source: Silver, Pyke and Thomas (2017), section 10.2, for the cost of a family of items.
    """
    apart, joint = weekly(), weekly(suppliers=JOINT)
    log = play(joint)
    assert measure(joint, log)["cost.ordering"] == pytest.approx(285 * (70 + 2 * 7) / 2000)
    alone = play(apart)
    assert measure(apart, alone)["cost.ordering"] == pytest.approx(285 * 2 * (70 + 7) / 2000)
    for name in ("purchases_per_day", "fill_rate", "mean_on_hand"):
        assert measure(joint, log)[name] == measure(apart, alone)[name]


def test_an_order_is_of_one_site_one_supplier_and_one_instant():
    """Two sites and two suppliers; two products a review, and one more purchase at noon."""
    products, sites = ("mug", "plate"), ("main", "shop")
    rows = [
        {"time": time, "site": site, "lines": {name: 1}}
        for time in (0.5, 1.5)
        for site in sites
        for name in products
    ]
    stock = [
        {"sites": site, "products": name, "reorder": {"rule": "base_stock", "S": 3}, **more}
        for site in sites
        for name, more in (("mug", {"review": 1}), ("plate", {"review": 1}))
    ]
    stock[3]["supplier"] = "other"
    log = play(
        build(
            {"a": {"demand": {"orders": rows}}},
            products=products,
            sites=sites,
            stock=stock,
            suppliers={**JOINT, "other": {"joint_orders": True}},
        )
    )
    placed = [(float(p["placed"]), int(p["joined"])) for p in log.purchases]
    # At each review: mugs and plates of main, mugs of the shop, and its plates from the other.
    assert placed == [
        *[(1, NONE), (1, 0), (1, NONE), (1, NONE)],
        *[(2, NONE), (2, 4), (2, NONE), (2, NONE)],
    ]


def test_products_that_may_join_are_lines_of_the_order_too():
    log = play(trio([CAN_ORDER, CAN_ORDER, TIMID], suppliers=JOINT))
    assert log.purchases["joined"].tolist() == [NONE, 0]


# -- rules that stop short -------------------------------------------------------------------------

CAPPED = {"rule": "capped_base_stock", "S": 20, "cap": 5}


@pytest.mark.parametrize("lead_time", [0, 2])
def test_a_capped_rule_orders_until_nothing_is_missing(lead_time: float):
    customers = {"a": {"demand": orders((1, 30), (55, 1))}}
    supplier = {"maker": {"lead_time": lead_time}}
    log = play(build(customers, stock=[{"reorder": CAPPED}], suppliers=supplier, horizon=60))
    assert bought(log) == [(1, 5, 0)] * 6 + [(55, 1, 0)]
    assert log.shipments["time"].tolist() == [1 + lead_time] * 2
    assert (log.lines["closed"] == [1 + lead_time, 55]).all()


def test_under_periodic_review_a_cap_is_a_capacity_per_period():
    stock = {"reorder": CAPPED, "review": 2, "initial": 20}
    log = play(build({"a": {"demand": orders((1, 12))}}, stock=[stock]))
    assert bought(log) == [(2, 5, 0), (4, 5, 0), (6, 2, 0)]


def test_an_empty_stock_point_is_filled_by_a_capped_rule_too():
    rows = [{"products": name, "reorder": CAPPED, **more} for name, more in PLACES.items()]
    model = build({"a": {"demand": orders((1, 1))}}, products=list(PLACES), stock=rows)
    assert [point.initial for point in model.scenario.stock[-3:]] == [20, 5, 3]


PLACES: dict[str, dict[str, Any]] = {"mug": {}, "plate": {"review": 2}, "bowl": {"initial": 3}}


def test_a_cap_that_takes_too_many_purchases_is_refused():
    rule = {"rule": "capped_base_stock", "S": 2_000_000, "cap": 5}
    with pytest.raises(backsim.InputError, match="it orders more than 10,000 times in a row"):
        build({"a": {"demand": orders((1, 1))}}, stock=[{"reorder": rule}])


@pytest.fixture
def _rules_of_steps() -> Any:
    @backsim.reorder
    def pallets(position, s: Level):
        """At or below s, one pallet of 10."""
        return 10 if position <= s else 0

    @backsim.reorder
    def blind_step(stock):
        """As long as little is on hand, 10 more, whatever is under way."""
        return 10 if stock.on_hand < 5 else 0

    yield
    for name in ("pallets", "blind_step"):
        del FAMILIES["reorder"].rules[name]


@pytest.mark.usefixtures("_rules_of_steps")
def test_a_rule_of_fixed_steps_is_asked_again_and_one_that_sees_no_position_is_not():
    def purchases(rule: Any) -> list[int]:
        supplier = {"maker": {"lead_time": 2}}
        stock = [{"reorder": rule, "initial": 30}]
        model = build({"a": {"demand": orders((1, 29))}}, stock=stock, suppliers=supplier)
        run = backsim.simulate(model, seed=1, engine="simpy")
        return [int(units) for units in run.log.purchases["units"]]

    assert purchases({"rule": "pallets", "s": 25}) == [10, 10, 10]  # 1, 11, 21, 31
    assert purchases("blind_step") == [10]


# -- what is under way at the start ----------------------------------------------------------------

UNDER_WAY = [{"units": 30, "arrives": 3}, {"units": 10, "arrives": 4}]


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ({"rule": "base_stock", "S": 100}, 100),
        ({"rule": "base_stock", "S": 30}, 40),  # more is under way than the level
        ({"rule": "s_S", "s": 20, "S": 60}, 60),
        ({"rule": "r_nQ", "r": 45, "Q": 20}, 60),
        ({"rule": "echelon_base_stock", "S": 70}, 70),
        (CAPPED | {"S": 50}, 50),
    ],
    ids=str,
)
@pytest.mark.parametrize("sites", [("main",), ("main", "shop")], ids=len)
def test_at_the_start_what_is_under_way_belongs_to_the_level(
    rule: dict[str, Any], level: int, sites: tuple[str, ...]
):
    stock = {"reorder": rule, "inbound": UNDER_WAY}
    model = build(
        {"a": {"demand": {"orders": [{"time": 9, "site": "main", "lines": {"mug": 1}}]}}},
        stock=[stock],
        sites=sites,
        suppliers={"maker": {"lead_time": 5}},
    )
    points = model.scenario.stock[-len(sites) :]
    assert [point.initial for point in points] == [level - 40] * len(sites)
    placed = play(model).purchases["placed"]
    assert sorted(placed[~np.isnan(placed)])[:1] in ([9.0], [])  # none at the start


def test_an_echelon_starts_at_its_level_whatever_is_under_way_in_it():
    network = {
        "horizon": 10,
        "products": "mug",
        "sites": ["depot", "shop"],
        "suppliers": {"maker": {"lead_time": 5}},
        "customers": {
            "a": {"demand": {"orders": [{"time": 9, "lines": {"mug": 1}, "site": "shop"}]}}
        },
        "stock": [
            {
                "sites": "depot",
                "reorder": {"rule": "echelon_base_stock", "S": 100},
                "inbound": [{"units": 10, "arrives": 1}],
            },
            {
                "sites": "shop",
                "supplier": {"site": "depot", "transport": 1},
                "reorder": {"rule": "base_stock", "S": 30},
                "inbound": [{"units": 20, "arrives": 1}],
            },
        ],
    }
    model = from_dict(network)
    assert [point.initial for point in model.scenario.stock] == [60, 10]
    placed = backsim.simulate(model, seed=1, engine="simpy").log.purchases["placed"]
    assert placed[~np.isnan(placed)].tolist() == [9.0, 9.0]
