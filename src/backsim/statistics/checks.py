"""What every method asks of its input."""

from __future__ import annotations

from functools import lru_cache
from math import atan2, exp, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

MINIMISE, MAXIMISE = "minimise", "maximise"

MOST_FREEDOM = 500
"""Degrees of freedom up to which Student's t is summed up here: a term for every two."""


def sample(values: ArrayLike, what: str, least: int = 2) -> Floats:
    """The known values of one series, shape (n,); nan values are left out.

    Raises InputError when fewer than `least` are left, or one is infinite.
    """
    array = np.asarray(values, float).reshape(-1)
    known = array[~np.isnan(array)]
    if len(known) < least:
        raise InputError(f"{what}: expected at least {least} replications, got {len(known)}")
    return _finite(known, what)


def systems(values: ArrayLike, what: str, least: int = 2) -> Floats:
    """Values of several systems, shape (systems, replications); nan where there is none.

    Raises InputError for another shape, no systems, or fewer than `least` replications.
    """
    array = np.asarray(values, float)
    if array.ndim != 2 or not len(array):
        raise InputError(
            f"{what}: expected an array of systems x replications, got shape {array.shape}"
        )
    counts = (~np.isnan(array)).sum(axis=1)
    if counts.min() < least:
        raise InputError(
            f"{what}: expected at least {least} replications of each system, "
            f"got {counts.min()} of system {int(counts.argmin())}"
        )
    return _finite(array, what)


def pairs(one: Any, other: Any, what: str, least: int = 2) -> Floats:
    """Differences one - other of the replications that both have."""
    if np.shape(one) != np.shape(other):
        raise InputError(f"{what}: expected pairs, got {np.size(one)} values and {np.size(other)}")
    return sample(np.asarray(one, float) - np.asarray(other, float), f"{what} (pairs)", least)


def check_confidence(confidence: float) -> float:
    """The chance of error, 1 - confidence.  Raises InputError unless 0 < confidence < 1."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence: expected above 0 and below 1, got {confidence:g}")
    return 1.0 - confidence


def check_first(first: int) -> int:
    """Replications of a first stage.  Raises InputError for fewer than two."""
    if first < 2:
        raise InputError(f"first: expected at least 2 replications, got {first}")
    return first


def check_positive(value: float, what: str) -> float:
    """A finite number above 0.  Raises InputError for any other."""
    if not 0 < value < float("inf"):
        raise InputError(f"{what}: expected above 0, got {value:g}")
    return value


def sign_of(sense: str) -> float:
    """-1 to minimise, 1 to maximise.  Raises InputError for another word."""
    if sense not in (MINIMISE, MAXIMISE):
        raise InputError(f"sense: expected {MINIMISE} or {MAXIMISE}, got {sense!r}")
    return 1.0 if sense == MAXIMISE else -1.0


@lru_cache(maxsize=4096)
def student(probability: float, freedom: float) -> float:
    """Quantile of Student's t, to 12 digits.

    scipy, which has those at the far ends, takes longer to load than a short run to play.
    """
    if not (freedom == int(freedom) <= MOST_FREEDOM and 0.6 < probability < 0.9999):
        from scipy.special import stdtrit

        return float(stdtrit(freedom, probability))
    whole = int(freedom)
    log_of_scale = lgamma((whole + 1) / 2) - lgamma(whole / 2) - log(whole * pi) / 2
    found = step = NormalDist().inv_cdf(probability)
    while step > 1e-15 * found:  # from below: the distribution is concave there
        density = exp(log_of_scale - (whole + 1) / 2 * log1p(found * found / whole))
        step = (probability - _student_below(found, whole)) / density
        found += step
    return found


def _student_below(value: float, freedom: int) -> float:
    """P(T <= value) of Student's t for a whole number of degrees of freedom, value > 0.

    Source: Abramowitz and Stegun (1964), Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
    """
    across = freedom + value * value
    sine, square = value / sqrt(across), freedom / across  # of an angle, and of its cosine
    odd = freedom % 2
    term, total = 1.0, 0.0
    for i in range(odd, freedom - 1, 2):
        total += term
        term *= square * (i + 1) / (i + 2)
    if not odd:
        return 0.5 + sine * total / 2
    return 0.5 + (atan2(value, sqrt(freedom)) + sine * sqrt(square) * total) / pi


def student_tail(value: float, freedom: float) -> float:
    """P(T > value) of Student's t; also for infinite values."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -value))


def _finite(values: Floats, what: str) -> Floats:
    if np.isinf(values).any():
        raise InputError(f"{what}: expected finite numbers, got infinity")
    return values
