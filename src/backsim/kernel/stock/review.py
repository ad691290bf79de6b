"""Reviews: the reorder rule is asked, and what it says is ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import LATE_REVIEW, NEVER, NONE, REVIEW, Stock, World
from backsim.kernel.events import event
from backsim.kernel.features import (
    BUDGETS,
    CALENDARS,
    ECHELON,
    EMERGENCY,
    EXPEDITES,
    GROUPS,
    JOINT,
    REACTS,
    TRANSFERS,
)
from backsim.kernel.grid import on_grid
from backsim.kernel.network.transfers import bring_in
from backsim.kernel.stock.agenda import schedule_review
from backsim.kernel.supply.group_orders import is_worth_an_order
from backsim.kernel.supply.pipeline import look_soon
from backsim.kernel.supply.purchase_limits import room_again
from backsim.kernel.supply.purchasing import buy_in_emergency, lot, purchase_units, runs_low

if TYPE_CHECKING:
    from backsim.kernel.interface import reorder_units, sees_position


@event(REVIEW, LATE_REVIEW, subject="stocks")
def review_periodically(world: World, stock: Stock, kind: int, now: float) -> None:
    """A periodic review; the next one is a whole number of periods after the first.

    Stock points under continuous review are reviewed once at the start, then after each event
    that lowers their position, and again while their rule stops short of what is missing.
    """
    if CALENDARS and stock.dates_at != NONE:
        stock.review_period = on_grid(world, date_of(world, stock, stock.reviews + 1) - now)
    review(world, stock, now)
    if stock.review_period > 0.0:
        stock.reviews += 1
        schedule_review(world, stock, kind, next_review(world, stock))


def date_of(world: World, stock: Stock, number: int) -> float:
    """The date of a review; after the last one that is known there is none."""
    at = stock.dates_at + number
    return world.dates[at] if at < stock.dates_end else NEVER


def next_review(world: World, stock: Stock) -> float:
    """When the next periodic review is due."""
    return time_of_review(world, stock, stock.reviews)


def time_of_review(world: World, stock: Stock, number: int) -> float:
    """When a periodic review is due; they are numbered from 0."""
    if CALENDARS and stock.dates_at != NONE:
        return date_of(world, stock, number)
    return on_grid(world, stock.review_start + number * stock.review_period)


def review_from(world: World, stock: Stock, time: float) -> float:
    """When the first of the periodic reviews to come is due that is not before a time."""
    number = stock.reviews
    if not CALENDARS or stock.dates_at == NONE:
        number = max(number, int((time - stock.review_start) / stock.review_period))
    while time_of_review(world, stock, number) < time:
        number += 1
    return time_of_review(world, stock, number)


def review_continuously(world: World, stock: Stock, now: float) -> None:
    """Continuous review, after an event that lowered the position."""
    if TRANSFERS:
        bring_in(world, stock, now)
    if stock.review_period == 0.0:
        review(world, stock, now)
    if BUDGETS:
        room_again(world, now)


def review_after_demand(world: World, stock: Stock, now: float) -> None:
    """Continuous review here, and of those whose echelon position has fallen too, near ones first.

    Of these only those whose reorder rule asks for it.
    """
    review_continuously(world, stock, now)
    if not ECHELON:
        return
    node = world.nodes[stock.index]
    for index in range(node.ancestors_at, node.ancestors_at + node.ancestors):
        above = world.ancestors[index].stock
        if world.nodes[above].by_echelon != 0:
            review_continuously(world, world.stocks[above], now)


def review(world: World, stock: Stock, now: float) -> None:
    """Ask the reorder rule, and order what it says."""
    if REACTS:
        before_review(world, stock, now)
    if GROUPS and world.items[stock.index].next != NONE:
        order_as_group(world, stock, now)
        return
    units = reorder_units(world, stock, now)
    if units > 0 and order_units(world, stock, units, now) and JOINT:
        order_together(world, stock, now)


def before_review(world: World, stock: Stock, now: float) -> None:
    """A stock point is about to ask its reorder rule: first comes what is urgent."""
    if EMERGENCY:
        buy_in_emergency(world, stock, now)
    if EXPEDITES and runs_low(world, stock):
        look_soon(world, stock, now)


def order_units(world: World, stock: Stock, units: int, now: float) -> bool:
    """Order what the rule says; under continuous review it is asked until it says no more.

    So a rule that stops short of what is missing, by a cap or a fixed step, orders the rest too.
    Only a rule that sees a position can tell that a purchase has been placed.  Returns whether one
    has: there may be no room for what the supplier accepts.
    """
    units = lot(world, stock, units, now)
    if units > 0:
        place_order(world, stock, units, now)
    return units > 0


def place_order(world: World, stock: Stock, units: int, now: float) -> None:
    """Purchase these units, and under continuous review have the rule asked for more."""
    purchase_units(world, stock, units, now)
    if stock.review_period == 0.0 and sees_position(stock):
        if reorder_units(world, stock, now) > 0:
            schedule_review(world, stock, REVIEW, now)


def order_as_group(world: World, stock: Stock, now: float) -> None:
    """Order all products together that are ordered with this one, if it is worth an order.

    A limit that they share may cut what comes last.
    """
    if not is_worth_an_order(world, stock, now):
        return
    at = stock.index
    while at != NONE:
        other, item = world.stocks[at], world.items[at]
        units = item.wanted
        if BUDGETS and units > 0:
            units = lot(world, other, units, now)
        if units > 0:
            place_order(world, other, units, now)
        at = item.next if item.next != stock.index else NONE


def order_together(world: World, stock: Stock, now: float) -> None:
    """A stock point has ordered; the others of its circle may join its purchase."""
    first = stock.last_purchase
    at = stock.joint_next
    while at != NONE and at != stock.index:
        other = world.stocks[at]
        other.joining = 1
        units = reorder_units(world, other, now)
        other.joining = 0
        if units > 0 and order_units(world, other, units, now):
            world.purchases[other.last_purchase].joined = first
        at = other.joint_next
