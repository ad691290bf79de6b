"""How long units waited: means and percentiles.

Everybody counts who ordered in the window and did not cancel: units that still wait at the horizon
are censored observations.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

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
        m = self.m
        shipments = m.log.shipments.compress(m.log.shipments["line"] >= m.first)
        missing = m.rest["units"] - m.rest["shipped"] - m.rest["left"]
        still = m.later[missing > 0]
        lines = np.r_[shipments["line"], still]
        until = np.r_[shipments["time"], np.full(len(still), m.model.horizon)]
        units = np.r_[shipments["units"], missing[missing > 0]]
        over = np.arange(len(lines)) < len(shipments)
        days = m.model.on_grid(until - m.time[lines])
        return curves(m, lines, days, units, over, self.units)

    def each(self, figure: Callable[[Survival], float]) -> Floats:
        """A figure of the curve of every view; nan where nothing counts."""
        return np.array([np.nan if curve is None else figure(curve) for curve in self.curves])


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
        rows = m.log.shipments.compress(m.log.shipments["line"] >= m.first)
        self.line, self.units = np.ascontiguousarray(rows["line"]), rows["units"]
        self.days = m.model.on_grid(rows["time"] - m.time[self.line])
        self.missing = m.rest["units"] - m.rest["filled"]

    def within(self, days: float) -> tuple[Floats, Floats]:
        """(units shipped within so many days, units ordered), of orders as old as that or older."""
        m = self.m
        end = max(m.first, int(np.searchsorted(m.time, m.model.horizon - days, "right")))
        ordered = m.ordered - m.total(m.group[end:], m.units[end:])
        early = int(np.searchsorted(m.later, end))
        missing = m.total(m.group[m.later[:early]], self.missing[:early])
        soon = (self.days <= days) & (self.line < end)
        return ordered - missing + m.total(m.group[self.line[soon]], self.units[soon]), ordered


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
