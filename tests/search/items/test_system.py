"""One level for every item: the best by exhaustive search, and a bound that is one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from backsim.search.items.system import Infeasible, System


def curves(seed: int, items: int, constraints: int) -> System:
    """Random curves of items of different lengths; gains grow with the level, costs need not."""
    random = np.random.default_rng(seed)
    size = random.integers(3, 9, items)
    first = np.cumsum(size) - size
    costs = random.uniform(0, 10, size.sum())
    gains = np.concatenate(
        [np.sort(random.uniform(0, 1, (constraints, n)), axis=1) for n in size], axis=1
    )
    return System(random.integers(0, 5, items), first, costs, gains)


def exhaustive(system: System, bounds: np.ndarray) -> float:
    """The least cost of all combinations that keep the bounds."""
    places = [range(f, f + n) for f, n in zip(system.first, system.size, strict=True)]
    return min(
        (
            system.cost(np.array(combination))
            for combination in product(*places)
            if (system.gained(np.array(combination)) >= bounds).all()
        ),
        default=np.inf,
    )


@pytest.mark.parametrize("constraints", [0, 1, 2])
@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_best_of_all_combinations(seed: int, constraints: int) -> None:
    system = curves(seed, 4, constraints)
    most = system.gained(system.first + system.size - 1)
    bounds = 0.8 * most
    found = system.solve(bounds)
    places = system.places(found.levels)
    assert (system.gained(places) >= bounds).all()
    assert found.cost == pytest.approx(exhaustive(system, bounds), rel=1e-9)
    assert found.cost == pytest.approx(system.cost(places))
    assert found.bound == pytest.approx(found.cost, rel=1e-6)


def test_the_prices_bound_the_cost_from_below() -> None:
    """Whatever the prices: none of all combinations that keep the bounds costs less."""
    system = curves(3, 4, 2)
    bounds = 0.7 * system.gained(system.first + system.size - 1)
    least = exhaustive(system, bounds)
    for prices in np.random.default_rng(1).uniform(0, 20, (50, 2)):
        assert system.bound(prices, bounds) <= least + 1e-9


def test_with_many_items_the_bound_is_next_to_the_cost() -> None:
    system = curves(5, 2000, 2)
    bounds = 0.9 * system.gained(system.first + system.size - 1)
    found = system.solve(bounds)
    assert (system.gained(system.places(found.levels)) >= bounds).all()
    assert found.bound <= found.cost <= found.bound * 1.002


def test_a_bound_that_no_levels_reach() -> None:
    system = curves(1, 3, 1)
    most = system.gained(system.first + system.size - 1)
    with pytest.raises(Infeasible) as short:
        system.solve(most + 0.01)
    assert short.value.most == pytest.approx(most[0])
