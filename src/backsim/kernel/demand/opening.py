"""Orders from before the start: they wait, and at the start are served from what there is.

The tape has them first, with the negative times at which they were placed.  Then all of them stand
in the queues before anything happens; nothing else is done for them before the start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    LEAVE,
    NEVER,
    NOTE_ORDER,
    NOTE_WAIT,
    OPENING,
    WAITING,
    World,
)
from backsim.kernel.communication.customer_contact import resume_contact
from backsim.kernel.demand.queue import end_of_order, enqueue
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON, INFORMS
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.clearing import clear
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


def carry_over(world: World, head: int, now: float) -> None:
    """An order from before the start joins the queues; `now` is when it was placed."""
    last = end_of_order(world, head)
    world.lines[head].lines_open = last - head
    for index in range(head, last):
        line = world.lines[index]
        stock = world.stocks[line.stock]
        line.open = line.units
        line.status = WAITING
        note(world, now, NOTE_ORDER, index, stock, line.units)
        stock.backlog += line.units
        enqueue(world, stock, index, now)
        if ECHELON:
            raise_position(world, stock, -line.units)
        note(world, now, NOTE_WAIT, index, stock, line.units)


@event(OPENING, subject="open_orders", feature="OPENS")
def open_order(world: World, row: int, now: float) -> None:
    """At the start an order is served from what there is; if it waits, its customer waits on."""
    head = world.open_orders[row].head
    last = end_of_order(world, head)
    for index in range(head, last):
        clear(world, world.stocks[world.lines[index].stock], now)
    order = world.lines[head]
    if order.lines_open == 0:
        return
    if INFORMS:
        resume_contact(world, row, now)
        for index in range(head, last):
            estimates_moved(world, world.stocks[world.lines[index].stock], now)
    elif order.tolerance != NEVER:
        schedule(world, max(now, on_grid(world, order.time + order.tolerance)), LEAVE, head)
