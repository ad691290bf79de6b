"""Which of finitely many systems is the best of those that keep constraints, with a guarantee."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import (
    MINIMISE,
    check_confidence,
    check_first,
    check_positive,
    sign_of,
    systems,
)
from backsim.statistics.selection import FIRST, Selection, boundary, leading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

AK = "Andradottir and Kim"


def constrained_kn(
    values: ArrayLike,
    excess: ArrayLike,
    delta: float,
    tolerances: Sequence[float],
    sense: str = MINIMISE,
    confidence: float = 0.95,
    first: int = FIRST,
) -> Selection:
    """The best of the systems that keep constraints: feasibility and comparison side by side.

    `values` of the objective as for `kn`.  `excess`, of shape (constraints, systems, replications),
    is by how much each constraint is kept, below 0 where it is broken, nan where there is nothing
    to measure; a constraint that is never measured is kept.  `delta` is the smallest difference of
    the objective worth detecting, `tolerances` of each constraint the smallest distance from its
    bound.

    The guarantee: with probability `confidence` (asymptotically; approximately normal replications)
    the system chosen is the best of those that keep every constraint by its tolerance, when each
    other system is worse than that one by `delta` or more, or breaks a constraint by its tolerance
    or more.  A system nearer to a bound than the tolerance may pass or fail; should it pass, it
    has to be worse by `delta`.

    At each stage r the mean of a constraint is decided, once and for all, when it is further from
    its bound than W = max(0, e / (2 r) (h^2 S^2 / e^2 - r)), e being the tolerance, and the mean
    difference of two systems likewise with `delta` (the boundary of KN++).  A system is dropped
    when it breaks a constraint, or when another that keeps all of them is better.  The best can be
    lost by one of its m constraints, or by one error with each of the other k - 1 systems: about
    the constraint that it breaks, or else about the difference.  So each decision has the chance
    of error alpha / (k - 1 + m), by Bonferroni, whatever the dependence.

    Raises InputError with fewer than `first` replications of a system, or arrays that do not fit.
    Source: Andradottir and Kim, Naval Research Logistics 57 (2010) 403-421 (the boundary for
    feasibility; both kinds of decision side by side, AK+); Batur and Kim, ACM TOMACS 20 (2010) 13
    (several constraints); Kim and Nelson, Operations Research 54 (2006) 475-488 (variances
    updated as the data grow).
    """
    check_positive(delta, "delta")
    for tolerance in tolerances:
        check_positive(tolerance, "tolerance")
    array, kept = _tables(values, excess, len(tolerances), first)
    lengths = leading(array)
    if lengths.min() < first:
        raise InputError(
            f"{AK}: expected at least {first} replications of each system without a gap, "
            f"got {lengths.min()} of system {int(lengths.argmin())}"
        )
    errors = len(array) - 1 + len(kept)
    beta = check_confidence(confidence) / max(1, errors)
    race = _Race(sign_of(sense) * array, kept, beta, delta, np.array(tolerances, float))
    stage = first
    while not race.screen(stage) and lengths[race.alive].min() > stage:
        stage += 1
    return race.selection(stage, confidence)


def _tables(
    values: ArrayLike, excess: ArrayLike, constraints: int, first: int
) -> tuple[Floats, Floats]:
    """Objective and constraints as arrays whose shapes fit.  Raises InputError."""
    check_first(first)
    array = systems(values, AK, first)
    kept = np.asarray(excess, float)
    if kept.ndim != 3 or kept.shape[1:] != array.shape or len(kept) != constraints:
        raise InputError(
            f"excess: expected shape ({constraints}, {array.shape[0]}, {array.shape[1]}), "
            f"got {kept.shape}"
        )
    return array, kept


class _Race:
    """The systems still in the running, larger values being better."""

    def __init__(
        self, values: Floats, excess: Floats, beta: float, delta: float, tolerances: Floats
    ) -> None:
        self.values, self.excess = values, excess
        self.beta, self.delta, self.tolerances = beta, delta, tolerances[:, None]
        count, shape = len(values), excess.shape[:2]
        self.stage, self.done = 0, False
        self.alive = np.ones(count, bool)
        self.used = np.zeros(count, int)
        self.better = np.zeros((count, count), bool)
        """Pairs (i, j) of which i is decided to be better."""
        self.sums, self.squares = np.zeros((count, count)), np.zeros((count, count))
        self.decided = np.zeros(shape, int)
        """1 for a constraint that is kept, -1 for one that is broken, 0 while it is open."""
        self.known = np.zeros(shape, int)
        self.totals, self.totals2 = np.zeros(shape), np.zeros(shape)

    def screen(self, stage: int) -> bool:
        """Bring the sums up to a stage and drop who is out; is it over?"""
        new = slice(self.stage, stage)
        self.stage = stage
        self.decide_constraints(new)
        mean, width = self.decide_pairs(new)
        keeps = self.keeps()
        out = (self.decided < 0).any(axis=0) | (self.better & keeps[:, None]).any(axis=0)
        self.used[self.alive & out] = stage
        self.alive &= ~out
        left = np.flatnonzero(self.alive)
        open_pairs = (mean != 0) | (width != 0)  # else they are equal to the bit
        np.fill_diagonal(open_pairs, False)
        self.done = bool(keeps[left].all()) and not open_pairs[np.ix_(left, left)].any()
        return self.done

    def keeps(self) -> NDArray[np.bool_]:
        """The systems that keep all constraints; one that is not measured is kept so far."""
        return np.asarray(((self.decided > 0) | (self.known == 0)).all(axis=0))

    def decide_constraints(self, new: slice) -> None:
        """Decide the constraints of systems in the running that are far enough from the bound."""
        rows = np.where(self.alive[:, None], self.excess[:, :, new], np.nan)
        known = ~np.isnan(rows)
        rows = np.where(known, rows, 0.0)
        self.known += known.sum(axis=2)
        self.totals += rows.sum(axis=2)
        self.totals2 += (rows**2).sum(axis=2)
        count = np.maximum(self.known, 2)
        mean, width = boundary(self.totals, self.totals2, count, self.beta, self.tolerances)
        undecided = (self.decided == 0) & (self.known >= 2) & self.alive
        self.decided[undecided & (mean >= width)] = 1
        self.decided[undecided & (mean < -width)] = -1

    def decide_pairs(self, new: slice) -> tuple[Floats, Floats]:
        """Decide the pairs in the running that are far enough apart; means, and how far that is."""
        rows = np.where(self.alive[:, None], self.values[:, new], 0.0)
        apart = rows[:, None, :] - rows[None, :, :]
        self.sums += apart.sum(axis=2)
        self.squares += (apart**2).sum(axis=2)
        mean, width = boundary(self.sums, self.squares, self.stage, self.beta, self.delta)
        undecided = ~(self.better | self.better.T) & self.alive & self.alive[:, None]
        self.better |= undecided & (mean > width)
        return mean, width

    def selection(self, stage: int, confidence: float) -> Selection:
        """Where it stands."""
        left = tuple(map(int, np.flatnonzero(self.alive)))
        self.used[self.alive] = stage
        more = np.where(self.alive & (not self.done), 1, 0)
        best = left[0] if self.done and left else None
        broken, keeps = np.any(self.decided < 0, axis=0), self.keeps()
        states = [False if broken[i] else (True if keeps[i] else None) for i in range(len(keeps))]
        return Selection(
            AK,
            best,
            left,
            tuple(map(int, more)),
            tuple(map(int, self.used)),
            confidence,
            self.delta,
            left[1:] if best is not None else (),
            tuple(states),
        )
