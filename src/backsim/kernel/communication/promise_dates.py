"""When will the customer have it?  Estimates of the day an order ships."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, NOTICE, REVISE, Stock, World
from backsim.kernel.calendars import arrival
from backsim.kernel.communication.arrival_dates import (
    after_run,
    cover,
    expected_date,
    given_out,
    next_to_come,
    still_to_come,
)
from backsim.kernel.demand.queue import end_of_order, requeue
from backsim.kernel.demand.standing import first_standing, units_before
from backsim.kernel.events import event
from backsim.kernel.features import DELIVERIES, NETWORK
from backsim.kernel.network.internal_shipments import is_a_sites, purchase_of
from backsim.kernel.network.sourcing import components_ready, mean_lead_time, source_of
from backsim.kernel.supply.outage_calendar import sets_out
from backsim.kernel.supply.parts import good_units_of_part
from backsim.kernel.supply.pipeline import (
    date_of_arrival,
    expect,
    expected_before,
    in_turn,
    supplier_of,
    work_of,
)

if TYPE_CHECKING:
    from backsim.kernel.interface import estimated, notice_time, priority_moves, schedule


def order_estimate(world: World, head: int, now: float) -> float:
    """The day the last open line of an order is thought to ship."""
    date = now
    for index in range(head, end_of_order(world, head)):
        line = world.lines[index]
        if line.open > 0:
            stock = world.stocks[line.stock]
            if priority_moves(stock):
                requeue(world, stock, now)
            units = units_before(world, stock, index) + line.open
            lacking = still_to_come(world, stock, line, units, now)
            covered, part = cover(world, stock, lacking, now)
            ready = max(now, estimated(world, stock, index, covered, part, now))
            date = max(date, given_out(world, stock, ready))
    return date


@event(REVISE, subject="stocks", feature="INFORMS")
def revise(world: World, stock: Stock, now: float) -> None:
    """Customers whose estimates have moved far enough are to be told.

    One pass in order of service, along the purchases under way.  An order of several lines has
    others to wait for; its notice looks again.
    """
    if priority_moves(stock):
        requeue(world, stock, now)
    units = before = brought = 0
    most = stock.good_on_order if DELIVERIES else stock.on_order
    last = (-NEVER, NONE, 0)
    at = first_standing(world, stock)
    while at != NONE:
        index = world.standings[at].line
        at = world.standings[at].behind
        line = world.lines[index]
        units += line.open
        lacking = still_to_come(world, stock, line, units, now)
        while brought < min(lacking, most):
            last = next_to_come(world, stock, last, now)
            before = brought
            brought += good_units_of_part(world, last[1], last[2])
        covered, part = (last[1], last[2]) if brought >= lacking else (NONE, 0)
        if lacking <= before:  # more was held back from a line in front of it
            covered, part = cover(world, stock, lacking, now)
        head = world.lines[line.head]
        if head.contact != NONE:
            contact = world.contacts[head.contact]
            ready = max(now, estimated(world, stock, index, covered, part, now))
            date = given_out(world, stock, ready)
            moved = notice_time(world, stock, line, contact, date, now) <= now
            if moved or head.lines_open > 1:
                schedule(world, now, NOTICE, head.contact)
        if NETWORK and is_a_sites(world, line):
            look_through(world, stock, index, covered, part, now)


def look_through(
    world: World, stock: Stock, index: int, covered: int, part: int, now: float
) -> None:
    """A site learns when the units that it ordered here are thought to come.

    They ship when the purchase that covers them is expected here - or, if it is NONE, one placed
    now would come - and then take the mean transport time.  Components wait for those of the other
    lines.
    """
    at = purchase_of(world, index)
    purchase = world.purchases[at]
    buyer = world.stocks[purchase.stock]
    ready = max(now, expected_date(world, stock, covered, part, now))
    if purchase.source == NONE:
        request = world.requests[index - world.totals[0].customer_lines]
        request.ready = after_run(world, stock, ready)
        expect(world, buyer, at, date_of_making(world, buyer, at, now), now)
        return
    days = world.sources[source_of(world, purchase)].mean_time
    supplier = world.suppliers[purchase.supplier]
    leaves = given_out(world, stock, ready)
    date = arrival(world, buyer, supplier, leaves, days)
    expect(world, buyer, at, date, now)


def date_of_making(world: World, stock: Stock, index: int, now: float) -> float:
    """When a purchase is thought to come that begins once its last components are there."""
    purchase = world.purchases[index]
    supplier = world.suppliers[supplier_of(world, purchase)]
    days = mean_lead_time(world, stock, purchase)
    date = date_of_arrival(world, stock, supplier, NONE, purchase.units, days, now)
    ready = components_ready(world, purchase, now)
    if ready > now:
        work = work_of(supplier, purchase.units) if supplier.servers > 0 else 0
        sent = sets_out(world, supplier, work * supplier.mean_service, ready)
        date = max(date, arrival(world, stock, supplier, sent, days))
    if in_turn(world, supplier, purchase):
        date = max(date, expected_before(world, stock, index))
    return date
