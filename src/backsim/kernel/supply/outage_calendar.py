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
    which is the mean for exponential outages.
    """
    if supplier.down == 0:
        return now
    if supplier.planned != 0:
        return world.outages[supplier.outage].ends
    return on_grid(world, now + supplier.mean_down)


def through_closures(world: World, supplier: Supplier, begins: float, ends: float) -> float:
    """When work ends that would last from `begins` to `ends`, but for the planned outages.

    Without any work (both are one) it is when the supplier is open.
    """
    ends = on_grid(world, ends)
    if supplier.planned == 0:
        return ends
    for at in range(supplier.outage, supplier.outages_end):
        outage = world.outages[at]
        if outage.starts > begins and outage.starts >= ends:
            break
        if outage.starts > begins:
            ends = on_grid(world, ends + outage.ends - outage.starts)
        elif outage.ends > begins:
            ends = on_grid(world, ends + outage.ends - begins)
            begins = outage.ends
    return ends
