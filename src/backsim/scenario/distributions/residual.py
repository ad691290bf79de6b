"""What is left of a time that has lasted a while: a value, given that it is above a bound.

By the inverse of the survival function, which is exact and needs one uniform number a value:
S(x) = u S(bound).  Values that a file lists are chosen among those above the bound.
Source: Devroye, Non-Uniform Random Variate Generation (1986), section II.2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.distributions.base import Distribution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@lru_cache(maxsize=1024)
def _law(distribution: Distribution) -> Any:
    """The law of a distribution; scipy takes longer to make it than to ask it."""
    return distribution.law()


def exceeds(distribution: Distribution, bound: float) -> float:
    """The probability of a value above the bound (`bound` 0 or more)."""
    atoms = distribution.atoms()
    if atoms is not None:
        return float((atoms[1] / atoms[1].sum())[atoms[0] > bound].sum())
    return float(_law(distribution).sf(bound))


def above(distribution: Distribution, bounds: Floats, uniform: Floats) -> Floats:
    """A value above each bound, from a uniform number each; shape of `bounds`.

    Every bound must be one that values exceed (`exceeds`).
    """
    atoms = distribution.atoms()
    if atoms is None:
        law = _law(distribution)
        return np.asarray(law.isf((1.0 - uniform) * law.sf(bounds)), float)
    order = np.argsort(atoms[0], kind="stable")
    values, weights = atoms[0][order], atoms[1][order]
    ends = np.cumsum(weights)
    before = np.r_[0.0, ends][np.searchsorted(values, bounds, "right")]
    place = np.searchsorted(ends, before + uniform * (ends[-1] - before), "right")
    return np.asarray(values[np.minimum(place, len(values) - 1)], float)
