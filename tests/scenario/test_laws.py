"""The laws of the distributions, held to those of `scipy.stats`."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from backsim.scenario.distributions import laws

CASES = {
    "exponential": (laws.weibull(1.0, 4.0), stats.expon(scale=4.0)),
    "gamma": (laws.gamma(0.7, 2.0), stats.gamma(0.7, scale=2.0)),
    "lognormal": (laws.lognormal(3.0, 0.9), stats.lognorm(0.9, scale=3.0)),
    "weibull": (laws.weibull(1.5, 127.0), stats.weibull_min(1.5, scale=127.0)),
    "normal": (laws.normal(-1.0, 3.0), stats.norm(-1.0, 3.0)),
    "uniform": (laws.straight(np.array([-2.0, 5.0]), np.array([1.0, 0.0])), stats.uniform(-2, 7)),
    "triangular": (laws.triangular(1.0, 2.0, 7.0), stats.triang(1 / 6, 1, 6)),
    "triangular, rising": (laws.triangular(0.0, 2.0, 2.0), stats.triang(1, 0, 2)),
    "triangular, falling": (laws.triangular(0.0, 0.0, 3.0), stats.triang(0, 0, 3)),
    "survival": (
        laws.straight(np.array([-1.0, 2.0, 5.0]), np.array([1.0, 0.4, 0.0])),
        stats.rv_histogram((np.array([0.6, 0.4]), np.array([-1.0, 2.0, 5.0])), density=False),
    ),
    "poisson": (laws.poisson(3.3), stats.poisson(3.3)),
    "large poisson": (laws.poisson(4e5), stats.poisson(4e5)),
    "geometric": (laws.geometric(0.02), stats.geom(0.02)),
    "negative binomial": (laws.negative_binomial(0.4, 0.2), stats.nbinom(0.4, 0.2)),
}
COUNTS = {"poisson", "large poisson", "geometric", "negative binomial"}
POINTS = np.r_[-3.0, 0.0, np.linspace(-2.0, 12.0, 57), 40.0, 399_000.0, 400_000.5, 1e9]
SHARES = np.r_[1e-12, np.linspace(0.003, 0.997, 301), 1.0 - 1e-9]


@pytest.mark.parametrize("name", CASES)
def test_shares_below_and_above_are_those_of_scipy(name: str):
    ours, known = CASES[name]
    assert ours.cdf(POINTS) == pytest.approx(known.cdf(POINTS), rel=1e-9, abs=1e-300)
    assert ours.sf(POINTS) == pytest.approx(known.sf(POINTS), rel=1e-9, abs=1e-15)
    assert ours.cdf(1.3) == pytest.approx(known.cdf(1.3), rel=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_quantiles_are_those_of_scipy(name: str):
    ours, known = CASES[name]
    for mine, theirs in ((ours.ppf, known.ppf), (ours.isf, known.isf)):
        assert mine(SHARES) == pytest.approx(theirs(SHARES), rel=1e-8, abs=1e-11)
        assert float(mine(0.9)) == pytest.approx(float(theirs(0.9)), rel=1e-12)


@pytest.mark.parametrize("name", sorted(COUNTS))
@given(share=st.floats(1e-9, 1.0 - 1e-9))
def test_a_quantile_of_counts_is_the_least_whole_number_that_will_do(name: str, share: float):
    law: Any = CASES[name][0]
    k = float(law.ppf(share))
    assert k == math.floor(k)
    assert law.cdf(k) >= share > (law.cdf(k - 1) if k else 0.0)
    k = float(law.isf(share))
    assert k == math.floor(k)
    assert law.sf(k) <= share < (law.sf(k - 1) if k else 1.0)


def test_nothing_is_above_all_of_a_law_without_end():
    assert laws.poisson(3.0).isf(0.0) > 1e2  # probabilities below the least number are 0
    assert math.isinf(laws.normal(0.0, 1.0).ppf(1.0))


def test_nothing_is_left_far_beyond_the_scale_of_a_steep_weibull():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = laws.weibull(1000.0, 1.0)
        assert (law.sf(9.0), law.cdf(9.0), law.sf(0.5)) == (0.0, 1.0, 1.0)
