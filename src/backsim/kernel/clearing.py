"""Who gets the units on hand: waiting lines, in the order of the priority rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_LINE,
    BY_ORDER,
    BY_UNIT,
    NONE,
    NOTE_RESERVE,
    NOTE_SHIP,
    PARTIAL,
    SHIPPED,
    SKIP,
    UNSHARED,
    Line,
    Stock,
    World,
)
from backsim.kernel.queue import dequeue, join, requeue
from backsim.kernel.stock import settle
from backsim.kernel.switches import BATCHES, COLLECTS, DECIDES, NETWORK, SHARES
from backsim.kernel.transit import is_a_sites, send, start_making

if TYPE_CHECKING:
    from backsim.kernel.batches import keep, release
    from backsim.kernel.decisions import ask
    from backsim.kernel.ports import held_back, log_shipment, note, priority_moves
    from backsim.kernel.sharing import share


def clear(world: World, stock: Stock, now: float) -> None:
    """Units may have become free: serve waiting lines, unless that is done in batches."""
    if BATCHES and stock.clearing_period > 0.0:
        return
    serve_waiting(world, stock, now)


def serve_waiting(world: World, stock: Stock, now: float) -> None:
    """Serve waiting lines until no unit is left that one of them may have.

    A line kept from stock by its critical level never blocks another.  A line that must be filled
    whole and cannot be is passed over when overtaking is "skip"; else it blocks those behind it,
    and with "partial" it keeps what there is.
    """
    if stock.on_hand == 0 or stock.queue == NONE:
        return
    if DECIDES and world.desks[stock.index].first != NONE:
        ask(world, stock, now)
        return
    settle(stock, now)
    if priority_moves(stock):
        requeue(world, stock, now)
    if SHARES and stock.sharing != UNSHARED:
        share(world, stock, now)
    passed = NONE  # lines that were passed over, chained by their sibling links
    while stock.on_hand > 0 and stock.queue != NONE:
        index = stock.queue
        line = world.lines[index]
        free = stock.on_hand - held_back(world, stock, line, now)
        units = servable(world, stock, line, free)
        if units == 0 and free > 0 and stock.overtaking != SKIP:
            break
        if units == line.open:
            dequeue(world, stock, index)  # before its links may be used otherwise
        if units > 0:
            give(world, stock, line, index, units, now)
        if line.open > 0 and stock.on_hand > 0:
            dequeue(world, stock, index)
            line.sibling = passed
            passed = index
    while passed != NONE:
        index = passed
        passed = world.lines[index].sibling
        world.lines[index].sibling = NONE
        join(world, stock, index)


def servable(world: World, stock: Stock, line: Line, free: int) -> int:
    """Units of `free` ones that the line would take now."""
    if line.open <= free:
        return line.open
    if COLLECTS and free > 0 and stock.overtaking == PARTIAL:
        return free
    if free > 0 and world.classes[line.customer_class].shipment == BY_UNIT:
        return free
    return 0


def give(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Give units on hand to a line that waits."""
    stock.backlog -= units
    take(world, stock, line, index, units, now)


def take(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Give units on hand to a line: ship them, or keep them for it.

    They are kept until its order is whole, if that is how the customer wants it, or until the line
    is whole, if it has to take what there is.
    """
    stock.on_hand -= units
    line.open -= units
    head = world.lines[line.head]
    if line.open == 0:
        head.lines_open -= 1
    shipment = world.classes[line.customer_class].shipment
    collects = COLLECTS and shipment == BY_LINE and (line.open > 0 or line.reserved > 0)
    if shipment != BY_ORDER and not collects:
        ship(world, stock, line, index, units, now)
        return
    stock.reserved += units
    line.reserved += units
    note(world, now, NOTE_RESERVE, index, stock, units)
    if BATCHES and line.open == 0:
        keep(world, stock, index)
    if collects and line.open == 0:
        ship_reserved(world, stock, line, index, now)
    elif shipment == BY_ORDER and head.lines_open == 0:
        ship_order(world, line.head, now)


def ship_order(world: World, head: int, now: float) -> None:
    """Ship every line of an order that has become whole."""
    index = head
    while index < len(world.lines) and world.lines[index].head == head:
        line = world.lines[index]
        stock = world.stocks[line.stock]
        settle(stock, now)
        ship_reserved(world, stock, line, index, now)
        index += 1
    if NETWORK and is_a_sites(world, world.lines[head]):
        start_making(world, head, now)


def ship_reserved(world: World, stock: Stock, line: Line, index: int, now: float) -> None:
    """Ship the units that have been kept for a line."""
    if BATCHES:
        release(world, stock, index)
    units = line.reserved
    stock.reserved -= units
    line.reserved = 0
    ship(world, stock, line, index, units, now)


def ship(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Units leave for the customer: from stock, or after a wait or an arrival."""
    line.shipped += units
    from_stock = now == line.time and stock.receiving == 0
    if from_stock:
        line.filled += units
    if NETWORK and is_a_sites(world, line):
        send(world, line, index, units, now)
    elif not from_stock:
        log_shipment(world, now, index, units)
    if line.shipped == line.units:
        line.status = SHIPPED
        line.closed = now
    note(world, now, NOTE_SHIP, index, stock, units)
