"""Levels of many items where customers do not wait: each is played at levels of its own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.search.items.test_items import BASE_STOCK, RATES, SHOP, changed, found_levels, optimised
from tests.search.periodic import search

from backsim.errors import InputError
from backsim.search.items.choice import ItemsChoice
from backsim.search.items.tables import AT_ONCE, Grid

LOST = changed(
    customers={name: {**one, "tolerance": "none"} for name, one in SHOP["customers"].items()},
    costs={"lost_margin": 5.0},
)
LEAD_TIME = 5.0


@cache
def blocked(level: int, load: float) -> float:
    """Erlang's loss formula: the share of Poisson demand that finds nothing.

    Source: Zipkin, Foundations of Inventory Management (2000), section 7.2.3.
    """
    share = 1.0
    for servers in range(1, level + 1):
        share = load * share / (servers + load * share)
    return share


def exact(product: str, level: int) -> tuple[float, float]:
    """Holding and lost margin per day, and units filled per day."""
    rate = RATES[product]
    filled = rate * (1 - blocked(level, LEAD_TIME * rate))
    holding = SHOP["products"][product]["costs"]["holding"]
    return holding * (level - filled * LEAD_TIME) + 5.0 * (rate - filled), filled


def total(levels: dict[str, int]) -> tuple[float, float]:
    """The cost per day, and the fill rate."""
    parts = np.array([exact(product, level) for product, level in levels.items()])
    return float(parts[:, 0].sum()), float(parts[:, 1].sum() / sum(RATES.values()))


def test_the_best_levels_with_lost_sales(tmp_path: Path) -> None:
    """Each item has an exact optimum, and the search costs no more than its promise above it."""
    given = {**LOST, "horizon": 600}
    found = optimised(tmp_path, scenario=given, indifference="5 %", replications=9000)
    assert found.promised
    levels = found_levels(found)
    best = {p: min(range(40), key=lambda level: exact(p, level)[0]) for p in RATES}
    assert total(levels)[0] <= total(best)[0] * 1.05
    assert found.cost is not None
    assert abs(found.cost.mean - total(levels)[0]) < 2 * found.cost.half_width
    assert isinstance(found.choice, ItemsChoice)
    assert found.choice.tried == f"of {AT_ONCE} tried around each"
    assert f"of the 3 items, of {AT_ONCE} tried around each, are better" in found.finding


def test_a_service_with_lost_sales_at_least_cost(tmp_path: Path) -> None:
    """The cheapest levels that fill nine of ten units, by all combinations."""
    fields = {"indifference": "10 %", "constraints": "fill_rate >= 0.9", "replications": 9000}
    free = {**LOST, "costs": {}, "horizon": 600}
    found = optimised(tmp_path, scenario=free, **fields)
    assert found.promised
    levels = found_levels(found)
    assert total(levels)[1] >= 0.9

    def held(levels: dict[str, int]) -> float:
        return sum(
            SHOP["products"][p]["costs"]["holding"] * (S - exact(p, S)[1] * LEAD_TIME)
            for p, S in levels.items()
        )

    tried = (dict(zip(RATES, each, strict=True)) for each in np.ndindex(25, 12, 8))
    assert held(levels) <= 1.1 * min(held(t) for t in tried if total(t)[1] >= 0.92)
    assert exact("bolt", levels["bolt"])[1] / RATES["bolt"] > 0.9


def test_grids_become_finer_and_follow_the_best() -> None:
    high, best = np.array([5, 300, 40]), np.array([3, 233, 0])
    grid = Grid.over(high)
    assert (grid.levels(AT_ONCE - 1) >= high).all()
    for _ in range(10):
        nearest = grid.levels(0) + grid.step * grid.places(best)
        finer = grid.around(nearest)
        if finer.same(grid):
            break
        grid = finer
    assert (grid.step == 1).all()
    assert (grid.levels(grid.places(best).max()) >= 0).all()
    assert (np.choose(grid.places(best), [grid.levels(k) for k in range(AT_ONCE)]) == best).all()


def test_customers_who_leave_after_a_while(tmp_path: Path) -> None:
    """Nothing in closed form, but the promise and the figures agree."""
    patient = {
        name: {**one, "tolerance": {"exponential": {"mean": 2}}}
        for name, one in SHOP["customers"].items()
    }
    given = changed(customers=patient, costs={"lost_margin": 5.0, "backorder_time": 0.5})
    found = optimised(tmp_path, scenario=given, indifference="10 %", replications=9000)
    assert found.promised


SHARED = {"maker": {"capacity": {"servers": 1, "service": {"exponential": {"mean": 0.3}}}}}
TWO_SITES = {
    "sites": ["shop", "hub"],
    "customers": {
        name: {**one, "demand": {**one["demand"], "sites": "shop"}}
        for name, one in LOST["customers"].items()
    },
    "stock": [{"sites": "shop", "supplier": {"site": "hub", "transport": 1}}, {"sites": "hub"}],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"suppliers": SHARED}, "that share nothing, got "),
        (TWO_SITES, "who all wait .customers.bolt.tolerance: unlimited. where sites supply"),
    ],
    ids=["one supplier for all", "two sites"],
)
def test_items_that_share_something(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        search(tmp_path, {**LOST, "horizon": 300, **change}, search=BASE_STOCK, replications=100)


def test_measures_that_do_not_add_up(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="constraints: expected one of fill_rate, mean_backlog"):
        search(tmp_path, LOST, search=BASE_STOCK, constraints="mean_wait <= 2")
