"""Times until something happens, of which some are not known to the end.

A time is known exactly (`low == high`), to lie between two values, or to be longer than one
(`high` infinite).  It is seen only if it is longer than `entry` (left truncation): of purchases
from before an export begins, those that had arrived are not in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from backsim.data.fit.interval import Interval
from backsim.data.fit.laws import LAWS, Law
from backsim.data.fit.profile import Peak, interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

TINY = 1e-300
THOUSANDS = 2000
"""Censored times from which they are rounded."""
WORST = -1e18
"""The logarithm of a likelihood that is none."""
SMALLEST = 1e-3
"""Days: what is shorter counts as so long, as a law of positive times has no place for 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Observed times, in days."""

    low: Floats
    high: Floats
    entry: Floats
    label: Codes = field(default_factory=lambda: np.empty(0, np.int64))
    """Whose each is, where that matters."""

    @staticmethod
    def of(
        low: Floats, high: Floats, entry: Floats | None = None, label: Codes | None = None
    ) -> Times:
        """Times that say something: longer than their entry, and not censored at 0."""
        label = np.zeros(len(low), np.int64) if label is None else label
        entry = np.zeros(len(low)) if entry is None else np.maximum(entry, 0.0)
        exact = low == high
        low, high = np.maximum(low, 0.0), np.where(exact, np.maximum(low, SMALLEST), high)
        low = np.where(exact, high, low)
        entry = np.minimum(entry, np.where(exact, low, high))
        says = np.isfinite(high) | (low > entry)
        return Times(low[says], high[says], entry[says], label[says])

    def __len__(self) -> int:
        return len(self.low)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Which are known exactly."""
        return np.asarray(self.low == self.high)

    @property
    def events(self) -> int:
        """How many have ended."""
        return int(np.isfinite(self.high).sum())

    @property
    def middle(self) -> Floats:
        """The middle of each time that has ended; of others, how long they are known to be."""
        return np.where(
            np.isfinite(self.high), (self.low + np.minimum(self.high, 1e18)) / 2, self.low
        )


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


class Likelihood:
    """Of laws, by times of which equal ones are counted.

    Where there are thousands, those that are only known to be longer are rounded to three digits:
    their laws are smooth, and the rounding has no direction.
    """

    def __init__(self, times: Times) -> None:
        exact, is_open, cut = times.exact, np.isinf(times.high), times.entry > 0
        between = ~exact & ~is_open
        self.exact, self.of_exact = np.unique(times.low[exact], return_counts=True)
        self.open, self.of_open = _counted(times.low[is_open])
        self.entry, self.of_entry = _counted(times.entry[cut])
        ends = np.stack([times.low[between], times.high[between]], axis=1)
        ends, self.of_between = np.unique(ends, axis=0, return_counts=True)
        self.low, self.high = ends[:, 0], np.maximum(ends[:, 1], SMALLEST)

    def log(self, law: Law, p: Any) -> float:
        """The logarithm of the likelihood of a law's parameters."""
        if np.abs(p).max() > 30:
            return WORST
        with np.errstate(all="ignore"):
            total = float(law.log_density(self.exact, p) @ self.of_exact)
            mass = law.survival(self.low, p) - law.survival(self.high, p)
            for share, counts in (
                (mass, self.of_between),
                (law.survival(self.open, p), self.of_open),
                (law.survival(self.entry, p), -self.of_entry),
            ):
                total += float(np.log(np.maximum(share, TINY)) @ counts)
        return total if math.isfinite(total) else WORST


def _counted(values: Floats) -> tuple[Floats, Codes]:
    if len(values) > THOUSANDS:
        scale = 10.0 ** (np.floor(np.log10(np.maximum(values, SMALLEST))) - 2)
        values = np.rint(values / scale) * scale
    return np.unique(values, return_counts=True)


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


def choose(times: Times, fitted: list[Fit]) -> tuple[Fit | None, list[Fit]]:
    """(the law to use, all parametric ones by AIC), of those that have been fitted to the times.

    The empirical law where there are enough ends and even the best law is further from
    Kaplan-Meier than chance explains (Kolmogorov's 1 % bound).
    """
    fits = with_profiles(fitted)
    if not fits:
        return None, []
    chosen = fits[0]
    if (
        chosen.law != "deterministic"
        and times.events >= ENOUGH
        and distance(times, chosen) > 1.63 / math.sqrt(times.events)
    ):
        chosen = empirical(times)
    return chosen, fits


__all__ = [
    "LAWS",
    "Fit",
    "Law",
    "Times",
    "best",
    "choose",
    "distance",
    "empirical",
    "fit_all",
    "kaplan_meier",
]
