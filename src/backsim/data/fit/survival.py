"""Laws fitted to times until something happens, the best of them, and what was observed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from backsim.data.fit.interval import Interval
from backsim.data.fit.laws import LAWS, Law
from backsim.data.fit.profile import Peak, interval
from backsim.data.fit.times import SMALLEST, TINY, WORST, Likelihood, Times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A law fitted to times: its parameters as in a scenario, and how well it fits.

    The intervals of mean and standard deviation are normal ones of their logarithms, from the
    observed Fisher information; those of the law that is used are profile likelihoods (`profile`).
    """

    law: str
    parameters: dict[str, Any]
    mean: Interval
    sd: Interval
    log_likelihood: float
    aic: float
    survival: Callable[[Floats], Floats]
    peak: Peak | None = None

    def to_file(self) -> dict[str, Any]:
        """The distribution as a scenario file spells it."""
        return {self.law: self.parameters}

    def scaled(self, factor: float) -> dict[str, Any]:
        """The same of times so many times as long: all parameters of time are."""
        made = dict(self.parameters)
        for name in {"mean", "sd", "scale", "value"} & set(made):
            made[name] = float(f"{made[name] * factor:.5g}")
        if "values" in made:
            made["values"] = [float(f"{x * factor:.4g}") for x in made["values"]]
        return {self.law: made}


def fit_law(times: Times, law: Law, likelihood: Likelihood | None = None) -> Fit | None:
    """Maximum likelihood; None where there is no maximum inside."""
    known = likelihood or Likelihood(times)
    middle, events = times.middle, max(times.events, 1)
    mean = max(float(middle.sum()) / events, SMALLEST)
    ended = middle[np.isfinite(times.high)]
    cv = float(np.clip(ended.std() / max(ended.mean(), SMALLEST), 0.05, 2.0)) if len(ended) else 1.0

    def cost(p: Any) -> float:
        return -known.log(law, p) / len(times)

    found = optimize.minimize(
        cost,
        np.array(law.start(mean, cv)),
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-11, "maxiter": 1000},
    )
    if not found.success or found.fun * len(times) >= -WORST:
        return None
    p = found.x
    covariance = _covariance(lambda q: cost(q) * len(times), p)
    value = -float(found.fun) * len(times)
    mean, sd = law.moments(p)
    return Fit(
        law.name,
        {name: float(f"{x:.5g}") for name, x in law.parameters(p).items()},
        Interval.of_log(mean, _error(lambda q: math.log(law.moments(q)[0]), p, covariance)),
        Interval.of_log(sd, _error(lambda q: math.log(law.moments(q)[1]), p, covariance)),
        value,
        2 * len(p) - 2 * value,
        lambda t: law.survival(t, p),
        Peak(partial(known.log, law), p, covariance),
    )


def _covariance(cost: Callable[[Any], float], p: Any) -> Any:
    """The inverse of the observed information, by differences."""
    n, step = len(p), 1e-3
    hessian = np.empty((n, n))
    unit = np.eye(n) * step
    for i in range(n):
        for j in range(i, n):
            value = (
                cost(p + unit[i] + unit[j])
                - cost(p + unit[i] - unit[j])
                - cost(p - unit[i] + unit[j])
                + cost(p - unit[i] - unit[j])
            )
            hessian[i, j] = hessian[j, i] = value / (4 * step**2)
    try:
        return np.linalg.inv(hessian)
    except np.linalg.LinAlgError:
        return np.full((n, n), np.inf)


def _error(what: Callable[[Any], float], p: Any, covariance: Any) -> float:
    """The standard error of a function of the parameters (delta method)."""
    if not np.isfinite(covariance).all():
        return math.inf
    unit = np.eye(len(p)) * 1e-5
    try:
        slope = np.array([(what(p + u) - what(p - u)) / 2e-5 for u in unit])
    except (ValueError, OverflowError):
        return math.inf
    variance = float(slope @ covariance @ slope)
    return math.sqrt(variance) if variance > 0 else math.inf


def fit_constant(times: Times) -> Fit | None:
    """One value, where all that have ended took equally long and none is known to take longer."""
    ended = times.middle[np.isfinite(times.high)]
    if len(ended) < 2 or ended.max() - ended.min() > 1e-6 * max(1.0, ended.max()):
        return None
    value = float(ended[0])
    if (times.low > value + 1e-9).any():
        return None
    point = Interval(value, value, value)
    nothing = Interval(0.0, 0.0, 0.0)
    parameters = {"value": value}
    return Fit(
        "deterministic",
        parameters,
        point,
        nothing,
        0.0,
        -math.inf,
        lambda t: (t < value).astype(np.float64),
    )


ENOUGH_FOR_TWO = 3
"""Observed ends from which a law of two parameters is fitted."""


def fit_all(times: Times, laws: tuple[Law, ...] = LAWS) -> list[Fit]:
    """The laws fitted, the best by AIC first; none where nothing has ended."""
    if not times.events:
        return []
    constant = fit_constant(times)
    if constant is not None:
        return [constant]
    known = laws if times.events >= ENOUGH_FOR_TWO else LAWS[:1]
    likelihood = Likelihood(times)
    fits = [fit for law in known if (fit := fit_law(times, law, likelihood)) is not None]
    return sorted(fits, key=lambda fit: fit.aic)


