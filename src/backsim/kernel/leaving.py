"""A customer gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import CANCELLED, LOST, NOTE_LEAVE, NOTE_LOSE, WAITING, Line, World
from backsim.kernel.batches import release
from backsim.kernel.clearing import clear
from backsim.kernel.forecasting import miss
from backsim.kernel.pipeline import estimates_moved
from backsim.kernel.queue import dequeue
from backsim.kernel.replenishment import withdraw_purchases
from backsim.kernel.sourcing import raise_position
from backsim.kernel.stock import settle
from backsim.kernel.switches import BATCHES, ECHELON, FORECASTS, INFORMS

if TYPE_CHECKING:
    from backsim.kernel.ports import note


def end_tolerance(world: World, head: int, now: float) -> None:
    """The customer's tolerance is over: what has not been shipped is cancelled.

    Of a customer who does not wait at all it is lost (`kernel.prompt`).
    """
    line = world.lines[head]
    if line.lines_open > 0:
        leave(world, head, now, CANCELLED if line.tolerance > 0.0 else LOST)


def leave(world: World, head: int, now: float, status: int) -> None:
    """The customer gives up every line of the order that is not shipped; then others are served."""
    last = head
    while last < len(world.lines) and world.lines[last].head == head:
        if world.lines[last].status == WAITING:
            give_up(world, world.lines[last], last, now, status)
        last += 1
    world.lines[head].lines_open = 0
    for index in range(head, last):
        if world.lines[index].left > 0:
            clear(world, world.stocks[world.lines[index].stock], now)
            if INFORMS:
                estimates_moved(world, world.stocks[world.lines[index].stock], now)


def give_up(world: World, line: Line, index: int, now: float, status: int) -> None:
    """One line leaves the queue; units reserved for it are free again."""
    stock = world.stocks[line.stock]
    settle(stock, now)
    if line.open > 0:
        dequeue(world, stock, index)
    elif BATCHES:
        release(world, stock, index)
    stock.backlog -= line.open
    stock.reserved -= line.reserved
    stock.on_hand += line.reserved
    line.left = line.open + line.reserved
    line.open = 0
    line.reserved = 0
    line.status = status
    line.closed = now
    if FORECASTS and status == LOST:
        miss(world, stock, line.left)
    if ECHELON:
        raise_position(world, stock, line.left)
    note(world, now, NOTE_LEAVE if status == CANCELLED else NOTE_LOSE, index, stock, line.left)
    if status == CANCELLED and stock.withdraw != 0:
        withdraw_purchases(world, stock, line.left, now)
