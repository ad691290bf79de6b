"""What is purchased, how well it was forecast, and what buyers did about late purchases."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NONE
from backsim.results.metrics.purchases import Purchases, Reactions
from backsim.results.metrics.registry import LESS, NEITHER, PURCHASING, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_PERIODS = 5_000_000
"""Of all stock points, that are counted one by one."""


@metric("per day", better=NEITHER, group=PURCHASING)
def purchases_per_day(m: Sums) -> Floats:
    """Purchases placed."""
    return m.fold_stock(m.of(Purchases).count)


@metric("units", better=NEITHER, group=PURCHASING)
def units_per_purchase(m: Sums) -> Floats:
    """Units per purchase."""
    purchases = m.of(Purchases)
    return m.fold_stock(purchases.units) / m.fold_stock(purchases.count)


def _variances(m: Sums, period: Floats, stock: Any, time: Any, units: Any) -> Floats:
    """Variance of the units per period, by stock point; only whole periods of the window count."""
    count = np.floor(m.days / period + 1e-9).astype(np.int64)
    if len(count) == 1:
        return np.array([_variance_in_order(m, period[0], int(count[0]), time, units)])
    number = np.floor((time - m.model.warm_up) / period[stock] + 1e-9).astype(np.int64)
    whole = (number >= 0) & (number < count[stock])
    first = np.cumsum(count) - count
    keys = (first[stock] + number)[whole]
    if count.sum() > MOST_PERIODS:  # most of which are empty
        found, places = np.unique(keys, return_inverse=True)
        owner = np.searchsorted(first, found, "right") - 1
        sums = np.bincount(places, units[whole], len(found))
    else:
        owner = np.repeat(np.arange(len(count)), count)
        sums = np.bincount(keys, units[whole], len(owner))
    mean = np.bincount(owner, sums, len(count)) / count
    return np.bincount(owner, sums**2, len(count)) / count - mean**2


def _variance_in_order(m: Sums, period: float, count: int, time: Any, units: Any) -> float:
    """The same of one stock point, whose rows are in order of time."""
    places = np.searchsorted(time, m.model.warm_up + period * (np.arange(count + 1) - 1e-9))
    some = places[:-1] < places[1:]
    sums = np.zeros(count)
    sums[some] = np.add.reduceat(units[: places[-1]], places[:-1][some], dtype=np.int64)
    return float((sums**2).mean() - sums.mean() ** 2) if count else math.nan


@metric("ratio", better=LESS, group=PURCHASING)
def bullwhip(m: Sums) -> Floats:
    """Variance of the units purchased per period / that of the units ordered per period.

    A period is the time between reviews, under continuous review a unit of time.  Of several stock
    points both variances are added up.
    Source: Chen, Drezner, Ryan and Simchi-Levi, Management Science 46 (2000) 436-443.
    """
    points = m.model.scenario.stock
    period = np.array([p.periodic.days if p.periodic else 1.0 for p in points])
    sites, bought = m.log.site_lines, m.log.purchases
    placed = bought.compress(bought["placed"] >= m.model.warm_up)
    asked: tuple[Any, ...]
    asked = m.log.column("stock")[m.first :], m.time[m.first :], m.units[m.first :]
    if len(sites):
        own = (sites["stock"], sites["time"], sites["units"])
        asked = tuple(np.r_[one, other] for one, other in zip(asked, own, strict=True))
    demand = _variances(m, period, *asked)
    purchased = _variances(m, period, placed["stock"], placed["placed"], placed["units"])
    below = m.fold_stock(demand)
    return m.fold_stock(purchased) / np.where(below > 0, below, np.nan)


class Forecasts:
    """Errors of the forecasts one period ahead, over the periods that end in [warm-up, horizon).

    By view, in units; `demand` is nan where nothing is forecast.
    Source: Kolassa and Schuetz, Foresight 6 (2007) 40-43 (the ratio of sums, also called WAPE).
    """

    def __init__(self, m: Sums) -> None:
        self.m = m

    @cached_property
    def _sums(self) -> tuple[Floats, Floats, Floats]:
        model, log = self.m.model, self.m.log
        sums = np.zeros((3, len(log.stocks)))
        own = log.stocks["forecast_row"]
        for row in log.forecasts[own[own != NONE]]:
            ends = model.moments(float(row["first"]), float(row["every"]))
            skipped, ended = np.searchsorted(ends, model.warm_up), len(ends)
            periods: Any = log.observations[
                row["observed_at"] + skipped : row["observed_at"] + ended
            ]
            errors = periods["forecast"] - periods["units"]
            sums[:, row["stock"]] = np.abs(errors).sum(), errors.sum(), periods["units"].sum()
        absolute, signed, demand = map(self.m.fold_stock, sums)
        return absolute, signed, np.where(demand > 0, demand, np.nan)

    @property
    def absolute_errors(self) -> Floats:
        """Sum of |forecast - demand|."""
        return self._sums[0]

    @property
    def errors(self) -> Floats:
        """Sum of forecast - demand."""
        return self._sums[1]

    @property
    def demand(self) -> Floats:
        """Demand of these periods."""
        return self._sums[2]


@metric("share", better=LESS, group=PURCHASING)
def forecast_error(m: Sums) -> Floats:
    """Absolute errors of one-period forecasts / demand of these periods."""
    forecasts = m.of(Forecasts)
    return forecasts.absolute_errors / forecasts.demand


@metric("share", better=NEITHER, group=PURCHASING)
def forecast_bias(m: Sums) -> Floats:
    """One-period forecasts minus demand / demand of these periods."""
    forecasts = m.of(Forecasts)
    return forecasts.errors / forecasts.demand


@metric("per day", better=NEITHER, group=PURCHASING)
def expedited_per_day(m: Sums) -> Floats:
    """Expedited purchases."""
    found = m.of(Reactions).expedited
    return m.nothing if found is None else m.fold_stock(found[0] / m.days)


@metric("per day", better=NEITHER, group=PURCHASING)
def withdrawn_late_per_day(m: Sums) -> Floats:
    """Cancelled late purchases."""
    found = m.of(Reactions).withdrawn
    return m.nothing if found is None else m.fold_stock(found[0] / m.days)


@metric("per day", better=NEITHER, group=PURCHASING)
def emergency_per_day(m: Sums) -> Floats:
    """Purchases from emergency sources."""
    found = m.of(Reactions).emergency
    return m.nothing if found is None else m.fold_stock(found[0] / m.days)


@metric("share", better=NEITHER, group=PURCHASING)
def emergency_share(m: Sums) -> Floats:
    """Units bought from emergency sources / units purchased."""
    found = m.of(Reactions).emergency
    if found is None:
        return m.nothing
    return m.fold_stock(found[1] / m.days) / m.fold_stock(m.of(Purchases).units)
