"""Levels by period, of a demand that changes: many numbers, and exact costs of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson
from tests.search.macro import decided, functions, problems

from backsim.search.choice import Choice
from backsim.search.worlds import Worlds

MEANS = (20, 40, 60, 40)
ORDER, HOLD, WAIT = 100, 1, 10
LEAST = 332.177
"""The least cost of the four periods, of any policy (dynamic programme, as in scarf4.yaml)."""

Levels = Sequence[tuple[int, int]]


def law(demand: Sequence[int], S: int, *later: int) -> tuple[float]:
    """The mean cost per period; nothing is there at first, so that the first s does not matter."""
    levels = [(0, S), *zip(later[::2], later[1::2], strict=True)]
    stock = cost = 0
    for (low, high), units in zip(levels, demand, strict=True):
        if stock <= low and stock < high:
            stock, cost = high, cost + ORDER
        stock -= units
        cost += HOLD * stock if stock > 0 else -WAIT * stock
    return (cost / len(MEANS),)


def expected(levels: Levels) -> float:
    """The mean cost of all periods, exactly: the law of the stock, period by period."""
    least = -400
    share, cost = np.zeros(800), 0.0
    share[-least] = 1.0
    stocks = np.arange(least, least + len(share))
    for (low, high), mean in zip(levels, MEANS, strict=True):
        ordered = (stocks <= low) & (stocks < high)
        cost += ORDER * share[ordered].sum()
        share[high - least] += share[ordered].sum()
        share[ordered & (stocks != high)] = 0.0
        demand = poisson.pmf(np.arange(200), mean)
        share = np.convolve(share[::-1], demand)[: len(share)][::-1]
        cost += share @ np.where(stocks > 0, HOLD * stocks, -WAIT * stocks)
    return float(cost)


def search(folder: Path, seed: int, replications: int) -> tuple[Worlds, Choice]:
    rule = {"rule": "s_S", "s": 20, "S": 60}
    given: dict[str, Any] = {
        "horizon": 4,
        "products": "item",
        "suppliers": {"maker": {}},
        "customers": {
            "all": {"demand": {"arrivals": {"poisson": {"rate": 40}}, "products": "item"}}
        },
        "policy": {
            "reorder": rule,
            "review": 1,
            "changes": [{"starts": day, "reorder": rule} for day in (1, 2, 3)],
        },
        "costs": {"ordering": ORDER, "holding": HOLD, "backorder_time": WAIT},
    }
    tried: dict[str, Any] = {"policy.reorder.S": {"integers": [1, 150]}}
    for n in range(3):
        path = f"policy.changes[{n}].reorder"
        tried[f"{path}.s"] = {"integers": [0, 150]}
        tried[f"{path}.S"] = {"integers": [1, 150], "above": f"{path}.s"}
    make = problems(folder, given, search=tried, indifference="1 %", replications=replications)
    with functions(law, lambda random: random.poisson(MEANS)):
        return decided(make(seed))


def chosen(worlds: Worlds, choice: Choice) -> Levels:
    point = choice.best or (choice.running or choice.points)[0]
    first, *later = worlds.problem.space.settings(point).values()
    return [(0, first), *zip(later[::2], later[1::2], strict=True)]


def test_the_published_levels_have_the_published_cost() -> None:
    assert expected([(15, 67), (28, 49), (55, 109), (28, 49)]) == pytest.approx(LEAST, abs=0.001)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_search_at_the_edge_of_what_is_allowed_goes_on(tmp_path: Path, seed: int) -> None:
    """Simplices that leave the space do not pass through the point that they are around."""
    worlds, choice = search(tmp_path, seed, 1000)
    assert expected(chosen(worlds, choice)) < 1.6 * LEAST


def test_many_numbers_are_searched_from_several_starts(tmp_path: Path) -> None:
    """From the best start alone the answers cost 22 % too much in the mean, up to 37 %."""
    worlds, choice = search(tmp_path, 3, 100_000)
    assert expected(chosen(worlds, choice)) < 1.05 * LEAST
