"""Who gets the units on hand: waiting lines, in the order of the priority rule.

At each arrival, or at batch runs only, as planners do, every given number of days.  A run may take
back what has been kept for lines that are not shipped yet, and give it to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_UNIT,
    CLEARING,
    DECISION,
    NONE,
    NOTE_RELEASE,
    PARTIAL,
    SHIPPED,
    SKIP,
    UNSHARED,
    Line,
    Stock,
    World,
)
from backsim.kernel.demand.queue import (
    dequeue,
    drain,
    enqueue,
    first_in_line,
    join,
    requeue,
    will_get,
)
from backsim.kernel.events import event
from backsim.kernel.features import BATCHES, COLLECTS, DECIDES, INFORMS, SHARES
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.stock.lots import may_have
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.sharing import share
from backsim.kernel.stock.shipping import give, release
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import new_reallocation, priority_moves, schedule


def clear(world: World, stock: Stock, now: float) -> None:
    """Units may have become free: serve waiting lines, unless that is done in batches."""
    if BATCHES and stock.clearing_period > 0.0:
        return
    serve_waiting(world, stock, now)


def serve_waiting(world: World, stock: Stock, now: float) -> None:
    """Serve waiting lines until no unit is left that one of them may have.

    A line kept from stock by its critical level, or from stock that is too old for it, never blocks
    another.  A line that must be filled whole and cannot be is passed over when overtaking is
    "skip"; else it blocks those behind it, and with "partial" it keeps what there is.
    """
    if stock.on_hand == 0 or stock.queue == NONE:
        return
    if DECIDES and world.allocation_groups[stock.index].first != NONE:
        ask(world, stock, now)
        return
    settle(stock, now)
    if priority_moves(stock):
        requeue(world, stock, now)
    if SHARES and stock.sharing != UNSHARED:
        share(world, stock, now)
    passed = NONE  # lines that were passed over, chained by their sibling links
    while stock.on_hand > 0 and stock.queue != NONE:
        index = first_in_line(world, stock, now)
        line = world.lines[index]
        free = may_have(world, stock, line, now)
        units = servable(world, stock, line, free)
        if units == 0 and free > 0 and stock.overtaking != SKIP:
            break
        if units > 0:
            will_get(world, stock, index, units)
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


def ask(world: World, stock: Stock, now: float) -> None:
    """Ask for a decision, unless one is due already."""
    first = world.allocation_groups[stock.index].first
    if world.allocation_groups[first].asked == 0:
        world.allocation_groups[first].asked = 1
        schedule(world, now, DECISION, first)


@event(CLEARING, subject="stocks", feature="BATCHES")
def clear_batch(world: World, index: int, now: float) -> None:
    """A batch run serves waiting lines; the next is a whole number of periods after the first."""
    stock = world.stocks[index]
    settle(stock, now)
    stock.clearings += 1
    schedule(world, time_of_run(world, stock, stock.clearings), CLEARING, index)
    if stock.reallocates == 0:
        serve_waiting(world, stock, now)
    else:
        taken = take_back(world, stock, now)
        serve_waiting(world, stock, now)
        for row in range(taken[0], taken[1]):
            count_lost(world, row)
    if INFORMS:
        estimates_moved(world, stock, now)


def time_of_run(world: World, stock: Stock, number: int) -> float:
    """When a batch run takes place; they are numbered from 0."""
    return on_grid(world, stock.clearing_start + number * stock.clearing_period)


def serves_new(stock: Stock) -> bool:
    """Whether a new line may take units on hand between runs."""
    return stock.between != 0 and (stock.waiting == 0 or stock.overtaking == SKIP)


def take_back(world: World, stock: Stock, now: float) -> tuple[int, int]:
    """Free all units that are kept for lines; their rows in `reallocations`, from and to."""
    first = 0
    last = 0
    waiting = drain(world, stock, now)
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
    units = wait_again(world, stock, index)
    stock.on_hand += units
    note(world, now, NOTE_RELEASE, index, stock, units)
    row = new_reallocation(world)
    world.reallocations[row].time = now
    world.reallocations[row].line = index
    world.reallocations[row].units = units
    return row


def wait_again(world: World, stock: Stock, index: int) -> int:
    """A line has lost the units that were kept for it, and waits for them; how many."""
    line = world.lines[index]
    units = line.reserved
    if line.open == 0:
        world.lines[line.head].lines_open += 1
    line.reserved = 0
    line.open += units
    stock.reserved -= units
    stock.backlog += units
    return units


def count_lost(world: World, row: int) -> None:
    """Leave in a row of the table the units that the line has not got again."""
    taken = world.reallocations[row]
    line = world.lines[taken.line]
    if line.status == SHIPPED:
        taken.units = 0
    else:
        taken.units = max(0, taken.units - line.reserved)
