"""What is known of the times in which a supplier is down: the present outage, and planned ones.

A supplier that is down dispatches nothing and works on nothing.  Work that ends at the very instant
at which it goes down is done; nothing is begun or dispatched at that instant.
"""

from __future__ import annotations

from backsim.entities import Supplier, World
from backsim.kernel.features import DISRUPTIONS
from backsim.kernel.grid import on_grid


def sets_out(world: World, supplier: Supplier, days: float, now: float) -> float:
    """When a purchase sets out that needs so many days of work from now, as the buyer knows.

    The buyer knows the outages that the supplier announces.
    """
    if DISRUPTIONS and supplier.announced != 0:
        begins = works_again(world, supplier, now)
        return through_closures(world, supplier, begins, begins + days)
    return on_grid(world, now + days)


def works_again(world: World, supplier: Supplier, now: float) -> float:
    """When a supplier works: now, unless it is down; then at the end of the outage.

    The end of a planned outage is known.  Of another one the mean is, as if it had just begun,
    which is the mean for exponential outages; it may end on a closed day.
    """
    if supplier.down == 0:
        return now
    if world.outages[supplier.outage].breaks <= now:
        now = on_grid(world, now + supplier.mean_down)
    return open_from(world, supplier.known_at, supplier.known_end, now)


def open_from(world: World, first: int, end: int, time: float) -> float:
    """The first moment from `time` on that is outside of some rows of the table of closures."""
    at = first_after(world, first, end, time)
    if at < end and world.closures[at].starts <= time:
        return world.closures[at].ends
    return time


def first_after(world: World, first: int, end: int, time: float) -> int:
    """Of some rows of the table of closures the first that ends after `time`; `end`: none."""
    low = first
    high = end
    while low < high:
        middle = (low + high) // 2
        if world.closures[middle].ends > time:
            high = middle
        else:
            low = middle + 1
    return low


def through_closures(world: World, supplier: Supplier, begins: float, ends: float) -> float:
    """When work ends that would last from `begins` to `ends`, but for the planned outages.

    Without any work (both are one) it is when the supplier is open.
    """
    ends = on_grid(world, ends)
    if supplier.known_at == supplier.known_end:
        return ends
    first = first_after(world, supplier.known_at, supplier.known_end, begins)
    for at in range(first, supplier.known_end):
        closed = world.closures[at]
        if closed.starts > begins and closed.starts >= ends:
            break
        if closed.starts > begins:
            ends = on_grid(world, ends + closed.ends - closed.starts)
        elif closed.ends > begins:
            ends = on_grid(world, ends + closed.ends - begins)
            begins = closed.ends
    return ends
