"""How long a scenario's unit of time is, where its label says so."""

from __future__ import annotations

import re

PER_YEAR = {
    "minute": 525_600.0,
    "hour": 8_760.0,
    "day": 365.0,
    "week": 365 / 7,
    "month": 12.0,
    "quarter": 4.0,
    "year": 1.0,
}
"""Units of time in a year of 365 days."""

HOUR = 1.0 / 24
"""An hour in days."""


def one_of(several: str) -> str:
    """The singular of a time unit: `month` of `months`."""
    return several.removesuffix("s") or several


def in_time_unit(words: str, several: str) -> str:
    """Words about days as words about a scenario's time unit: `per month` of `per day`."""
    words = re.sub(r"\bdays\b", lambda _: several, words)
    return re.sub(r"\bday\b", lambda _: one_of(several), words)


def per_year(time_unit: str) -> float | None:
    """How many of a scenario's time units are a year; None where the label does not say."""
    return PER_YEAR.get(one_of(time_unit.strip().lower()))


def hour_of(time_unit: str) -> float:
    """An hour in a scenario's unit of time; of days where the label does not say."""
    found = per_year(time_unit)
    return HOUR if found is None else found / PER_YEAR["hour"]
