"""Limits to what stock points purchase together: room, credit, a budget.

A purchase that goes beyond one is cut to what there is room for.  Under continuous review its rule
is asked again as soon as there is room for a unit: after the next demand or arrival that makes
some, or when the next budget begins; under periodic review at the next review.
"""

from __future__ import annotations

from backsim.entities import REVIEW, SPENDING, STORAGE, Limit, Stock, World
from backsim.kernel.grid import on_grid
from backsim.kernel.stock.agenda import schedule_review

ROUNDING = 1e-9
"""Room for so little less than a unit is room for it."""


def affordable(world: World, stock: Stock, units: int, now: float) -> int:
    """As many of these units as all limits have room for."""
    for index in range(len(world.limits)):
        limit = world.limits[index]
        weight = weight_in(world, limit, stock)
        if weight > 0.0:
            room = max(0, int((limit.most - limit_used(world, limit, now)) / weight + ROUNDING))
            if units > room:
                units = room
                world.items[stock.index].cut = 1
                limit.cut = 1
                if limit.kind == SPENDING:
                    ask_again(world, limit, stock)
    return units


def weight_in(world: World, limit: Limit, stock: Stock) -> float:
    """What a unit of a stock point counts in a limit; 0 if that does not hold for it."""
    for at in range(limit.members_at, limit.members_at + limit.members):
        if world.members[at].stock == stock.index:
            return world.members[at].weight
    return 0.0


def limit_used(world: World, limit: Limit, now: float) -> float:
    """How much of a limit is used: spent in this period, stored, or on order."""
    if limit.kind == SPENDING:
        begin_budget(world, limit, now)
        return limit.spent
    total = 0.0
    for at in range(limit.members_at, limit.members_at + limit.members):
        stock = world.stocks[world.members[at].stock]
        units = stock.on_order
        if limit.kind == STORAGE:
            units += stock.on_hand + stock.reserved
        total += world.members[at].weight * units
    return total


def begin_budget(world: World, limit: Limit, now: float) -> None:
    """Begin a new budget where its period has begun."""
    period = limit.period
    while on_grid(world, limit.first + (period + 1) * limit.every) <= now:
        period += 1
    if period != limit.period:
        limit.period = period
        limit.spent = 0.0


def spend(world: World, stock: Stock, units: int, now: float) -> None:
    """A purchase is placed: budgets pay for it."""
    for index in range(len(world.limits)):
        limit = world.limits[index]
        if limit.kind == SPENDING:
            begin_budget(world, limit, now)
            limit.spent += units * weight_in(world, limit, stock)


def ask_again(world: World, limit: Limit, stock: Stock) -> None:
    """Under continuous review: ask the reorder rule again when the next budget begins."""
    item = world.items[stock.index]
    begins = on_grid(world, limit.first + (limit.period + 1) * limit.every)
    if stock.review_period == 0.0 and item.again != begins:
        item.again = begins
        schedule_review(world, stock, REVIEW, begins)


def room_again(world: World, now: float) -> None:
    """There may be room again: ask the rules of those that were cut, under continuous review."""
    for index in range(len(world.limits)):
        limit = world.limits[index]
        if limit.cut == 0 or limit.kind == SPENDING:
            continue
        left = limit.most - limit_used(world, limit, now)
        limit.cut = 0
        for at in range(limit.members_at, limit.members_at + limit.members):
            member = world.members[at]
            item = world.items[member.stock]
            if item.cut == 0 or world.stocks[member.stock].review_period > 0.0:
                continue
            if member.weight <= left + ROUNDING:
                item.cut = 0
                schedule_review(world, world.stocks[member.stock], REVIEW, now)
            else:
                limit.cut = 1
