"""What becomes of purchases: they arrive, whole or in part, sound or not, or are withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    EXACT,
    IN_SERVICE,
    NONE,
    NOTE_RECEIVE,
    NOTE_REJECT,
    NOTE_WITHDRAW,
    QUEUED,
    RECEIVED,
    UNDER_WAY,
    WITHDRAWN,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival
from backsim.kernel.events import event
from backsim.kernel.features import (
    BUDGETS,
    DELIVERIES,
    ECHELON,
    EXPIRES,
    INFORMS,
    NETWORK,
    PIPELINE,
    TRANSFERS,
)
from backsim.kernel.log import note
from backsim.kernel.network.internal_shipments import call_back
from backsim.kernel.network.sourcing import from_a_site, raise_echelon, raise_position
from backsim.kernel.network.transfers import count_in
from backsim.kernel.stock.clearing import clear
from backsim.kernel.stock.lots import store
from backsim.kernel.stock.position import end_cycle, settle
from backsim.kernel.stock.review import review_continuously
from backsim.kernel.supply.pipeline import (
    estimates_moved,
    expect,
    good_to_come,
    remove_from_pipeline,
    supplier_of,
    to_come,
)
from backsim.kernel.supply.purchase_limits import room_again
from backsim.kernel.supply.supplier_messages import plan_all

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


@event(ARRIVAL, subject="purchases")
def receive(world: World, index: int, now: float) -> None:
    """A purchase arrives; waiting lines are served from it."""
    purchase = world.purchases[index]
    if purchase.status == WITHDRAWN:
        return
    stock = world.stocks[purchase.stock]
    if TRANSFERS:
        count_in(world, purchase)
    if DELIVERIES:
        receive_part(world, stock, purchase, index, now)
        return
    settle(stock, now)
    end_cycle(stock, now)
    purchase.status = RECEIVED
    if PIPELINE:
        remove_from_pipeline(world, stock, index)
    stock.on_hand += purchase.units
    stock.on_order -= purchase.units
    stock.received += purchase.units
    note(world, now, NOTE_RECEIVE, index, stock, purchase.units)
    if EXPIRES:
        store(world, stock, purchase.units, now)
    give_out(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)


def give_out(world: World, stock: Stock, now: float) -> None:
    """Serve waiting lines from units that have just arrived: to none of them are they from stock.

    Not even to those who have ordered at this instant, before the units arrived.
    """
    stock.receiving = 1
    clear(world, stock, now)
    stock.receiving = 0
    if stock.backlog > 0:
        stock.short = 1
    if BUDGETS:
        room_again(world, now)


def receive_part(world: World, stock: Stock, purchase: Purchase, index: int, now: float) -> None:
    """A purchase or a part of it arrives, unless that was foreseen for then and is so no longer."""
    if purchase.status == UNDER_WAY and purchase.arrives == now:
        settle(stock, now)
        end_cycle(stock, now)
        before = stock.received
        rejected = accept(world, stock, purchase, index, now)
        if EXPIRES:
            store(world, stock, stock.received - before, now)
        give_out(world, stock, now)
        if INFORMS:
            estimates_moved(world, stock, now)
        if rejected > 0:
            if ECHELON:
                raise_position(world, stock, -rejected)
            review_continuously(world, stock, now)


def accept(world: World, stock: Stock, purchase: Purchase, index: int, now: float) -> int:
    """A purchase, or a part of it, arrives; what is not fit for use is rejected.

    Of the n units that have arrived so far, n x yield are good, rounded to the nearest, halves up.
    Returns the units rejected.
    Source: Yano and Lee, "Lot sizing with random yields: a review", Operations Research 43 (1995)
    311-334: stochastically proportional yield.
    """
    supplier = world.suppliers[supplier_of(world, purchase)]
    delivery = world.deliveries[index]
    left = to_come(world, index)
    stock.good_on_order -= good_to_come(world, index)
    parts = max(1, supplier.parts - delivery.parts)
    units = (left + parts - 1) // parts
    arrived = delivery.received + delivery.rejected + units
    good = int(arrived * delivery.sound + 0.5) - delivery.received
    delivery.parts += 1
    delivery.received += good
    delivery.rejected += units - good
    stock.on_hand += good
    stock.received += good
    stock.on_order -= units
    stock.good_on_order += good_to_come(world, index)
    note(world, now, NOTE_RECEIVE, index, stock, good)
    if units > good:
        note(world, now, NOTE_REJECT, index, stock, units - good)
    if left == units:
        purchase.status = RECEIVED
        remove_from_pipeline(world, stock, index)
    else:
        purchase.arrives = arrival(world, stock, supplier, now, supplier.part_days)
        schedule(world, purchase.arrives, ARRIVAL, index)
        expect(world, stock, index, purchase.arrives, now)
    return units - good


def withdraw_purchases(world: World, stock: Stock, units: int, now: float) -> None:
    """Take units back from the latest purchases that the supplier has not started.

    An unlimited supplier has nothing to start: there, whatever is under way can be taken back.
    """
    settle(stock, now)
    while units > 0 and stock.last_purchase != NONE:
        index = stock.last_purchase
        purchase = world.purchases[index]
        supplier = world.suppliers[supplier_of(world, purchase)]
        at_site = NETWORK and from_a_site(world, purchase)
        limited = at_site or supplier.servers > 0
        under_way = purchase.status == UNDER_WAY
        if purchase.status == IN_SERVICE or (under_way and limited):
            break
        if purchase.status == QUEUED or under_way:
            taken = min(units, to_come(world, index))
            if at_site:
                taken = call_back(world, purchase, taken, now)
                if taken == 0:
                    break
            if ECHELON:
                raise_echelon(world, stock, purchase.source, -taken)
            units -= taken
            withdraw_units(world, stock, supplier, index, taken, now)
            if to_come(world, index) > 0:
                break
        stock.last_purchase = purchase.before


def withdraw_units(
    world: World, stock: Stock, supplier: Supplier, index: int, units: int, now: float
) -> None:
    """Units of a purchase are withdrawn."""
    purchase = world.purchases[index]
    if DELIVERIES:
        stock.good_on_order -= good_to_come(world, index)
    purchase.units -= units
    stock.on_order -= units
    if DELIVERIES:
        stock.good_on_order += good_to_come(world, index)
        world.deliveries[index].withdrawn += units
    if PIPELINE and purchase.status == QUEUED and supplier.servers > 0:
        if supplier.per_unit != 0:
            supplier.work_queued -= units
        elif purchase.units == 0:
            supplier.work_queued -= 1
    note(world, now, NOTE_WITHDRAW, index, stock, units)
    if to_come(world, index) == 0:
        purchase.status = WITHDRAWN
        if purchase.units > 0:  # of which a part has come; the next one was foreseen for later
            purchase.status = RECEIVED
            purchase.arrives = now
        if PIPELINE:
            remove_from_pipeline(world, stock, index)
    if DELIVERIES and supplier.messages == EXACT and supplier.servers > 0:
        plan_all(world, supplier, now)
