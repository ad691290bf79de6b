"""What number of days is meant by a length with a unit, `240h`, or by a date."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from backsim.scenario.timeunit import in_time_unit, per_year

DAYS = " (days)"
"""How an expectation of a length of time ends."""
UNITS = {
    **dict.fromkeys(("min", "minute"), "minute"),
    **dict.fromkeys(("h", "hr", "hour"), "hour"),
    **dict.fromkeys(("d", "day"), "day"),
    **dict.fromkeys(("w", "wk", "week"), "week"),
    **dict.fromkeys(("m", "mo", "month"), "month"),
    **dict.fromkeys(("y", "yr", "year"), "year"),
}
"""Units of time as people write them, but for the s of the plural."""
FROM = {
    **dict.fromkeys(("horizon", "warm_up", "known_until"), "start"),
    **dict.fromkeys(("due_in", "tolerance"), "order"),
}
"""From when on a field counts."""


def with_number_meant(expected: str, field: Any, given: Any, values: Any) -> str:
    """What was expected of a field, and the number of days that is meant by what was given.

    `values` are those of the whole file, whose `start` and `time_unit` count.
    """
    if not expected.endswith((DAYS, " of days")):
        return expected
    known = values if isinstance(values, Mapping) else {}
    unit = known.get("time_unit", "days")
    unit = unit if isinstance(unit, str) else "days"
    date = _date(given)
    meant = _of_length(given, unit) if date is None else _of_date(date, field, known.get("start"))
    if not meant:
        return expected
    if not expected.endswith(DAYS):
        return f"{expected} ({meant.lstrip(';, ')})"
    return f"{expected.removesuffix(DAYS)} ({in_time_unit('days', unit)}{meant})"


def _of_length(given: Any, time_unit: str) -> str:
    from backsim.present.numbers import rough

    found = (
        re.fullmatch(r"\s*(\d+\.?\d*)\s*([a-zA-Z]+)\s*", given) if isinstance(given, str) else None
    )
    if found is None:
        return ""
    said = found[2].lower()
    unit = UNITS.get(said) or UNITS.get(said.removesuffix("s"))
    of_unit, in_year = per_year(unit or ""), per_year(time_unit)
    if of_unit is None or in_year is None:
        return ""
    return f"; {given.strip()} is {rough(float(found[1]) * in_year / of_unit)}"


def _of_date(date: datetime.date, field: Any, start: Any) -> str:
    begins = FROM.get(field)
    first = _date(start)
    if begins == "start" and first is not None and date > first:
        return f" from the start; {date} is {(date - first).days}"
    return f" from the {begins}, not a date" if begins else ", not a date"


def _date(given: Any) -> datetime.date | None:
    if isinstance(given, datetime.date):
        return given
    try:
        return datetime.date.fromisoformat(given)
    except (TypeError, ValueError):
        return None
