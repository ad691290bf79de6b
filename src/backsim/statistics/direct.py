"""Which of many systems is no worse than the best by more than an indifference zone.

KN++ promises the best system where it is better than all others by the zone.  Among many systems
that are near to each other it may drop the best for one that is nearly as good, that one for the
next, and end further from the best than the zone.  Here each system is held directly against the
one that is chosen, so that the promise is about the distance between these two.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.statistics.checks import (
    MINIMISE,
    check_confidence,
    check_first,
    check_positive,
    sign_of,
    student,
    systems,
)
from backsim.statistics.selection import FIRST, Selection, boundary, leading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

RARE = 100
"""Replications in which what happens in one of twenty is seen, surely (99 %)."""
SKEWED = 25.0
"""Replications of which the mean is as good as normal, per square of a skewness above 0."""
ROUNDING = 1e-9
METHOD = "paired t bounds"
LOOKS = 30
"""How often systems may be looked at unless it is said: at most some 5,000 replications each."""


def next_size(count: int, first: int = FIRST) -> int:
    """The number of replications, above some, at which systems are looked at again."""
    size = first
    while size <= count:
        size += max(5, size // 4)
    return size


def looks_until(most: int, first: int = FIRST) -> int:
    """At how many sizes systems are looked at, the last being `most`."""
    looks, size = 1, first
    while size < most:
        looks, size = looks + 1, next_size(size, first)
    return looks


def good_selection(
    values: ArrayLike,
    delta: float,
    sense: str = MINIMISE,
    confidence: float = 0.95,
    excess: ArrayLike | None = None,
    tolerances: Sequence[float] = (),
    first: int = FIRST,
    looks: int = LOOKS,
) -> Selection:
    """The system with the best mean, once no other is better by more than `delta`.

    `values` of shape (systems, replications), paired by replication; nan after the last replication
    of a system.  `excess`, of shape (constraints, systems, replications), is by how much each
    constraint is kept, as for `constrained_kn`; `tolerances` are the smallest distances from their
    bounds that matter.  The first of at most `looks` looks is at `first` replications.

    The leader is the system with the best mean of those with the most replications that keep the
    constraints.  Another system is left when it breaks a constraint, or when the upper t bound of
    what the leader is worse by, paired, is at most `delta`.  What is left is looked at again as
    soon as another one leads.  `survivors` are the leader and those not left yet; with
    `next_size` replications of those that have the fewest, call it again.

    The guarantee: with probability `confidence` (approximately normal means, see `bound`) no
    system that keeps the constraints by their tolerances is better than the one chosen by more
    than `delta`, however many others are nearly as good.  The best can only be lost by an error
    about one of its constraints, or by an error with each of the others: about the constraint
    that it breaks, or about the difference, at one of the sample sizes.  So each has a chance
    of alpha / (systems - 1 + constraints), by Bonferroni.

    Raises InputError with fewer than `first` replications of a system.
    """
    check_first(first)
    check_positive(delta, "delta")
    array = -sign_of(sense) * systems(values, METHOD, first)
    kept = np.zeros((0, *array.shape)) if excess is None else np.asarray(excess, float)
    beta = check_confidence(confidence) / max(1, len(array) - 1 + len(kept))
    counts = leading(array)
    keeps = [_kept(kept[:, i, :n], tolerances, beta, first) for i, n in enumerate(counts)]
    used, feasible = tuple(map(int, counts)), tuple(keeps) if len(kept) else ()
    found = Selection(METHOD, None, (), (0,) * len(array), used, confidence, delta)
    found = replace(found, feasible=feasible)
    known = [i for i, each in enumerate(keeps) if each]
    possible = [i for i, each in enumerate(keeps) if each is not False]
    if not possible:
        return found
    most = max((counts[i] for i in known), default=0)
    longest = [i for i in known if counts[i] == most]
    if not longest:
        return replace(found, survivors=tuple(possible))
    leader = min(longest, key=lambda i: float(array[i, :most].mean()))

    def worse_by(other: int) -> float:
        """What the leader is worse by than another one, at most."""
        count = min(counts[other], most)
        return sum(bound(array[leader, :count] - array[other, :count], beta, looks))

    open_ = [i for i in possible if i != leader and worse_by(i) > delta]
    return replace(found, best=None if open_ else leader, survivors=(leader, *open_))


def bound(apart: Floats, beta: float, looks: int = LOOKS) -> tuple[float, float]:
    """The mean of differences, and how far an upper t bound is from it, at one of some looks.

    What is rare and large, such as a backorder of a part that sells once a month, is not in the
    first replications, or once and small: then there is no bound yet.  There have to be `RARE` of
    differences that are all alike and not 0, and of those with a skewness of G above 0 `SKEWED`
    G^2, as a bound for the mean of normal values is right from there on.
    Source: Cochran, Sampling Techniques, 3rd ed. (1977), section 2.15 (25 G^2).
    """
    count, mean, deviation = len(apart), float(apart.mean()), float(apart.std(ddof=1))
    if deviation <= ROUNDING * abs(mean):
        least = RARE if mean else 0
    else:
        third = float(((apart - mean) ** 3).mean()) / deviation**3
        least = math.ceil(SKEWED * max(0.0, third) ** 2)
    return mean, distance(count, deviation, beta, looks) if count >= least else math.inf


def distance(count: int, deviation: float, beta: float, looks: int = LOOKS) -> float:
    """How far a t bound is from the mean of `count` differences, at one of some looks."""
    return student(1 - beta / looks, count - 1) * deviation / math.sqrt(count)


def _kept(excess: Floats, tolerances: Sequence[float], beta: float, first: int) -> bool | None:
    """Whether a system keeps all constraints (rows); None while that is open.

    Decided once and for all, where the mean is first beyond the boundary of KN++; see
    `constrained_kn`.
    """
    decided = [_side(row, e, beta, first) for row, e in zip(excess, tolerances, strict=True)]
    if -1 in decided:
        return False
    return None if 0 in decided else True


def _side(row: Floats, tolerance: float, beta: float, first: int) -> int:
    """1 for a constraint that is kept or never measured, -1 for one that is broken, 0: open."""
    known = ~np.isnan(row)
    if not known.any():
        return 1
    given = np.where(known, row, 0.0)
    count = np.cumsum(known)
    size = np.maximum(count, 2)
    mean, width = boundary(np.cumsum(given), np.cumsum(given**2), size, beta, tolerance)
    clear = np.where(mean >= width, 1, np.where(mean < -width, -1, 0))
    clear[(count < 2) | (np.arange(len(row)) < first - 1)] = 0
    differ = np.maximum.accumulate(known & (row != row[known][0]))
    clear[(clear > 0) & (count < RARE) & ~differ] = 0  # nothing rare has happened yet: see `bound`
    return int(clear[np.flatnonzero(clear)[0]]) if clear.any() else 0
