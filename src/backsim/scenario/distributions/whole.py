"""Distributions of whole numbers, from those whose values are rounded: the law, and the mean."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.rules.kinds import is_built_in
from backsim.scenario.distributions.base import Distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_UNITS = 2**16
"""Longest table of probabilities."""

TAIL = 1e-12
"""Probability that a table may leave out; it is put on its last entry."""

BEYOND = 4096
"""Points at which what is beyond the longest table is added up."""


def whole(distribution: Distribution, least: int = 0, scale: float = 1.0) -> Floats:
    """Probabilities of 0, 1, 2, ...: values x `scale` are rounded, and are no less than `least`."""
    atoms = distribution.atoms()
    if atoms is not None:
        values = np.clip(np.rint(atoms[0] * scale), least, MOST_UNITS - 1).astype(int)
        return np.bincount(values, atoms[1]).astype(float)
    law = distribution.law()
    most = int(min(MOST_UNITS, max(least + 1, np.ceil(law.ppf(1 - TAIL) * scale) + 2)))
    below = law.cdf((np.arange(most) + 0.5) / scale)
    below[:least] = 0.0
    below[-1] = 1.0
    return np.asarray(np.diff(below, prepend=0.0))


def mean_of_whole(distribution: Distribution, least: int = 0, scale: float = 1.0) -> float:
    """The mean of values x `scale` that are rounded, and are no less than `least` (0 or more)."""
    kept = is_built_in(type(distribution))  # what a user's says may change while a process runs
    return (_kept_mean if kept else _mean)(distribution, least, scale)


def _mean(distribution: Distribution, least: int, scale: float) -> float:
    """The sum of P(more than k) from `least` on; beyond the longest table it is an integral."""
    atoms = distribution.atoms()
    if atoms is not None:
        return float(np.maximum(np.rint(atoms[0] * scale), least) @ atoms[1])
    if not has_law(distribution) or (
        distribution.counts and scale == 1 and distribution.least() >= least
    ):
        return distribution.moments()[0] * scale
    law = distribution.law()
    top = float(law.ppf(1 - TAIL)) * scale
    numbers = np.arange(least, min(MOST_UNITS, max(least, np.ceil(top)) + 1))
    mean = least + float(law.sf((numbers + 0.5) / scale).sum())
    if top > MOST_UNITS:
        points = np.geomspace(MOST_UNITS, top, BEYOND)
        mean += float(np.trapezoid(law.sf(points / scale), points))
    return mean


_kept_mean = lru_cache(maxsize=4096)(_mean)


def has_law(distribution: Distribution) -> bool:
    """Whether its law is known: one of a user's own may say its mean and variance alone."""
    given: Any = type(distribution).law
    return given is not Distribution.law
