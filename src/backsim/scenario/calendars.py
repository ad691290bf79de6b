"""Which days are closed, when something happens: calendars counted in days from the start."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.scenario.dates import RULES, WEEKDAYS, Calendar, Dates, Shipping

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

BEYOND = 1830
"""Days after the horizon that calendars know, for dates that are told: five years."""

BEFORE = 366
"""Days before the start whose holidays are known where purchases are under way: a year."""

LONGEST = 1e6
"""The longest horizon with calendars, days."""


def known_days(horizon: float) -> int:
    """Days from the start that calendars know."""
    return int(np.ceil(horizon)) + BEYOND


def working_days(calendar: Calendar | None, start: datetime.date, days: int) -> Flags:
    """For each of so many days from `start`, whether it is a working day."""
    if calendar is None:
        return np.ones(days, bool)
    week = np.array([name in calendar.weekdays for name in WEEKDAYS])
    works = week[(np.arange(days) + start.weekday()) % 7]
    closed = [(day, day) for day in calendar.holidays]
    for first, last in [*closed, *((c.first, c.last) for c in calendar.closures)]:
        works[max(0, (first - start).days) : max(0, (last - start).days + 1)] = False
    return works


def closed_times(calendar: Calendar | None, start: datetime.date, days: int) -> Floats:
    """The closed times, as rows of (starts, ends) in days from `start`."""
    works = working_days(calendar, start, days)
    edges = np.flatnonzero(np.diff(np.r_[True, works, True].astype(np.int8)))
    return edges.reshape(-1, 2).astype(float)


def departures(
    shipping: Shipping, calendar: Calendar | None, start: datetime.date, days: int, tick: float
) -> Floats:
    """The times from which one has to wait for the next departure, as rows of (starts, ends).

    Those of a cut-off hour begin a tick after a departure, as what is ready by then leaves.
    """
    if shipping.cut_off is None:
        return closed_times(calendar, start, days)
    times = np.flatnonzero(working_days(calendar, start, days)) + shipping.cut_off / 24
    return np.column_stack([np.r_[-1.0, times[:-1] + tick], times])


def moments(dates: Dates, calendar: Calendar | None, start: datetime.date, days: int) -> Floats:
    """The times of some dates, in days from `start`.

    Dates are counted from the first day of the month of `start`, so that the first working day of a
    month may be before it.
    """
    before = start.day - 1
    works = working_days(calendar, start.replace(day=1), days + before)
    at = np.flatnonzero(works)
    if not len(at):
        return at.astype(float)
    day = np.datetime64(start.replace(day=1)) + np.arange(days + before)
    month = day.astype("datetime64[M]")
    of_month = (day - month).astype(int) + 1
    weekday = (np.arange(days + before) + start.replace(day=1).weekday()) % 7
    changes = np.flatnonzero(np.diff(month[at].astype(int)))
    wanted = np.zeros(days + before, bool)
    for on in dates.on:
        if on in WEEKDAYS:
            wanted |= weekday == WEEKDAYS.index(on)
        elif on == RULES[0]:
            wanted |= works
        elif on == RULES[1]:
            wanted[at[np.r_[0, changes + 1]]] = True
        elif on == RULES[2]:
            wanted[at[np.r_[changes, len(at) - 1]]] = True
        else:
            wanted |= of_month == on
    place = np.searchsorted(at, np.flatnonzero(wanted))
    found = np.unique(at[place[place < len(at)]]) - before
    return np.asarray(found[found >= 0] + dates.hour / 24, float)


def open_from(times: Any, closed: Floats) -> Floats:
    """The first moment from each of some times on that is outside of all rows (starts, ends)."""
    times = np.asarray(times, float)
    if not len(closed):
        return np.asarray(times)
    at = np.searchsorted(closed[:, 1], times, side="right").clip(max=len(closed) - 1)
    starts, ends = closed[at, 0], closed[at, 1]
    return np.asarray(np.where((starts <= times) & (times < ends), ends, times))


def after_work(days: Any, closed: Floats) -> Floats:
    """When so many working days from 0 on have passed each, with rows of closed (starts, ends)."""
    days = np.asarray(days, float)
    closed = closed[closed[:, 1] > 0.0]
    lengths = closed[:, 1] - np.maximum(closed[:, 0], 0.0)
    total = np.r_[0.0, np.cumsum(lengths)]
    begins = np.maximum(closed[:, 0], 0.0) - total[:-1]  # in working days
    return np.asarray(days + total[np.searchsorted(begins, days, side="left")])


def days_worked(calendar: Calendar | None, start: datetime.date, age: float) -> float:
    """Working days among the last days before `start`."""
    age = min(age, float((start - datetime.date.min).days))
    whole = int(np.ceil(age))
    works = working_days(calendar, start - datetime.timedelta(days=whole), whole)
    return float(works.sum() - works[:1].sum() * (whole - age))


def with_holidays(calendar: Calendar, start: datetime.date, days: int) -> Calendar:
    """A calendar whose country's holidays stand among its own.

    Raises InputError where the country is not known, or the package `holidays` is not installed.
    """
    if calendar.country is None:
        return calendar
    found = set(calendar.holidays)
    found.update(_public_holidays(calendar.country, start, days))
    return calendar.model_copy(update={"country": None, "holidays": tuple(sorted(found))})


def _public_holidays(country: str, start: datetime.date, days: int) -> Iterator[datetime.date]:
    try:
        import holidays
    except ImportError:
        raise InputError(
            'the package `holidays` (pip install "backsim[calendars]"), or a list of `holidays`'
        ) from None
    code, _, part = country.partition("-")
    last = min(start.toordinal() + days, datetime.date.max.toordinal())
    years = range(start.year, datetime.date.fromordinal(last).year + 1)
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=years)
    except NotImplementedError:
        raise InputError("the code of a country or of a part of it, such as DE or US-CA") from None
    return (day for day in found if 0 <= (day - start).days < days)
