"""Models with known answers, as plain functions: equal in law to their scenarios, and fast.

A search asks for (point, replication) again and again; here it takes microseconds, so that hundreds
of searches show how often a promise is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import numpy as np

from backsim.search.worlds import Worlds

Law = Callable[..., Sequence[float]]
"""(random numbers of a replication, *numbers of the point) -> objective, constraints."""


@contextmanager
def played_by(law: Law, draw: Callable[[np.random.Generator], Any]) -> Iterator[None]:
    """Replications are those of a law: what `draw` gives is the world, drawn once a replication."""

    @lru_cache(maxsize=20_000)
    def world(seed: int, replication: int) -> Any:
        return draw(np.random.default_rng([seed, replication]))

    def played(worlds: Worlds, point: tuple[int, ...], replication: int) -> Any:
        numbers = worlds.problem.space.settings(point).values()
        found = law(world(worlds.problem.asked.seed, replication), *numbers)
        return np.array(found[: len(worlds.specs)])

    with patch.object(Worlds, "_played", played):
        yield


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
    """The mean cost of a base stock, and the fill rate; the first 20 periods do not count."""

    def cost(demand: Sequence[int], S: int) -> tuple[float, float]:
        stock, under_way = S, [0] * (lead_time + 1)  # what is sold is ordered in the next period
        held = lost = asked = 0
        for n, units in enumerate(demand):
            place = n % len(under_way)
            stock += under_way[place]
            sold = min(stock, units)
            under_way[place] = sold
            stock -= sold
            if n >= 20:
                held += stock
                lost += units - sold
                asked += units
        periods = len(demand) - 20
        return (held + penalty * lost) / periods, 1 - lost / asked

    return cost
