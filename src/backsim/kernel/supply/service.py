"""What a supplier does with purchases: they queue, are worked on and set out.

Suppliers may be down at times: they hold what they have not dispatched, and then go on.  What is
under way already is not affected.  Servers stop and go on where they stopped; a service that ends
at the instant at which the supplier goes down has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    EXACT,
    IN_SERVICE,
    MESSAGE,
    NEVER,
    NONE,
    ON_DELAY,
    QUEUED,
    RECEIVED,
    SAYS,
    SORTS,
    SUPPLY,
    UNDER_WAY,
    Outage,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival, received
from backsim.kernel.events import event
from backsim.kernel.features import DELIVERIES, DISRUPTIONS, PIPELINE
from backsim.kernel.grid import on_grid
from backsim.kernel.supply.pipeline import expect, in_turn, supplier_of, work_of
from backsim.kernel.supply.supplier_messages import foresee, learn_arrival, plan, plan_all

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


def join_queue(world: World, purchase: Purchase, index: int, now: float) -> None:
    """A purchase queues at its supplier, if that is limited; else it sets out at once."""
    supplier = world.suppliers[supplier_of(world, purchase)]
    if supplier.servers == 0 and (not DISRUPTIONS or supplier.down == 0):
        dispatch(world, supplier, purchase, index, now)
    else:
        queue_up(world, supplier, purchase, index, now)


def queue_up(world: World, supplier: Supplier, purchase: Purchase, index: int, now: float) -> None:
    """A purchase queues at the supplier, which has too few servers or is down."""
    if supplier.first == NONE:
        supplier.first = index
    else:
        world.purchases[supplier.last].next = index
    supplier.last = index
    if PIPELINE:
        supplier.work_queued += work_of(supplier, purchase.units)
    if DELIVERIES:
        world.deliveries[index].ahead = supplier.work_entered
        supplier.work_entered += work_of(supplier, purchase.units)
        world.totals[0].unsent += 1
        if supplier.messages == EXACT:
            plan(world, supplier, index, now)
    start_service(world, supplier, now)


def start_service(world: World, supplier: Supplier, now: float) -> None:
    """Free servers take the purchases that queue, first come first served."""
    if DISRUPTIONS and supplier.down != 0:
        return
    while supplier.busy < supplier.servers and supplier.first != NONE:
        index = supplier.first
        purchase = world.purchases[index]
        supplier.first = purchase.next
        if purchase.status == QUEUED:  # not withdrawn
            purchase.status = IN_SERVICE
            if supplier.per_unit != 0:  # of the units that have not been withdrawn
                purchase.service = on_grid(world, purchase.service * purchase.units)
            supplier.busy += 1
            if PIPELINE:
                supplier.work_queued -= work_of(supplier, purchase.units)
                supplier.work_begun += work_of(supplier, purchase.units)
            if DELIVERIES:
                begin_service(world, supplier, purchase, index, now)
            schedule(world, on_grid(world, now + purchase.service), SUPPLY, index)
        elif DELIVERIES:
            world.totals[0].unsent -= 1


def begin_service(
    world: World, supplier: Supplier, purchase: Purchase, index: int, now: float
) -> None:
    """A server begins with a purchase, which joins the list of those that are worked on."""
    world.deliveries[index].began = now
    world.deliveries[index].ends = on_grid(world, now + purchase.service)
    purchase.next = supplier.in_service
    supplier.in_service = index


@event(SUPPLY, subject="purchases")
def end_service(world: World, index: int, now: float) -> None:
    """A server has finished a purchase and turns to the next; or a supplier goes down or recovers.

    Of the latter -1 - index stands for the index of the supplier.
    """
    if DISRUPTIONS and index < 0:
        change_state(world, -1 - index, now)
        return
    purchase = world.purchases[index]
    supplier = world.suppliers[supplier_of(world, purchase)]
    if DISRUPTIONS and is_stopped(world, supplier, purchase, index, now):
        return
    supplier.busy -= 1
    if PIPELINE:
        supplier.work_begun -= work_of(supplier, purchase.units)
    if DELIVERIES:
        leave_service(world, supplier, index)
    dispatch(world, supplier, purchase, index, now)
    start_service(world, supplier, now)


def is_stopped(
    world: World, supplier: Supplier, purchase: Purchase, index: int, now: float
) -> bool:
    """Whether a service that was to end now does not, as the supplier is or has been down."""
    if purchase.status != IN_SERVICE or world.deliveries[index].ends != now:
        return True
    return supplier.down != 0 and supplier.down_since < now


def leave_service(world: World, supplier: Supplier, index: int) -> None:
    """Take a purchase out of the list of those that are worked on."""
    world.totals[0].unsent -= 1
    supplier.in_service = without(world, supplier.in_service, index)


def dispatch(world: World, supplier: Supplier, purchase: Purchase, index: int, now: float) -> None:
    """A purchase sets out; without crossing it arrives no earlier than those placed before it."""
    stock = world.stocks[purchase.stock]
    days = purchase.lead_time
    if DELIVERIES:
        days += world.deliveries[index].delay
        world.deliveries[index].ends = now
    purchase.arrives = arrival(world, stock, supplier, now, days)
    if not in_turn(world, supplier, purchase):
        send_out(world, stock, supplier, index, now)
    elif supplier.servers <= 1:
        send_in_turn(world, stock, supplier, index, now)
    else:
        purchase.next = supplier.held
        supplier.held = index
        world.totals[0].unsent += 1
        send_held(world, stock, supplier, now)


def send_in_turn(world: World, stock: Stock, supplier: Supplier, index: int, now: float) -> None:
    """A purchase is under way behind those of its stock point that set out before."""
    purchase = world.purchases[index]
    stock.last_arrival = max(stock.last_arrival, purchase.arrives)
    purchase.arrives = stock.last_arrival
    send_out(world, stock, supplier, index, now)


def send_out(world: World, stock: Stock, supplier: Supplier, index: int, now: float) -> None:
    """A purchase is under way."""
    purchase = world.purchases[index]
    purchase.status = UNDER_WAY
    schedule(world, purchase.arrives, ARRIVAL, index)
    if DELIVERIES:
        learn_arrival(world, stock, supplier, purchase, index, now)


def send_held(world: World, stock: Stock, supplier: Supplier, now: float) -> None:
    """What servers have done before an earlier purchase of its stock point follows that one.

    It has set out, and is held on its way: nobody knows when it arrives.
    """
    at = first_of(world, supplier.held, stock.index)
    while at != NONE and not is_behind(world, at):
        supplier.held = without(world, supplier.held, at)
        world.totals[0].unsent -= 1
        send_in_turn(world, stock, supplier, at, now)
        at = first_of(world, supplier.held, stock.index)


def first_of(world: World, first: int, stock: int) -> int:
    """Of a list the first purchase that a stock point has placed; NONE if there is none."""
    found = NONE
    at = first
    while at != NONE:
        if world.purchases[at].stock == stock and (found == NONE or at < found):
            found = at
        at = world.purchases[at].next
    return found


def is_behind(world: World, index: int) -> bool:
    """Whether a server works on a purchase that its stock point has placed before this one."""
    place = supplier_of(world, world.purchases[index])
    at = world.purchases[index].before
    while at != NONE:
        purchase = world.purchases[at]
        if supplier_of(world, purchase) == place and in_turn(
            world, world.suppliers[place], purchase
        ):
            if purchase.status == IN_SERVICE:
                return True
            if purchase.status == UNDER_WAY or purchase.status == RECEIVED:
                return False
        at = purchase.before
    return False


def without(world: World, first: int, index: int) -> int:
    """Take a purchase out of a list that begins with `first`; with what it begins then."""
    following = world.purchases[index].next
    world.purchases[index].next = NONE
    if first == index:
        return following
    at = first
    while world.purchases[at].next != index:
        at = world.purchases[at].next
    world.purchases[at].next = following
    return first


def change_state(world: World, index: int, now: float) -> None:
    """A supplier goes down, or breaks down while it is closed, or recovers."""
    supplier = world.suppliers[index]
    if supplier.down == 0:
        go_down(world, supplier, index, now)
    elif breaks_down(world.outages[supplier.outage], now):
        say_down(world, supplier, now)
    else:
        recover(world, supplier, index, now)


def breaks_down(outage: Outage, now: float) -> bool:
    """Whether a supplier that is closed breaks down now, which nobody foresaw."""
    return outage.breaks == now and outage.breaks > outage.starts


def go_down(world: World, supplier: Supplier, index: int, now: float) -> None:
    """A supplier goes down: it dispatches nothing and works on nothing."""
    supplier.down = 1
    supplier.down_since = now
    outage = world.outages[supplier.outage]
    schedule(world, outage.ends, SUPPLY, -1 - index)
    if outage.breaks > now and outage.breaks < NEVER:
        schedule(world, outage.breaks, SUPPLY, -1 - index)
    say_down(world, supplier, now)


def say_down(world: World, supplier: Supplier, now: float) -> None:
    """What a supplier says of its purchases when it goes down, or breaks down while closed."""
    if supplier.messages == EXACT and supplier.servers > 0:
        plan_all(world, supplier, now)
    elif supplier.announced != 0:
        if world.outages[supplier.outage].breaks > now:
            return  # the dates know planned outages already
        if supplier.known_at < supplier.known_end:
            foresee_all(world, supplier, supplier.in_service, now)
            foresee_all(world, supplier, supplier.first, now)
        else:
            put_off(world, supplier.in_service, supplier.mean_down, now)
            put_off(world, supplier.first, supplier.mean_down, now)
    elif supplier.messages == ON_DELAY:
        warn(world, supplier.in_service, now)
        warn(world, supplier.first, now)


def recover(world: World, supplier: Supplier, index: int, now: float) -> None:
    """A supplier recovers: servers go on; a supplier without servers dispatches what it held."""
    supplier.down = 0
    supplier.outage += 1
    if supplier.outage < supplier.outages_end:
        schedule(world, world.outages[supplier.outage].starts, SUPPLY, -1 - index)
    at = supplier.in_service
    while at != NONE:
        delivery = world.deliveries[at]
        days = now - supplier.down_since
        delivery.began = on_grid(world, delivery.began + days)  # as if it had begun later
        delivery.ends = on_grid(world, delivery.ends + days)
        schedule(world, delivery.ends, SUPPLY, at)
        at = world.purchases[at].next
    if supplier.servers == 0:
        dispatch_all(world, supplier, now)
        return
    if supplier.messages == EXACT:
        plan_all(world, supplier, now)
    elif supplier.announced != 0:
        foresee_all(world, supplier, supplier.in_service, now)
        foresee_all(world, supplier, supplier.first, now)
    start_service(world, supplier, now)


def dispatch_all(world: World, supplier: Supplier, now: float) -> None:
    """A supplier without servers dispatches all that it held, in the order of placing."""
    if supplier.announced != 0 and supplier.messages != EXACT:
        foresee_all(world, supplier, supplier.first, now)
    while supplier.first != NONE:
        at = supplier.first
        purchase = world.purchases[at]
        supplier.first = purchase.next
        world.totals[0].unsent -= 1
        if purchase.status == QUEUED:
            dispatch(world, supplier, purchase, at, now)


def put_off(world: World, first: int, days: float, now: float) -> None:
    """The purchases of a supplier's list are expected so many days later."""
    at = first
    while at != NONE:
        purchase = world.purchases[at]
        if purchase.status < UNDER_WAY:
            stock = world.stocks[purchase.stock]
            date = received(world, stock, on_grid(world, purchase.expected + days))
            expect(world, stock, at, date, now)
        at = purchase.next


def foresee_all(world: World, supplier: Supplier, first: int, now: float) -> None:
    """The supplier says anew when the purchases of its list come."""
    at = first
    while at != NONE:
        purchase = world.purchases[at]
        if purchase.status < UNDER_WAY:
            stock = world.stocks[purchase.stock]
            expect(world, stock, at, foresee(world, stock, supplier, at, now), now)
        at = purchase.next


def warn(world: World, first: int, now: float) -> None:
    """The supplier has learnt that the purchases of its list will be delayed: it says so."""
    at = first
    while at != NONE:
        purchase = world.purchases[at]
        if purchase.status < UNDER_WAY:
            schedule(world, now, MESSAGE, SORTS * at + SAYS)
        at = purchase.next
