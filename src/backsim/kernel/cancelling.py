"""A purchase that is late and still waits at the supplier is withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, QUEUED, Stock, World
from backsim.kernel.pipeline import is_late, to_come
from backsim.kernel.sourcing import from_a_site, raise_echelon
from backsim.kernel.stock import settle
from backsim.kernel.switches import ECHELON, NETWORK

if TYPE_CHECKING:
    from backsim.kernel.replenishment import supplier_of, withdraw_units


def cancel_late(world: World, stock: Stock, now: float) -> bool:
    """Withdraw the late purchases that the supplier has not begun with; whether there are any.

    The stock point's next purchase passes their supplier over, where it has a choice.  Once an
    instant: what is ordered anew may be known to be late at once.
    """
    buyer = world.buyers[stock.index]
    found = False
    if buyer.cancelled == now:
        return found
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        following = purchase.later
        waits = purchase.status == QUEUED and (not NETWORK or not from_a_site(world, purchase))
        if waits and is_late(world, purchase, buyer.cancel_late, now):
            units = to_come(world, index)
            code = supplier_of(world, purchase)
            settle(stock, now)
            if ECHELON:
                raise_echelon(world, stock, purchase.source, -units)
            world.deliveries[index].cancelled_at = now
            withdraw_units(world, stock, world.suppliers[code], index, units, now)
            buyer.avoids = code
            buyer.cancelled = now
            found = True
        index = following
    return found
