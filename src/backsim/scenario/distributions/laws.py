"""The laws of the distributions: what share of the values is below or above a value, and back.

By the functions of `scipy.special`; to import `scipy.stats` takes longer than many a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Function = Callable[[Any], Any]

MOST = 2.0**62
"""A whole number that is thought to be above all."""


@dataclass(frozen=True, eq=False)
class Law:
    """The functions that a frozen distribution of `scipy.stats` has under the same names.

    Each takes a number or an array of them, and returns the like.
    """

    cdf: Function
    """P(X <= x)."""
    sf: Function
    """P(X > x), exact where it is small."""
    ppf: Function
    """The least x with P(X <= x) >= q."""
    isf: Function
    """The least x with P(X > x) <= q."""


def positive(cdf: Function, sf: Function, ppf: Function, isf: Function) -> Law:
    """A law on the numbers from 0, by its functions there."""
    return Law(_from_0(cdf), _from_0(sf), ppf, isf)


def lognormal(median: float, sigma: float) -> Law:
    """Of exp(Z), where Z is normal with mean log(median) and standard deviation `sigma`."""
    from scipy.special import ndtr, ndtri

    return positive(
        lambda x: ndtr(np.log(x / median) / sigma),
        lambda x: ndtr(-np.log(x / median) / sigma),
        lambda q: median * np.exp(sigma * ndtri(q)),
        lambda q: median * np.exp(-sigma * ndtri(q)),
    )


def gamma(shape: float | Floats, scale: float | Floats) -> Law:
    """Gamma, by shape and scale; or one for each of an array of these."""
    from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv

    return positive(
        lambda x: gammainc(shape, x / scale),
        lambda x: gammaincc(shape, x / scale),
        lambda q: scale * gammaincinv(shape, q),
        lambda q: scale * gammainccinv(shape, q),
    )


def weibull(shape: float, scale: float) -> Law:
    """Weibull, by shape and scale; the exponential has shape 1."""

    def hazard(x: Floats) -> Floats:
        with np.errstate(over="ignore"):  # far beyond the scale nothing is left
            return (x / scale) ** shape

    return positive(
        lambda x: -np.expm1(-hazard(x)),
        lambda x: np.exp(-hazard(x)),
        lambda q: scale * (-np.log1p(-q)) ** (1.0 / shape),
        lambda q: scale * (-np.log(q)) ** (1.0 / shape),
    )


def normal(mean: float, sd: float) -> Law:
    """Normal, by mean and standard deviation."""
    from scipy.special import ndtr, ndtri

    return Law(
        lambda x: ndtr((x - mean) / sd),
        lambda x: ndtr((mean - x) / sd),
        lambda q: mean + sd * ndtri(q),
        lambda q: mean - sd * ndtri(q),
    )


def triangular(low: float, mode: float, high: float) -> Law:
    """Triangular: lowest, most likely and highest value."""
    width, rise, fall = high - low, mode - low, high - mode

    def cdf(x: Any) -> Any:
        up, down = np.clip(x, low, mode) - low, high - np.clip(x, mode, high)
        below = up * up / (width * (rise or 1.0))
        return np.where(x < mode, below, 1.0 - down * down / (width * (fall or 1.0)))

    def ppf(q: Any) -> Any:
        climbs = q < rise / width
        return np.where(
            climbs, low + np.sqrt(width * rise * q), high - np.sqrt(width * fall * (1.0 - q))
        )

    return Law(cdf, lambda x: 1.0 - cdf(x), ppf, lambda q: ppf(1.0 - q))


def straight(values: Floats, above: Floats) -> Law:
    """Straight lines between values and the shares above them, which fall from 1 to 0."""
    rising, from_the_end = 1.0 - above, (above[::-1], values[::-1])
    return Law(
        lambda x: np.interp(x, values, rising),
        lambda x: np.interp(x, values, above),
        lambda q: np.interp(q, rising, values),
        lambda q: np.interp(q, *from_the_end),
    )


def poisson(mean: float) -> Law:
    """Poisson, by its mean."""
    from scipy.special import pdtr, pdtrc

    return _counts(lambda k: pdtr(k, mean), lambda k: pdtrc(k, mean))


def geometric(p: float) -> Law:
    """Trials to the first success, of probability p below 1."""
    failure = np.log1p(-p)
    return _counts(lambda k: -np.expm1(failure * k), lambda k: np.exp(failure * k))


def negative_binomial(n: float, p: float) -> Law:
    """Failures before `n` successes, of probability p each; `n` need not be a whole number."""
    from scipy.special import betainc

    return _counts(lambda k: betainc(n, k + 1.0, p), lambda k: betainc(k + 1.0, n, 1.0 - p))


def _from_0(function: Function) -> Function:
    def clipped(x: Any) -> Any:
        with np.errstate(divide="ignore"):  # the logarithm of 0
            return function(np.maximum(x, 0.0))

    return clipped


def _counts(cdf: Function, sf: Function) -> Law:
    """A law on 0, 1, ..., by its functions there."""
    return Law(
        lambda x: np.where(np.less(x, 0), 0.0, cdf(np.floor(np.maximum(x, 0.0)))),
        lambda x: np.where(np.less(x, 0), 1.0, sf(np.floor(np.maximum(x, 0.0)))),
        lambda q: _least(lambda k: cdf(k) >= q, q),
        lambda q: _least(lambda k: sf(k) <= q, q),
    )


def _least(holds: Function, like: Any) -> Any:
    """The least k = 0, 1, ... of which it holds, for each number of `like`; inf if there is none.

    By doubling, then by halving; what holds of a number holds of all above it.
    """
    low, high = np.full(np.shape(like), -1.0), np.zeros(np.shape(like))
    while True:
        found = holds(high) | (high > MOST)
        if np.all(found):
            break
        low = np.where(found, low, high)
        high = np.where(found, high, 2.0 * high + 1.0)
    while np.any(high - low > 1.0):
        middle = np.floor((low + high) / 2.0)
        found = holds(middle)
        low, high = np.where(found, low, middle), np.where(found, middle, high)
    return np.where(high > MOST, np.inf, high)
