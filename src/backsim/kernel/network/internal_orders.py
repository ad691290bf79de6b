"""Networks: a purchase from another site becomes an order there, and is treated like any other."""

from __future__ import annotations

from backsim.entities import NEVER, NONE, REACH, Purchase, World
from backsim.kernel.communication.arrival_dates import cover, still_to_come
from backsim.kernel.communication.promise_dates import date_of_making, look_through
from backsim.kernel.demand.orders import request
from backsim.kernel.demand.queue import end_of_order
from backsim.kernel.demand.standing import units_before
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON, PIPELINE
from backsim.kernel.network.internal_shipments import order_at
from backsim.kernel.network.sourcing import is_first_source, raise_position, source_of
from backsim.kernel.stock.review import review_continuously
from backsim.kernel.supply.pipeline import expect
from backsim.kernel.supply.service import join_queue


@event(REACH, subject="purchases", feature="NETWORK")
def reach_site(world: World, index: int, now: float) -> None:
    """A purchase reaches the site that it is ordered from, or the workshop with its components."""
    purchase = world.purchases[index]
    if purchase.line != NONE:
        if PIPELINE:
            stock = world.stocks[purchase.stock]
            expect(world, stock, index, date_of_making(world, stock, index, now), now)
        join_queue(world, purchase, index, now)
    elif purchase.source != NONE:
        buyer = world.sources[source_of(world, purchase)].customer_class
        order_at(world, purchase, index, purchase.source, purchase.units, buyer, now)
        request(world, purchase.line, now)
        place = world.stocks[purchase.source]
        if ECHELON and not is_first_source(world, world.stocks[purchase.stock], purchase.source):
            raise_position(world, place, -purchase.units)
        review_continuously(world, place, now)
    else:
        order_components(world, purchase, index, now)
    if PIPELINE and purchase.sent == NEVER:
        quote_through(world, purchase, now)


def quote_through(world: World, purchase: Purchase, now: float) -> None:
    """The site quotes a date for what cannot leave at once: when it is thought to have it."""
    for index in range(purchase.line, end_of_order(world, purchase.line)):
        line = world.lines[index]
        if line.open > 0:
            place = world.stocks[line.stock]
            units = units_before(world, place, index) + line.open
            units = still_to_come(world, place, line, units, now)
            covered, part = cover(world, place, units, now)
            look_through(world, place, index, covered, part, now)
            purchase.quoted = purchase.expected


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
