"""When purchases are to come: those of a stock point, in order of their expected dates.

A purchase is quoted a date when it is placed, and expected then until the supplier says otherwise.
The pipeline is a list linked through the purchases, ordered by (expected, index).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    EXACT,
    IN_SERVICE,
    MOST_LEVELS,
    NEVER,
    NONE,
    NOTE_EXPECT,
    QUEUED,
    REACT,
    REVISE,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival, leaves
from backsim.kernel.features import DELIVERIES, EMERGENCY, INFORMS, NETWORK, REACTS
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import mean_lead_time
from backsim.kernel.supply.outage_calendar import sets_out

if TYPE_CHECKING:
    from backsim.kernel.interface import new_delivery, notice_moves, schedule


def supplier_of(world: World, purchase: Purchase) -> int:
    """Index of the supplier that a purchase is ordered from."""
    if NETWORK and purchase.supplier != NONE:
        return purchase.supplier
    return world.stocks[purchase.stock].supplier


def quote(
    world: World, stock: Stock, supplier: Supplier, purchase: Purchase, index: int, now: float
) -> None:
    """The supplier quotes a date for a purchase that is being placed; it joins the pipeline."""
    days = mean_lead_time(world, stock, purchase)
    date = date_of_arrival(world, stock, supplier, purchase.source, purchase.units, days, now)
    if in_turn(world, supplier, purchase):
        date = max(date, last_expected(world, stock))
    purchase.quoted = date
    purchase.expected = date
    add_to_pipeline(world, stock, index, NONE)


def date_of_arrival(
    world: World, stock: Stock, supplier: Supplier, place: int, units: int, days: float, now: float
) -> float:
    """The date on which a purchase of so many units, placed now, is to arrive.

    The date is now + mean time until a server is free + mean service + mean lead time `days`.  With
    all c servers busy, a server is free after (work in the queue + work in service / c) x mean
    service / c, where work is counted in purchases, or in units where a service is per unit; what
    has been done of the work in service is not counted.  That is the mean for exponential services.
    Without crossing it waits for those that other servers work on.
    Outages that the supplier has announced are added, as far as they fall into the time of work,
    and so are the days on which its calendar or the receiving site's is closed.
    Source: Gross, Shortle, Thompson and Harris, Fundamentals of Queueing Theory (2008), sec. 2.3.
    """
    at_work = 0.0
    if supplier.servers > 0:
        own = work_of(supplier, units) * (1.0 + work_in_turn(world, stock, supplier))
        at_work = (own + waiting_work(supplier, supplier.work_queued)) * supplier.mean_service
    begins = leaves(world, place, sets_out(world, supplier, at_work, now))
    return arrival(world, stock, supplier, begins, days)


def last_expected(world: World, stock: Stock) -> float:
    """When the last of the purchases under way is expected; 0 where there is none."""
    if stock.pipeline_last == NONE:
        return 0.0
    return world.purchases[stock.pipeline_last].expected


def expected_before(world: World, stock: Stock, index: int) -> float:
    """When the last of those placed before a purchase is expected, which it may not overtake."""
    at = stock.pipeline_last
    while at != NONE:
        purchase = world.purchases[at]
        if at < index and in_turn(world, world.suppliers[supplier_of(world, purchase)], purchase):
            return purchase.expected
        at = purchase.earlier
    return 0.0


def in_turn(world: World, supplier: Supplier, purchase: Purchase) -> bool:
    """Whether a purchase arrives no earlier than those placed before it."""
    return supplier.crossing == 0 and not (EMERGENCY and is_emergency(world, purchase))


def is_emergency(world: World, purchase: Purchase) -> bool:
    """Whether a purchase is from a stock point's emergency source."""
    at = world.buyers[purchase.stock].emergency
    return at != NONE and purchase.supplier == world.sources[at].supplier


def next_arrival(world: World, stock: Stock) -> float:
    """When the next purchase is expected; never, if none is under way."""
    if stock.pipeline_first == NONE:
        return NEVER
    return world.purchases[stock.pipeline_first].expected


