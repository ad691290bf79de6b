"""Batch clearing: waiting lines are served only at a run, as planners do, every so many days.

A run may take back what has been kept for lines that are not shipped yet, and give it to others.
Lines with all their units kept are not in the queue; those of a stock point that takes back are in
a list of their own, linked by `sibling` (the next) and `previous`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import CLEARING, NONE, NOTE_RELEASE, SHIPPED, SKIP, Stock, World
from backsim.kernel.clearing import serve_waiting
from backsim.kernel.grid import on_grid
from backsim.kernel.pipeline import estimates_moved
from backsim.kernel.queue import drain, enqueue, join
from backsim.kernel.stock import settle
from backsim.kernel.switches import INFORMS

if TYPE_CHECKING:
    from backsim.kernel.ports import new_takeback, note, schedule


def clear_batch(world: World, index: int, now: float) -> None:
    """A run; the next one is a whole number of periods after the first."""
    stock = world.stocks[index]
    settle(stock, now)
    stock.clearings += 1
    following = stock.clearing_start + stock.clearings * stock.clearing_period
    schedule(world, on_grid(world, following), CLEARING, index)
    if stock.reallocates == 0:
        serve_waiting(world, stock, now)
    else:
        taken = take_back(world, stock, now)
        serve_waiting(world, stock, now)
        for row in range(taken[0], taken[1]):
            count_lost(world, row)
    if INFORMS:
        estimates_moved(world, stock, now)


def serves_new(stock: Stock) -> bool:
    """Whether a new line may take units on hand between runs."""
    return stock.between != 0 and (stock.waiting == 0 or stock.overtaking == SKIP)


def take_back(world: World, stock: Stock, now: float) -> tuple[int, int]:
    """Free all units that are kept for lines; the rows of the table of takebacks, from and to."""
    first = 0
    last = 0
    waiting = drain(world, stock)
    while waiting != NONE:
        index = waiting
        waiting = world.lines[index].sibling
        world.lines[index].sibling = NONE
        if world.lines[index].reserved > 0:
            row = free_units(world, stock, index, now)
            first = row if last == 0 else first
            last = row + 1
        join(world, stock, index)
    while stock.kept != NONE:
        index = stock.kept
        release(world, stock, index)
        row = free_units(world, stock, index, now)
        first = row if last == 0 else first
        last = row + 1
        enqueue(world, stock, index, now)
    return first, last


def free_units(world: World, stock: Stock, index: int, now: float) -> int:
    """Units kept for a line are free again, and the line waits for them; the row that says so."""
    line = world.lines[index]
    units = line.reserved
    if line.open == 0:
        world.lines[line.head].lines_open += 1
    line.reserved = 0
    line.open += units
    stock.reserved -= units
    stock.on_hand += units
    stock.backlog += units
    note(world, now, NOTE_RELEASE, index, stock, units)
    row = new_takeback(world)
    world.takebacks[row].time = now
    world.takebacks[row].line = index
    world.takebacks[row].units = units
    return row


def count_lost(world: World, row: int) -> None:
    """Leave in a row of the table the units that the line has not got again."""
    taken = world.takebacks[row]
    line = world.lines[taken.line]
    if line.status == SHIPPED:
        taken.units = 0
    else:
        taken.units = max(0, taken.units - line.reserved)


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
    else:
        world.lines[line.previous].sibling = line.sibling
    if line.sibling != NONE:
        world.lines[line.sibling].previous = line.previous
    line.sibling = NONE
    line.previous = NONE
    world.totals[0].waiting -= 1
