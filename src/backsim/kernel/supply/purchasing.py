"""Purchases: what a supplier asks of them, and how they are placed.

Purchases that were placed together are the lines of one order: the first leads, the others have
joined it.  An order is paid for once, and each of its lines.

Dual sourcing: when stock runs short, another supplier is asked, one that is faster or dearer.
Source: Moinzadeh and Nahmias, "A continuous review model for an inventory system with two supply
modes", Management Science 34 (1988) 761-773; Veeraraghavan and Scheller-Wolf, "Now or later: a
simple policy for effective dual sourcing in capacitated systems", Operations Research 56 (2008)
850-864 (two positions, the emergency one first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    NEVER,
    NONE,
    NOTE_PURCHASE,
    REACH,
    REACT,
    Purchase,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import arrival
from backsim.kernel.features import (
    BUDGETS,
    CANCELS,
    DELIVERIES,
    DIVIDES,
    ECHELON,
    EXPEDITES,
    JOINT,
    LOTS,
    NETWORK,
    PIPELINE,
    REACTS,
    SEASONS,
)
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import (
    buy_from,
    from_a_site,
    most_units,
    raise_echelon,
)
from backsim.kernel.stock.position import inventory_position, settle
from backsim.kernel.supply.outage_calendar import sets_out
from backsim.kernel.supply.parts import units_by
from backsim.kernel.supply.pipeline import is_emergency, open_delivery, quote, supplier_of, to_come
from backsim.kernel.supply.purchase_limits import affordable, spend
from backsim.kernel.supply.seasons import factor_now, stretch
from backsim.kernel.supply.service import join_queue
from backsim.kernel.supply.source_choice import (
    choose_source,
    divide,
    forget_avoided,
    in_turn_of,
)
from backsim.kernel.supply.supplier_messages import await_messages

if TYPE_CHECKING:
    from backsim.kernel.interface import (
        draw_lead_time,
        draw_outcome,
        draw_service,
        new_purchase,
        schedule,
    )


def purchase_units(world: World, stock: Stock, units: int, now: float) -> None:
    """Order units from the stock point's supplier, from one of its sources, or from several."""
    source = NONE
    if DIVIDES and world.nodes[stock.index].divides != 0:
        purchase_in_parts(world, stock, units, now)
        return
    if NETWORK:
        source = choose_source(world, stock, units, now)
        units = most_units(world, stock, source, units)
    place_purchase(world, stock, source, units, now)


def purchase_in_parts(world: World, stock: Stock, units: int, now: float) -> None:
    """Order units from several sources, those in front first."""
    divide(world, stock, units, now)
    forget_avoided(world, stock)
    for turn in range(1, world.nodes[stock.index].regular + 1):
        at = in_turn_of(world, stock, turn)
        part = most_units(world, stock, at, world.sources[at].part)
        if part > 0:
            place_purchase(world, stock, at, part, now)


def place_purchase(world: World, stock: Stock, source: int, units: int, now: float) -> None:
    """Order units from a source (NONE: the only supplier there is)."""
    index = begin_purchase(world, stock, units, now)
    purchase = world.purchases[index]
    purchase.before = stock.last_purchase
    if NETWORK:
        buy_from(world, stock, purchase, source)
    else:
        purchase.lead_time = draw_lead_time(world, stock, stock.index)
        if world.suppliers[stock.supplier].servers > 0:
            purchase.service = draw_service(world, stock, stock.index)
    stock.last_purchase = index
    if BUDGETS:
        spend(world, stock, units, now)
    if SEASONS:
        stretch(world, world.suppliers[supplier_of(world, purchase)], purchase)
    if JOINT:
        join_order(world, world.suppliers[supplier_of(world, purchase)], purchase, index, now)
    if PIPELINE:
        quote(world, stock, world.suppliers[supplier_of(world, purchase)], purchase, index, now)
    if DELIVERIES:
        open_delivery(world, purchase, index)
        lane = stock.index
        if NETWORK:
            lane = world.sources[source].lane
        draw_outcome(world, stock, lane, world.deliveries[index])
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


def watch(world: World, stock: Stock, purchase: Purchase, now: float) -> None:
    """A purchase has been placed: look again when it will be late, should it still be out."""
    if NETWORK and from_a_site(world, purchase):
        return
    buyer = world.buyers[stock.index]
    if EXPEDITES and buyer.expedite_late != NEVER:
        late = on_grid(world, purchase.quoted + buyer.expedite_late)
        schedule(world, late, REACT, stock.index)
    if CANCELS and buyer.cancel_late != NEVER:
        late = on_grid(world, purchase.quoted + buyer.cancel_late)
        schedule(world, late, REACT, stock.index)


def runs_low(world: World, stock: Stock) -> bool:
    """Whether so little is on hand, or so much is waited for, that purchases are expedited."""
    buyer = world.buyers[stock.index]
    return buyer.expedite_days > 0.0 and stock.on_hand - stock.backlog <= buyer.expedite_level


def lot(world: World, stock: Stock, units: int, now: float) -> int:
    """The size of the purchase that these units become; 0 if there can be none.

    The least that the supplier accepts; where there is no room for it, or no money, the most that
    there is room for.
    """
    if LOTS or BUDGETS:
        if units < stock.least_order:
            units = stock.least_order
        units = (units + stock.multiple - 1) // stock.multiple * stock.multiple
        room = max(0, stock.most_stock - inventory_position(stock))
        if BUDGETS:
            room = affordable(world, stock, min(units, room), now)
        if units > room:
            units = room // stock.multiple * stock.multiple
            if units < stock.least_order:
                units = 0
    return units


def join_order(
    world: World, supplier: Supplier, purchase: Purchase, index: int, now: float
) -> None:
    """A purchase joins the order that its site places at this supplier and instant, if it can."""
    if supplier.joint == 0:
        return
    site = world.stocks[purchase.stock].site
    at = supplier.order
    while at != NONE and world.purchases[at].placed == now:
        if world.stocks[world.purchases[at].stock].site == site:
            purchase.joined = at
            return
        at = world.purchases[at].elsewhere
    if supplier.order != NONE and world.purchases[supplier.order].placed == now:
        purchase.elsewhere = supplier.order
    supplier.order = index


def buy_in_emergency(world: World, stock: Stock, now: float) -> None:
    """Ask the emergency source when stock runs short before it could deliver."""
    buyer = world.buyers[stock.index]
    if buyer.emergency != NONE:
        units = emergency_position(world, stock, now)
        if units <= buyer.level:
            place_purchase(world, stock, buyer.emergency, buyer.up_to - units, now)


def emergency_position(world: World, stock: Stock, now: float) -> int:
    """Units on hand and expected by when the emergency source could deliver, less the backlog.

    All that the source itself still has to deliver counts: asking it again is no faster.  With a
    single index whatever is on order does.
    Source: Scheller-Wolf, Veeraraghavan and van Houtum, "Effective dual sourcing with a single
    index policy", working paper, Carnegie Mellon University (2007).
    """
    buyer = world.buyers[stock.index]
    date = NEVER
    if buyer.counts_all == 0:
        supplier = world.suppliers[world.sources[buyer.emergency].supplier]
        begins = sets_out(world, supplier, 0.0, now)
        date = arrival(world, stock, supplier, begins, buyer.soon * factor_now(supplier))
    units = stock.on_hand - stock.backlog
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        if is_emergency(world, purchase):
            units += to_come(world, index)
        else:
            units += units_by(world, index, date)
        index = purchase.later
    return units
