"""Models with known answers, as plain functions: equal in law to their scenarios, and fast.

A search asks for (point, replication) again and again; here it takes microseconds, so that hundreds
of searches show how often a promise is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from numba import njit

from backsim.search.player import Player

if TYPE_CHECKING:
    from numpy.typing import NDArray

Law = Callable[..., Sequence[float]]
"""(random numbers of a replication, *numbers of the point) -> objective, constraints."""


@contextmanager
def played_by(law: Law, draw: Callable[[np.random.Generator], Any]) -> Iterator[None]:
    """Replications are those of a law: what `draw` gives is the world, drawn once a replication."""

    @lru_cache(maxsize=20_000)
    def world(seed: int, replication: int) -> Any:
        return draw(np.random.default_rng([seed, replication]))

    def played(player: Player, point: tuple[int, ...], replication: int, checked: bool) -> Any:
        numbers = player.space.settings(point).values()
        found = law(world(player.seed, replication), *numbers)
        return np.array(found[: len(player.specs)])

    with patch.object(Player, "played", played):
        yield


def drawn(law: str, mean: float, count: int) -> Callable[[np.random.Generator], NDArray[np.int64]]:
    """Draws the demand of so many periods, Poisson or geometric from 0 on."""
    if law == "poisson":
        return lambda random: random.poisson(mean, count)
    return lambda random: random.geometric(1 / (1 + mean), count) - 1


def koenig_law(demand: Sequence[int], s: int, S: int) -> tuple[float]:
    """The mean cost of 30 periods: order up to S at or below s, demand, measure."""
    stock, cost = S, 0
    for units in demand:
        if stock <= s:
            cost += 32 + 3 * (S - stock)
            stock = S
        stock -= units
        cost += stock if stock > 0 else -5 * stock
    return (cost / 30,)


def lost_sales(lead_time: int, penalty: float) -> Law:
    """The mean cost of a base stock, perhaps capped, and the fill rate; 20 periods do not count."""

    def cost(demand: Sequence[int], S: int, cap: int = NO_CAP) -> tuple[float, float]:
        held, lost, asked = periods(np.asarray(demand), lead_time, S, cap, 20)
        return (held + penalty * lost) / (len(demand) - 20), 1 - lost / asked

    return cost


NO_CAP = 1 << 40
"""Units that no order has."""


@njit(cache=True)
def periods(
    demand: NDArray[np.int64], lead_time: int, S: int, cap: int, warm_up: int
) -> tuple[int, int, int]:
    """Units held, lost and asked for after some periods: receive, order, demand, measure.

    The lead time is 1 or more.
    """
    stock, coming = S, 0
    under_way = np.zeros(lead_time + 1, np.int64)
    held = lost = asked = 0
    for n in range(len(demand)):
        place = n % (lead_time + 1)
        stock += under_way[place]
        coming -= under_way[place]
        ordered = min(cap, S - stock - coming)
        under_way[(n + lead_time) % (lead_time + 1)] = ordered
        coming += ordered
        sold = min(stock, demand[n])
        stock -= sold
        if n >= warm_up:
            held += stock
            lost += demand[n] - sold
            asked += demand[n]
    return held, lost, asked
