"""Which of finitely many systems is the best: KN++ and Rinott, with a guarantee."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FIRST = 10
KN, RINOTT = "KN++", "Rinott"


@dataclass(frozen=True, slots=True)
class Selection:
    """Where a selection stands.

    `best` is None until it is decided.  `survivors` are still in the running, `ties` those of them
    that equal the best to the bit.  `more` says how many replications each system needs now (KN++:
    one more of each survivor; any number may be given).  `used` are the replications that counted.
    With constraints, `feasible` says of each system whether it keeps them, None where that is open;
    without survivors no system does.
    """

    method: str
    best: int | None
    survivors: tuple[int, ...]
    more: tuple[int, ...]
    used: tuple[int, ...]
    confidence: float
    delta: float
    ties: tuple[int, ...] = ()
    feasible: tuple[bool | None, ...] = ()

    @property
    def done(self) -> bool:
        """It is decided: which is the best, or that none keeps the constraints."""
        return self.best is not None or not self.survivors


def kn(
    values: ArrayLike,
    delta: float,
    sense: str = MINIMISE,
    confidence: float = 0.95,
    first: int = FIRST,
) -> Selection:
    """KN++: drop systems as soon as they are clearly worse; usable with common random numbers.

    `values` of shape (systems, replications), paired by replication; nan after the last replication
    of a system.  `delta` is the indifference zone: the smallest difference worth detecting.  When
    the best is better than all others by delta or more, it is chosen with probability `confidence`
    (asymptotically; approximately normal replications).

    All stages from `first` on are played again from the values, so that the answer depends on them
    alone: call it with what there is, simulate what it asks for, and call it again.

    At stage r system i is dropped when its mean is worse than that of another j by more than
    W = max(0, delta / (2 r) (h^2 S_ij^2 / delta^2 - r)), S_ij^2 being the variance of the r
    differences so far, h^2 = 2 eta (r - 1) and
    eta = ((2 alpha / (systems - 1))^(-2 / (r - 1)) - 1) / 2.

    Raises InputError with fewer than `first` replications of a system.
    Source: Kim and Nelson, ACM TOMACS 11 (2001) 251-273 (KN, c = 1; alpha / (systems - 1) for
    dependent systems); Kim and Nelson, Operations Research 54 (2006) 475-488 (KN++: variances
    updated as the data grow).
    """
    sign = sign_of(sense)
    check_first(first)
    check_positive(delta, "delta")
    array = sign * systems(values, KN, first)
    alpha = check_confidence(confidence)
    lengths = leading(array)
    if lengths.min() < first:
        raise InputError(
            f"{KN}: expected at least {first} replications of each system without a gap, "
            f"got {lengths.min()} of system {int(lengths.argmin())}"
        )
    state = _Screening(array, alpha / max(1, len(array) - 1), delta)
    stage = first
    while not state.screen(stage) and lengths[state.alive].min() > stage:
        stage += 1
    alive = state.alive
    done = len(alive) == 1 or state.tied
    state.used[alive] = stage
    more = np.zeros(len(array), int)
    if not done:
        more[alive] = 1
    return Selection(
        KN,
        int(alive[0]) if done else None,
        tuple(map(int, alive)),
        tuple(map(int, more)),
        tuple(map(int, state.used)),
        confidence,
        delta,
        tuple(map(int, alive[1:])) if done else (),
    )


def boundary(
    sums: Floats, squares: Floats, count: Any, beta: float, delta: Any
) -> tuple[Floats, Floats]:
    """Means of `count` values (2 or more), and how far from 0 they have to be to be decided.

    `sums` of the values and of their squares; a mean that is truly `delta` or more on one side of 0
    is decided for the other with a probability of at most `beta`.
    Source: Kim and Nelson (2001), with c = 1: eta = ((2 beta)^(-2 / (n - 1)) - 1) / 2.
    """
    mean = sums / count
    variance = np.maximum(squares - count * mean**2, 0.0) / (count - 1)
    variance = np.where(variance <= 1e-15 * squares / count, 0.0, variance)  # rounding
    h2 = ((2 * beta) ** (-2 / (count - 1)) - 1) * (count - 1)
    return mean, np.maximum(0.0, delta / (2 * count) * (h2 * variance / delta**2 - count))


def leading(values: Floats) -> NDArray[np.int64]:
    """Replications before the first nan."""
    gaps = np.isnan(values)
    return np.asarray(np.where(gaps.any(axis=1), gaps.argmax(axis=1), values.shape[1]))


class _Screening:
    """The systems still in the running, larger values being better."""

    def __init__(self, values: Floats, beta: float, delta: float) -> None:
        self.values, self.beta, self.delta = values, beta, delta
        self.alive = np.arange(len(values))
        self.used = np.zeros(len(values), int)
        self.tied = False
        self.stage = 0
        self.sums = np.zeros((len(values), len(values)))  # of differences i - j
        self.squares = np.zeros((len(values), len(values)))

    def screen(self, stage: int) -> bool:
        """Bring the sums up to a stage and drop who is clearly worse; is it decided?"""
        new = self.values[self.alive, self.stage : stage]
        apart = new[:, None, :] - new[None, :, :]
        self.sums += apart.sum(axis=2)
        self.squares += (apart**2).sum(axis=2)
        self.stage = stage
        mean, width = boundary(self.sums, self.squares, stage, self.beta, self.delta)
        keep = (mean >= -width).all(axis=1)
        self.used[self.alive[~keep]] = stage
        self.alive = self.alive[keep]
        self.sums, self.squares = self.sums[np.ix_(keep, keep)], self.squares[np.ix_(keep, keep)]
        # Nothing but equal means is left within a width of 0.
        self.tied = not width[np.ix_(keep, keep)].any() and len(self.alive) > 1
        return self.tied or len(self.alive) == 1


def rinott(
    values: ArrayLike,
    delta: float,
    sense: str = MINIMISE,
    confidence: float = 0.95,
    first: int = FIRST,
) -> Selection:
    """Rinott's two-stage procedure, for systems simulated independently.

    From the variance S_i^2 of the first `first` replications, system i gets
    max(first, ceil((h S_i / delta)^2)) in all; then the best mean is chosen.  `values`, `delta` and
    the guarantee as for `kn`, but exact for normal replications, and without common random numbers.

    Raises InputError with fewer than `first` replications of a system.
    Source: Rinott, Communications in Statistics A7 (1978) 799-811.
    """
    sign = sign_of(sense)
    check_first(first)
    check_positive(delta, "delta")
    array = sign * systems(values, RINOTT, first)
    check_confidence(confidence)
    have = (~np.isnan(array)).sum(axis=1)
    known = [row[~np.isnan(row)] for row in array]
    h = rinott_constant(len(array), first, confidence)
    needed = [
        max(first, math.ceil((h / delta) ** 2 * float(row[:first].var(ddof=1)))) for row in known
    ]
    more = [max(0, int(n - m)) for n, m in zip(needed, have, strict=True)]
    means = [float(row[:n].mean()) for row, n in zip(known, needed, strict=True)]
    used = tuple(min(int(m), n) for m, n in zip(have, needed, strict=True))
    best = None if any(more) else int(np.argmax(means))
    everyone = tuple(range(len(array)))
    alive = everyone if best is None else (best,)
    return Selection(RINOTT, best, alive, tuple(more), used, confidence, delta)


@cache
def rinott_constant(count: int, first: int, confidence: float) -> float:
    """Rinott's h for `count` systems and a first stage of `first` replications.

    Solves E[ E[ Phi(h / sqrt((first - 1) (1/X + 1/Y))) | Y ]^(count - 1) ] = confidence for
    independent X, Y, chi-square with first - 1 degrees of freedom.
    Source: Rinott (1978), equation 2.11; Bechhofer, Santner and Goldsman, Design and Analysis of
    Experiments for Statistical Selection (1995), section 2.7.1.
    """
    from scipy.optimize import brentq
    from scipy.special import chdtri, ndtr

    if count == 1:
        return 0.0
    freedom = first - 1
    nodes, weights = np.polynomial.legendre.leggauss(200)
    # In the probability scale, bent so that both tails are resolved.
    u = (nodes + 1) / 2
    p, w = u**2 * (3 - 2 * u), weights / 2 * 6 * u * (1 - u)
    x = np.asarray(chdtri(freedom, p))  # upper tail
    with np.errstate(divide="ignore"):
        scale = 1.0 / np.sqrt(freedom * (1.0 / x[:, None] + 1.0 / x[None, :]))

    def short(h: float) -> float:
        inner = np.asarray(ndtr(h * scale)) @ w
        return float(inner ** (count - 1) @ w) - confidence

    high = 4.0
    while short(high) < 0:
        high *= 2
    return float(brentq(short, 0.0, high, xtol=1e-10))
