"""How long units waited: means and percentiles.

Everybody counts who ordered in the window and did not cancel: units that still wait at the horizon
are censored observations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.registry import LESS, MORE, WAITING, metric
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.survival import Survival, curves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERCENTILES = (50, 90, 95, 99)
AGES = (1, 3, 7, 14, 30)
"""The ages of orders, in the scenario's unit of time, by which shipped units are counted."""


class Waits:
    """Waits of the units that were ordered in the window, without those that left, by view."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.units = m.fold(m.ordered - m.left)
        """The units that count: shipped, or still waiting."""
        self.days = m.fold(m.served_backlog) * m.days
        """Days that they have waited, by Little's law: the unit-days of the window."""
        self.late = m.fold(m.missing - m.left - m.same_instant)
        """Those of them that were not shipped in the instant of ordering."""
        self.mean = np.where(self.units > 0, self.days / self.units, np.nan)

    @cached_property
    def curves(self) -> tuple[Survival | None, ...]:
        """The share of the units that wait longer, by view."""
        m, shipped = self.m, self.m.shipments
        missing = m.rest["units"] - m.rest["shipped"] - m.rest["left"]
        rows = np.flatnonzero(missing > 0)
        still = m.later[rows]
        lines = np.r_[shipped["line"], still]
        waited = m.model.on_grid(m.model.horizon - m.time[still])
        days = np.r_[shipped["days"], waited]
        units = np.r_[shipped["units"], missing[rows]]
        over = np.arange(len(lines)) < len(shipped)
        return curves(m, lines, days, units, over, self.units)

    def each(self, figure: Callable[[Survival], float]) -> Floats:
        """A figure of the curve of every view; nan where nothing counts."""
        known = {id(curve): figure(curve) for curve in self.curves if curve is not None}
        return np.array([known.get(id(curve), np.nan) for curve in self.curves])


@metric("days", better=LESS, group=WAITING, tables=("class", "product", "site"), always=True)
def mean_wait(m: Sums) -> Floats:
    """Days from order to shipment per unit ordered and not cancelled.

    Units served immediately count 0. By Little's law: mean backlog / units ordered per day.
    """
    waits = m.of(Waits)
    return waits.mean


def _declare_percentile(p: int) -> None:
    @metric(
        "days",
        better=LESS,
        group=WAITING,
        name=f"wait_p{p}",
        label=f"wait, {p}th percentile",
        definition=f"{p} % of the units ordered and not cancelled waited no longer; "
        "those that still wait are censored (Kaplan-Meier).",
        tables=("class",) if p < 99 else (),
        more_than="longest_wait",
    )
    def percentile(m: Sums) -> Floats:
        return m.of(Waits).each(lambda curve: curve.percentile(p))


for _p in PERCENTILES:
    _declare_percentile(_p)


class Ages:
    """Units shipped by the age of their orders, in units by class and stock point."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.rows = m.shipments
        self.age = np.searchsorted(AGES, self.rows["days"])
        """The first of the ages by which they were shipped, by number."""
        of_ages = (np.flatnonzero(self.age == number) for number in range(len(AGES)))
        self.upto = np.cumsum([self._units(rows) for rows in of_ages], axis=0)
        self.young = np.flatnonzero(self.rows["line"] >= self._end(AGES[-1]))
        """Shipments of orders that are too young for some of the ages."""

    def _units(self, rows: Any) -> Floats:
        return self.m.total(self.rows["group"][rows], self.rows["units"][rows])

    def _end(self, days: float) -> int:
        """The first line of orders that are not so many days old by the horizon."""
        m = self.m
        return max(m.first, int(np.searchsorted(m.time, m.model.horizon - days, "right")))

    def within(self, days: int) -> tuple[Floats, Floats]:
        """(units shipped within so many days, units ordered), of orders as old as that or older.

        Of all orders, less the last of them, which are few.  All sums are of whole numbers.
        """
        m, number, end = self.m, AGES.index(days), self._end(days)
        ordered = m.ordered - m.total(m.group[end:], m.units[end:])
        young = int(np.searchsorted(m.later, end))
        missing = m.rest["units"][young:] - m.rest["filled"][young:]
        at_once = ordered - (m.missing - m.total(m.later_group[young:], missing))
        soon = (self.rows["line"][self.young] >= end) & (self.age[self.young] <= number)
        return at_once + (self.upto[number] - self._units(self.young[soon])), ordered


def _declare_age(days: int) -> None:
    @metric(
        "share",
        better=MORE,
        group=WAITING,
        name=f"shipped_within_{days}",
        label=f"shipped within {days}",
        definition=f"Units shipped within {days} (days, or what `time_unit` says) of the order / "
        "units ordered; of orders that are as old by the horizon.",
    )
    def within(m: Sums) -> Floats:
        shipped, ordered = m.of(Ages).within(days)
        return m.fold(shipped) / m.fold(ordered)


for _days in AGES:
    _declare_age(_days)


@metric("days", better=LESS, group=WAITING)
def longest_wait(m: Sums) -> Floats:
    """The longest wait observed, of units shipped or still waiting at the horizon."""
    return m.of(Waits).each(lambda curve: curve.longest)


@metric("days", better=LESS, group=WAITING)
def backorder_age(m: Sums) -> Floats:
    """Mean wait of the units that had to wait, including those still waiting."""
    waits = m.of(Waits)
    return np.where(waits.late > 0, waits.days / waits.late, np.nan)


@metric("share", better=LESS, group=WAITING)
def still_waiting_rate(m: Sums) -> Floats:
    """Units ordered in the window and still waiting at its end / units ordered."""
    return m.per_ordered(m.open)


@metric("units", better=LESS, group=WAITING)
def backlog_growth(m: Sums) -> Floats:
    """Mean backlog in the second half of the window minus that in the first."""
    start, end = m.model.warm_up, m.model.horizon
    middle = (start + end) / 2
    first, second = m.waiting(start, middle)[0], m.waiting(middle, end)[0]
    return m.fold(second - first) / (end - middle)
