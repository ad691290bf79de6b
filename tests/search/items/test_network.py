"""A central warehouse and the sites that it supplies: what some runs of a world say of all levels,
and levels of both against exact costs."""

from __future__ import annotations

import copy
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.search.items.test_items import BASE_STOCK, items_of, optimised
from tests.search.periodic import search

from backsim.errors import InputError
from backsim.experiment.work import plan_work
from backsim.results.run import play_and_check
from backsim.results.spec import MetricSpec
from backsim.search.items.curves import Asked
from backsim.search.items.measures import MEASURES, Rates
from backsim.search.items.network import ByWarehouse, Warehouses
from backsim.search.items.system import Blocks, System
from backsim.streams import draw

HUB: dict[str, Any] = {
    "warm_up": 50,
    "horizon": 550,
    "products": {"bolt": {"costs": {"holding": 0.05}}, "pump": {"costs": {"holding": 0.4}}},
    "sites": ["hub", "north", "south"],
    "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 6, "cv": 0.4}}}},
    "customers": {
        "b": {
            "demand": {
                "arrivals": {"poisson": {"rate": 2.0}},
                "products": "bolt",
                "sites": ["north", "south"],
                "size": {"geometric": {"mean": 2}},
            }
        },
        "p": {
            "demand": {
                "arrivals": {"poisson": {"rate": 0.5}},
                "products": "pump",
                "sites": ["north", "south", "hub"],
            }
        },
    },
    "policy": {"reorder": {"rule": "base_stock", "S": {"days": 6}}},
    "costs": {"backorder_time": 1.0},
    "stock": [
        {"sites": "hub"},
        {"sites": ["north", "south"], "supplier": {"site": "hub", "transport": 2}},
    ],
}
DIRECT = {"sites": "north", "products": "pump", "supplier": "maker"}


def hub(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(HUB), **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {
            "suppliers": {
                "maker": {"capacity": {"servers": 1, "service": {"exponential": {"mean": 0.3}}}}
            }
        },
        {"policy": {"reorder": {"rule": "none"}, "review": 1}},
        {"stock": [{"sites": "hub"}, HUB["stock"][1], DIRECT]},
        {"policy": {"reorder": {"rule": "none"}, "priority": "lifo"}},
    ],
    ids=["plain", "limited", "reviews", "one supplied directly", "lifo"],
)
def test_runs_at_some_levels_of_the_warehouse_say_what_others_measure(
    fields: dict[str, Any],
) -> None:
    """Every metric, to the last digits, in the same world at other levels of sites."""
    items = items_of(hub(**fields), {"family": "base_stock"})
    way = ByWarehouse(items, 1, plan_work([items.base], 1, "simpy", 1))
    told = way.read(way.row(5))
    way.check(5)
    random = np.random.default_rng(3)
    levels = random.integers(0, 20, len(items.levels))
    warehouses = way.warehouses.items
    levels[warehouses] = way.grid.levels(0) + way.grid.step * random.integers(0, 12, 2)
    run = play_and_check(items.moved(levels - items.levels), draw(items.base, 1, 5), "simpy", "")
    specs = [MetricSpec(name) for name in MEASURES]
    specs += [MetricSpec(name, "product", "pump") for name in MEASURES]
    specs += [MetricSpec(name, "site", "south") for name in MEASURES]
    asked = Asked(items.base, specs, [1.0] * len(specs), Rates(items.base))
    (predicted,) = asked.values([told], levels)
    measured = [run.metrics.get(s.metric, s.dimension, s.member) for s in specs]
    assert predicted == pytest.approx(measured, rel=1e-9)
    # And the curves go through the same points.
    system = asked.system([told])
    places = system.places(levels)
    high = system.levels(places)
    (points,) = asked.values([told], high)
    assert system.cost(places) == pytest.approx(points[0], rel=1e-9)
    assert system.gained(places) == pytest.approx(points[1:], rel=1e-9, abs=1e-12)


def test_which_items_supply_others() -> None:
    items = items_of(hub(stock=[{"sites": "hub"}, HUB["stock"][1], DIRECT]), BASE_STOCK_OF)
    found = Warehouses.of_model(items.base)
    names = [items.names[i] for i in found.items]
    assert names == ["bolt at hub", "pump at hub"]
    whose = {n: names[k] if k >= 0 else "" for n, k in zip(items.names, found.of, strict=True)}
    assert whose["pump at south"] == "pump at hub"
    assert whose["pump at hub"] == "pump at hub"
    assert whose["pump at north"] == ""


