"""Networks: the order lines of sites, and the units that leave for them.

What waits at the site that supplies may be called back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    CANCELLED,
    NEVER,
    NONE,
    NOTE_LEAVE,
    REACH,
    SHIPPED,
    UNDER_WAY,
    Line,
    Purchase,
    World,
)
from backsim.kernel.calendars import arrival, sets_off
from backsim.kernel.demand.queue import dequeue, enqueue
from backsim.kernel.features import DELIVERIES, KITS, PIPELINE
from backsim.kernel.log import note
from backsim.kernel.stock.position import settle
from backsim.kernel.supply.pipeline import add_to_pipeline, expect, split_delivery
from backsim.kernel.supply.supplier_messages import await_messages_of_part

if TYPE_CHECKING:
    from backsim.kernel.interface import new_line, new_purchase, new_request, schedule


def order_at(
    world: World, purchase: Purchase, index: int, place: int, units: int, buyer: int, now: float
) -> None:
    """Write an order line for a purchase; the first one is the head of the others."""
    at = new_line(world)
    new_request(world)
    line = world.lines[at]
    line.time = now
    line.due = now
    line.tolerance = NEVER
    line.units = units
    line.stock = place
    line.customer_class = buyer
    line.lines_open = 1
    world.requests[at - world.totals[0].customer_lines].purchase = index
    if purchase.line == NONE:
        purchase.line = at
    line.head = purchase.line


def is_a_sites(world: World, line: Line) -> bool:
    """Whether a line is of a site's purchase, not of a customer's order."""
    return world.classes[line.customer_class].site != NONE


def purchase_of(world: World, index: int) -> int:
    """The purchase that a site's order line is for."""
    return world.requests[index - world.totals[0].customer_lines].purchase


def send(world: World, line: Line, index: int, units: int, now: float) -> None:
    """Units leave for the site that ordered them.

    Components wait for those of the other lines (`start_making`).  All parts of a purchase have its
    transport time.
    """
    at = purchase_of(world, index)
    purchase = world.purchases[at]
    if purchase.source == NONE:
        return
    if units < purchase.units:
        at = split_off(world, at, units)
    set_out(world, world.purchases[at], at, now)


def split_off(world: World, at: int, units: int) -> int:
    """A part of a purchase becomes a row of its own among the purchases; its index."""
    part = new_purchase(world)
    purchase = world.purchases[at]
    row = world.purchases[part]
    row.placed = purchase.placed
    row.lead_time = purchase.lead_time
    row.service = purchase.service
    row.factor = purchase.factor
    row.stock = purchase.stock
    row.source = purchase.source
    row.supplier = purchase.supplier
    row.line = purchase.line
    row.part_of = at
    row.units = units
    purchase.units -= units
    if DELIVERIES:
        split_delivery(world, at, part)
    if PIPELINE:
        row.quoted = purchase.quoted
        row.expected = purchase.expected
        add_to_pipeline(world, world.stocks[purchase.stock], part, at)
    return part


def set_out(world: World, purchase: Purchase, index: int, now: float) -> None:
    """All units of a purchase, or of a part of one, leave the site that supplies them."""
    stock = world.stocks[purchase.stock]
    supplier = world.suppliers[purchase.supplier]
    leaves = sets_off(world, purchase, now)
    arrives = arrival(world, stock, supplier, leaves, purchase.lead_time)
    if supplier.crossing == 0:
        if arrives < stock.last_arrival:
            arrives = stock.last_arrival
        stock.last_arrival = arrives
    purchase.status = UNDER_WAY
    purchase.sent = now
    purchase.arrives = arrives
    if PIPELINE:
        expect(world, stock, index, arrives, now)
    schedule(world, arrives, ARRIVAL, index)


def start_making(world: World, head: int, units: int, now: float) -> None:
    """All components of some units of a purchase are there: work may begin, at this instant."""
    at = purchase_of(world, head)
    if KITS and units < world.purchases[at].units:
        at = split_off(world, at, units)
        if DELIVERIES:
            await_messages_of_part(world, at, now)
    world.purchases[at].sent = now
    schedule(world, now, REACH, at)


def call_back(world: World, purchase: Purchase, units: int, now: float) -> int:
    """Take up to `units` of a purchase out of the queue of the site that it is ordered from.

    Returns how many.  What is on its way stays so, and what waits for components too.
    """
    if purchase.source == NONE or purchase.line == NONE:
        return 0
    index = purchase.line
    line = world.lines[index]
    taken = min(units, line.open)
    if taken == 0 or line.reserved > 0:  # some of it is set aside already
        return 0
    stock = world.stocks[line.stock]
    settle(stock, now)
    dequeue(world, stock, index)
    stock.backlog -= taken
    line.open -= taken
    line.units -= taken  # as if it had never been ordered
    note(world, now, NOTE_LEAVE, index, stock, taken)
    if line.open > 0:
        enqueue(world, stock, index, now)
    else:
        line.lines_open = 0
        line.status = SHIPPED if line.units > 0 else CANCELLED
        line.closed = now
    return taken
