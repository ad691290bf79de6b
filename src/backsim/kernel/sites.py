"""Networks: a purchase from another site becomes an order there, and is treated like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, Purchase, World
from backsim.kernel.orders import request
from backsim.kernel.replenishment import join_queue, review_continuously
from backsim.kernel.sourcing import is_first_source, raise_position
from backsim.kernel.switches import ECHELON

if TYPE_CHECKING:
    from backsim.kernel.ports import new_line


def reach_site(world: World, index: int, now: float) -> None:
    """A purchase reaches the site that it is ordered from, or the workshop with its components."""
    purchase = world.purchases[index]
    node = world.nodes[purchase.stock]
    if purchase.line != NONE:
        join_queue(world, purchase, index, now)
    elif purchase.source != NONE:
        buyer = world.sources[node.sources_at].customer_class
        for at in range(node.sources_at, node.sources_at + node.sources):
            if world.sources[at].stock == purchase.source:
                buyer = world.sources[at].customer_class
        order_at(world, purchase, index, purchase.source, purchase.units, buyer, now)
        request(world, purchase.line, now)
        place = world.stocks[purchase.source]
        if ECHELON and not is_first_source(world, world.stocks[purchase.stock], purchase.source):
            raise_position(world, place, -purchase.units)
        review_continuously(world, place, now)
    else:
        order_components(world, purchase, index, now)


def order_components(world: World, purchase: Purchase, index: int, now: float) -> None:
    """One order with a line for each component; it is served when all of them are there."""
    node = world.nodes[purchase.stock]
    last = node.components_at + node.components
    for at in range(node.components_at, last):
        part = world.components[at]
        units = purchase.units * part.units
        order_at(world, purchase, index, part.stock, units, node.makes_as, now)
    head = purchase.line
    world.lines[head].lines_open = node.components
    for line in range(head, head + node.components):
        request(world, line, now)
    for at in range(node.components_at, last):
        review_continuously(world, world.stocks[world.components[at].stock], now)


def order_at(
    world: World, purchase: Purchase, index: int, place: int, units: int, buyer: int, now: float
) -> None:
    """Write an order line for a purchase; the first one is the head of the others."""
    at = new_line(world)
    line = world.lines[at]
    line.time = now
    line.due = now
    line.tolerance = NEVER
    line.units = units
    line.stock = place
    line.customer_class = buyer
    line.lines_open = 1
    world.requests[at - world.totals[0].customer_lines].purchase = index
    if purchase.line == NONE:
        purchase.line = at
    line.head = purchase.line
