"""Levels by period against a dynamic programme.

Source: Scarf's model over four periods, in the tests of Rossi's `inventoryanalytics`.
Poisson demand of means 20, 40, 60, 40, cut there at its 0.9999 quantile; ordering 100, holding 1
and backorder 10 per unit and period, no lead time, nothing there at first.  Optimal: 332.12, with
s = 15 and S = 67 in the first period.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson
from tests.models import all_parts

from backsim.api import replicate
from backsim.results.metrics import measure
from backsim.scenario import from_dict

MEANS = (20, 40, 60, 40)
ORDERING, HOLDING, BACKORDER = 100.0, 1.0, 10.0
LOW, HIGH = -250, 250
PUBLISHED = 332.1194157143863
REPLICATIONS = 1000


@cache
def programme(cut: float = 1 - 1e-12) -> tuple[float, list[tuple[int, int]]]:
    """The least expected cost from an empty start, and the (s, S) of each period."""
    levels = np.arange(LOW, HIGH + 1)
    after = np.zeros(len(levels))
    policy: list[tuple[int, int]] = []
    for mean in reversed(MEANS):
        demand = np.arange(161)
        chance = np.where(demand <= poisson.ppf(cut, mean), poisson.pmf(demand, mean), 0.0)
        chance /= chance.sum()
        cost = np.full(len(levels), np.inf)
        for at in range(160, len(levels)):
            left = levels[at] - np.arange(161)
            period = HOLDING * np.maximum(left, 0) + BACKORDER * np.maximum(-left, 0)
            cost[at] = chance @ (period + after[at - 160 : at + 1][::-1])
        best = int(np.argmin(cost))
        order = cost[best] + ORDERING
        stay = cost <= order
        least = int(np.flatnonzero(stay)[0])
        policy.append((int(levels[least]) - 1, int(levels[best])))
        after = np.where(np.arange(len(levels)) < least, order, cost)
        after = np.where(np.isfinite(after), after, order)
    return float(after[-LOW]), policy[::-1]


def test_the_programme_is_the_published_one():
    cost, policy = programme(cut=0.9999)
    assert cost == pytest.approx(PUBLISHED, abs=0.05)
    assert policy[0] == (15, 67)


def scarf(policy: list[tuple[int, int]]) -> Any:
    """Each period's demand at its start, and a policy for each period."""
    rules = [{"rule": "s_S", "s": s, "S": S} for s, S in policy]
    return from_dict(
        {
            "horizon": 4,
            "products": "mug",
            "suppliers": {"maker": {}},
            "customers": {
                "a": {
                    "demand": [
                        {
                            "arrivals": {"period": {"every": 9, "first": period}},
                            "products": "mug",
                            "size": {"poisson": {"mean": mean}},
                        }
                        for period, mean in enumerate(MEANS)
                    ]
                }
            },
            "policy": {
                "reorder": rules[0],
                "review": 1,
                "changes": [
                    {"starts": period, "reorder": rule}
                    for period, rule in enumerate(rules)
                    if period
                ],
            },
            "stock": [{"initial": 0}],
            "costs": {"holding": HOLDING, "backorder_time": BACKORDER, "ordering": ORDERING},
        }
    )


@cache
def total(policy: tuple[tuple[int, int], ...]) -> tuple[float, float]:
    """Mean cost of the four periods, and its standard error."""
    with all_parts():
        runs = list(
            replicate(scarf(list(policy)), seed=1, replications=REPLICATIONS, engine="compiled")
        )
    costs = 4 * np.array(
        [measure(run.model, run.log, ["cost.total"])["cost.total"] for run in runs]
    )
    return float(costs.mean()), float(costs.std(ddof=1) / np.sqrt(REPLICATIONS))


def test_the_simulated_cost_is_that_of_the_programme():
    """Within 4 standard errors: a false alarm in 16,000 seeds."""
    cost, policy = programme()
    mean, error = total(tuple(policy))
    assert error < 2.5
    assert abs(mean - cost) < 4 * error


def test_levels_that_stay_the_same_cost_more():
    _, policy = programme()
    best, error = total(tuple(policy))
    constant, _ = total((policy[1],) * 4)
    assert constant > best + 4 * error
