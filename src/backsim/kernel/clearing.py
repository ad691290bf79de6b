"""Who gets the units on hand: waiting lines, in the order of the priority rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_ORDER,
    BY_UNIT,
    NONE,
    NOTE_RESERVE,
    NOTE_SHIP,
    SHIPPED,
    SKIP,
    Line,
    Stock,
    World,
)
from backsim.kernel.queue import dequeue, join, requeue
from backsim.kernel.stock import settle

if TYPE_CHECKING:
    from backsim.kernel.ports import held_back, log_shipment, note, priority_moves


def clear(world: World, stock: Stock, now: float) -> None:
    """Serve waiting lines until no unit is left that one of them may have.

    A line kept from stock by its critical level never blocks another.  A line that must be filled
    whole and cannot be blocks those behind it unless overtaking is "skip".
    """
    if stock.on_hand == 0 or stock.queue == NONE:
        return
    settle(stock, now)
    if priority_moves(stock):
        requeue(world, stock, now)
    passed = NONE  # lines that were passed over, chained by their sibling links
    while stock.on_hand > 0 and stock.queue != NONE:
        index = stock.queue
        line = world.lines[index]
        free = stock.on_hand - held_back(world, stock, line, now)
        units = servable(world, line, free)
        if units == 0 and free > 0 and stock.overtaking != SKIP:
            break
        if units > 0:
            stock.backlog -= units
            take(world, stock, line, index, units, now)
        if line.open == 0 or stock.on_hand > 0:
            dequeue(world, stock, index)
        if line.open > 0 and stock.on_hand > 0:
            line.sibling = passed
            passed = index
    while passed != NONE:
        index = passed
        passed = world.lines[index].sibling
        world.lines[index].sibling = NONE
        join(world, stock, index)


def servable(world: World, line: Line, free: int) -> int:
    """Units of `free` ones that the line would take now."""
    if line.open <= free:
        return line.open
    if free > 0 and world.classes[line.customer_class].shipment == BY_UNIT:
        return free
    return 0


def take(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Give units on hand to a line: ship them, or keep them for it until its order is whole."""
    stock.on_hand -= units
    line.open -= units
    head = world.lines[line.head]
    if line.open == 0:
        head.lines_open -= 1
    if world.classes[line.customer_class].shipment != BY_ORDER:
        ship(world, stock, line, index, units, now)
        return
    stock.reserved += units
    line.reserved += units
    note(world, now, NOTE_RESERVE, index, stock, units)
    if head.lines_open == 0:
        ship_order(world, line.head, now)


def ship_order(world: World, head: int, now: float) -> None:
    """Ship every line of an order that has become whole."""
    index = head
    while index < len(world.lines) and world.lines[index].head == head:
        line = world.lines[index]
        stock = world.stocks[line.stock]
        settle(stock, now)
        units = line.reserved
        stock.reserved -= units
        line.reserved = 0
        ship(world, stock, line, index, units, now)
        index += 1


def ship(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Units leave for the customer."""
    line.shipped += units
    if now == line.time:
        line.filled += units
    else:
        log_shipment(world, now, index, units)
    if line.shipped == line.units:
        line.status = SHIPPED
        line.closed = now
    note(world, now, NOTE_SHIP, index, stock, units)
