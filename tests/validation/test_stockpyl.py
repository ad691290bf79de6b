"""stockpyl's published systems in both tools: the same cost and the same fill rate."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("stockpyl")

from tests.validation.stockpyl_systems import SYSTEMS, by_backsim, by_stockpyl, difference

PERIODS, REPLICATIONS = 150, 12
FALSE_ALARMS = 0.01
"""Chance that any of the tests below says that equal means differ."""
QUICK = ("problem_4_8a", "example_6_1")


def compare(name: str, periods: int, replications: int, tests: int) -> None:
    """Welch's test of both means.  Source: Welch, Biometrika 34 (1947) 28-35."""
    from scipy.stats import t

    one = by_stockpyl(SYSTEMS[name], periods, replications, seed=11)
    other = by_backsim(SYSTEMS[name], periods, replications, seed=11)
    critical = float(t.ppf(1 - FALSE_ALARMS / tests / 2, replications - 1))
    for what in ("cost", "fill_rate"):
        apart, error = difference(getattr(one, what), getattr(other, what))
        assert abs(apart) <= critical * error + 1e-9, f"{name} {what}: {apart} +- {error}"
        values = getattr(other, what)
        assert error <= 0.05 * abs(math.fsum(values) / len(values))  # near enough to see a mistake


@pytest.mark.parametrize("name", QUICK)
def test_a_system_costs_the_same(name: str):
    compare(name, PERIODS, REPLICATIONS, tests=2 * len(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_costs_the_same(name: str):
    compare(name, 500, 20, tests=2 * len(SYSTEMS))


def test_there_are_a_dozen():
    assert len(SYSTEMS) >= 12
