"""What a supplier says of a purchase after it has quoted a date, and when the buyer hears of it.

A limited supplier whose messages are exact knows how long each purchase in its queue will take:
first come, first served, the next one goes to the server that is free first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    AT_DUE,
    EVERY,
    EXACT,
    HEARS,
    IN_SERVICE,
    MESSAGE,
    NEVER,
    NONE,
    ON_DELAY,
    QUEUED,
    RECEIVED,
    SAYS,
    SORTS,
    UNDER_WAY,
    WITHDRAWN,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival, received
from backsim.kernel.events import event
from backsim.kernel.features import NETWORK
from backsim.kernel.grid import on_grid
from backsim.kernel.network.sourcing import components_ready, mean_lead_time
from backsim.kernel.supply.outage_calendar import through_closures, works_again
from backsim.kernel.supply.pipeline import (
    expect,
    expected_before,
    in_turn,
    supplier_of,
    waiting_work,
    work_of,
)

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


def await_messages(world: World, purchase: Purchase, index: int, now: float) -> None:
    """A purchase has been placed: is it going to be late, and when will the supplier say more?"""
    supplier = world.suppliers[supplier_of(world, purchase)]
    if world.deliveries[index].luck >= supplier.late_share:
        world.deliveries[index].delay = 0.0
    if supplier.messages == AT_DUE:
        schedule(world, purchase.quoted, MESSAGE, SORTS * index + SAYS)
    elif supplier.messages == EVERY:
        schedule(world, on_grid(world, now + supplier.period), MESSAGE, SORTS * index + SAYS)
    elif supplier.messages == ON_DELAY and supplier.down != 0:
        schedule(world, now, MESSAGE, SORTS * index + SAYS)


def await_messages_of_part(world: World, index: int, now: float) -> None:
    """A part of a purchase has been split off; its outcome is that of the whole."""
    purchase = world.purchases[index]
    supplier = world.suppliers[supplier_of(world, purchase)]
    whole = world.deliveries[purchase.part_of]
    delivery = world.deliveries[index]
    delivery.luck = whole.luck
    delivery.delay = whole.delay
    delivery.error = whole.error
    delivery.sound = whole.sound
    delivery.messages = whole.messages
    if supplier.messages == AT_DUE:
        schedule(world, max(now, purchase.quoted), MESSAGE, SORTS * index + SAYS)
    elif supplier.messages == EVERY:
        following = purchase.placed + (delivery.messages + 1) * supplier.period
        schedule(world, on_grid(world, following), MESSAGE, SORTS * index + SAYS)
    elif supplier.messages == ON_DELAY and supplier.down != 0:
        schedule(world, now, MESSAGE, SORTS * index + SAYS)


def learn_arrival(
    world: World, stock: Stock, supplier: Supplier, purchase: Purchase, index: int, now: float
) -> None:
    """A purchase has set out, so that the supplier can know when it arrives."""
    if supplier.messages == EXACT:
        expect(world, stock, index, purchase.arrives, now)
    elif supplier.messages == ON_DELAY and purchase.arrives > purchase.expected:
        days = supplier.learns * (purchase.arrives - now)
        schedule(world, on_grid(world, now + days), MESSAGE, SORTS * index + SAYS)


@event(MESSAGE, subject="purchases", feature="DELIVERIES")
def message(world: World, subject: int, now: float) -> None:
    """The supplier says when a purchase comes, or the buyer hears what it said."""
    index = subject // SORTS
    purchase = world.purchases[index]
    if purchase.status == RECEIVED or purchase.status == WITHDRAWN:
        return
    stock = world.stocks[purchase.stock]
    if subject % SORTS == SAYS:
        say(world, stock, world.suppliers[supplier_of(world, purchase)], index, now)
    else:
        expect(world, stock, index, world.deliveries[index].told, now)


def say(world: World, stock: Stock, supplier: Supplier, index: int, now: float) -> None:
    """The supplier says when a purchase comes; the buyer hears it after the lag."""
    purchase = world.purchases[index]
    delivery = world.deliveries[index]
    date = foresee(world, stock, supplier, index, now)
    heard = on_grid(world, now + supplier.lag)
    if supplier.messages == EVERY:
        delivery.messages += 1
        known = purchase.placed == purchase.placed  # nan: nobody knows when, before the start
        since = purchase.placed if known else 0.0
        following = since + (delivery.messages + 1) * supplier.period
        schedule(world, on_grid(world, following), MESSAGE, SORTS * index + SAYS)
    elif supplier.messages == AT_DUE and purchase.status != UNDER_WAY and date > now:
        schedule(world, max(date, heard), MESSAGE, SORTS * index + SAYS)
    if supplier.lag > 0.0:
        delivery.told = date
        schedule(world, heard, MESSAGE, SORTS * index + HEARS)
    else:
        expect(world, stock, index, date, now)


def foresee(world: World, stock: Stock, supplier: Supplier, index: int, now: float) -> float:
    """When the supplier thinks that a purchase arrives.

    It knows the date of what is under way.  Where it says so every few days, it errs by the share
    e (2u - 1) of the days that are left: u is uniform on (0, 1), one draw a purchase, and e is
    `error`.  So the error has mean 0 and vanishes as arrival nears.  Of what has not set out it
    knows the means, and its planned outages.
    """
    purchase = world.purchases[index]
    delivery = world.deliveries[index]
    if purchase.status == UNDER_WAY:
        date = purchase.arrives
        if supplier.messages == EVERY:
            date += supplier.error * (2.0 * delivery.error - 1.0) * (purchase.arrives - now)
        return received(world, stock, on_grid(world, date))
    ready = components_ready(world, purchase, now) if NETWORK else now
    begins = max(ready, works_again(world, supplier, now))
    work = 0.0
    if supplier.servers > 0:
        work = supplier.mean_service * work_of(supplier, purchase.units)
        if purchase.status == IN_SERVICE:
            until = now if supplier.down == 0 else supplier.down_since
            work = max(0.0, delivery.began + work - until)
        else:
            before = delivery.ahead - (supplier.work_entered - supplier.work_queued)
            work += supplier.mean_service * waiting_work(supplier, max(0, before))
    date = through_closures(world, supplier, begins, begins + work)
    return arrival(world, stock, supplier, date, mean_lead_time(world, stock, purchase))


def plan(world: World, supplier: Supplier, index: int, now: float) -> None:
    """Give a purchase in the queue its server, behind all that is planned, and say the date."""
    purchase = world.purchases[index]
    if supplier.servers == 0:  # held until the supplier recovers
        promise(world, supplier, index, works_again(world, supplier, now), now)
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
    promise(world, supplier, index, server.free, now)


def plan_all(world: World, supplier: Supplier, now: float) -> None:
    """Plan anew what the servers work on and all that waits in the queue."""
    begins = works_again(world, supplier, now)
    for k in range(supplier.servers_at, supplier.servers_at + supplier.servers):
        world.servers[k].free = begins
    k = supplier.servers_at
    at = begun_behind(world, supplier, NONE)
    while at != NONE:
        ends = world.deliveries[at].ends
        if world.purchases[at].arrives == NEVER:  # else it is done, and held behind another
            if supplier.down == 0 or ends > supplier.down_since:
                if supplier.down != 0:
                    ends = on_grid(world, ends + begins - supplier.down_since)
                ends = through_closures(world, supplier, begins, ends)
                world.servers[k].free = ends
            k += 1
        promise(world, supplier, at, ends, now)
        at = begun_behind(world, supplier, at)
    at = supplier.first
    while at != NONE:
        if world.purchases[at].status == QUEUED:
            plan(world, supplier, at, now)
        at = world.purchases[at].next


def begun_behind(world: World, supplier: Supplier, index: int) -> int:
    """Of those that servers have begun with, or that are held, the first behind another."""
    found = NONE
    for first in (supplier.in_service, supplier.held):
        at = first
        while at != NONE:
            if at > index and (found == NONE or at < found):
                found = at
            at = world.purchases[at].next
    return found


def promise(world: World, supplier: Supplier, index: int, sent: float, now: float) -> None:
    """Say the date of a purchase that will set out at `sent`."""
    purchase = world.purchases[index]
    stock = world.stocks[purchase.stock]
    days = purchase.lead_time + world.deliveries[index].delay
    date = arrival(world, stock, supplier, sent, days)
    if in_turn(world, supplier, purchase):
        date = max(date, expected_before(world, stock, index))
    expect(world, stock, index, date, now)
