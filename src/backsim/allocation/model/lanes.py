"""The ways to sites and customers: how long they take, what they cost, on which days they open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

INF = float("inf")
ROUNDING = 1e-6
"""Days: so far is a day from a whole number that was added to a lane's time and taken off again."""


def whole_days(day: Floats) -> Floats:
    """The days that moments are on."""
    return np.asarray(np.floor(day + ROUNDING))


@dataclass(frozen=True, eq=False)
class Calendars:
    """Working days of sites, customers and suppliers, from today on.

    `works[c]` says of calendar c which days are open; the others are codes of calendars.  All days
    after the known are open, but where it is `shut`: closed for good from some known day on.
    """

    works: Flags
    shut: Flags
    site: Codes
    customer: Codes
    supplier: Codes

    @cached_property
    def _following(self) -> Codes:
        """By (calendar, day): the first open day from it on, or the first that is not known."""
        count = self.works.shape[1]
        later = np.where(self.works, np.arange(count), count)
        return np.minimum.accumulate(later[:, ::-1], axis=1)[:, ::-1]

    @cached_property
    def _before(self) -> Codes:
        """By (calendar, day): the last open day up to it, or -1."""
        earlier = np.where(self.works, np.arange(self.works.shape[1]), -1)
        return np.maximum.accumulate(earlier, axis=1)

    def open_from(self, calendar: Codes, day: Floats) -> Floats:
        """The first moment from each day on that is open; inf where there is none."""
        count = self.works.shape[1]
        whole = np.floor(np.minimum(day, count) + ROUNDING).astype(np.int64)
        found = self._following[calendar, np.minimum(whole, count - 1)]
        opens = np.where((whole < count) & (found > whole), found, day)
        return np.where(self.shut[calendar] & ((whole >= count) | (found >= count)), INF, opens)

    def open_until(self, calendar: Codes, day: Floats) -> Floats:
        """The last day up to each that is open, or the day itself."""
        count = self.works.shape[1]
        whole = np.floor(day + ROUNDING).astype(np.int64)
        found = self._before[calendar, np.minimum(whole, count - 1)]
        return np.where((whole < count) & (found < whole), found, day)


@dataclass(frozen=True, eq=False)
class Lanes:
    """By (site of the source, site of the line): whether there is a way, and what it takes.

    `carrier`: a code of `carriers`, or -1.  Without `calendars` every day is open.
    """

    open: Flags
    days: Floats
    transport: Floats
    transfer: Floats
    carrier: Codes
    carriers: tuple[str, ...] = ()
    calendars: Calendars | None = None

    @staticmethod
    def none(sites: int) -> Lanes:
        """Every site serves its own lines, at once and for nothing."""
        nothing = np.zeros((sites, sites))
        nobody = np.full((sites, sites), -1)
        return Lanes(np.eye(sites, dtype=bool), nothing, nothing.copy(), nothing.copy(), nobody)

    def reached(self, start: Codes, end: Codes, customer: Codes, available: Floats) -> Floats:
        """When units that are there from a day on are with the customer."""
        days, calendars = self.days[start, end], self.calendars
        if calendars is None:
            return np.asarray(available + days)
        leaves = calendars.open_from(calendars.site[start], available)
        return calendars.open_from(calendars.customer[customer], leaves + days)

    def later(self, start: Codes, end: Codes, customer: Codes, day: Floats, wait: int) -> Floats:
        """When units are with the customer that leave so many days later than for this day."""
        if self.calendars is None:
            return day + wait
        return self.reached(start, end, customer, self.left(start, end, day) + wait)

    def received(self, customer: Codes, day: Floats) -> Floats:
        """The first day from each on on which the customer receives something."""
        calendars = self.calendars
        return day if calendars is None else calendars.open_from(calendars.customer[customer], day)

    def comes(self, supplier: Codes, site: Codes, transit: Floats, day: Floats) -> Floats:
        """When purchases can be shipped on that would arrive on some days were nobody ever closed.

        Inf where one is closed for good.

        A supplier (a code, or -1) sends `transit` days before.  What was to be sent before today is
        on the road; what was to arrive before today is overdue, and taken to be there.
        """
        calendars = self.calendars
        if calendars is None:
            return day
        sent, there = day - transit, day.copy()
        own = np.flatnonzero((supplier >= 0) & (sent >= 0.0))
        opens = calendars.open_from(calendars.supplier[supplier[own]], sent[own])
        there[own] += opens - sent[own]
        received = calendars.open_from(calendars.site[site], np.maximum(there, 0.0))
        return np.where(day < 0.0, day, received)

    def left(self, start: Codes, end: Codes, day: Floats) -> Floats:
        """The last day on which units leave that are with the customer on a day."""
        leaves, calendars = np.asarray(day - self.days[start, end]), self.calendars
        if calendars is None:
            return leaves
        return calendars.open_until(calendars.site[start], leaves)
