"""Orders of several products together that a supplier has terms for: a least value, containers.

Whenever a stock point is reviewed, the rules of all are asked that are ordered with it: those of
its site and supplier.  What they say together becomes an order, or nothing does.
Source: Cachon, "Managing a retailer's shelf space, inventory, and transportation", Manufacturing &
Service Operations Management 3 (2001) 211-229 (full loads); Silver, Pyke and Thomas, Inventory and
Production Management in Supply Chains (2017), section 10.5 (what is added runs out first).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, Stock, World
from backsim.kernel.stock.position import inventory_position
from backsim.kernel.supply.purchasing import lot

if TYPE_CHECKING:
    from backsim.kernel.interface import reorder_units

ROOM = 1e-9
"""A container that lacks less than this share of it is full."""


def is_worth_an_order(world: World, stock: Stock, now: float) -> bool:
    """Ask all rules of the group, into `wanted`, and fill containers; whether to order."""
    supplier = world.suppliers[stock.supplier]
    value, volume, any_wanted = 0.0, 0.0, False
    at = stock.index
    while at != NONE:
        other, item = world.stocks[at], world.items[at]
        units = reorder_units(world, other, now)
        item.wanted = lot(world, other, units, now) if units > 0 else 0
        any_wanted = any_wanted or item.wanted > 0
        value += item.wanted * item.value
        volume += item.wanted * item.volume
        at = item.next if item.next != stock.index else NONE
    if any_wanted and supplier.container > 0.0:
        loads = int(volume / supplier.container)
        if volume > loads * supplier.container * (1.0 + ROOM):
            loads += 1
        value += fill_containers(world, stock, loads * supplier.container - volume, now)
    return any_wanted and value * (1.0 + ROOM) >= supplier.least_value


def fill_containers(world: World, stock: Stock, room: float, now: float) -> float:
    """Add to the order as long as there is room, first what runs out first; the value added."""
    value = 0.0
    while True:
        best, soonest, step = NONE, NEVER, 0
        at = stock.index
        while at != NONE:
            other, item = world.stocks[at], world.items[at]
            more = lot(world, other, item.wanted + 1, now) - item.wanted
            if more > 0 and item.rate > 0.0 and more * item.volume <= room * (1.0 + ROOM):
                days = (inventory_position(other) + item.wanted) / item.rate
                if days < soonest:
                    best, soonest, step = at, days, more
            at = item.next if item.next != stock.index else NONE
        if best == NONE:
            return value
        world.items[best].wanted += step
        room -= step * world.items[best].volume
        value += step * world.items[best].value