BASE_STOCK_OF = {"family": "base_stock"}

# -- the best of a tree ------------------------------------------------------------------------


def tree(seed: int, constraints: int) -> System:
    """Two warehouses of three levels, with two sites and one, whose curves differ with them."""
    random = np.random.default_rng(seed)
    item = [0, 3] + [1] * 3 + [2] * 3 + [4] * 3 + [5]
    within = [-1, -1] + [0, 1, 2] * 2 + [3, 4, 5] + [-1]
    size = np.array([3, 3, *random.integers(2, 5, len(item) - 2).tolist()])
    first = np.cumsum(size) - size
    costs = random.uniform(0, 10, size.sum())
    gains = np.concatenate([np.sort(random.uniform(0, 1, (constraints, n)), axis=1) for n in size],
                           axis=1)  # fmt: skip
    return System(np.zeros(len(size), np.int64), first, costs, gains, 1,
                  Blocks(np.array(item), np.array(within)))  # fmt: skip


def least_of(system: System, bounds: np.ndarray) -> float:
    """The least cost of all levels that keep the bounds, one by one."""
    best = np.inf
    for levels in product(range(3), range(4), range(4), range(3), range(4), range(4)):
        places = system.places(np.array(levels))
        if (system.levels(places) == levels).all() and (system.gained(places) >= bounds).all():
            best = min(best, system.cost(places))
    return best