def work_of(supplier: Supplier, units: int) -> int:
    """How much work a purchase of so many units is, in multiples of the service time."""
    return units if supplier.per_unit != 0 else 1


def waiting_work(supplier: Supplier, queued: int) -> float:
    """Mean services until a server is free behind so much queued work; none while one is free."""
    if supplier.busy < supplier.servers:
        return 0.0
    return (queued + supplier.work_begun / supplier.servers) / supplier.servers


def work_in_turn(world: World, stock: Stock, supplier: Supplier) -> float:
    """Mean services for which a purchase that is done waits, without crossing, for earlier ones.

    Of k exponential services the last ends after 1 + 1/2 + ... + 1/k of one; of constant ones, the
    last is that which began last.  In between it goes by the squared coefficient of variation.
    """
    services = 0.0
    if supplier.crossing == 0:
        at = stock.pipeline_last
        k = 2
        while at != NONE and k <= supplier.servers and not_done(world.purchases[at]):
            services += supplier.variation / k
            at = world.purchases[at].earlier
            k += 1
    return services


def not_done(purchase: Purchase) -> bool:
    """Whether a supplier still has to work on a purchase."""
    return purchase.status == QUEUED or purchase.status == IN_SERVICE


def is_late(world: World, purchase: Purchase, days: float, now: float) -> bool:
    """Whether a purchase is known to come so many days after the date that was quoted.

    As it is expected later than that, or as they have passed.
    """
    late = on_grid(world, purchase.quoted + days)
    return purchase.expected > late or now >= late


def to_come(world: World, index: int) -> int:
    """Units of a purchase that are still to come."""
    units = world.purchases[index].units
    if DELIVERIES:
        units -= world.deliveries[index].received + world.deliveries[index].rejected
    return units


def good_to_come(world: World, index: int) -> int:
    """Units of a purchase still to come that are thought to be good: all, or by the mean yield.

    They are rounded as those that are received.  From before the start, all are.
    """
    return good_units(world, index, 0, to_come(world, index))


def good_units(world: World, index: int, before: int, units: int) -> int:
    """Of so many units of a purchase, behind others that are still to come, the good ones."""
    purchase = world.purchases[index]
    if not DELIVERIES or not purchase.placed >= 0.0:
        return units
    share = world.suppliers[supplier_of(world, purchase)].mean_yield
    before += world.deliveries[index].received + world.deliveries[index].rejected
    return int((before + units) * share + 0.5) - int(before * share + 0.5)


def open_delivery(world: World, purchase: Purchase, index: int) -> None:
    """A purchase has been placed; what will become of it is still to be drawn."""
    new_delivery(world)
    world.deliveries[index].ordered = purchase.units
    world.stocks[purchase.stock].good_on_order += good_to_come(world, index)


def split_delivery(world: World, index: int, part: int) -> None:
    """A part of a purchase has become a purchase of its own, the last one."""
    new_delivery(world)
    units = world.purchases[part].units
    world.deliveries[part].ordered = units
    world.deliveries[index].ordered -= units
    stock = world.stocks[world.purchases[index].stock]
    whole = good_units(world, index, 0, to_come(world, index) + units)
    stock.good_on_order += good_to_come(world, index) + good_to_come(world, part) - whole


def expect(world: World, stock: Stock, index: int, date: float, now: float) -> None:
    """The date at which a purchase is expected becomes another one."""
    if change_expected(world, stock, index, date):
        note(world, now, NOTE_EXPECT, index, stock, to_come(world, index))
        expected_changed(world, stock, now)


def expected_changed(world: World, stock: Stock, now: float) -> None:
    """Expected dates of purchases of a stock point have changed."""
    if REACTS:
        look_soon(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)


