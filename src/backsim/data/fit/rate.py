"""How often orders come: the mean rate, and how it changes by weekday, by month and over time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from backsim.data.fit.interval import Interval
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

SURE = 0.01
"""Probability of error at which a pattern, a trend or a difference between classes is believed."""
LEAST = 180
"""Days from which a trend is looked for."""
FOR_BOTH = 540
"""Days from which months and a trend are told apart: of a year and a few days, months that rise
look as a trend that falls."""
STEEPEST = 0.95
"""How much of the mean rate a trend may add or take away by the ends of the history."""
ROUNDS = 300
"""Rounds of a fit, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Factors on the rate, each set with a mean of 1; None: no effect that is known."""

    weekdays: tuple[float, ...] | None
    months: tuple[float, ...] | None
    trend: float
    """Growth per day, as a share of the rate on the first day; 0: none that is known."""
    dispersion: float
    """Variance of the daily counts over that of a Poisson process with these factors."""


@dataclass(frozen=True, slots=True, eq=False)
class _Effects:
    """A fit by maximum likelihood: the factors of each group of days, and the trend."""

    factors: dict[str, Floats]
    slope: float
    """Growth per day, as a share of the mean rate."""
    expected: Floats
    deviance: float
    parameters: int


Groups = list[tuple[str, "Codes", int]]


def rate_of(history: History, time: Floats) -> tuple[Pattern, Interval]:
    """The factors that are believed (likelihood ratio), and the mean rate with its interval.

    A trend and months may each look like the other where the history has not many years: each has
    to explain what the other does not, or else the one that is needed less (AIC) is left out.
    """
    days = round(history.days)
    count = np.bincount(np.minimum(time.astype(int), days - 1), minlength=days).astype(float)
    dates = np.datetime64(history.first) + np.arange(days)
    weekday = (dates.astype(int) + 3) % 7
    month = dates.astype("datetime64[M]").astype(int) % 12
    groups: Groups = []
    fit = _fit(count, groups, False)
    if len(np.unique(weekday)) == 7:
        trial = _fit(count, [("weekdays", weekday, 7)], False)
        if _doubt(count, fit, trial) < SURE:
            groups, fit = [("weekdays", weekday, 7)], trial
    fit = _with_months_and_trend(count, groups, month, fit)
    product = 1 + fit.slope * _centred(days)
    for name, values in fit.factors.items():
        product = product * values[weekday if name == "weekdays" else month]
    rate = count.sum() / product.sum()  # of a year with equally many of each weekday and month
    phi = max(1.0, _dispersion(count, fit))
    error = math.sqrt(phi / max(count.sum(), 1.0))
    told = {name: tuple(float(f"{x:.4g}") for x in values) for name, values in fit.factors.items()}
    trend = float(f"{fit.slope / (1 - fit.slope * (days - 1) / 2):.3g}")
    pattern = Pattern(told.get("weekdays"), told.get("months"), trend, phi)
    return pattern, Interval.of_log(float(rate), error)


def _with_months_and_trend(count: Floats, groups: Groups, month: Codes, fit: _Effects) -> _Effects:
    """Months and a trend, as far as each is known beside the other."""
    with_months: Groups = [*groups, ("months", month, 12)]
    months, trend = len(np.unique(month)) == 12, len(count) >= LEAST
    while months or trend:
        full = _fit(count, with_months if months else groups, trend)
        without: list[tuple[str, _Effects]] = []
        if months:
            without.append(("months", _fit(count, groups, trend) if trend else fit))
        if trend:
            without.append(("trend", _fit(count, with_months, False) if months else fit))
        scale = max(1.0, _dispersion(count, full))
        both_known = not without[1:] or len(count) >= FOR_BOTH
        doubted = [
            (less.deviance / scale + 2 * less.parameters, name)
            for name, less in without
            if not both_known or _doubt(count, less, full) >= SURE
        ]
        if not doubted:
            return full
        _, name = min(doubted)
        months, trend = months and name != "months", trend and name != "trend"
    return fit


def _fit(count: Floats, groups: Groups, trend: bool) -> _Effects:
    """Factors by iterative proportional fitting, and a linear trend by Newton's steps."""
    factors = {name: np.ones(size) for name, _, size in groups}
    day, slope = _centred(len(count)), 0.0
    limit = STEEPEST / max(1.0, abs(float(day[0])))
    expected = np.full(len(count), count.mean())
    for _ in range(ROUNDS if len(groups) > 1 or trend else 1):
        before = expected
        for name, codes, size in groups:
            seen, thought = np.bincount(codes, count, size), np.bincount(codes, expected, size)
            ratio = np.where(thought > 0, seen / np.maximum(thought, 1e-12), 1.0)
            factors[name] = factors[name] * ratio
            expected = expected * ratio[codes]
        if trend:
            line = 1 + slope * day
            gain = ((count - expected) * day / line).sum()
            step = gain / max(float((expected * (day / line) ** 2).sum()), 1e-12)
            slope = float(np.clip(slope + step, -limit, limit))
            expected = expected * (1 + slope * day) / line
            expected = expected * (count.sum() / max(float(expected.sum()), 1e-12))
        if np.abs(expected - before).max() < 1e-9 * count.mean():
            break
    return _Effects(
        {name: values / values.mean() for name, values in factors.items()},
        slope,
        expected,
        _deviance(count, expected),
        1 + sum(size - 1 for *_, size in groups) + trend,
    )


def _centred(days: int) -> Floats:
    return np.arange(days, dtype=np.float64) - (days - 1) / 2


def _doubt(count: Floats, less: _Effects, more: _Effects) -> float:
    """The probability of a gain in likelihood as large as that of some effects by chance."""
    scale = max(1.0, _dispersion(count, more))
    gain = (less.deviance - more.deviance) / scale
    return float(stats.chi2.sf(gain, more.parameters - less.parameters))


def _deviance(count: Floats, expected: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(count > 0, count * np.log(count / expected), 0.0)
    return float(2 * (terms - count + expected).sum())


def _dispersion(count: Floats, fit: _Effects) -> float:
    """Pearson's chi-square over its degrees of freedom."""
    seen = fit.expected > 0
    chi = float(((count[seen] - fit.expected[seen]) ** 2 / fit.expected[seen]).sum())
    return chi / max(1, int(seen.sum()) - fit.parameters)
