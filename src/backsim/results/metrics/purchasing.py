"""What is purchased, how well it was forecast, and what buyers did about late purchases."""

from __future__ import annotations

import math
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NONE
from backsim.long_tables import places_of, squares_of
from backsim.results.metrics.purchases import Purchases, Reactions
from backsim.results.metrics.registry import LESS, NEITHER, PURCHASING, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = tuple[Any, Any, Any]
    """Stock points, times and units of what was asked for or bought."""

MANY = 5
"""Rows per period from which on it is faster to look the periods up among the rows."""
EARLY = 1e-9
"""Of a period: what is placed that much before it by rounding is placed in it."""
CELLS = 1 << 18
"""Periods, of all stock points, that are counted together: few enough to stay in the cache."""


@metric("per day", better=NEITHER, group=PURCHASING)
def purchases_per_day(m: Sums) -> Floats:
    """Purchases placed."""
    return m.fold_stock(m.of(Purchases).count)


@metric("units", better=NEITHER, group=PURCHASING)
def units_per_purchase(m: Sums) -> Floats:
    """Units per purchase."""
    purchases = m.of(Purchases)
    return m.fold_stock(purchases.units) / m.fold_stock(purchases.count)


def _variances(m: Sums, period: Floats, *tables: Rows) -> Floats:
    """Variance of the units per period, by stock point; only whole periods of the window count.

    Each table: stock points, times (ascending) and units.
    """
    found = np.full(len(period), math.nan)
    for length in np.unique(period):
        some = np.flatnonzero(period == length)
        own = [_of_points(table, some, len(period)) for table in tables]
        found[some] = _variances_of(m, float(length), len(some), own)
    return found


def _of_points(table: Rows, some: Any, number: int) -> Rows:
    """The rows of some stock points, which are counted from 0."""
    if len(some) == number:
        return table
    code = np.full(number, NONE)
    code[some] = np.arange(len(some))
    stock, time, units = table
    rows = np.flatnonzero(code[stock] != NONE)
    return code[stock[rows]], time[rows], units[rows]


def _variances_of(m: Sums, length: float, points: int, tables: Sequence[Rows]) -> Floats:
    """The same, where all periods are of one length: block after block of them.

    All sums are of whole numbers, and so the same in any order.
    """
    count = int(m.days / length + 1e-9)
    if count == 0:
        return np.full(points, math.nan)
    if points == len(tables) == 1:
        _, time, units = tables[0]
        found = squares_of(time, units, (float(m.model.warm_up), length, count, EARLY))
        if found is not None:
            whole, squared = found
            return np.array([squared / count - (whole / count) ** 2])
    edges: Floats = np.asarray(m.model.warm_up + length * (np.arange(count + 1) - EARLY))
    if points == 1:
        counts = (_of_periods(edges, length, time, units) for _, time, units in tables)
        units_of = reduce(np.add, counts)
        return np.array([(units_of**2).sum() / count - (units_of.sum() / count) ** 2])
    places = [places_of(time, edges) for _, time, _ in tables]
    total, squares = np.zeros(points), np.zeros(points)
    together = max(1, CELLS // points)
    for start in range(0, count, together):
        end = min(start + together, count)
        sums = np.zeros((end - start) * points)
        for (stock, _, units), place in zip(tables, places, strict=True):
            rows, ends = slice(place[start], place[end]), place[start : end + 1] - place[start]
            number = np.repeat(np.arange(end - start), np.diff(ends))
            sums += np.bincount(number * points + stock[rows], units[rows], len(sums))
        by_point = sums.reshape(-1, points)
        total += by_point.sum(axis=0)
        squares += (by_point**2).sum(axis=0)
    return np.asarray(squares / count - (total / count) ** 2)


def _of_periods(edges: Floats, length: float, time: Floats, units: Any) -> Floats:
    """Units per period of one stock point; `edges` are where periods start, and the last ends."""
    count = len(edges) - 1
    if len(time) > MANY * count:
        ends = places_of(time, edges)
        if (units == units[0]).all():
            return np.asarray(units[0] * np.diff(ends), float)
        return np.asarray(np.diff(np.r_[0, np.cumsum(units, dtype=np.int64)][ends]), float)
    first, last = np.searchsorted(time, (edges[0], edges[-1]))
    time, units = time[first:last], units[first:last]
    period = ((time - edges[0]) / length).astype(np.int64).clip(0, count - 1)
    period -= time < edges[period]  # by rounding it may be the one before or after
    period += time >= edges[period + 1]
    return np.asarray(np.bincount(period, units, count), float)


@metric("ratio", better=LESS, group=PURCHASING)
def bullwhip(m: Sums) -> Floats:
    """Variance of the units purchased per period / that of the units ordered per period.

    A period is the time between reviews, under continuous review a unit of time.  Of several stock
    points both variances are added up.
    Source: Chen, Drezner, Ryan and Simchi-Levi, Management Science 46 (2000) 436-443.
    """
    points = m.model.scenario.stock
    period = np.array([p.periodic.days if p.periodic else 1.0 for p in points])
    sites, bought = m.log.ordered_by_sites, m.log.bought
    placed = bought.compress(bought["placed"] >= m.model.warm_up)
    asked = [(m.log.column("stock")[m.first :], m.time[m.first :], m.units[m.first :])]
    if len(sites):
        asked.append((sites["stock"], sites["time"], sites["units"]))
    demand = _variances(m, period, *asked)
    purchased = _variances(m, period, (placed["stock"], placed["placed"], placed["units"]))
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


@metric("share", better=LESS, group=PURCHASING, unbounded=True)
def forecast_error(m: Sums) -> Floats:
    """Absolute errors of one-period forecasts / demand of these periods."""
    forecasts = m.of(Forecasts)
    return forecasts.absolute_errors / forecasts.demand


@metric("share", better=NEITHER, group=PURCHASING, unbounded=True)
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
