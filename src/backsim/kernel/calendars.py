"""Calendars: when a site receives and ships, and when purchases arrive that count working days."""

from __future__ import annotations

from backsim.entities import NONE, Purchase, Stock, Supplier, World
from backsim.kernel.features import CALENDARS, NETWORK, SEASONS
from backsim.kernel.grid import on_grid
from backsim.kernel.supply.outage_calendar import (
    first_after,
    open_from,
    sets_out,
    through_closures,
)


def received(world: World, stock: Stock, time: float) -> float:
    """When a stock point receives what comes at a time: then, or when its site opens."""
    if CALENDARS:
        return open_from(world, stock.receiving_at, stock.receiving_end, time)
    return time


def departs(world: World, stock: Stock, time: float) -> float:
    """When units leave the site of a stock point that are ready at a time."""
    if CALENDARS:
        return open_from(world, stock.departures_at, stock.departures_end, time)
    return time


def sets_off(world: World, purchase: Purchase, time: float) -> float:
    """When a purchase sets out that is ready at a time: at a site, with its next departure."""
    return leaves(world, purchase.source, time)


def leaves(world: World, place: int, time: float) -> float:
    """When what is ready at a time leaves a stock point; a supplier (NONE), then."""
    if CALENDARS and NETWORK and place != NONE:
        return departs(world, world.stocks[place], time)
    return time


def arrival(world: World, stock: Stock, supplier: Supplier, sets_out: float, days: float) -> float:
    """When a purchase is received that sets out then and is so many days on its way.

    They may be counted in the supplier's working days.
    """
    if CALENDARS:
        if supplier.working != 0:
            return received(
                world, stock, through_closures(world, supplier, sets_out, sets_out + days)
            )
        return received(world, stock, on_grid(world, sets_out + days))
    return on_grid(world, sets_out + days)


def has_closed_days(stock: Stock, supplier: Supplier) -> bool:
    """Whether a calendar counts between a supplier and a stock point."""
    return supplier.calendar != 0 or stock.receiving_end > stock.receiving_at


def lead_time_now(world: World, stock: Stock, now: float) -> float:
    """Mean lead time of a purchase placed now: of the season, with the days that are closed."""
    supplier = world.suppliers[stock.supplier]
    days = stock.mean_lead_time
    if SEASONS:
        days *= supplier.factor
    if CALENDARS and has_closed_days(stock, supplier):
        begins = sets_out(world, supplier, 0.0, now)
        return arrival(world, stock, supplier, begins, days) - now
    return days


def days_under_way(world: World, supplier: Supplier, since: float, now: float) -> float:
    """Days since a purchase set out, in those that its supplier counts."""
    days = now - since
    if CALENDARS and supplier.working != 0:
        at = first_after(world, supplier.known_at, supplier.known_end, now)
        at = min(at, supplier.known_end - 1)
        while at >= supplier.known_at and world.closures[at].ends > since:
            closed = world.closures[at]
            if closed.starts < now:
                days -= min(closed.ends, now) - max(closed.starts, since)
            at -= 1
    return days