def with_profiles(fits: list[Fit]) -> list[Fit]:
    """Laws of which the first, that is used, has intervals over all that are not ruled out."""
    by_name = {law.name: law for law in LAWS}
    known = [(fit.peak, by_name[fit.law].moments) for fit in fits if fit.peak is not None]
    if not known:
        return fits
    peaks = [peak for peak, _ in known]

    def of(value: float, which: int) -> Interval:
        return interval(value, peaks, [partial(_log_moment, m, which) for _, m in known])

    first = replace(fits[0], mean=of(fits[0].mean.value, 0), sd=of(fits[0].sd.value, 1))
    return [first, *fits[1:]]


def _log_moment(moments: Callable[[Any], tuple[float, float]], which: int, p: Any) -> float:
    return math.log(max(moments(p)[which], TINY))


def kaplan_meier(times: Times) -> tuple[Floats, Floats]:
    """(ends, survival after each): the share of times that are longer.

    Times known between two values count at the middle.  Source: Kaplan and Meier, Journal of the
    American Statistical Association 53 (1958) 457-481; with truncation: Klein and Moeschberger,
    Survival Analysis (2003), section 4.6.
    """
    middle, ended = times.middle, np.isfinite(times.high)
    ends, deaths = np.unique(middle[ended], return_counts=True)
    entered, left = np.sort(times.entry), np.sort(middle)
    at_risk = np.searchsorted(entered, ends, "left") - np.searchsorted(left, ends, "left")
    at_risk = np.maximum(at_risk, deaths)
    return ends, np.cumprod(1 - deaths / at_risk)


def distance(times: Times, fit: Fit) -> float:
    """The largest distance between the law and Kaplan-Meier, on the span of the observed ends.

    Ends that are known to a day are compared at the beginning and end of the day.
    """
    ends, survival = kaplan_meier(times)
    if not len(ends):
        return 0.0
    ended = np.isfinite(times.high)
    half = float(np.median(times.high[ended] - times.low[ended])) / 2
    before = np.r_[1.0, survival[:-1]]
    after = np.abs(fit.survival(ends + half) - survival)
    return float(
        np.maximum(after, np.abs(fit.survival(np.maximum(ends - half, SMALLEST)) - before)).max()
    )


MOST_VALUES = 60
"""Values of an empirical law in a scenario."""


def empirical(times: Times) -> Fit:
    """The law of Kaplan-Meier itself, on at most 60 values; what is beyond the last is put there.

    Mean and standard deviation have the intervals of as many complete observations.
    """
    ends, survival = kaplan_meier(times)
    weights = -np.diff(np.r_[1.0, survival])
    weights[-1] += survival[-1]
    if len(ends) > MOST_VALUES:
        place = np.minimum(
            ((np.cumsum(weights) - weights / 2) * MOST_VALUES).astype(int), MOST_VALUES - 1
        )
        mass = np.bincount(place, weights)
        ends = np.bincount(place, weights * ends)[mass > 0] / mass[mass > 0]
        weights = mass[mass > 0]
    mean = float(ends @ weights)
    deviation = (ends - mean) ** 2
    variance = float(deviation @ weights)
    fourth = float(deviation**2 @ weights)
    count = times.events
    sd = math.sqrt(variance)
    error_sd = math.sqrt(max(fourth - variance**2, 0.0) / count) / (2 * max(variance, TINY))
    values = [float(f"{x:.4g}") for x in ends]
    shares = [float(f"{x:.4g}") for x in weights]
    kept = survival.copy()
    where = np.unique(times.middle[np.isfinite(times.high)])
    return Fit(
        "discrete",
        {"values": values, "weights": shares},
        Interval.of_log(mean, sd / mean / math.sqrt(count)),
        Interval.of_log(sd, error_sd),
        math.nan,
        math.nan,
        lambda t: np.r_[1.0, kept][np.searchsorted(where, t, "right")],
    )


ENOUGH = 200
"""Observed ends from which an empirical law is taken where no other fits."""


def best(times: Times) -> tuple[Fit | None, list[Fit]]:
    """(the law to use, all parametric ones by AIC), of all that can be fitted."""
    return choose(times, fit_all(times))


def choose(times: Times, fitted: list[Fit], observed: bool = True) -> tuple[Fit | None, list[Fit]]:
    """(the law to use, all parametric ones by AIC), of those that have been fitted to the times.

    The empirical law where there are enough ends and even the best law is further from
    Kaplan-Meier than chance explains (Kolmogorov's 1 % bound), unless times are not `observed`:
    many are known to lie between 0 and some value alone.
    """
    fits = with_profiles(fitted)
    if not fits:
        return None, []
    chosen = fits[0]
    if (
        observed
        and chosen.law != "deterministic"
        and times.events >= ENOUGH
        and distance(times, chosen) > 1.63 / math.sqrt(times.events)
    ):
        chosen = empirical(times)
    return chosen, fits


__all__ = [
    "LAWS",
    "Fit",
    "Law",
    "best",
    "choose",
    "distance",
    "empirical",
    "fit_all",
    "kaplan_meier",
]
