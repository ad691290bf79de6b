"""Reviews, purchases and what the supplier does with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    EXACT,
    IN_SERVICE,
    NONE,
    NOTE_PURCHASE,
    NOTE_RECEIVE,
    NOTE_WITHDRAW,
    QUEUED,
    REACH,
    RECEIVED,
    REVIEW,
    SUPPLY,
    UNDER_WAY,
    WITHDRAWN,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.clearing import clear
from backsim.kernel.delivery import accept, open_delivery
from backsim.kernel.disruptions import begin_service, is_stopped, leave_service
from backsim.kernel.grid import on_grid
from backsim.kernel.lots import join_order, lot, order_together
from backsim.kernel.messages import await_messages, learn_arrival
from backsim.kernel.pipeline import (
    estimates_moved,
    in_turn,
    quote,
    remove_from_pipeline,
    to_come,
    work_of,
)
from backsim.kernel.planning import plan, plan_all
from backsim.kernel.reactions import before_review, watch
from backsim.kernel.sourcing import (
    buy_from,
    choose_source,
    from_a_site,
    most_units,
    raise_echelon,
    raise_position,
)
from backsim.kernel.stock import settle
from backsim.kernel.switches import (
    DELIVERIES,
    DISRUPTIONS,
    ECHELON,
    INFORMS,
    JOINT,
    NETWORK,
    PIPELINE,
    REACTS,
    TRANSFERS,
)
from backsim.kernel.transfers import bring_in, count_in
from backsim.kernel.transit import call_back

if TYPE_CHECKING:
    from backsim.kernel.ports import (
        draw_fate,
        draw_fate_from,
        draw_lead_time,
        draw_service,
        new_purchase,
        note,
        reorder_units,
        schedule,
        sees_position,
    )


def review_periodically(world: World, stock: Stock, kind: int, now: float) -> None:
    """A periodic review; the next one is a whole number of periods after the first.

    Stock points under continuous review are reviewed once at the start, then after each event
    that lowers their position, and again while their rule stops short of what is missing.
    """
    review(world, stock, now)
    if stock.review_period > 0.0:
        stock.reviews += 1
        schedule_review(world, stock, kind, next_review(world, stock))


def next_review(world: World, stock: Stock) -> float:
    """When the next periodic review is due."""
    return on_grid(world, stock.review_start + stock.reviews * stock.review_period)


def review_continuously(world: World, stock: Stock, now: float) -> None:
    """Continuous review, after an event that lowered the position."""
    if TRANSFERS:
        bring_in(world, stock, now)
    if stock.review_period == 0.0:
        review(world, stock, now)


def review_echelons(world: World, stock: Stock, now: float) -> None:
    """Continuous review of those whose echelon position a customer has lowered, near ones first."""
    node = world.nodes[stock.index]
    for index in range(node.ancestors_at, node.ancestors_at + node.ancestors):
        above = world.ancestors[index].stock
        if world.nodes[above].by_echelon != 0:
            review_continuously(world, world.stocks[above], now)


def review(world: World, stock: Stock, now: float) -> None:
    """Ask the reorder rule, and order what it says."""
    if REACTS:
        before_review(world, stock, now)
    units = reorder_units(world, stock, now)
    if units > 0:
        order_units(world, stock, units, now)
        if JOINT:
            order_together(world, stock, now)


def order_units(world: World, stock: Stock, units: int, now: float) -> None:
    """Order what the rule says; under continuous review it is asked until it says no more.

    So a rule that stops short of what is missing, by a cap or a fixed step, orders the rest too.
    Only a rule that sees a position can tell that a purchase has been placed.
    """
    purchase_units(world, stock, lot(stock, units), now)
    if stock.review_period == 0.0 and sees_position(stock):
        if reorder_units(world, stock, now) > 0:
            schedule_review(world, stock, REVIEW, now)


def schedule_review(world: World, stock: Stock, kind: int, time: float) -> None:
    """Plan a review; of several at one instant, those downstream come first."""
    if NETWORK:
        schedule(world, time, kind, stock.index, world.nodes[stock.index].level)
    else:
        schedule(world, time, kind, stock.index)


def purchase_units(world: World, stock: Stock, units: int, now: float) -> None:
    """Order units from the stock point's supplier, or one of its sources."""
    source = NONE
    if NETWORK:
        source = choose_source(world, stock, units)
        units = most_units(world, stock, source, units)
    place_purchase(world, stock, source, units, now)


