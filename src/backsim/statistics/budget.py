"""How to spread a budget of replications: OCBA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import MINIMISE, sign_of, systems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def ocba(values: ArrayLike, budget: int, sense: str = MINIMISE) -> tuple[int, ...]:
    """How many of the next `budget` replications each system gets, for the surest choice.

    `values` of shape (systems, replications), nan after the last of a system; at least 2 each, 5 or
    more in practice.  The totals approach N_i / N_j = (s_i / d_i)^2 / (s_j / d_j)^2, d_i being the
    distance from the best mean, and N_best = s_best sqrt(sum N_i^2 / s_i^2).  It spends a budget
    well and guarantees nothing; it counts on systems simulated independently.  With common random
    numbers it is still an allocation, though not the optimal one.

    Raises InputError for fewer than 2 replications, or a budget below 0.
    Source: Chen, Lin, Yucesan and Chick, Discrete Event Dynamic Systems 10 (2000) 251-270,
    theorem 1; Chen and Lee, Stochastic Simulation Optimization (2011), chapter 3.
    """
    array = sign_of(sense) * systems(values, "OCBA")
    if budget < 0:
        raise InputError(f"budget: expected 0 replications or more, got {budget}")
    have = (~np.isnan(array)).sum(axis=1)
    ratios = _ratios(np.nanmean(array, axis=1), np.nanvar(array, axis=1, ddof=1))
    return tuple(map(int, _fill(have, ratios, budget)))


def _ratios(means: Floats, variances: Floats) -> Floats:
    """Shares of the whole budget; the largest mean is the best."""
    best = int(means.argmax())
    others = np.arange(len(means)) != best
    apart = (means[best] - means[others]) ** 2
    if not variances.any() or len(means) == 1:
        return np.full(len(means), 1.0 / len(means))
    # Equal means would take everything: no distance counts as less than a 1,000th of the noise.
    apart = np.maximum(apart, 1e-6 * variances.max())
    ratios = np.zeros(len(means))
    ratios[others] = variances[others] / apart
    # N_i^2 / s_i^2 = s_i^2 / d_i^4
    ratios[best] = np.sqrt(variances[best] * (variances[others] / apart**2).sum())
    if not ratios.any():
        ratios[best] = 1.0
    return np.asarray(ratios / ratios.sum())


def _fill(have: NDArray[np.int64], ratios: Floats, budget: int) -> NDArray[np.int64]:
    """Whole replications that bring the totals nearest to the shares; who has enough gets none."""
    open_ = ratios > 0
    want = np.zeros(len(have))
    while True:
        total = budget + have[open_].sum()
        want[:] = 0.0
        want[open_] = total * ratios[open_] / ratios[open_].sum() - have[open_]
        over = open_ & (want < 0)
        if not over.any():
            break
        open_ &= ~over
    extra = np.floor(want).astype(np.int64)
    rest = budget - int(extra.sum())
    extra[np.argsort(-(want - extra), kind="stable")[:rest]] += 1
    return extra
