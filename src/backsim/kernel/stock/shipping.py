"""Units on hand go to a line: they are shipped, or kept for the rest of its order.

Lines with all their units kept are not in the queue; those of a stock point whose batch runs take
back are in a list of their own, linked by `sibling` (the next) and `previous`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_LINE,
    BY_ORDER,
    COMES_BACK,
    DISPATCH,
    IS_RECALLED,
    KINDS_OF_RETURN,
    NEVER,
    NONE,
    NOTE_RESERVE,
    NOTE_SHIP,
    RETURN,
    SHIPPED,
    Line,
    Stock,
    World,
)
from backsim.kernel.calendars import received
from backsim.kernel.demand.queue import end_of_order, unlink
from backsim.kernel.events import event
from backsim.kernel.features import (
    BATCHES,
    COLLECTS,
    CONSOLIDATES,
    DELAYS,
    EXPIRES,
    KITS,
    NETWORK,
    RECALLS,
    RETURNS,
)
from backsim.kernel.grid import on_grid
from backsim.kernel.log import log_shipment, note
from backsim.kernel.network.internal_shipments import is_a_sites, purchase_of, send, start_making
from backsim.kernel.stock.lots import pick, ship_kept_units
from backsim.kernel.stock.position import settle

if TYPE_CHECKING:
    from backsim.kernel.interface import days_kept, days_recalled, schedule


def give(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Give units on hand to a line that waits."""
    stock.backlog -= units
    take(world, stock, line, index, units, now)


def take(world: World, stock: Stock, line: Line, index: int, units: int, now: float) -> None:
    """Give units on hand to a line: ship them, or keep them for it.

    They are kept until its order is whole, if that is how the customer wants it, or for some days
    at most; or until the line is whole, if it has to take what there is.
    """
    stock.on_hand -= units
    line.open -= units
    head = world.lines[line.head]
    if line.open == 0:
        head.lines_open -= 1
    shipment = world.classes[line.customer_class].shipment
    collects = COLLECTS and shipment == BY_LINE and (line.open > 0 or line.reserved > 0)
    waits = shipment == BY_ORDER
    if CONSOLIDATES and consolidates(world, head):
        waits = True
        if kept_for(world, line.head) == 0:
            days = world.classes[line.customer_class].consolidates
            schedule(world, on_grid(world, now + days), DISPATCH, line.head)
    kits = KITS and world.classes[line.customer_class].kits != 0
    keeps = waits or collects or kits
    if EXPIRES:
        pick(world, stock, line, units, keeps, now)
    if not keeps:
        ship(world, stock, line, index, units, now)
        return
    stock.reserved += units
    line.reserved += units
    note(world, now, NOTE_RESERVE, index, stock, units)
    if BATCHES and line.open == 0:
        keep(world, stock, index)
    if kits:
        ship_kits(world, line.head, now)
    elif collects and line.open == 0:
        ship_reserved(world, stock, line, index, line.reserved, now)
    elif waits and head.lines_open == 0:
        ship_order(world, line.head, now)


def ship_order(world: World, head: int, now: float) -> None:
    """Ship all that has been kept for an order that has become whole."""
    ship_kept(world, head, now)
    if NETWORK and is_a_sites(world, world.lines[head]):
        start_making(world, head, world.purchases[purchase_of(world, head)].units, now)


def ship_kits(world: World, head: int, now: float) -> None:
    """Making begins of as many units as the scarcest component allows; the rest waits."""
    purchase = world.purchases[purchase_of(world, head)]
    node = world.nodes[purchase.stock]
    units = purchase.units
    for k in range(node.components):
        part = world.components[node.components_at + k]
        units = min(units, world.lines[head + k].reserved // part.units)
    if units == 0:
        return
    for k in range(node.components):
        line = world.lines[head + k]
        stock = world.stocks[line.stock]
        settle(stock, now)
        each = world.components[node.components_at + k].units
        ship_reserved(world, stock, line, head + k, units * each, now)
    start_making(world, head, units, now)


def ship_kept(world: World, head: int, now: float) -> None:
    """Ship all that has been kept for an order, together."""
    for index in range(head, end_of_order(world, head)):
        line = world.lines[index]
        if line.reserved > 0:
            stock = world.stocks[line.stock]
            settle(stock, now)
            ship_reserved(world, stock, line, index, line.reserved, now)


def consolidates(world: World, head: Line) -> bool:
    """Whether units of an order wait for its rest: not if the customer does not wait."""
    return world.classes[head.customer_class].consolidates > 0.0 and head.tolerance > 0.0


def kept_for(world: World, head: int) -> int:
    """Units that have been kept for an order; if there are any, it is known when they leave."""
    units = 0
    for index in range(head, end_of_order(world, head)):
        units += world.lines[index].reserved
    return units


@event(DISPATCH, subject="lines", feature="CONSOLIDATES")
def dispatch_kept(world: World, head: int, now: float) -> None:
    """Units have waited long enough for the rest of their order: they ship."""
    ship_kept(world, head, now)


def ship_reserved(
    world: World, stock: Stock, line: Line, index: int, units: int, now: float
) -> None:
    """Ship units that have been kept for a line."""
    if BATCHES and units == line.reserved:
        release(world, stock, index)
    stock.reserved -= units
    line.reserved -= units
    if EXPIRES:
        ship_kept_units(world, stock, units)
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
        if DELAYS:
            stock.last_delay = on_grid(world, now - line.time)
    if line.shipped + line.left == line.units:
        line.status = SHIPPED
        line.closed = now
        if RETURNS and line.left == 0 and not (NETWORK and is_a_sites(world, line)):
            await_returns(world, stock, index, now)
    note(world, now, NOTE_SHIP, index, stock, units)


def await_returns(world: World, stock: Stock, index: int, now: float) -> None:
    """A line has been shipped whole: some of its units may come back."""
    days = days_kept(world, index)
    if days < NEVER:
        back = received(world, stock, on_grid(world, now + days))
        schedule(world, back, RETURN, KINDS_OF_RETURN * index + COMES_BACK)
    if RECALLS:
        await_recall(world, stock, index, now)


def await_recall(world: World, stock: Stock, index: int, now: float) -> None:
    """Units of a line come back if there will be a recall of what is shipped now."""
    days = days_recalled(world, index)
    if days < NEVER:
        recall = world.recalls[stock.index]
        if recall.since <= now < recall.time:
            back = received(world, stock, on_grid(world, recall.time + days))
            schedule(world, back, RETURN, KINDS_OF_RETURN * index + IS_RECALLED)


def keep(world: World, stock: Stock, index: int) -> None:
    """All units of a line have been kept for it: put it into the list."""
    if stock.reallocates == 0:
        return
    line = world.lines[index]
    line.sibling = stock.kept
    if stock.kept != NONE:
        world.lines[stock.kept].previous = index
    stock.kept = index
    world.totals[0].waiting += 1


def release(world: World, stock: Stock, index: int) -> None:
    """Take a line out of the list, if it is there."""
    line = world.lines[index]
    if stock.reallocates == 0 or line.open > 0 or line.reserved == 0:
        return
    if line.previous == NONE:
        stock.kept = line.sibling
    unlink(world, index)
    world.totals[0].waiting -= 1
