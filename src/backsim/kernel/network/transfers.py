"""Lateral transshipment: another site of the level sends units when there are too few here.

A transfer is a purchase whose order is filled at once: it asks only for what the other site has.
Source: Paterson, Kiesmueller, Teunter and Glazebrook, "Inventory models with lateral
transshipments: a review", European Journal of Operational Research 210 (2011) 125-136.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    NONE,
    NOTE_ORDER,
    NOTE_PURCHASE,
    REVIEW,
    SKIP,
    WAITING,
    Purchase,
    Stock,
    World,
)
from backsim.kernel.calendars import arrival, sets_off
from backsim.kernel.features import BATCHES, DELIVERIES, ECHELON, INFORMS, PIPELINE
from backsim.kernel.log import note
from backsim.kernel.network.internal_shipments import order_at
from backsim.kernel.network.sourcing import MOST_UNITS, is_transfer, raise_position
from backsim.kernel.stock.clearing import serves_new
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.shipping import take
from backsim.kernel.supply.pipeline import add_to_pipeline, estimates_moved, open_delivery
from backsim.kernel.supply.purchasing import begin_purchase

if TYPE_CHECKING:
    from backsim.kernel.interface import draw_transfer_time, schedule


def bring_in(world: World, stock: Stock, now: float) -> None:
    """Send for what is missing to the transfer level: each site, in order, gives what it can."""
    node = world.nodes[stock.index]
    missing = node.transfer_level - (stock.on_hand - stock.backlog + node.transferring)
    for at in range(node.transfers_at, node.transfers_at + node.transfers):
        source = world.sources[at]
        spare = units_to_spare(world.stocks[source.stock], source.keep)
        units = min(missing, spare, MOST_UNITS)
        if units > 0:
            transfer(world, stock, at, units, now)
            missing -= units


def units_to_spare(place: Stock, keep: int) -> int:
    """Units on hand that a stock point may send away: none while others wait for them there."""
    if BATCHES and place.clearing_period > 0.0 and not serves_new(place):
        return 0
    if place.waiting > 0 and place.overtaking != SKIP:
        return 0
    return place.on_hand - keep


def transfer(world: World, stock: Stock, at: int, units: int, now: float) -> None:
    """Units are ordered at another site, and leave it at once."""
    source = world.sources[at]
    node = world.nodes[stock.index]
    place = world.stocks[source.stock]
    settle(place, now)
    index = begin_purchase(world, stock, units, now)
    purchase = world.purchases[index]
    purchase.source = source.stock
    purchase.supplier = source.supplier
    purchase.lead_time = draw_transfer_time(world, stock, source.lane)
    node.transferred += 1
    node.transferring += units
    if PIPELINE:
        supplier = world.suppliers[purchase.supplier]
        leaves = sets_off(world, purchase, now)
        purchase.quoted = arrival(world, stock, supplier, leaves, purchase.lead_time)
        purchase.expected = purchase.quoted
        add_to_pipeline(world, stock, index, NONE)
    if DELIVERIES:
        open_delivery(world, purchase, index)
    note(world, now, NOTE_PURCHASE, index, stock, units)
    if ECHELON:
        raise_position(world, stock, units)
        raise_position(world, place, -units)
    order_at(world, purchase, index, source.stock, units, source.customer_class, now)
    line = world.lines[purchase.line]
    line.open = units
    line.status = WAITING
    note(world, now, NOTE_ORDER, purchase.line, place, units)
    take(world, place, line, purchase.line, units, now)
    if place.review_period == 0.0:  # continuous review: its position is lower now
        schedule(world, now, REVIEW, place.index, world.nodes[place.index].level)
    if INFORMS:
        estimates_moved(world, stock, now)
        estimates_moved(world, place, now)


def count_in(world: World, purchase: Purchase) -> None:
    """A purchase arrives that may be a transfer."""
    if is_transfer(world, purchase):
        world.nodes[purchase.stock].transferring -= purchase.units
