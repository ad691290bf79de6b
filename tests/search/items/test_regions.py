"""Levels in parts with prices of their own: a bound as near to the cost as is wanted."""

from __future__ import annotations

import numpy as np
import pytest
from tests.search.items.test_network import least_of, tree
from tests.search.items.test_system import curves, exhaustive

from backsim.search.items.regions import bound_of, regions_of


@pytest.mark.parametrize("constraints", [1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_the_bound_of_a_few_items_is_the_least_cost(seed: int, constraints: int) -> None:
    system = curves(seed, 4, constraints)
    bounds = 0.8 * system.gained(system.first + system.size - 1)
    found = system.solve(bounds)
    regions = regions_of(system, found.prices, bounds, found.cost - 1e-9)
    assert bound_of(regions, system, bounds) == pytest.approx(found.cost, rel=1e-6)
    # And on other curves, as of fresh worlds, it is still no more than the least cost.
    other = curves(seed + 100, 4, constraints)
    other.first, other.size, other.block = system.first, system.size, system.block
    other.low, other.costs = system.low, system.costs + 0.1 * np.sin(np.arange(len(system.costs)))
    other.gains = system.gains * 0.97
    assert bound_of(regions, other, bounds) <= exhaustive(other, bounds) + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_of_a_tree(seed: int) -> None:
    system = tree(seed, 2)
    bounds = 0.75 * np.array([system.most(gains) for gains in system.gains])
    found = system.solve(bounds)
    regions = regions_of(system, found.prices, bounds, found.cost - 1e-9)
    told = bound_of(regions, system, bounds)
    assert told == pytest.approx(least_of(system, bounds), rel=1e-6)


def test_no_more_regions_than_are_wanted() -> None:
    """Where the bound at the usual prices is near enough, and without constraints."""
    system = curves(5, 2000, 2)
    bounds = 0.9 * system.gained(system.first + system.size - 1)
    found = system.solve(bounds)
    assert len(regions_of(system, found.prices, bounds, found.bound * 0.99)) == 1
    system = curves(5, 4, 0)
    assert len(regions_of(system, np.zeros(0), np.zeros(0), np.inf)) == 1
