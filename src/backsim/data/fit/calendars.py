"""Days on which suppliers, sites and buyers work, by the weekdays on which something happens.

A weekday on which (almost) nothing ever happens is closed, and so are the public holidays of the
country that the mapping names.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.history import History
from backsim.errors import InputError
from backsim.scenario.calendars import with_holidays, working_days
from backsim.scenario.dates import WEEKDAYS, Calendar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

REGULAR = 0.02
"""Share of what happens below which a weekday is closed."""
ENOUGH = 50
"""Events from which a weekday without any is taken to be closed."""
MARGIN = 8
"""Days before the first purchase, and after the last day, that are known."""
SAME_TIME, MOST = 1 / 24, 0.95
"""Purchases are placed at one time of day if this share of them is, to this part of a day."""
MISSED = 5
"""Purchases missing on the days on which others are placed, from which a supplier has its own."""

Weekdays = tuple[int, ...]
"""0 for Monday."""
EVERY_DAY: Weekdays = tuple(range(7))


@dataclass(frozen=True, slots=True, eq=False)
class WorkDays:
    """Which days work: from the day `origin` of the history on, which may be before its first."""

    weekdays: Weekdays
    origin: int
    works: Flags

    @property
    def always(self) -> bool:
        """Whether no day is closed."""
        return bool(self.works.all())

    @property
    def share(self) -> float:
        """The share of the days that work."""
        return float(self.works.mean())

    @property
    def mean_wait(self) -> float:
        """Mean days from a moment until it is open: half of each closed time squared."""
        edges = np.flatnonzero(np.diff(np.r_[True, self.works, True].astype(np.int8)))
        closed = np.diff(edges.reshape(-1, 2), axis=1)
        return float((closed**2).sum() / 2 / len(self.works))

    def worked(self, time: Floats) -> Floats:
        """Working days from the origin to each time; nan where that is."""
        at = np.clip(np.nan_to_num(time) - self.origin, 0.0, len(self.works) - 1e-9)
        day = at.astype(np.int64)
        before = np.r_[0, np.cumsum(self.works)]
        found = before[day] + np.where(self.works[day], at - day, 0.0)
        return np.asarray(np.where(np.isnan(time), np.nan, found))

    def closed_before(self, day: Floats) -> Floats:
        """How many closed days there are just before each day."""
        count = np.arange(len(self.works) + 1)
        last = np.maximum.accumulate(np.r_[0, np.where(self.works, count[1:], 0)])
        at = np.clip(np.nan_to_num(day) - self.origin, 0, len(self.works)).astype(np.int64)
        return np.asarray((count - last)[at], float)


@dataclass(frozen=True, slots=True)
class Reviews:
    """When purchases are placed."""

    weekdays: Weekdays
    """As noted."""
    hour: float | None
    """If they have a time of day and it is always the same."""
    periodic: bool

    @property
    def gaps(self) -> Floats:
        """Days from each review of the week to the next; empty: stock is looked at all the time."""
        return np.diff([*self.weekdays, self.weekdays[0] + 7]) if self.periodic else np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Calendars:
    """The days on which a client's sites and buyers work."""

    country: str | None
    receiving: tuple[WorkDays, ...]
    """By site: days on which receipts are noted."""
    shipping: tuple[WorkDays, ...]
    """By site: days on which goods leave."""
    reviews: Reviews
    """Of most suppliers."""
    by_supplier: tuple[Reviews, ...]


def calendars_in_use(history: History, country: str | None = None) -> Calendars:
    """The working days of sites and buyers.  Raises InputError: the country is not known."""
    sites = range(len(history.sites))
    came, sent = history.came, history.sent
    usual = _reviews(history, history.purchases.placed)
    suppliers = range(max(1, len(history.suppliers)))
    return Calendars(
        country,
        tuple(_days(history, came.time[came.site == j], country) for j in sites),
        tuple(_days(history, sent.time[sent.site == j], country) for j in sites),
        usual,
        tuple(_reviews_of(history, usual, code) for code in suppliers),
    )


def _reviews_of(history: History, usual: Reviews, supplier: int) -> Reviews:
    """When a supplier's purchases are placed: as `usual` unless that is clearly not so."""
    placed, mine = history.purchases.placed, history.purchases.supplier == supplier
    if mine.sum() < ENOUGH:
        return usual
    own, weekday = _reviews(history, placed[mine]), _weekday(history, placed)
    missed = np.isin(weekday, usual.weekdays) & ~np.isin(weekday, own.weekdays)
    clear = missed.mean() * mine.sum() >= MISSED or own.hour != usual.hour
    return own if clear else usual


def _reviews(history: History, placed: Floats) -> Reviews:
    hour = _hour(history, placed)
    return Reviews(open_weekdays(history, placed), hour, not history.exact or hour is not None)


def _hour(history: History, placed: Floats) -> float | None:
    """The hour of the day at which purchases are placed, if it is always the same."""
    part = placed - np.floor(placed)
    same = np.abs(part - np.median(part)) < SAME_TIME / 2 if len(part) else part
    if not history.exact or not len(part) or same.mean() < MOST:
        return None
    return round(float(np.median(part)) * 24, 2) % 24


def _days(history: History, time: Floats, country: str | None) -> WorkDays:
    return work_days(history, open_weekdays(history, time), country)


def open_weekdays(history: History, time: Floats) -> Weekdays:
    """Weekdays on which something happens; all of them where too little does to tell."""
    if len(time) < ENOUGH:
        return EVERY_DAY
    share = np.bincount(_weekday(history, time), minlength=7) / len(time)
    return tuple(int(day) for day in np.flatnonzero(share >= REGULAR))


def _weekday(history: History, time: Floats) -> Any:
    return (np.floor(time).astype(np.int64) + history.first.weekday()) % 7


def work_days(history: History, weekdays: Weekdays, country: str | None) -> WorkDays:
    """Some weekdays without the holidays of a country, from before the first purchase on.

    Raises InputError: the country is not known, or the package that knows them is missing.
    """
    origin = int(np.floor(history.purchases.placed.min(initial=0.0))) - MARGIN
    start = history.first + datetime.timedelta(days=origin)
    days = int(history.days) - origin + MARGIN
    calendar = Calendar(weekdays=tuple(WEEKDAYS[day] for day in weekdays), country=country)
    try:
        known = with_holidays(calendar, start, days)
    except InputError as error:
        raise InputError(f"mapping: country: expected {error}, got {country!r}") from None
    return WorkDays(weekdays, origin, working_days(known, start, days))