def look_soon(world: World, stock: Stock, now: float) -> None:
    """Something that the buyer may react to: look once all else of this instant has happened."""
    buyer = world.buyers[stock.index]
    reacts = buyer.expedite_days > 0.0 or buyer.cancel_late != NEVER or buyer.emergency != NONE
    if reacts and buyer.looks == 0:
        buyer.looks = 1
        schedule(world, now, REACT, stock.index)


def estimates_moved(world: World, stock: Stock, now: float) -> None:
    """A purchase is expected at another time, or the queue is another: look through the promises.

    Once an instant, after all else has happened.
    """
    if stock.queue == NONE or stock.revised == now:
        return
    if NETWORK:  # those who supply before those who are supplied
        level = world.nodes[stock.index].level
        if notice_moves(stock) or level > 0:
            stock.revised = now
            schedule(world, now, REVISE, stock.index, MOST_LEVELS - level)
    elif notice_moves(stock):
        stock.revised = now
        schedule(world, now, REVISE, stock.index)


def change_expected(world: World, stock: Stock, index: int, date: float) -> bool:
    """Move a purchase to its place by another date; whether that is another one."""
    purchase = world.purchases[index]
    if purchase.expected == date:
        return False
    near = purchase.earlier if purchase.earlier != NONE else purchase.later
    remove_from_pipeline(world, stock, index)
    purchase.expected = date
    add_to_pipeline(world, stock, index, near)
    return True


def add_to_pipeline(world: World, stock: Stock, index: int, near: int) -> None:
    """Put a purchase where it belongs by its date, searching from `near` (NONE: from the end)."""
    earlier = near if near != NONE else stock.pipeline_last
    while earlier != NONE and is_due_before(world, index, earlier):
        earlier = world.purchases[earlier].earlier
    later = world.purchases[earlier].later if earlier != NONE else stock.pipeline_first
    while later != NONE and is_due_before(world, later, index):
        earlier = later
        later = world.purchases[later].later
    link_purchases(world, stock, earlier, index)
    link_purchases(world, stock, index, later)


def remove_from_pipeline(world: World, stock: Stock, index: int) -> None:
    """Take a purchase out of the pipeline."""
    purchase = world.purchases[index]
    link_purchases(world, stock, purchase.earlier, purchase.later)
    purchase.earlier = NONE
    purchase.later = NONE


def link_purchases(world: World, stock: Stock, earlier: int, later: int) -> None:
    """Make two purchases neighbours; NONE stands for the pipeline's end."""
    if earlier == NONE:
        stock.pipeline_first = later
    else:
        world.purchases[earlier].later = later
    if later == NONE:
        stock.pipeline_last = earlier
    else:
        world.purchases[later].earlier = earlier


def is_due_before(world: World, one: int, other: int) -> bool:
    """Whether a purchase is thought to arrive before another one of the same stock point.

    By expected date, then index.  A limited supplier works in sequence, and one without crossing
    delivers so: there a later purchase never comes first, whatever was said of it, but by one who
    knows all.
    """
    if in_sequence(world, world.stocks[world.purchases[one].stock]):
        return one < other
    a = world.purchases[one].expected
    b = world.purchases[other].expected
    return a < b or (a == b and one < other)


def in_sequence(world: World, stock: Stock) -> bool:
    """Whether a stock point's purchases arrive in the order in which they are placed."""
    if NETWORK and comes_by_several_ways(world, stock):
        return False
    return delivers_in_sequence(world.suppliers[stock.supplier])


def comes_by_several_ways(world: World, stock: Stock) -> bool:
    """Whether several sources work at once, or components of a later purchase may come first."""
    node = world.nodes[stock.index]
    from_site = world.sources[node.sources_at].stock != NONE
    return from_site or node.sources > 1 or node.components + node.transfers > 0


def delivers_in_sequence(supplier: Supplier) -> bool:
    """Whether a supplier's purchases are taken to arrive in the order in which they are placed.

    Several servers, and lead times after them, may change the order, which an exact supplier says.
    """
    if supplier.messages == EXACT:
        return False
    return supplier.servers > 0 or supplier.crossing == 0
