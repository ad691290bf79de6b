"""Calendars in a scenario file: the working days of suppliers and sites, and days of review."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backsim.data.calibrate import Calibration
from backsim.data.fit.calendars import EVERY_DAY, Reviews, Weekdays, WorkDays
from backsim.data.levels import rounded
from backsim.scenario.dates import WEEKDAYS


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


def sites(found: Calibration) -> dict[str, dict[str, Any]]:
    """What a scenario says of each site: when it receives and when goods leave."""
    hour, made = found.history.cut_off, {}
    for place, site in enumerate(found.history.sites):
        keeps = {
            "receiving": name_of(found.calendars.receiving[place]),
            "shipping": _departures(name_of(found.calendars.shipping[place]), hour),
        }
        made[site] = {what: said for what, said in keeps.items() if said is not None}
    return made


def _departures(calendar: str | None, hour: int | None) -> Any:
    if hour is None:
        return calendar
    return {"cut_off": hour} if calendar is None else {"calendar": calendar, "cut_off": hour}


def review(found: Calibration, reviews: Reviews) -> tuple[Any, str]:
    """(days of review as a scenario has them, a comment)."""
    days, hour = reviews.weekdays, reviews.hour
    if not reviews.periodic:
        return "continuous", "purchases at any time"
    if hour is not None:
        if days == EVERY_DAY:
            return {"period": 1, "first": rounded(hour / 24)}, "the hour of purchases"
        on = {"on": _names(days), "hour": rounded(hour)}
        return {"dates": on}, "the days and hour of purchases"
    if days == EVERY_DAY:
        return 1, "every morning"
    if found.history.within_day.placed == "morning":
        return {"dates": _names(days)}, "mornings of the days of purchases"
    after = tuple(sorted((day + 1) % 7 for day in days))
    return {"dates": _names(after)}, "at midnight after the days of purchases"


def _names(days: Weekdays) -> list[str]:
    return [WEEKDAYS[day] for day in days]
