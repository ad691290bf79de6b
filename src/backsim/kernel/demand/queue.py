"""The queue of waiting lines at a stock point: a pairing heap whose links live in the lines.

The least (key, time of order, index) is served first.  Where lines keep their order among those of
their class alone (part APART), each class has a heap of its own, whose roots are siblings.
Source: Fredman, Sedgewick, Sleator and Tarjan, "The pairing heap", Algorithmica 1 (1986) 111-129.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, Line, Stock, World
from backsim.kernel.demand.standing import (
    change_open,
    leave_all,
    leave_place,
    precedes,
    take_place,
)
from backsim.kernel.features import APART, INFORMS, STANDS

if TYPE_CHECKING:
    from backsim.kernel.interface import priority_apart, priority_key, priority_today


def promised_date(world: World, line: Line) -> float:
    """The date promised to the customer; without a promise, the line's due date."""
    if INFORMS:
        contact = world.lines[line.head].contact
        if contact != NONE and world.contacts[contact].promise < NEVER:
            return world.contacts[contact].promise
    return line.due


def end_of_order(world: World, head: int) -> int:
    """The index behind the last line of an order."""
    last = head
    while last < len(world.lines) and world.lines[last].head == head:
        last += 1
    return last


def enqueue(world: World, stock: Stock, index: int, now: float) -> None:
    """Put a line into the queue."""
    line = world.lines[index]
    line.key = priority_key(world, stock, line, now)
    join(world, stock, index)


def join(world: World, stock: Stock, index: int) -> None:
    """Put a line that has its key into the queue."""
    add_heap(world, stock, index)
    if STANDS:
        take_place(world, stock, index)
    stock.waiting += 1
    world.totals[0].waiting += 1


def dequeue(world: World, stock: Stock, index: int) -> None:
    """Take a line out of the queue, wherever it stands."""
    line = world.lines[index]
    if STANDS:
        leave_place(world, stock, index)
    cut(world, stock, index)
    rest = pair_up(world, line.child)
    line.child = NONE
    add_heap(world, stock, rest)
    stock.waiting -= 1
    world.totals[0].waiting -= 1


def will_get(world: World, stock: Stock, index: int, units: int) -> None:
    """A waiting line is about to be given units: with all that it waits for it leaves the queue.

    So before its links may be used otherwise.
    """
    if units == world.lines[index].open:
        dequeue(world, stock, index)
    elif STANDS:
        change_open(world, stock, index, -units)


def requeue(world: World, stock: Stock, now: float) -> None:
    """Ask every waiting line for its key again, and order the queue by the answers."""
    pending = stock.queue
    stock.queue = NONE
    if STANDS:
        leave_all(world, stock)
    while pending != NONE:
        index = pending
        line = world.lines[index]
        pending = line.sibling
        child = line.child
        while child != NONE:  # its children join the pending ones, first child last
            following = world.lines[child].sibling
            world.lines[child].sibling = pending
            pending = child
            child = following
        line.child = NONE
        line.sibling = NONE
        line.previous = NONE
        line.key = priority_key(world, stock, line, now)
        add_heap(world, stock, index)
        if STANDS:
            take_place(world, stock, index)


def first_in_line(world: World, stock: Stock, now: float) -> int:
    """The line that is served first now; NONE if none waits."""
    first = stock.queue
    if APART and first != NONE and priority_apart(stock):
        key = priority_today(world, stock, world.lines[first], now)
        at = world.lines[first].sibling
        while at != NONE:
            line = world.lines[at]
            other = priority_today(world, stock, line, now)
            if (other, line.time, at) < (key, world.lines[first].time, first):
                first = at
                key = other
            at = line.sibling
    return first


def add_heap(world: World, stock: Stock, root: int) -> None:
    """Lines that form a heap join those that wait: where classes are apart, those of their own."""
    if APART and root != NONE and priority_apart(stock):
        own = stock.queue
        while own != NONE and world.lines[own].customer_class != world.lines[root].customer_class:
            own = world.lines[own].sibling
        if own != NONE:
            cut(world, stock, own)
            root = meld(world, own, root)
        if stock.queue != NONE:
            world.lines[root].sibling = stock.queue
            world.lines[stock.queue].previous = root
        stock.queue = root
    else:
        stock.queue = meld(world, stock.queue, root)


def cut(world: World, stock: Stock, index: int) -> None:
    """Take a line, with all that stand below it, from where it is."""
    if world.lines[index].previous == NONE:
        stock.queue = world.lines[index].sibling
    unlink(world, index)


def unlink(world: World, index: int) -> None:
    """Let the neighbours of a line in a chain of siblings be each other's; it has none then."""
    line = world.lines[index]
    if line.previous != NONE:
        before = world.lines[line.previous]
        if before.child == index:
            before.child = line.sibling
        else:
            before.sibling = line.sibling
    if line.sibling != NONE:
        world.lines[line.sibling].previous = line.previous
    line.sibling = NONE
    line.previous = NONE


def meld(world: World, first: int, second: int) -> int:
    """Join two heaps, given by their roots; return the root of both."""
    if first == NONE:
        return second
    if second == NONE:
        return first
    if precedes(world, second, first):
        first, second = second, first
    a = world.lines[first]
    b = world.lines[second]
    b.sibling = a.child
    b.previous = first
    if a.child != NONE:
        world.lines[a.child].previous = second
    a.child = second
    return first


def units_of_order(world: World, line: Line) -> int:
    """Units of all lines of a line's order."""
    units = 0
    for at in range(line.head, end_of_order(world, line.head)):
        units += world.lines[at].units
    return units


def open_of_order(world: World, line: Line) -> int:
    """Units of all lines of a line's order that wait now."""
    units = 0
    for at in range(line.head, end_of_order(world, line.head)):
        units += world.lines[at].open
    return units


def after(world: World, index: int) -> int:
    """The line that comes after one and its children on a walk through the heap, or NONE."""
    at = index
    while at != NONE and world.lines[at].sibling == NONE:
        at = parent(world, at)
    return world.lines[at].sibling if at != NONE else NONE


def parent(world: World, index: int) -> int:
    """The line whose child a line is, directly or through its siblings; NONE at the root."""
    at = index
    before = world.lines[at].previous
    while before != NONE and world.lines[before].child != at:
        at = before
        before = world.lines[at].previous
    return before


def drain(world: World, stock: Stock, now: float) -> int:
    """Empty the queue into a chain of siblings, in order of service; return the first line."""
    first = last = NONE
    while stock.queue != NONE:
        index = first_in_line(world, stock, now)
        dequeue(world, stock, index)
        if first == NONE:
            first = index
        else:
            world.lines[last].sibling = index
        last = index
    return first


def pair_up(world: World, first: int) -> int:
    """Join a list of siblings into one heap: pairs from the left, then all from the right."""
    pairs = NONE
    while first != NONE:
        second = world.lines[first].sibling
        world.lines[first].sibling = NONE
        world.lines[first].previous = NONE
        following = NONE
        if second != NONE:
            following = world.lines[second].sibling
            world.lines[second].sibling = NONE
            world.lines[second].previous = NONE
        pair = meld(world, first, second)
        world.lines[pair].sibling = pairs
        pairs = pair
        first = following
    root = NONE
    while pairs != NONE:
        following = world.lines[pairs].sibling
        world.lines[pairs].sibling = NONE
        root = meld(world, root, pairs)
        pairs = following
    return root
