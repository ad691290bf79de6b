"""How long purchases take on average, in days of the scenario and in words."""

from __future__ import annotations

import math

from backsim.present.numbers import percent, rough
from backsim.scenario.calendars import working_days
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import Lane
from backsim.scenario.opening import counts_working_days

WHOLE_YEAR = 364
"""Days that working days are averaged over at least: 52 weeks."""


def mean_arrival(model: Model, lane: Lane) -> float:
    """Mean days from a purchase to its arrival where nothing is closed, late or queueing.

    Working days are counted as the days that they take on average over the horizon.
    """
    return lane.time.moments()[0] * _per_counted(model, lane) + lane.service.moments()[0]


def lead_time(model: Model, lane: Lane) -> str:
    """A supplier's mean lead time and lateness in words.

    As `10 working days (about 14 days), 5 working days late for 15 % of purchases`.
    """
    supplier = model.scenario.suppliers[lane.name]
    mean, unit = mean_arrival(model, lane), ""
    told = rough(mean)
    if counts_working_days(model.scenario, lane):
        unit = "working days"
        about = f"about {rough(float(f'{mean:.2g}'))} days"
        service = lane.service.moments()[0]
        served = f" and {rough(service)} days of service" if service else ""
        told = f"{rough(lane.time.moments()[0])} {unit}{served} ({about})"
    late = supplier.lateness
    if late is None or not late.share:
        return told
    unit = unit or model.scenario.time_unit
    delay = rough(late.days.moments()[0])
    return f"{told}, {delay} {unit} late for {percent(late.share)} of purchases"


def _per_counted(model: Model, lane: Lane) -> float:
    """Days per day that a lane's lead time counts, over the horizon."""
    if not counts_working_days(model.scenario, lane):
        return 1.0
    calendar = model.calendar(model.scenario.suppliers[lane.name].calendar)
    days = max(WHOLE_YEAR, math.ceil(model.horizon))
    works = working_days(calendar, model.first_date, days).sum()
    return float(days / max(works, 1))