@pytest.mark.parametrize("constraints", [0, 1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_the_best_of_all_levels_of_a_tree(seed: int, constraints: int) -> None:
    system = tree(seed, constraints)
    most = np.array([system.most(gains) for gains in system.gains])
    bounds = 0.75 * most
    found = system.solve(bounds)
    places = system.places(found.levels)
    assert (system.gained(places) >= bounds).all()
    assert found.cost == pytest.approx(least_of(system, bounds), rel=1e-9)
    assert found.cost == pytest.approx(system.cost(places))
    for prices in np.random.default_rng(1).uniform(0, 20, (20, constraints)):
        assert system.bound(prices, bounds) <= found.cost + 1e-9


def test_constraints_of_sites_that_share_a_warehouse() -> None:
    """Each site's service asks for the same warehouse's stock: prices have to go round."""
    for seed in range(40):
        system = tree(seed, 2)
        first, last = np.arange(len(system.costs)) % 2 == 0, np.arange(len(system.costs)) % 3 == 0
        system.gains[0][first] = 0.0
        system.gains[1][last] = 0.0
        bounds = 0.55 * np.array([system.most(gains) for gains in system.gains])
        if np.isfinite(least := least_of(system, bounds)):
            found = system.solve(bounds)
            assert (system.gained(system.places(found.levels)) >= bounds).all()
            assert found.cost == pytest.approx(least, rel=1e-9)


# -- exact costs ------------------------------------------------------------------------------

RATE, TRANSPORT, LEAD_TIME, BACKORDER = 0.5, 2.0, 8.0, 2.0
"""Of each of two equal shops; days from the warehouse, days to it, and per unit and day."""
HELD = {"hub": 0.1, "shop": 0.3}
TWO_SHOPS: dict[str, Any] = {
    "warm_up": 100,
    "horizon": 1100,
    "products": "pump",
    "sites": ["hub", "north", "south"],
    "suppliers": {"maker": {"lead_time": LEAD_TIME}},
    "customers": {
        "all": {
            "demand": {
                "arrivals": {"poisson": {"rate": 2 * RATE}},
                "products": "pump",
                "sites": ["north", "south"],
            }
        }
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 5}},
    "costs": {"backorder_time": BACKORDER},
    "stock": [
        {"sites": "hub", "costs": {"holding": HELD["hub"]}},
        {
            "sites": ["north", "south"],
            "supplier": {"site": "hub", "transport": TRANSPORT},
            "costs": {"holding": HELD["shop"]},
        },
    ],
}


@cache
def exact(warehouse: int, shop: int) -> tuple[float, float, float, float]:
    """Holding cost per day of the warehouse, cost of one shop, its fill rate, its holding cost.

    What the warehouse owes the shops is Poisson demand of a lead time above its level, of which
    each shop waits for a binomial part; more demand comes during the transport.
    Source: Axsater, Inventory Control (2015), section 10.2; Graves, Management Science 31 (1985)
    1247-1256 (binomial disaggregation).
    """
    law, units = stats.poisson(2 * RATE * LEAD_TIME), np.arange(60)
    owed = np.bincount(np.maximum(units - warehouse, 0), law.pmf(units), 60)
    on_hand = float((np.maximum(warehouse - units, 0) * law.pmf(units)).sum())
    part = owed @ stats.binom.pmf(units, units[:, None], 0.5)
    short = np.convolve(part, stats.poisson(RATE * TRANSPORT).pmf(units))
    left = shop - np.arange(len(short))
    held = HELD["shop"] * float(short @ np.maximum(left, 0))
    waits = BACKORDER * float(short @ np.maximum(-left, 0))
    return HELD["hub"] * on_hand, held + waits, float(short[left > 0].sum()), held


def test_levels_of_a_warehouse_and_its_shops(tmp_path: Path) -> None:
    """No levels of the three cost less by more than the promise says, by the exact costs."""
    found = optimised(tmp_path, scenario=TWO_SHOPS, indifference="2 %", replications=6000)
    assert found.promised
    levels = dict(zip(found.levels["site"], found.levels["S"].tolist(), strict=True))

    def cost(warehouse: int, *shops: int) -> float:
        return exact(warehouse, 0)[0] + sum(exact(warehouse, shop)[1] for shop in shops)

    own = cost(levels["hub"], levels["north"], levels["south"])
    best = min(cost(warehouse, shop, shop) for warehouse in range(20) for shop in range(10))
    assert own <= best * 1.02
    assert found.cost is not None
    assert abs(found.cost.mean - own) < 2 * found.cost.half_width
    assert "of the 3 items, with 12 levels of each central warehouse, are better" in found.finding


def test_a_service_of_shops_at_least_cost(tmp_path: Path) -> None:
    """The stock of warehouse and shops together that fills nine of ten orders at the shops."""
    given = {**copy.deepcopy(TWO_SHOPS), "costs": {}}
    found = optimised(
        tmp_path, scenario=given, indifference="5 %", constraints="fill_rate >= 0.9",
        replications=9000,
    )  # fmt: skip
    assert found.promised
    levels = dict(zip(found.levels["site"], found.levels["S"].tolist(), strict=True))

    def held(warehouse: int, *shops: int) -> float:
        return exact(warehouse, 0)[0] + sum(exact(warehouse, shop)[3] for shop in shops)

    shops = levels["north"], levels["south"]
    rate = sum(exact(levels["hub"], shop)[2] for shop in shops) / 2
    assert rate >= 0.9
    tried = product(range(16), range(1, 9), range(1, 9))
    cheapest = min(
        held(w, a, b) for w, a, b in tried if (exact(w, a)[2] + exact(w, b)[2]) / 2 >= 0.92
    )
    assert held(levels["hub"], *shops) <= cheapest * 1.05


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"customers": {n: {**c, "tolerance": "none"} for n, c in HUB["customers"].items()}},
            r"who all wait \(customers.b.tolerance: unlimited\) where sites supply sites",
        ),
        (
            {
                "sites": ["hub", "middle", "north", "south"],
                "stock": [
                    {"sites": "hub"},
                    {"sites": "middle", "supplier": {"site": "hub"}},
                    {"sites": ["north", "south"], "supplier": {"site": "middle"}},
                ],
            },
            "expected sites supplied by one that buys from a supplier .* supplied from middle",
        ),
        (
            {"policy": {**HUB["policy"], "notice": "at_order"}},
            r"customers.b.informed.grace: unlimited, as they leave when a promised date passes",
        ),
        (  # found by the run itself
            {
                "costs": {"backorder_time": 1.0, "notice": 1.0},
                "policy": {**HUB["policy"], "notice": "at_order"},
                "customers": {
                    n: {**c, "informed": {"grace": "unlimited"}}
                    for n, c in HUB["customers"].items()
                },
            },
            "levels act on nothing but their own stock .* costs other than those of stock",
        ),
    ],
    ids=["lost sales", "three echelons", "promises", "notices that cost money"],
)
def test_networks_that_are_refused(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        search(tmp_path, hub(**change), search=BASE_STOCK, replications=200)
