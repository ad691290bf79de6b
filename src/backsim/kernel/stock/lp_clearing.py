"""Where a linear program decides who gets what, over all waiting lines of a group of stock points.

A clearing of a group asks for a decision, an event of its own at the same moment.  The engine hears
from `needs_decision` whether a program has to be solved, writes the units of each line into the
table of allocations, and `decide` carries that out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import BY_ORDER, DECISION, LOST, NONE, AllocationGroup, Line, Stock, World
from backsim.kernel.demand.cancellation import leave
from backsim.kernel.demand.queue import drain, end_of_order, join, will_get
from backsim.kernel.events import event
from backsim.kernel.features import INFORMS
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.shipping import give
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import forget_allocations, new_allocation, schedule


def is_asked(world: World, head: int) -> bool:
    """Whether a decision is due about a line of an order."""
    for index in range(head, end_of_order(world, head)):
        line = world.lines[index]
        first = world.allocation_groups[line.stock].first
        if line.open > 0 and first != NONE and world.allocation_groups[first].asked != 0:
            return True
    return False


def needs_no_decision(world: World, stock: Stock, line: Line) -> bool:
    """Whether a new line may take what is on hand: nobody waits, and nothing binds it to others."""
    group = world.allocation_groups[stock.index]
    if stock.waiting > 0 or world.allocation_groups[group.first].capacity > 0.0:
        return False
    bound = group.whole != 0 and world.lines[line.head].lines_open > 1
    return not bound or world.classes[line.customer_class].shipment != BY_ORDER


def needs_decision(world: World, first: int, now: float) -> bool:
    """Put a group's waiting lines into the table of allocations; whether a program has to decide.

    Where there is enough for all of them, or nothing, it has not.
    """
    enough = world.allocation_groups[first].capacity == 0.0
    free = 0
    at = first
    while at != NONE:
        stock = world.stocks[at]
        enough = enough and stock.backlog <= stock.on_hand
        if stock.waiting > 0:
            free += stock.on_hand
        at = world.allocation_groups[at].following
    at = first
    while at != NONE:
        list_waiting(world, world.stocks[at], enough, now)
        at = world.allocation_groups[at].following
    return free > 0 and not enough


def list_waiting(world: World, stock: Stock, enough: bool, now: float) -> None:
    """Put the waiting lines of a stock point into the table, with all that they want or nothing.

    In the order of the queue, in which they are given what they get.
    """
    index = drain(world, stock, now)
    while index != NONE:
        line = world.lines[index]
        row = new_allocation(world)
        world.allocations[row].line = index
        world.allocations[row].units = line.open if enough else 0
        following = line.sibling
        line.sibling = NONE
        join(world, stock, index)
        index = following


@event(DECISION, subject="allocation_groups", feature="DECIDES")
def decide(world: World, first: int, now: float) -> None:
    """A program has decided: lines get their units, then those who do not wait are lost."""
    group = world.allocation_groups[first]
    group.asked = 0
    units = 0
    for row in range(len(world.allocations)):
        given = world.allocations[row]
        if given.units > 0:
            units += hand_over(world, given.line, given.units, now)
    for row in range(len(world.allocations)):
        head = world.lines[world.allocations[row].line].head
        if world.lines[head].tolerance <= 0.0 and world.lines[head].lines_open > 0:
            leave(world, head, now, LOST)
    forget_allocations(world)
    if group.capacity > 0.0:
        count_sent(world, group, first, units, now)
    if INFORMS:
        at = first
        while at != NONE:
            estimates_moved(world, world.stocks[at], now)
            at = world.allocation_groups[at].following


def hand_over(world: World, index: int, units: int, now: float) -> int:
    """Give a waiting line units on hand."""
    line = world.lines[index]
    stock = world.stocks[line.stock]
    settle(stock, now)
    will_get(world, stock, index, units)
    give(world, stock, line, index, units, now)
    return units


def count_sent(world: World, group: AllocationGroup, first: int, units: int, now: float) -> None:
    """Count what leaves today; if there is still somebody to serve, decide again tomorrow."""
    today = int(now)
    if group.day != today:
        group.day = today
        group.sent = 0
    group.sent += units
    if group.planned > today:
        return
    at = first
    while at != NONE:
        if world.stocks[at].waiting > 0 and world.stocks[at].on_hand > 0:
            group.planned = today + 1
        at = world.allocation_groups[at].following
    if group.planned > today:
        schedule(world, float(today + 1), DECISION, first)
