"""Exact dates of a limited supplier: it knows how long each purchase in its queue will take.

First come, first served: the next purchase in the queue goes to the server that is free first.
"""

from __future__ import annotations

from backsim.entities import NONE, QUEUED, Supplier, World
from backsim.kernel.closures import through_closures, works_again
from backsim.kernel.grid import on_grid
from backsim.kernel.pipeline import expect


def plan(world: World, supplier: Supplier, index: int, now: float) -> None:
    """Give a purchase in the queue its server, behind all that is planned, and say the date."""
    purchase = world.purchases[index]
    if supplier.servers == 0:  # held until the supplier recovers
        promise(world, index, works_again(world, supplier, now), now)
        return
    server = world.servers[supplier.servers_at]
    for k in range(supplier.servers_at + 1, supplier.servers_at + supplier.servers):
        if world.servers[k].free < server.free:
            server = world.servers[k]
    work = purchase.service
    if supplier.per_unit != 0:
        work *= purchase.units
    begins = max(server.free, works_again(world, supplier, now))
    server.free = through_closures(world, supplier, begins, begins + work)
    promise(world, index, server.free, now)


def plan_all(world: World, supplier: Supplier, now: float) -> None:
    """Plan anew what the servers work on and all that waits in the queue."""
    begins = works_again(world, supplier, now)
    for k in range(supplier.servers_at, supplier.servers_at + supplier.servers):
        world.servers[k].free = begins
    k = supplier.servers_at
    at = supplier.in_service
    while at != NONE:
        ends = world.deliveries[at].ends
        if supplier.down == 0 or ends > supplier.down_since:
            if supplier.down != 0:
                ends = on_grid(world, ends + begins - supplier.down_since)
            ends = through_closures(world, supplier, begins, ends)
            world.servers[k].free = ends
        promise(world, at, ends, now)
        k += 1
        at = world.purchases[at].next
    at = supplier.first
    while at != NONE:
        if world.purchases[at].status == QUEUED:
            plan(world, supplier, at, now)
        at = world.purchases[at].next


def promise(world: World, index: int, sent: float, now: float) -> None:
    """Say the date of a purchase that will set out at `sent`."""
    purchase = world.purchases[index]
    date = on_grid(world, sent + purchase.lead_time + world.deliveries[index].delay)
    expect(world, world.stocks[purchase.stock], index, date, now)
