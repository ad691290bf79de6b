"""Laws of positive times, by the logarithms of their parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Law:
    """A family of distributions of positive times, by the logarithms of its parameters."""

    name: str
    start: Callable[[float, float], tuple[float, ...]]
    """Logarithms of parameters from a mean and a coefficient of variation."""
    log_density: Callable[[Floats, Any], Floats]
    survival: Callable[[Floats, Any], Floats]
    moments: Callable[[Any], tuple[float, float]]
    """(mean, sd) from the logarithms of the parameters."""
    parameters: Callable[[Any], dict[str, float]]
    """As a scenario file names them."""


def _gamma_density(t: Floats, p: Any) -> Floats:
    a, scale = math.exp(p[0]), math.exp(p[1])
    return np.asarray((a - 1) * np.log(t) - t / scale - special.gammaln(a) - a * p[1])


def _gamma_parameters(p: Any) -> dict[str, float]:
    return {"mean": math.exp(p[0] + p[1]), "cv": math.exp(-p[0] / 2)}


def _weibull_density(t: Floats, p: Any) -> Floats:
    k, logs = math.exp(p[0]), np.log(t) - p[1]
    return np.asarray(p[0] - p[1] + (k - 1) * logs - np.exp(np.minimum(k * logs, 700.0)))


def _weibull_survival(t: Floats, p: Any) -> Floats:
    with np.errstate(divide="ignore"):
        logs = math.exp(p[0]) * (np.log(t) - p[1])
    return np.asarray(np.exp(-np.exp(np.minimum(logs, 700.0))))


def _weibull_moments(p: Any) -> tuple[float, float]:
    k = math.exp(p[0])
    first, second = float(special.gamma(1 + 1 / k)), float(special.gamma(1 + 2 / k))
    return math.exp(p[1]) * first, math.exp(p[1]) * math.sqrt(max(second - first**2, 0.0))


def _lognormal_density(t: Floats, p: Any) -> Floats:
    z = (np.log(t) - p[0]) / math.exp(p[1])
    return np.asarray(-(z**2) / 2 - p[1] - np.log(t) - math.log(2 * math.pi) / 2)


def _lognormal_survival(t: Floats, p: Any) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(special.ndtr(-(np.log(t) - p[0]) / math.exp(p[1])))


def _lognormal_moments(p: Any) -> tuple[float, float]:
    variance = min(math.exp(2 * p[1]), 600.0)
    mean = math.exp(min(p[0] + variance / 2, 600.0))
    return mean, mean * math.sqrt(math.expm1(variance))


def _lognormal_start(mean: float, cv: float) -> tuple[float, float]:
    variance = math.log1p(cv**2)
    return math.log(mean) - variance / 2, math.log(variance) / 2


LAWS = (
    Law(
        "exponential",
        lambda mean, cv: (math.log(mean),),
        lambda t, p: np.asarray(-t * math.exp(-p[0]) - p[0]),
        lambda t, p: np.asarray(np.exp(-t * math.exp(-p[0]))),
        lambda p: (math.exp(p[0]), math.exp(p[0])),
        lambda p: {"mean": math.exp(p[0])},
    ),
    Law(
        "gamma",
        lambda mean, cv: (-2 * math.log(cv), math.log(mean) + 2 * math.log(cv)),
        _gamma_density,
        lambda t, p: np.asarray(special.gammaincc(math.exp(p[0]), t / math.exp(p[1]))),
        lambda p: (math.exp(p[0] + p[1]), math.exp(p[0] / 2 + p[1])),
        _gamma_parameters,
    ),
    Law(
        "weibull",
        lambda mean, cv: (-math.log(cv), math.log(mean)),
        _weibull_density,
        _weibull_survival,
        _weibull_moments,
        lambda p: {"shape": math.exp(p[0]), "scale": math.exp(p[1])},
    ),
    Law(
        "lognormal",
        _lognormal_start,
        _lognormal_density,
        _lognormal_survival,
        _lognormal_moments,
        lambda p: dict(zip(("mean", "sd"), _lognormal_moments(p), strict=True)),
    ),
)
"""In order of preference where two fit as well."""
