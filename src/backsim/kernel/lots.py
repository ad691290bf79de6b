"""What a supplier asks of purchases: a least size, multiples; and purchases placed together.

Purchases that were placed together are the lines of one order: the first leads, the others have
joined it.  An order is paid for once, and each of its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, Purchase, Stock, Supplier, World
from backsim.kernel.switches import LOTS

if TYPE_CHECKING:
    from backsim.kernel.ports import reorder_units
    from backsim.kernel.replenishment import order_units


def lot(stock: Stock, units: int) -> int:
    """The least size of a purchase that the supplier accepts for these units."""
    if LOTS:
        if units < stock.least_order:
            units = stock.least_order
        units = (units + stock.multiple - 1) // stock.multiple * stock.multiple
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


def order_together(world: World, stock: Stock, now: float) -> None:
    """A stock point has ordered; the others of its circle may join its purchase."""
    first = stock.last_purchase
    at = stock.joint_next
    while at != NONE and at != stock.index:
        other = world.stocks[at]
        other.joining = 1
        units = reorder_units(world, other, now)
        other.joining = 0
        if units > 0:
            order_units(world, other, units, now)
            world.purchases[other.last_purchase].joined = first
        at = other.joint_next
