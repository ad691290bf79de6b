"""Multiple comparisons with the best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import (
    MINIMISE,
    check_confidence,
    pairs,
    sign_of,
    student,
    systems,
)
from backsim.statistics.feasible import Feasible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

HSU = "Hsu's MCB"
CRITICAL = "Student's t at 1 - alpha / (systems - 1), by Bonferroni"


@dataclass(frozen=True, slots=True)
class WithBest:
    """How far a system is from the best of the others: an interval that contains or touches 0.

    Minimising, `low` to `high` is how much more than the best of the others the system costs: from
    0 up it is not the best, up to 0 it is.  Maximising, the other way round.  The end is infinite
    where no other system surely keeps the constraints: there may be no other.
    """

    system: int
    low: float
    high: float
    may_be_best: bool
    """The data do not exclude that this system is the best."""
    is_best: bool
    """No other system may be the best, and it surely keeps the constraints."""


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


def with_best(
    values: ArrayLike,
    sense: str = MINIMISE,
    confidence: float = 0.95,
    states: Sequence[Feasible] | None = None,
) -> Best:
    """Hsu's constrained intervals for system - best of the others, on paired differences.

    `values` of shape (systems, replications), paired by replication.  The critical value is
    Student's t at 1 - alpha / (systems - 1) with (pairs - 1) degrees of freedom: only the
    systems - 1 one-sided comparisons with the true best have to hold, and Bonferroni holds under
    whatever dependence common random numbers bring.  (Dunnett's value, a little smaller, would
    need all differences to have one variance.)

    With `states`, the best is the best of the systems that keep the constraints: only a system that
    surely keeps them excludes another, and one that perhaps keeps them may be the best.  When the
    states are right with a probability of 1 - beta, all holds together with one of 1 - alpha -
    beta (Bonferroni); the intervals are those of the systems that keep the constraints.

    Raises InputError for fewer than 2 pairs.
    Source: Hsu, Annals of Statistics 12 (1984) 1136-1144; Hsu, Multiple Comparisons (1996),
    section 4.2.3 (intervals of unequal width); Clark and Yang, Proceedings of the Winter
    Simulation Conference (1986) 228-232 (paired differences and Bonferroni); Andradottir and Kim,
    Naval Research Logistics 57 (2010) 403-421 (feasibility and comparison at shares of alpha).
    """
    sign = sign_of(sense)
    array = sign * systems(values, "comparison with the best", 1)
    alpha = check_confidence(confidence)
    count = len(array)
    known = (Feasible.surely,) * count if states is None else tuple(states)
    if len(known) != count:
        raise InputError(f"states: expected one for each of {count} systems, got {len(known)}")
    mean, width = np.zeros((count, count)), np.zeros((count, count))
    for i in range(count):
        for j in range(i + 1, count):
            d = pairs(array[i], array[j], f"system {i} against {j}")
            critical = student(1.0 - alpha / (count - 1), len(d) - 1)
            mean[i, j], mean[j, i] = d.mean(), -d.mean()
            width[i, j] = width[j, i] = critical * d.std(ddof=1) / math.sqrt(len(d))
    return Best(confidence, sense, _constrained(mean, width, sign, known))


def _constrained(
    mean: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    width: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    sign: float,
    states: Sequence[Feasible],
) -> tuple[WithBest, ...]:
    """The intervals of `i - max of the others`, turned back when minimising."""
    apart = ~np.eye(len(mean), dtype=bool)
    sure = np.array([state is Feasible.surely for state in states])
    possible = np.array([state is not Feasible.no for state in states])
    highest = np.where(apart & sure, mean + width, np.inf).min(axis=1)
    # Systems that are equal to the bit may both be the best.
    group = (highest >= 0) & possible
    found = []
    for i in range(len(mean)):
        rivals = group & apart[i]
        low = min(0.0, float((mean - width)[i, rivals].min())) if rivals.any() else 0.0
        high = max(0.0, float(highest[i])) if len(mean) > 1 else 0.0
        ends = (low, high) if sign > 0 else (0.0 - high, 0.0 - low)
        alone = bool(group[i]) and low == 0 and bool(sure[i])
        found.append(WithBest(i, *ends, bool(group[i]), alone))
    return tuple(found)
