"""A run in which no time passes: events that lead to each other, all at one instant, for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backsim.entities import ARRIVAL, MESSAGE, REACH, REVIEW, SORTS, SUPPLY
from backsim.errors import InputError
from backsim.kernel.events import EVENTS
from backsim.scenario.model import Model

MOST_EVENTS = 200_000
EVENTS_EACH_STOCK = 50
EVENTS_EACH_LINE = 4
"""What may happen at one instant, while no customer comes: far more than any model needs."""

FAR_BEYOND = 10
"""Times the limit of expected events that a run may reach: more, and the estimate was wrong."""

Look = Callable[[str, int, str], Any]
"""(table, row, field): a value in the tables of a run."""


def patience(stocks: int, lines: int) -> int:
    """Events at one instant after which a run is looked at.

    The lines are those that wait and those that are announced, which may all become known together.
    """
    return MOST_EVENTS + EVENTS_EACH_STOCK * stocks + EVENTS_EACH_LINE * lines


def check_events(model: Model, handled: int) -> None:
    """Raise InputError for a run with far more events than its limit of expected ones."""
    most = model.scenario.limits.events
    if handled > FAR_BEYOND * most:
        raise InputError(
            f"{model.name}: more than {handled:,} events, where at most {most:,.0f} were expected: "
            "shorten `horizon`, lengthen what happens periodically, or raise `limits.events`"
        )


def stuck(model: Model, now: float, kind: int, subject: int, look: Look) -> InputError:
    """The error of a run in which time does not pass, with the stock point of its next event."""
    index = _stock_of(kind, subject, look)
    where = ""
    if index is not None:
        product, site = model.stock_points[index]
        where = f"{product} at {site}: "
    cause = "check rules of your own that depend on nothing that changes"
    if kind in (ARRIVAL, SUPPLY, REACH, REVIEW):
        cause = (
            "its reorder rule orders again and again; check the rule, "
            "and `yield_share` where the lead time is 0 (1 unit, of which less than half is good)"
        )
    return InputError(
        f"{model.name}: {where}more than {MOST_EVENTS:,} events at time {now:.10g}, "
        f"which lead to each other while no time passes: {cause}"
    )


def _stock_of(kind: int, subject: int, look: Look) -> int | None:
    """The stock point that an event is about."""
    if kind == SUPPLY and subject < 0:  # a supplier that goes down or recovers
        return None
    table = next(event.subject for event in EVENTS if event.kind == kind)
    if kind == MESSAGE:
        subject //= SORTS
    if table == "classes":
        return None
    if table in ("stocks", "allocation_groups"):
        return subject
    if table == "contacts":
        table, subject = "lines", int(look(table, subject, "head"))
    return int(look(table, subject, "stock"))
