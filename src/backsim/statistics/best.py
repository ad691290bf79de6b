"""Multiple comparisons with the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.statistics.checks import (
    MINIMISE,
    check_confidence,
    pairs,
    sign_of,
    student,
    systems,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

HSU = "Hsu's MCB"
CRITICAL = "Student's t at 1 - alpha / (systems - 1), by Bonferroni"


@dataclass(frozen=True, slots=True)
class WithBest:
    """How far a system is from the best of the others: an interval that contains or touches 0.

    Minimising, `low` to `high` is how much more than the best of the others the system costs: from
    0 up it is not the best, up to 0 it is.  Maximising, the other way round.
    """

    system: int
    low: float
    high: float
    may_be_best: bool
    """The data do not exclude that this system is the best."""
    is_best: bool
    """No other system is better."""


@dataclass(frozen=True, slots=True)
class Best:
    """Each system against the best of the others; the intervals hold together."""

    confidence: float
    sense: str
    comparisons: tuple[WithBest, ...]
    method: str = HSU
    critical: str = CRITICAL

    @property
    def candidates(self) -> tuple[int, ...]:
        """The systems that may be the best; with one left, it is."""
        return tuple(c.system for c in self.comparisons if c.may_be_best)


def with_best(values: ArrayLike, sense: str = MINIMISE, confidence: float = 0.95) -> Best:
    """Hsu's constrained intervals for system - best of the others, on paired differences.

    `values` of shape (systems, replications), paired by replication.  The critical value is
    Student's t at 1 - alpha / (systems - 1) with (pairs - 1) degrees of freedom: only the
    systems - 1 one-sided comparisons with the true best have to hold, and Bonferroni holds under
    whatever dependence common random numbers bring.  (Dunnett's value, a little smaller, would
    need all differences to have one variance.)

    Raises InputError for fewer than 2 pairs.
    Source: Hsu, Annals of Statistics 12 (1984) 1136-1144; Hsu, Multiple Comparisons (1996),
    section 4.2.3 (intervals of unequal width); Clark and Yang, Proceedings of the Winter
    Simulation Conference (1986) 228-232 (paired differences and Bonferroni).
    """
    sign = sign_of(sense)
    array = sign * systems(values, "comparison with the best", 1)
    alpha = check_confidence(confidence)
    count = len(array)
    if count == 1:
        return Best(confidence, sense, (WithBest(0, 0.0, 0.0, True, True),))
    mean, width = np.zeros((count, count)), np.zeros((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            d = pairs(array[i], array[j], f"system {i} against {j}")
            critical = student(1.0 - alpha / (count - 1), len(d) - 1)
            mean[i, j], mean[j, i] = d.mean(), -d.mean()
            width[i, j] = width[j, i] = critical * d.std(ddof=1) / math.sqrt(len(d))
    return Best(confidence, sense, _constrained(mean, width, sign))


def _constrained(
    mean: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    width: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    sign: float,
) -> tuple[WithBest, ...]:
    """The intervals of `i - max of the others`, turned back when minimising."""
    apart = ~np.eye(len(mean), dtype=bool)
    highest = np.where(apart, mean + width, np.inf).min(axis=1)
    group = highest >= 0  # systems that are equal to the bit may both be the best
    found = []
    for i in range(len(mean)):
        rivals = group & apart[i]
        low = min(0.0, float((mean - width)[i, rivals].min())) if rivals.any() else 0.0
        high = max(0.0, float(highest[i]))
        ends = (low, high) if sign > 0 else (0.0 - high, 0.0 - low)
        found.append(WithBest(i, *ends, bool(group[i]), bool(group[i]) and low == 0))
    return tuple(found)
