"""Calendars in a scenario file: the working days of suppliers and sites, and days of review."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from backsim.data.calibrate import Calibration
from backsim.data.fit.calendars import EVERY_DAY, Weekdays, WorkDays
from backsim.data.levels import rounded
from backsim.scenario.dates import WEEKDAYS

SAME_TIME, MOST = 1 / 24, 0.95
"""Purchases are placed at one time of day if this share of them is, to this part of a day."""


def calendars(found: Calibration) -> dict[str, dict[str, Any]]:
    """The calendars of a scenario, by name."""
    country = found.calendars.country
    made: dict[str, dict[str, Any]] = {}
    for days in (*found.calendars.receiving, *found.calendars.shipping, *_of_suppliers(found)):
        if (name := name_of(days)) is not None:
            said = {"weekdays": [WEEKDAYS[day] for day in days.weekdays]}
            made[name] = {**said, "country": country} if country else said
    return made


def _of_suppliers(found: Calibration) -> Iterable[WorkDays]:
    return [one.works for one in found.lead_times if one.works is not None]


def name_of(days: WorkDays) -> str | None:
    """What the calendar of some working days is called; None where every day works."""
    if days.always:
        return None
    if days.weekdays == EVERY_DAY:
        return "public_holidays"
    first, last = days.weekdays[0], days.weekdays[-1]
    if len(days.weekdays) > 2 and last - first + 1 == len(days.weekdays):
        return f"{WEEKDAYS[first]}_to_{WEEKDAYS[last]}"
    return "_".join(WEEKDAYS[day] for day in days.weekdays)


def sites(found: Calibration) -> dict[str, dict[str, str]]:
    """What a scenario says of each site: when it receives and when goods leave."""
    by = {"receiving": found.calendars.receiving, "shipping": found.calendars.shipping}
    return {
        site: {
            what: name for what, days in by.items() if (name := name_of(days[place])) is not None
        }
        for place, site in enumerate(found.history.sites)
    }


def review(found: Calibration) -> tuple[Any, str] | None:
    """(days of review as a scenario has them, a comment); None: stock is reviewed all the time."""
    history, days = found.history, found.calendars.review
    if history.exact:
        hour = _hour(found)
        if hour is None or days == EVERY_DAY:
            return None
        return {
            "dates": {"on": _names(days), "hour": rounded(hour)}
        }, "the days and hour of purchases"
    if days == EVERY_DAY:
        return 1, "every morning"
    if history.within_day.placed == "morning":
        return {"dates": _names(days)}, "mornings of the days of purchases"
    after = tuple(sorted((day + 1) % 7 for day in days))
    return {"dates": _names(after)}, "at midnight after the days of purchases"


def _names(days: Weekdays) -> list[str]:
    return [WEEKDAYS[day] for day in days]


def _hour(found: Calibration) -> float | None:
    """The hour of the day at which purchases are placed, if it is always the same."""
    placed = found.history.purchases.placed
    part = placed - np.floor(placed)
    if not len(part) or np.mean(np.abs(part - np.median(part)) < SAME_TIME / 2) < MOST:
        return None
    return round(float(np.median(part)) * 24, 2) % 24
