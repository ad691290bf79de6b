"""A perishable product against an exact Markov chain.

Periodic review every day, no lead time, units that keep for two days and leave oldest first,
Poisson demand at the start of the day, lost sales, order up to S.  The state is the number x of
units of yesterday: S - x are bought, D are wanted, max(0, x - D) expire at the end of the day, and
max(0, S - x - max(0, D - x)) are tomorrow's x.
Source: Nahmias, "Optimal ordering policies for perishable inventory II", Operations Research 23
(1975) 735-749, section on two periods of life; the fixed critical number policy.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from backsim.api import replicate
from backsim.scenario import from_dict

MEAN = 4.0


def exact(level: int) -> dict[str, float]:
    """Per day: units that expire, units lost as a share, units on hand after the demand."""
    wanted = np.arange(80)
    chance = poisson.pmf(wanted, MEAN)
    moves = np.zeros((level + 1, level + 1))
    waste, sold, left = (np.zeros(level + 1) for _ in range(3))
    for old in range(level + 1):
        fresh = level - old
        rest = np.maximum(0, fresh - np.maximum(0, wanted - old))
        np.add.at(moves[old], rest, chance)
        waste[old] = chance @ np.maximum(0, old - wanted)
        sold[old] = chance @ np.minimum(wanted, level)
        left[old] = chance @ np.maximum(0, level - wanted)
    values, vectors = np.linalg.eig(moves.T)
    steady = np.real(vectors[:, np.argmin(abs(values - 1))])
    steady /= steady.sum()
    return {
        "waste_per_day": float(steady @ waste),
        "fill_rate": float(steady @ sold) / MEAN,
        "mean_on_hand": float(steady @ left),
    }


@pytest.mark.parametrize("level", [6, 9])
def test_waste_of_a_product_that_keeps_two_days(level: int):
    """Within 4 standard errors, of three metrics: a false alarm in 2,700 seeds."""
    model = from_dict(
        {
            "horizon": 2020,
            "warm_up": 20,
            "products": {"milk": {"shelf_life": 2}},
            "suppliers": {"dairy": {}},
            "customers": {
                "a": {
                    "tolerance": "none",
                    "demand": {
                        "arrivals": {"period": {"every": 1}},
                        "products": "milk",
                        "lines": 1,
                        "size": {"poisson": {"mean": MEAN}},
                    },
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": level}, "review": 1},
        }
    )
    runs = list(replicate(model, seed=2, replications=20, engine="compiled"))
    for name, value in exact(level).items():
        values = np.array([run.metrics[name] for run in runs])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert error < 0.05 * value, name
        assert abs(values.mean() - value) < 4 * error, (name, values.mean(), value, error)


def exact_by_class(level: int, mean: float) -> dict[tuple[str, str], float]:
    """The same shop with two customers a day: the first wants units with more than a day left.

    In the morning S - x new units join the x of yesterday; `fresh` takes new ones alone, then `any`
    takes old ones and then new ones.  The state is x again.
    """
    wanted = np.arange(60)
    chance = poisson.pmf(wanted, mean)
    moves = np.zeros((level + 1, level + 1))
    waste, first, second = (np.zeros(level + 1) for _ in range(3))
    for old in range(level + 1):
        for fresh, likely in zip(wanted, chance, strict=True):
            new = level - old - min(fresh, level - old)
            rest = np.maximum(0, new - np.maximum(0, wanted - old))
            np.add.at(moves[old], rest, likely * chance)
            waste[old] += likely * chance @ np.maximum(0, old - wanted)
            first[old] += likely * min(fresh, level - old)
            second[old] += likely * chance @ np.minimum(wanted, old + new)
    values, vectors = np.linalg.eig(moves.T)
    steady = np.real(vectors[:, np.argmin(abs(values - 1))])
    steady /= steady.sum()
    return {
        ("waste_per_day", ""): float(steady @ waste),
        ("fill_rate", "fresh"): float(steady @ first) / mean,
        ("fill_rate", "any"): float(steady @ second) / mean,
    }


@pytest.mark.parametrize("level", [6, 9])
def test_customers_who_take_fresh_units_alone(level: int):
    """Within 4 standard errors, of three metrics: a false alarm in 2,700 seeds."""

    def customers(at: float, **says: float) -> dict[str, object]:
        arrivals = {"period": {"every": 1, "first": at}}
        size = {"poisson": {"mean": MEAN / 2}}
        demand = {"arrivals": arrivals, "products": "milk", "lines": 1, "size": size}
        return {"tolerance": "none", "demand": demand, **says}

    model = from_dict(
        {
            "horizon": 2020,
            "warm_up": 20,
            "products": {"milk": {"shelf_life": 2}},
            "suppliers": {"dairy": {}},
            "customers": {"fresh": customers(0.25, min_life=1), "any": customers(0.5)},
            "policy": {"reorder": {"rule": "base_stock", "S": level}, "review": 1},
        }
    )
    runs = list(replicate(model, seed=2, replications=20, engine="compiled"))
    for (name, who), value in exact_by_class(level, MEAN / 2).items():
        at = ("class", who) if who else ("", "")
        values = np.array([run.metrics.get(name, *at) for run in runs])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert error < 0.05 * value, name
        assert abs(values.mean() - value) < 4 * error, (name, who, values.mean(), value, error)
