"""The times of a trace's rows: dates, or plain numbers of days."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.scenario.traces.file import TraceError
from backsim.tables.dates import EPOCH, DateReader, Moment
from backsim.tables.faults import shown
from backsim.tables.table import Table
from backsim.tables.values import Unclear, learn, read_moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY = 86_400_000_000
"""Microseconds."""
CLOCK_CHANGE = 60
"""Minutes by which one clock changes between summer and winter."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Times of rows: microseconds from 1970 where these are dates, or else days; nan: unreadable.

    `form` is how the dates are written, where that was found out.
    """

    values: Floats
    dated: bool = True
    form: str = ""

    def days(self) -> tuple[Floats, datetime.date | None]:
        """Days from the first midnight (or from 0, for plain numbers), and the first date."""
        if not self.dated:
            return self.values, None
        first = np.floor(self.values.min() / DAY)
        date = (EPOCH + datetime.timedelta(days=float(first))).date()
        return (self.values - first * DAY) / DAY, date

    def since(self, day: datetime.date) -> Floats:
        """Microseconds from the midnight of a day."""
        return self.values - (day - EPOCH.date()).days * float(DAY)


def read_times(table: Table, column: str, form: str | None) -> Times:
    """The times of a column of dates.  Raises TraceError for dates that can be read in two ways.

    Times are those of the clock on the wall.  The offsets of one clock, which differ by an hour
    between summer and winter, make no difference; clocks further apart are put on the first one.
    """
    reader = DateReader(form)
    try:
        learn(table, column, reader)
        moments, codes = read_moments(table, column, reader)
    except Unclear as unclear:
        row = table.rows[table.columns[column].index(unclear.text)]
        found = f"{shown(unclear.text)} in line {row}"
        raise TraceError(("date_format",), unclear.expected, found) from None
    offsets = [m[1] for m in moments if m is not None and m[1] is not None]
    apart = bool(offsets) and max(offsets) - min(offsets) > CLOCK_CHANGE
    clock = offsets[0] if apart else None
    if apart:
        moments = [_on(clock, moment) for moment in moments]
    values = np.array([np.nan if moment is None else moment[0] for moment in moments], float)
    return Times(values[codes], form=" or ".join(reader.forms))


def _on(clock: int | None, moment: Moment | None) -> Moment | None:
    """A moment on another clock."""
    if moment is None or clock is None or moment[1] is None:
        return moment
    return moment[0] + (clock - moment[1]) * 60_000_000, clock
