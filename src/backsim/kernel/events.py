"""The one place where an event's kind becomes a call."""

from __future__ import annotations

from backsim.entities import (
    ARRIVAL,
    FORECAST,
    LATE_FORECAST,
    LATE_REVIEW,
    LEAVE,
    ORDER,
    REVIEW,
    SUPPLY,
    World,
)
from backsim.kernel.forecasting import end_period
from backsim.kernel.orders import customer_order, end_tolerance
from backsim.kernel.replenishment import end_service, receive, review_periodically
from backsim.kernel.switches import FORECASTS


def handle(world: World, kind: int, subject: int, now: float) -> None:
    """Let what is due at `now` happen.  `subject` is an index into the table the kind is about."""
    if kind == ORDER:
        customer_order(world, subject, now)
    elif kind == ARRIVAL:
        receive(world, subject, now)
    elif kind == LEAVE:
        end_tolerance(world, subject, now)
    elif kind == SUPPLY:
        end_service(world, subject, now)
    elif kind == REVIEW or kind == LATE_REVIEW:
        review_periodically(world, world.stocks[subject], kind, now)
    elif kind == FORECAST or kind == LATE_FORECAST:
        if FORECASTS:
            end_period(world, subject, kind, now)
