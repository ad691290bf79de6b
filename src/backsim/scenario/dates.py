"""Calendars: which days are working days, and on which dates something happens."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Lt
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, model_validator

from backsim.quantities import Days, PositiveCount, Unit
from backsim.scenario.part import MEMBER, fault, member
from backsim.scenario.shorthand import Name, Refers, Spec, WordOr, listed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

RULES = ("working_day", "first_working_day", "last_working_day")
"""Days that a calendar tells: each working day, the first and the last one of each month."""


def _date(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise fault("a date such as 2024-01-31") from None


Date = Annotated[datetime.date, BeforeValidator(_date)]


def _moment(value: Any) -> str:
    return MEMBER + ("day" if isinstance(value, int | float) else "date")


Moment = Annotated[
    Annotated[Days, member("day")] | Annotated[Date, member("date")], Discriminator(_moment)
]
"""A day, in days from the start, or a date; resolved, a day."""


def _each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    for value in values:
        if values.count(value) > 1:
            raise fault("each day once", f"{value} {values.count(value)} times")
    return values


class Closure(Spec):
    """Days in a row that are no working days."""

    first: Date
    """The first closed day."""
    last: Date
    """The last closed day."""

    @model_validator(mode="after")
    def _check_order(self) -> Closure:
        if self.last < self.first:
            raise fault("a `last` day that is not before the `first`", f"{self.last}")
        return self


Weekday = Literal[WEEKDAYS]  # type: ignore[valid-type]


class Calendar(Spec):
    """Working days: a day is closed from its start to its end, or open."""

    weekdays: Annotated[
        tuple[Weekday, ...], Field(min_length=1), AfterValidator(_each_once), listed(Weekday)
    ] = WEEKDAYS[:5]
    """The working days of the week."""
    country: str | None = None
    """Public holidays of a country, or of a part of it (DE, US-CA), which are closed; needs the
    package `holidays` (`pip install "backsim[calendars]"`).  Resolved, they stand in `holidays`."""
    holidays: tuple[Date, ...] = ()
    """Single dates that are closed."""
    closures: tuple[Closure, ...] = ()
    """Closed times of several days, such as a works holiday."""


Hour = Annotated[float, Ge(0), Lt(24), Unit("hours")]
DayOfMonth = Annotated[int, Ge(1), Lt(32), Unit("")]


DAYS = (*WEEKDAYS, *RULES)
Day = Annotated[
    Literal[DAYS] | DayOfMonth,  # type: ignore[valid-type]
    WordOr("a day of the month (1 to 31)"),
]


class Dates(Spec):
    """Dates on which something happens."""

    on: Annotated[tuple[Day, ...], Field(min_length=1), AfterValidator(_each_once), listed(Day)]
    """Weekdays (monday), days of the month (15), working_day for each working day,
    first_working_day or last_working_day of the month; one or a list."""
    calendar: Annotated[Name | None, Refers("calendars")] = None
    """The calendar of working days; what falls on a closed day happens on the next working day.
    Without it, every day is a working day."""
    hour: Hour = 0.0
    """Hour of the day, 0 to 24."""

    @property
    def mean_days(self) -> float:
        """Days between two of them, on average, holidays apart."""
        month = 365.25 / 12
        each = [1 / month if on in RULES[1:] or isinstance(on, int) else 1 / 7 for on in self.on]
        return 7 / 5 if RULES[0] in self.on else 1 / sum(each)


def _on(value: Any) -> Any:
    return {"on": value} if isinstance(value, str | int | tuple) else value


SomeDates = Annotated[Dates, BeforeValidator(_on, json_schema_input_type=Day | list[Day] | Dates)]
"""Dates; a day or a list of days stands for them."""


class Shipping(Spec):
    """When what has been given to customers leaves a site."""

    calendar: Annotated[Name | None, Refers("calendars")] = None
    """The calendar of the days on which something leaves; without it, every day."""
    cut_off: Hour | None = None
    """Hour of the day at which the carrier calls: what is ready by then leaves, the rest on the
    next working day.  Without it, what is ready on a working day leaves immediately."""
    capacity: PositiveCount | None = Field(None, exclude_if=lambda most: most is None)
    """Shipments to customers that the carrier takes per call, or per working day, first come, first
    served.  Default: all."""


def _shipping(value: Any) -> Any:
    return {"calendar": value} if isinstance(value, str) else value


SiteShipping = Annotated[
    Shipping,
    Refers("calendars"),
    BeforeValidator(_shipping, json_schema_input_type=Name | Shipping),
]
"""A calendar's name stands for it."""