def place_purchase(world: World, stock: Stock, source: int, units: int, now: float) -> None:
    """Order units from a source (NONE: the only supplier there is)."""
    index = begin_purchase(world, stock, units, now)
    purchase = world.purchases[index]
    purchase.before = stock.last_purchase
    if NETWORK:
        buy_from(world, stock, purchase, source)
    else:
        purchase.lead_time = draw_lead_time(world, stock)
        if world.suppliers[stock.supplier].servers > 0:
            purchase.service = draw_service(world, stock)
    stock.last_purchase = index
    if JOINT:
        join_order(world, world.suppliers[supplier_of(world, purchase)], purchase, index, now)
    if PIPELINE:
        quote(world, stock, world.suppliers[supplier_of(world, purchase)], purchase, index, now)
    if DELIVERIES:
        open_delivery(world, purchase, index)
        if NETWORK:
            draw_fate_from(world, stock, world.sources[source], world.deliveries[index])
        else:
            draw_fate(world, stock, world.deliveries[index])
        await_messages(world, purchase, index, now)
    if REACTS:
        watch(world, stock, purchase, now)
    stock.purchases += 1
    note(world, now, NOTE_PURCHASE, index, stock, units)
    if ECHELON:
        raise_echelon(world, stock, purchase.source, units)
    if NETWORK and from_a_site(world, purchase):
        schedule(world, now, REACH, index)
        return
    join_queue(world, purchase, index, now)


def begin_purchase(world: World, stock: Stock, units: int, now: float) -> int:
    """Units are on order; from whom is still to be said."""
    settle(stock, now)
    index = new_purchase(world)
    purchase = world.purchases[index]
    purchase.placed = now
    purchase.units = units
    purchase.stock = stock.index
    stock.on_order += units
    return index


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
        supplier.work_queued += work_of(supplier, purchase)
    if DELIVERIES:
        world.deliveries[index].ahead = supplier.work_entered
        supplier.work_entered += work_of(supplier, purchase)
        world.totals[0].unsent += 1
        if supplier.messages == EXACT:
            plan(world, supplier, index, now)
    start_service(world, supplier, now)


def supplier_of(world: World, purchase: Purchase) -> int:
    """Index of the supplier that a purchase is ordered from."""
    if NETWORK and purchase.supplier != NONE:
        return purchase.supplier
    return world.stocks[purchase.stock].supplier


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
                supplier.work_queued -= work_of(supplier, purchase)
                supplier.work_begun += work_of(supplier, purchase)
            if DELIVERIES:
                begin_service(world, supplier, purchase, index, now)
            schedule(world, on_grid(world, now + purchase.service), SUPPLY, index)
        elif DELIVERIES:
            world.totals[0].unsent -= 1


def end_service(world: World, index: int, now: float) -> None:
    """A server has finished a purchase and turns to the next."""
    purchase = world.purchases[index]
    supplier = world.suppliers[supplier_of(world, purchase)]
    if DISRUPTIONS and is_stopped(world, supplier, purchase, index, now):
        return
    supplier.busy -= 1
    if PIPELINE:
        supplier.work_begun -= work_of(supplier, purchase)
    if DELIVERIES:
        leave_service(world, supplier, index)
    dispatch(world, supplier, purchase, index, now)
    start_service(world, supplier, now)


def dispatch(world: World, supplier: Supplier, purchase: Purchase, index: int, now: float) -> None:
    """A purchase sets out; without crossing it arrives no earlier than the one before it."""
    stock = world.stocks[purchase.stock]
    days = purchase.lead_time
    if DELIVERIES:
        days += world.deliveries[index].delay
        world.deliveries[index].ends = now
    arrives = on_grid(world, now + days)
    if in_turn(world, supplier, purchase):
        if arrives < stock.last_arrival:
            arrives = stock.last_arrival
        stock.last_arrival = arrives
    purchase.status = UNDER_WAY
    purchase.arrives = arrives
    schedule(world, arrives, ARRIVAL, index)
    if DELIVERIES:
        learn_arrival(world, stock, supplier, purchase, index, now)


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
    purchase.status = RECEIVED
    if PIPELINE:
        remove_from_pipeline(world, stock, index)
    stock.on_hand += purchase.units
    stock.on_order -= purchase.units
    stock.received += purchase.units
    note(world, now, NOTE_RECEIVE, index, stock, purchase.units)
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


def receive_part(world: World, stock: Stock, purchase: Purchase, index: int, now: float) -> None:
    """A purchase or a part of it arrives, unless that was foreseen for then and is so no longer."""
    if purchase.status == UNDER_WAY and purchase.arrives == now:
        settle(stock, now)
        rejected = accept(world, stock, purchase, index, now)
        give_out(world, stock, now)
        if INFORMS:
            estimates_moved(world, stock, now)
        if rejected > 0:
            if ECHELON:
                raise_position(world, stock, -rejected)
            review_continuously(world, stock, now)


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
    purchase.units -= units
    stock.on_order -= units
    if DELIVERIES:
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
