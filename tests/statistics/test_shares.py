"""Percentiles and proportions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from backsim.errors import InputError
from backsim.statistics import percentile, proportion


@pytest.mark.parametrize(("percent", "count"), [(50, 20), (90, 60), (10, 60), (75, 33)])
def test_coverage_of_percentiles(percent: float, count: int) -> None:
    """At least 95 % of 2,000 exponential samples; 0.935 is 3.1 standard errors below."""
    truth = stats.expon.ppf(percent / 100)
    samples = np.random.default_rng(1).exponential(size=(2000, count))
    hits = 0
    for row in samples:
        found = percentile(row, percent)
        hits += found.low <= truth <= found.high
    assert hits / 2000 >= 0.935
    assert hits / 2000 == pytest.approx(found.confidence, abs=0.016)


def test_the_least_number_is_enough() -> None:
    """The median needs 6 values, as in every table of the sign test."""
    with pytest.raises(InputError) as caught:
        percentile(range(5), 50)
    assert str(caught.value) == (
        "percentile 50 at confidence 0.95: expected at least 6 replications, got 5"
    )
    found = percentile(range(6), 50)
    assert (found.low, found.high) == (0, 5)
    assert found.confidence == pytest.approx(1 - 2 / 2**6)
    with pytest.raises(InputError, match="at least 36 replications"):
        percentile(range(35), 90)
    assert percentile(range(36), 90).high == 35
    with pytest.raises(InputError, match="percent: expected above 0 and below 100, got 100"):
        percentile(range(36), 100)


@pytest.mark.parametrize("count", [6, 17, 40, 200])
def test_against_the_binomial(count: int) -> None:
    """No tighter pair of order statistics leaves at most 2.5 % on each side."""
    found = percentile(np.arange(1, count + 1), 50)
    low, high = int(found.low), int(found.high)
    law = stats.binom(count, 0.5)
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert law.sf(high - 1) <= 0.025 < law.sf(high - 2)


@pytest.mark.parametrize(("successes", "count"), [(0, 1), (3, 10), (10, 10), (250, 1000)])
def test_wilson_against_scipy(successes: int, count: int) -> None:
    found = proportion(successes, count, 0.9)
    ends = stats.binomtest(successes, count).proportion_ci(0.9, method="wilson")
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert found.low <= found.share <= found.high


def test_wilson_wants_trials() -> None:
    with pytest.raises(InputError, match="1 trial or more, got 0 in 0"):
        proportion(0, 0)
    with pytest.raises(InputError, match="expected 0 to 3 successes in 1 trial or more, got 4 in"):
        proportion(4, 3)
