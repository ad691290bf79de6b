"""Customers who wait change a quantity: they want fewer units of a line, or more.

What has not been shipped can be cancelled.  Units that are added are an order of their own, on the
tape: it is placed if the line is still waiting by then, and has its own place in the queue and its
own promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    AMEND,
    BY_LINE,
    BY_ORDER,
    CANCELLED,
    NONE,
    NOT_PLACED,
    SHIPPED,
    WAITING,
    Line,
    Stock,
    World,
)
from backsim.kernel.demand.cancellation import drop
from backsim.kernel.demand.queue import dequeue, end_of_order, enqueue
from backsim.kernel.events import event
from backsim.kernel.features import BATCHES, COLLECTS, CONSOLIDATES, INFORMS
from backsim.kernel.grid import on_grid
from backsim.kernel.stock.clearing import clear
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.shipping import consolidates, keep, release, ship_order, ship_reserved
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import (
        days_to_change,
        line_raised,
        new_reduction,
        schedule,
        units_dropped,
    )


def adds_in_vain(world: World, head: int) -> bool:
    """Whether an order adds units to a line that does not wait any more; then its line says so."""
    raised = line_raised(world, head)
    if raised == NONE or world.lines[raised].status == WAITING:
        return False
    for index in range(head, end_of_order(world, head)):
        world.lines[index].status = NOT_PLACED
    return True


def plan_reductions(world: World, head: int, last: int, now: float) -> None:
    """The customer of an order that waits will want fewer units of some of its lines."""
    for index in range(head, last):
        if world.lines[index].status == WAITING and units_dropped(world, index) > 0:
            schedule(world, on_grid(world, now + days_to_change(world, index)), AMEND, index)


@event(AMEND, subject="lines", feature="AMENDS")
def reduce_line(world: World, index: int, now: float) -> None:
    """A customer wants fewer units of a line: as many are cancelled as have not been shipped.

    The line is asked for its place in the queue again; then others are served.
    """
    line = world.lines[index]
    units = min(units_dropped(world, index), line.open + line.reserved)
    if units == 0:
        return
    stock = world.stocks[line.stock]
    settle(stock, now)
    remember(world, stock, index, units, now)
    waited = line.open > 0
    if waited:
        dequeue(world, stock, index)
    elif BATCHES and units == line.reserved:
        release(world, stock, index)
    if units == line.open + line.reserved:
        line.status = SHIPPED if line.shipped > 0 else CANCELLED
        line.closed = now
    drop(world, stock, index, units, now)
    if line.open > 0:
        enqueue(world, stock, index, now)
    else:
        if waited:
            world.lines[line.head].lines_open -= 1
        ship_what_is_whole(world, stock, line, index, waited, now)
    clear(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)


def remember(world: World, stock: Stock, index: int, units: int, now: float) -> None:
    """A row in the table of reductions."""
    row = world.reductions[new_reduction(world)]
    row.time = now
    row.line = index
    row.stock = stock.index
    row.units = units


def ship_what_is_whole(
    world: World, stock: Stock, line: Line, index: int, waited: bool, now: float
) -> None:
    """A line has all that is still wanted of it: it ships, or its order does, if that is whole."""
    shipment = world.classes[line.customer_class].shipment
    head = world.lines[line.head]
    together = shipment == BY_ORDER or (CONSOLIDATES and consolidates(world, head))
    if BATCHES and waited and line.reserved > 0:
        keep(world, stock, index)
    if COLLECTS and shipment == BY_LINE and line.reserved > 0:
        ship_reserved(world, stock, line, index, line.reserved, now)
    elif together and head.lines_open == 0:
        ship_order(world, line.head, now)
