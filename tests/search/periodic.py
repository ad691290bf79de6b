"""Lost sales, one item, every period alike: a scenario, and the exact cost of every level."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse, stats

from backsim.results.store import to_yaml
from backsim.search import Search, optimise


def scenario(lead_time: int, penalty: float, size: Mapping[str, Any], days: int) -> dict[str, Any]:
    """Receive, order up to S, demand, measure; holding costs 1 per unit and period."""
    demand = {"arrivals": {"period": {"every": 1.0}}, "products": "item", "size": size}
    return {
        "warm_up": 20,
        "horizon": 20 + days,
        "products": "item",
        "suppliers": {"maker": {"lead_time": float(lead_time)}},
        "customers": {"all": {"demand": demand, "tolerance": "none"}},
        "policy": {"reorder": {"rule": "base_stock", "S": 5}, "review": 1},
        "costs": {"holding": 1.0, "lost_margin": penalty},
    }


def search(
    folder: Path, given: Mapping[str, Any], engine: str = "compiled", **fields: Any
) -> Search:
    """A search on a scenario, written to a folder."""
    (folder / "scenario.yaml").write_text(to_yaml(given))
    how = {
        name: fields.pop(name)
        for name in ("out", "progress", "fresh", "workers", "dask")
        if name in fields
    }
    fields = {"scenario": "scenario.yaml", "indifference": "3 %", **fields}
    (folder / "search.yaml").write_text(to_yaml(fields))
    return optimise(folder / "search.yaml", engine=engine, **{"workers": 1, **how})


def poisson(mean: float) -> tuple[float, ...]:
    """Probabilities of 0, 1, 2 ... units."""
    return tuple(stats.poisson.pmf(np.arange(60), mean))


@cache
def cost(level: int, lead_time: int, penalty: float, demand: tuple[float, ...]) -> float:
    """The exact cost per period of a base stock with lost sales.

    The state is what was sold in each of the last `lead_time` periods, which is what is under way;
    the rest of the level is on hand.  Source: Zipkin, Operations Research 56 (2008) 1256-1263.
    """
    pmf = np.array(demand)
    states = [s for s in product(range(level + 1), repeat=lead_time) if sum(s) <= level]
    place = {state: i for i, state in enumerate(states)}
    rows, columns, chances = [], [], []
    costs = np.zeros(len(states))
    units = np.arange(len(pmf))
    for i, state in enumerate(states):
        stock = level - sum(state)
        left = stock - units
        costs[i] = pmf @ (np.maximum(left, 0) + penalty * np.maximum(-left, 0))
        for sold in range(stock + 1):
            chance = pmf[sold] if sold < stock else 1 - pmf[:stock].sum()
            rows.append(i)
            columns.append(place[(*state[1:], sold)])
            chances.append(chance)
    step = sparse.csr_matrix((chances, (columns, rows)), shape=(len(states), len(states)))
    share = np.full(len(states), 1 / len(states))
    for _ in range(5000):
        after = step @ share
        if np.abs(after - share).max() < 1e-13:
            break
        share = after
    return float(costs @ after)
