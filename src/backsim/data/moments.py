"""Texts of an export as moments and times of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from backsim.tables.dates import SECOND, DateReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY = 86_400 * SECOND
"""Microseconds."""
NOTHING = frozenset(
    {"", "-", "--", "NULL", "null", "N/A", "n/a", "NA", "NaN", "nan", "NaT", "None", "none", "\\N"}
)
"""How databases and people write that there is nothing in a column of dates or numbers."""
NO_DATE = NOTHING | frozenset(
    {"0", "00.00.0000", "00000000", "0000-00-00", "0000-00-00 00:00:00", "00/00/0000"}
    | {"31.12.9999", "99991231", "9999-12-31", "12/31/9999", "31/12/9999"}
)
"""How SAP and others write that there is no date, or that it never comes."""
EXCEL = (25_569.0, 73_051.0)
"""How workbooks count these days: what a cell has that is not shown as a date."""
MANY = 1000
"""Dates with a time of day that are worth reading all at once."""
_STAMP_DIGITS = np.array([c == "0" for c in "0000-00-00 00:00:00"])
_CLOCK = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?")


def stamps(texts: Sequence[str]) -> Floats | None:
    """Microseconds from 1970 of texts as 2024-01-31 13:59:00, of which there may be millions.

    They can be read in one way only; nan: it is none.  None where they are few, or one that looks
    like it is no date: the reader of dates says so.
    """
    long = np.fromiter(map(len, texts), np.int64, len(texts)) == len(_STAMP_DIGITS)
    places = np.flatnonzero(long)
    found = list(texts) if long.all() else [texts[i] for i in places.tolist()]
    if len(found) < MANY or not "".join(found).isascii():
        return None
    letters = np.array(found, "S19").view("S1").reshape(len(found), 19)
    is_digit = (letters >= b"0") & (letters <= b"9")
    marks = letters[:, ~_STAMP_DIGITS]
    if not (is_digit == _STAMP_DIGITS).all() or not np.isin(marks[:, 2], [b" ", b"T"]).all():
        return None
    if not (marks[:, [0, 1, 3, 4]] == [b"-", b"-", b":", b":"]).all():
        return None
    try:
        moments = np.array(found, "datetime64[s]").astype(np.int64) * SECOND
    except ValueError:
        return None
    values = np.full(len(texts), np.nan)
    values[places] = moments
    return values


def moment(text: str, reader: DateReader) -> tuple[float, float]:
    """(microseconds from 1970, the clock's offset from UTC in days) of a text; nan: not told."""
    if text in NO_DATE:
        return nan, nan
    try:
        at, offset = reader.read(text)
    except (ValueError, OverflowError):
        return nan, nan
    return float(at), nan if offset is None else offset / 1440


def clock(text: str) -> float:
    """A time of day as part of a day; an empty one is midnight."""
    if not text:
        return 0.0
    parts = _CLOCK.fullmatch(text)
    if parts is None:
        return nan
    hours, minutes, seconds = int(parts[1]), int(parts[2]), int(parts[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return nan
    return (hours * 3600 + minutes * 60 + seconds) / 86_400
