"""Variance reduction: control variates and antithetic pairs, each with what it gained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import check_confidence, sample, student
from backsim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Reduced:
    """An estimate, the plain one from as many replications, and the share of variance saved.

    `reduction` = 1 - variance of the mean / variance of the plain mean, both as estimated; below 0
    it did harm.  `coefficients` are those of the controls.
    """

    estimate: Estimate
    plain: Estimate
    reduction: float
    coefficients: tuple[float, ...] = ()


def control_variates(
    values: ArrayLike, controls: ArrayLike, means: ArrayLike, confidence: float = 0.95
) -> Reduced:
    """The mean, corrected by regression on controls whose means are known.

    `values` of shape (n,), `controls` of shape (n,) or (n, q) from the same replications, `means`
    of shape () or (q,).  The estimate is the intercept of the regression of the values on
    controls - means; its variance counts the q coefficients estimated, with n - q - 1 degrees of
    freedom.

    Raises InputError for fewer than q + 3 replications, or controls that are constant or depend on
    each other.
    Source: Lavenberg and Welch, Management Science 27 (1981) 322-335, section 3; Law, Simulation
    Modeling and Analysis (2015), section 11.4.
    """
    y = np.asarray(values, float).reshape(-1)
    c = np.asarray(controls, float).reshape(len(y), -1) - np.asarray(means, float).reshape(1, -1)
    known = ~(np.isnan(y) | np.isnan(c).any(axis=1))
    number = c.shape[1]
    y, c = sample(y[known], "control variates", number + 3), c[known]
    alpha = check_confidence(confidence)
    x = np.column_stack([np.ones(len(y)), c])
    spread = c.std(axis=0)
    scale = np.r_[1.0, np.where(spread > 0, spread, 1.0)]
    if (spread == 0).any() or np.linalg.matrix_rank(x / scale) <= number:
        raise InputError("control variates: expected controls that vary and do not repeat another")
    inverse = np.linalg.inv((x / scale).T @ (x / scale))
    beta = inverse @ (x / scale).T @ y
    freedom = len(y) - number - 1
    error = float(((y - (x / scale) @ beta) ** 2).sum()) / freedom
    variance = error * float(inverse[0, 0])
    plain = estimate(y.tolist(), confidence)
    half_width = student(1 - alpha / 2, freedom) * math.sqrt(variance)
    sd = math.sqrt(variance * len(y))
    found = Estimate(float(beta[0]), half_width, sd, len(y), confidence)
    coefficients = tuple(map(float, (beta / scale)[1:]))
    return Reduced(found, plain, _saved(variance, plain.sd**2 / len(y)), coefficients)


def antithetic(values: ArrayLike, opposites: ArrayLike, confidence: float = 0.95) -> Reduced:
    """The mean of pairs that were run on opposite random numbers.

    `values` and `opposites` of shape (n,), the r-th of each being a pair; the t interval is that of
    the pairs' means.  `plain` is what 2 n independent replications of the same spread would give.

    Raises InputError for fewer than 2 pairs.
    Source: Hammersley and Morton, Mathematical Proceedings of the Cambridge Philosophical Society
    52 (1956) 449-475; Law, Simulation Modeling and Analysis (2015), section 11.3.
    """
    one, other = np.asarray(values, float), np.asarray(opposites, float)
    if one.shape != other.shape:
        raise InputError(f"antithetic: expected pairs, got {one.size} values and {other.size}")
    both = ~np.isnan(one + other)
    one, other = sample(one[both], "antithetic (pairs)"), other[both]
    alpha = check_confidence(confidence)
    found = estimate(((one + other) / 2).tolist(), confidence)
    pooled = float(one.var(ddof=1) + other.var(ddof=1)) / 2
    number = 2 * len(one)
    half_width = student(1 - alpha / 2, number - 1) * math.sqrt(pooled / number)
    plain = Estimate(found.mean, half_width, math.sqrt(pooled), number, confidence)
    return Reduced(found, plain, _saved(found.sd**2 / len(one), pooled / number))


def _saved(variance: float, plain: float) -> float:
    return 1.0 - variance / plain if plain > 0 else math.nan
