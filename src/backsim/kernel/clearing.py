"""Who gets the units on hand: waiting lines, in the order of the priority rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_LINE,
    BY_ORDER,
    BY_UNIT,
    DECISION,
    LOST,
    NONE,
    NOTE_RESERVE,
    NOTE_SHIP,
    PARTIAL,
    SHIPPED,
    SKIP,
    UNSHARED,
    Desk,
    Line,
    Stock,
    World,
)
from backsim.kernel.queue import dequeue, join, parent, requeue
from backsim.kernel.stock import settle
from backsim.kernel.switches import BATCHES, COLLECTS, DECIDES, INFORMS, NETWORK, SHARES
from backsim.kernel.transit import is_a_sites, send, start_making

if TYPE_CHECKING:
    from backsim.kernel.batches import keep, release
    from backsim.kernel.leaving import leave
    from backsim.kernel.pipeline import estimates_moved
    from backsim.kernel.ports import (
        held_back,
        log_shipment,
        new_allotment,
        note,
        priority_moves,
        schedule,
    )
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
    """Units leave for the customer."""
    line.shipped += units
    if NETWORK and is_a_sites(world, line):
        send(world, line, index, units, now)
    elif now == line.time:
        line.filled += units
    else:
        log_shipment(world, now, index, units)
    if line.shipped == line.units:
        line.status = SHIPPED
        line.closed = now
    note(world, now, NOTE_SHIP, index, stock, units)


# -- decisions of a program ----------------------------------------------------------------------
# A desk is where one program decides.  A clearing there asks for a decision, an event of its own
# at the same moment.  The engine hears from `needs_decision` whether a program has to be solved,
# writes the units of each line into the table of allotments, and `decide` carries that out.


def ask(world: World, stock: Stock, now: float) -> None:
    """Ask for a decision, unless one is due already."""
    first = world.desks[stock.index].first
    if world.desks[first].asked == 0:
        world.desks[first].asked = 1
        schedule(world, now, DECISION, first)


def is_asked(world: World, head: int) -> bool:
    """Whether a decision is due about a line of an order."""
    index = head
    while index < len(world.lines) and world.lines[index].head == head:
        first = world.desks[world.lines[index].stock].first
        if world.lines[index].open > 0 and first != NONE and world.desks[first].asked != 0:
            return True
        index += 1
    return False


def needs_no_decision(world: World, stock: Stock, line: Line) -> bool:
    """Whether a new line may take what is on hand: nobody waits, and nothing binds it to others."""
    desk = world.desks[stock.index]
    if stock.waiting > 0 or world.desks[desk.first].capacity > 0.0:
        return False
    bound = desk.whole != 0 and world.lines[line.head].lines_open > 1
    return not bound or world.classes[line.customer_class].shipment != BY_ORDER


def needs_decision(world: World, first: int) -> bool:
    """Put a desk's waiting lines into the table of allotments; whether a program has to decide.

    Where there is enough for all of them, or nothing, it has not.
    """
    enough = world.desks[first].capacity == 0.0
    free = 0
    at = first
    while at != NONE:
        stock = world.stocks[at]
        enough = enough and stock.backlog <= stock.on_hand
        if stock.waiting > 0:
            free += stock.on_hand
        at = world.desks[at].following
    at = first
    while at != NONE:
        list_waiting(world, world.stocks[at], enough)
        at = world.desks[at].following
    return free > 0 and not enough


def list_waiting(world: World, stock: Stock, enough: bool) -> None:
    """Put the waiting lines of a stock point into the table, with all that they want or nothing."""
    at = stock.queue
    while at != NONE:
        row = new_allotment(world)
        world.allotments[row].line = at
        world.allotments[row].units = world.lines[at].open if enough else 0
        if world.lines[at].child != NONE:
            at = world.lines[at].child
            continue
        while at != NONE and world.lines[at].sibling == NONE:
            at = parent(world, at)
        if at != NONE:
            at = world.lines[at].sibling


def decide(world: World, first: int, now: float) -> None:
    """Give every line what is allotted to it; then those who do not wait are lost."""
    desk = world.desks[first]
    desk.asked = 0
    units = 0
    for row in range(world.totals[0].allotments):
        if world.allotments[row].units > 0:
            units += hand_over(world, world.allotments[row].line, world.allotments[row].units, now)
    for row in range(world.totals[0].allotments):
        head = world.lines[world.allotments[row].line].head
        if world.lines[head].tolerance <= 0.0 and world.lines[head].lines_open > 0:
            leave(world, head, now, LOST)
    world.totals[0].allotments = 0
    if desk.capacity > 0.0:
        count_sent(world, desk, first, units, now)
    if INFORMS:
        at = first
        while at != NONE:
            estimates_moved(world, world.stocks[at], now)
            at = world.desks[at].following


def hand_over(world: World, index: int, units: int, now: float) -> int:
    """Give a waiting line units on hand."""
    line = world.lines[index]
    stock = world.stocks[line.stock]
    settle(stock, now)
    if units == line.open:
        dequeue(world, stock, index)
    give(world, stock, line, index, units, now)
    return units


def count_sent(world: World, desk: Desk, first: int, units: int, now: float) -> None:
    """Count what leaves today; if there is still somebody to serve, decide again tomorrow."""
    today = int(now)
    if desk.day != today:
        desk.day = today
        desk.sent = 0
    desk.sent += units
    if desk.planned > today:
        return
    at = first
    while at != NONE:
        if world.stocks[at].waiting > 0 and world.stocks[at].on_hand > 0:
            desk.planned = today + 1
        at = world.desks[at].following
    if desk.planned > today:
        schedule(world, float(today + 1), DECISION, first)
