"""Student's t intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from backsim.statistics import estimate
from backsim.statistics.checks import student


def test_against_scipy() -> None:
    values = np.random.default_rng(1).normal(3, 2, 12)
    found = estimate(values, 0.9)
    low, high = stats.t.interval(0.9, 11, values.mean(), stats.sem(values))
    assert found.mean - found.half_width == pytest.approx(low)
    assert found.mean + found.half_width == pytest.approx(high)
    assert (found.count, found.confidence) == (12, 0.9)


def test_coverage() -> None:
    """95 % intervals of gamma means cover in 93 to 96.5 % of 4,000 cases."""
    source = np.random.default_rng(2)
    hits = 0
    for _ in range(4000):
        found = estimate(source.gamma(4.0, 1.0, 10))
        hits += abs(found.mean - 4.0) <= found.half_width
    assert 0.93 <= hits / 4000 <= 0.965


def test_too_few_values() -> None:
    assert math.isnan(estimate([]).mean)
    one = estimate([2.0])
    assert one.mean == 2.0
    assert math.isnan(one.half_width)


def test_nan_is_left_out() -> None:
    assert estimate([1.0, math.nan, 3.0]).count == 2


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 49, 199, 500, 501, 2.5])
@pytest.mark.parametrize("probability", [0.5, 0.55, 0.61, 0.9, 0.975, 0.9995, 0.99995, 0.1])
def test_quantiles_of_student_are_those_of_scipy(freedom: float, probability: float) -> None:
    from scipy.special import stdtrit

    expected = float(stdtrit(freedom, probability))
    assert student(probability, freedom) == pytest.approx(expected, rel=1e-12, abs=1e-12)
