"""How long purchases were under way: in all days, or in working days where these tell it better."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.fit.calendars import ENOUGH, Calendars, WorkDays, open_weekdays, work_days
from backsim.data.fit.survival import fit_all
from backsim.data.fit.times import Times
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOGETHER = 1 / 24
"""Days between the arrivals of two purchases up to which they came together."""
CLEAR = 5.0
"""Gain in the logarithm of the likelihood from which lead times count working days."""


@dataclass(frozen=True, slots=True, eq=False)
class Elapsed:
    """The times from purchases to their arrival.

    What comes to a closed site is received when it opens: a receipt after closed days came on one
    of these, or on its own day.
    """

    history: History
    calendars: Calendars
    works: WorkDays | None = None
    """The days that count; None: all."""
    in_sequence: bool = False
    """Purchases of a stock point wait for earlier ones: one that came with the one before it may
    have been ready long since, and one that is open behind another open one, too."""

    def between(self, start: Floats, end: Floats) -> Floats:
        """Days from one time to another, of those that count."""
        if self.works is None:
            return end - start
        return self.works.worked(np.asarray(end)) - self.works.worked(np.asarray(start))

    def times(
        self, mine: Any, arrived: Floats, placed: Floats | None = None, by_day: bool = False
    ) -> Times:
        """The times of some purchases; open ones are longer than they have been open.

        `placed`: when they could leave, if that was not when they were placed.  `by_day`: of each
        arrival only the day is looked at.
        """
        history = self.history
        start, end = (history.placed if placed is None else placed)[mine], arrived[mine]
        by_day = by_day or not history.exact
        if by_day and history.exact:
            end = np.floor(end) + 0.5
        half = 0.5 if by_day else 0.0
        until = np.full(len(end), history.days)
        low = high = np.zeros(len(end))
        if self.works is None:
            day = np.floor(end - (0.0 if history.exact else history.receipt_delay))
            closed, closed_last = self._closed(mine, day), self._closed(mine, until)
            until = until - closed_last
            low, high = end - half - closed, end + half
            if not by_day:
                low = np.where(closed > 0, day - closed, end)
                high = np.where(closed > 0, day + 1, end)
            low, high, length = low - start, high - start, until - start
            entry = -history.placed[mine]
        else:
            middle, length = self.between(start, end), self.between(start, until)
            low, high = middle - half, middle + half
            entry = self.between(history.placed[mine], np.zeros(len(end)))
        is_open = np.isnan(end)
        low, high = np.where(is_open, length, low), np.where(is_open, np.inf, high)
        if self.in_sequence:
            follows, behind = self.sequence(arrived)
            low = np.where(behind[mine], 0.0, low)
            entry = np.where(follows[mine], 0.0, entry)
        label = history.purchases.product[mine]
        return Times.of(np.maximum(low, 0.0), np.maximum(high, 1e-3), entry, label)

    def sequence(self, arrived: Floats) -> tuple[Any, Any]:
        """Which purchases follow one of their stock point, and may have waited for it."""
        bought = self.history.purchases
        order = np.lexsort((bought.placed, bought.supplier, bought.site, bought.product))
        key = np.stack([bought.product, bought.site, bought.supplier])[:, order]
        end = np.nan_to_num(arrived[order], nan=np.inf)
        follows, behind = np.zeros(len(order), bool), np.zeros(len(order), bool)
        follows[order[1:]] = (np.diff(key) == 0).all(axis=0)
        behind[order[1:]] = (end[1:] <= end[:-1] + TOGETHER) & follows[order[1:]]
        return follows, behind

    def _closed(self, mine: Any, day: Floats) -> Floats:
        """Closed days of the site of each purchase just before a day."""
        site = self.history.purchases.site[mine]
        by_site = np.stack([days.closed_before(day) for days in self.calendars.receiving])
        return np.asarray(by_site[site, np.arange(len(site))])


def in_working_days(
    elapsed: Elapsed, mine: Any, arrived: Floats, placed: Floats | None = None
) -> Elapsed:
    """The same in working days, if these explain clearly better on which days purchases came.

    `placed`: when they could leave.  The days that work are the weekdays of the supplier's own
    receipts.  Both laws are fitted to the
    days of the receipts, so that their likelihoods compare.
    """
    history = elapsed.history
    noted = (arrived - history.receipt_delay)[mine]
    noted = noted[~np.isnan(noted)]
    if len(noted) < ENOUGH:
        return elapsed
    weekdays = open_weekdays(history, noted)
    works = work_days(history, weekdays, elapsed.calendars.country)
    if works.always:
        return elapsed
    counted, never = replace(elapsed, works=works), -np.inf
    plain, working = (
        max((fit.log_likelihood for fit in fit_all(times)), default=never)
        for times in (e.times(mine, arrived, placed, by_day=True) for e in (elapsed, counted))
    )
    return counted if working > plain + CLEAR else elapsed
