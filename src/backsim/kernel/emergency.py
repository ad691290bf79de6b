"""Dual sourcing: when stock runs short, another supplier is asked, one that is faster or dearer.

Source: Moinzadeh and Nahmias, "A continuous review model for an inventory system with two supply
modes", Management Science 34 (1988) 761-773; Veeraraghavan and Scheller-Wolf, "Now or later: a
simple policy for effective dual sourcing in capacitated systems", Operations Research 56 (2008)
850-864 (two positions, the emergency one first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, Purchase, Stock, World
from backsim.kernel.closures import sets_out
from backsim.kernel.grid import on_grid
from backsim.kernel.pipeline import to_come

if TYPE_CHECKING:
    from backsim.kernel.replenishment import place_purchase


def buy_in_emergency(world: World, stock: Stock, now: float) -> None:
    """Ask the emergency source when stock runs short before it could deliver."""
    buyer = world.buyers[stock.index]
    if buyer.emergency != NONE:
        supplier = world.suppliers[world.sources[buyer.emergency].supplier]
        date = on_grid(world, sets_out(world, supplier, 0.0, now) + buyer.soon)
        units = emergency_position(world, stock, date)
        if units <= buyer.level:
            place_purchase(world, stock, buyer.emergency, buyer.up_to - units, now)


def emergency_position(world: World, stock: Stock, date: float) -> int:
    """Units on hand and expected by a date, less the backlog.

    All that the emergency source itself still has to deliver counts: asking it again is no faster.
    """
    units = stock.on_hand - stock.backlog
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        if purchase.expected <= date or is_emergency(world, purchase):
            units += to_come(world, index)
        index = purchase.later
    return units


def is_emergency(world: World, purchase: Purchase) -> bool:
    """Whether a purchase is from a stock point's emergency source."""
    at = world.buyers[purchase.stock].emergency
    return at != NONE and purchase.supplier == world.sources[at].supplier
