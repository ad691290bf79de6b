"""Differences on common random numbers: against a reference, and within a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import (
    check_confidence,
    check_positive,
    pairs,
    student,
    student_tail,
    systems,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BONFERRONI = "Bonferroni"


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of system - reference over pairs, with its interval mean +- half_width.

    `reduction` is the share of the variance of the difference that common random numbers took
    away: 1 - var(X - Y) / (var(X) + var(Y)); 0 says that they did nothing, nan that nothing varies.
    """

    system: int
    mean: float
    half_width: float
    sd: float
    count: int
    reduction: float

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half_width

    @property
    def same(self) -> bool:
        """Both have the same value in every pair."""
        return self.mean == self.sd == 0

    @property
    def significant(self) -> bool:
        """Zero is not in the interval."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Differences:
    """Every other system against the reference; the intervals hold together with `confidence`.

    `level` is the confidence of each interval on its own.
    """

    reference: int
    confidence: float
    level: float
    comparisons: tuple[Difference, ...]
    method: str = BONFERRONI

    def of(self, system: int) -> Difference:
        """The comparison of one system.  Raises KeyError for the reference itself."""
        for comparison in self.comparisons:
            if comparison.system == system:
                return comparison
        raise KeyError(system)


def differences(
    values: ArrayLike, reference: int = 0, confidence: float = 0.95, comparisons: int | None = None
) -> Differences:
    """Paired-t intervals for system - reference, simultaneous by Bonferroni.

    `values` of shape (systems, replications), replication r of each system on the same random
    numbers; a pair with a nan is left out.  `comparisons` is the number of intervals that hold
    together, by default the number of other systems; give more when several metrics are judged.

    Raises InputError for fewer than 2 pairs.
    Source: Law, Simulation Modeling and Analysis (2015), sections 10.2.1 and 10.3.1.
    """
    array = systems(values, "differences", 1)
    if not 0 <= reference < len(array):
        raise InputError(f"reference: expected 0 to {len(array) - 1}, got {reference}")
    alpha = check_confidence(confidence)
    number = max(1, len(array) - 1) if comparisons is None else comparisons
    if number < max(1, len(array) - 1):
        raise InputError(f"comparisons: expected at least {len(array) - 1}, got {number}")
    found = tuple(
        _difference(array, system, reference, alpha / number)
        for system in range(len(array))
        if system != reference
    )
    return Differences(reference, confidence, 1.0 - alpha / number, found)


def _difference(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    system: int,
    reference: int,
    alpha: float,
) -> Difference:
    one, other = values[system], values[reference]
    d = pairs(one, other, f"system {system} against {reference}")
    both = ~np.isnan(one - other)
    sd = float(d.std(ddof=1))
    apart = float(one[both].var(ddof=1) + other[both].var(ddof=1))
    half_width = student(1.0 - alpha / 2.0, len(d) - 1) * sd / math.sqrt(len(d))
    reduction = 1.0 - sd**2 / apart if apart > 0 else math.nan
    return Difference(system, float(d.mean()), half_width, sd, len(d), reduction)


EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Verdict on whether two systems differ by less than `margin`.

    `low` and `high` end the interval of level 1 - 2 alpha: "equivalent" when it lies within
    +-margin, "different" when it lies outside, else "undecided".  `p_value` is that of the
    equivalence test.
    """

    verdict: str
    mean: float
    low: float
    high: float
    margin: float
    p_value: float
    count: int
    confidence: float


def equivalence(
    values: ArrayLike, baseline: ArrayLike, margin: float, confidence: float = 0.95
) -> Equivalence:
    """Two one-sided paired t tests, each at level 1 - confidence.

    `values` and `baseline` of shape (n,), paired; `margin` in the metric's unit, above 0.

    Raises InputError for fewer than 2 pairs.
    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680.
    """
    alpha = check_confidence(confidence)
    if alpha >= 0.5:
        raise InputError(f"confidence: expected above 0.5, got {confidence:g}")
    check_positive(margin, "margin")
    d = pairs(values, baseline, "equivalence")
    mean, error = float(d.mean()), float(d.std(ddof=1)) / math.sqrt(len(d))
    half_width = student(confidence, len(d) - 1) * error
    low, high = mean - half_width, mean + half_width
    nearest = margin - abs(mean)
    statistic = nearest / error if error > 0 else math.copysign(math.inf, nearest)
    p_value = 1.0 if nearest == 0 and error == 0 else student_tail(statistic, len(d) - 1)
    if -margin < low and high < margin:
        verdict = EQUIVALENT
    else:
        verdict = DIFFERENT if low > margin or high < -margin else UNDECIDED
    return Equivalence(verdict, mean, low, high, margin, p_value, len(d), confidence)
