"""Percentiles and proportions over replications."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import check_confidence, sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Percentile:
    """A percentile with an interval; `confidence` is what the interval has, at least as asked."""

    percent: float
    value: float
    low: float
    high: float
    count: int
    confidence: float


def percentile(values: ArrayLike, percent: float, confidence: float = 0.95) -> Percentile:
    """A percentile (0 to 100) over replications, between two order statistics.

    The interval needs no distribution: the number of values below the percentile is binomial.
    The ends leave at most half the chance of error on each side.

    Raises InputError with fewer replications than such an interval needs.
    Source: Conover, Practical Nonparametric Statistics (1999), section 3.2; Hyndman and Fan,
    American Statistician 50 (1996) 361-365, definition 7 (the value).
    """
    if not 0 < percent < 100:
        raise InputError(f"percent: expected above 0 and below 100, got {percent:g}")
    alpha = check_confidence(confidence)
    share = percent / 100
    what = f"percentile {percent:g} at confidence {confidence:g}"
    ordered = np.sort(sample(values, what, _least(share, alpha / 2)))
    below = _cumulative(len(ordered), share)
    # ordered[i] is not above the percentile when at least i + 1 values lie below it.
    low = int(np.searchsorted(below, alpha / 2, side="right")) - 1
    high = int(np.searchsorted(below, 1 - alpha / 2))
    reached = float(below[high] - below[low])
    value = float(np.quantile(ordered, share))
    return Percentile(
        percent, value, float(ordered[low]), float(ordered[high]), len(ordered), reached
    )


def _least(share: float, tail: float) -> int:
    """Fewest values for which the extremes leave no more than `tail` on either side."""
    return max(math.ceil(math.log(tail) / math.log(p) - 1e-9) for p in (share, 1 - share))


def _cumulative(count: int, share: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """P(B <= b) for b = 0 .. count, B binomial."""
    from scipy.special import bdtr

    return np.asarray(bdtr(np.arange(count + 1), count, share), float)


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of `count` trials with its interval."""

    share: float
    low: float
    high: float
    count: int
    confidence: float


def proportion(successes: int, count: int, confidence: float = 0.95) -> Proportion:
    """Wilson's score interval for a share of independent trials.

    Raises InputError without a trial.
    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    from scipy.special import ndtri

    if count < 1 or not 0 <= successes <= count:
        raise InputError(
            f"proportion: expected 0 to {max(count, 0)} successes in 1 trial or more, "
            f"got {successes} in {count}"
        )
    z = float(ndtri(1 - check_confidence(confidence) / 2))
    share = successes / count
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == count else centre + half
    return Proportion(share, low, high, count, confidence)
