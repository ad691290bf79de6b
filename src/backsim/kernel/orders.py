"""A customer orders, waits, leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    CANCELLED,
    LEAVE,
    LOST,
    NEVER,
    NOTE_LEAVE,
    NOTE_LOSE,
    NOTE_ORDER,
    NOTE_WAIT,
    SKIP,
    WAITING,
    Line,
    World,
)
from backsim.kernel.clearing import clear, servable, take
from backsim.kernel.forecasting import miss, observe
from backsim.kernel.queue import dequeue, enqueue
from backsim.kernel.replenishment import review_continuously, withdraw_purchases
from backsim.kernel.stock import settle
from backsim.kernel.switches import FORECASTS

if TYPE_CHECKING:
    from backsim.kernel.ports import held_back, note, rationing_moves, schedule


def customer_order(world: World, head: int, now: float) -> None:
    """An order arrives: each line takes what it may; the rest waits, or is lost at once."""
    last = head
    while last < len(world.lines) and world.lines[last].head == head:
        last += 1
    order = world.lines[head]
    order.lines_open = last - head
    for index in range(head, last):
        request(world, index, now)
    if order.lines_open > 0:
        if order.tolerance <= 0.0:
            leave(world, head, now, LOST)
        elif order.tolerance != NEVER:
            schedule(world, now + order.tolerance, LEAVE, head)
    for index in range(head, last):
        review_continuously(world, world.stocks[world.lines[index].stock], now)


def request(world: World, index: int, now: float) -> None:
    """One line asks for its units; what it cannot have now joins the queue."""
    line = world.lines[index]
    stock = world.stocks[line.stock]
    settle(stock, now)
    line.open = line.units
    line.status = WAITING
    if FORECASTS:
        observe(world, stock, line.units)
    note(world, now, NOTE_ORDER, index, stock, line.units)
    # Whoever waits beside stock on hand may not have it: a line that blocks nobody asks for itself.
    alone = stock.waiting == 0 or (stock.overtaking == SKIP and not rationing_moves(stock))
    if stock.on_hand > 0 and alone:
        units = servable(world, line, stock.on_hand - held_back(world, stock, line, now))
        if units > 0:
            take(world, stock, line, index, units, now)
    if line.open > 0:
        stock.backlog += line.open
        enqueue(world, stock, index, now)
        if not alone:
            clear(world, stock, now)
        if line.open > 0:
            note(world, now, NOTE_WAIT, index, stock, line.open)


def end_tolerance(world: World, head: int, now: float) -> None:
    """The customer's tolerance is over: what has not been shipped is cancelled."""
    if world.lines[head].lines_open > 0:
        leave(world, head, now, CANCELLED)


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


def give_up(world: World, line: Line, index: int, now: float, status: int) -> None:
    """One line leaves the queue; units reserved for it are free again."""
    stock = world.stocks[line.stock]
    settle(stock, now)
    if line.open > 0:
        dequeue(world, stock, index)
    stock.backlog -= line.open
    stock.reserved -= line.reserved
    stock.on_hand += line.reserved
    line.left = line.open + line.reserved
    line.open = 0
    line.reserved = 0
    line.status = status
    line.closed = now
    if FORECASTS:
        if status == LOST:
            miss(world, stock, line.left)
    note(world, now, NOTE_LEAVE if status == CANCELLED else NOTE_LOSE, index, stock, line.left)
    if status == CANCELLED and stock.withdraw != 0:
        withdraw_purchases(world, stock, line.left, now)
