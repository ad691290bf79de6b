"""The buyer watches the purchases under way, and acts when one is late or stock runs short.

A purchase under way is expedited: brought forward, once, and the supplier is paid for it.  One that
is late and still waits at the supplier is withdrawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    ARRIVAL,
    EXACT,
    NEVER,
    NONE,
    NOTE_EXPEDITE,
    QUEUED,
    REACT,
    UNDER_WAY,
    Buyer,
    Purchase,
    Stock,
    World,
)
from backsim.kernel.calendars import received
from backsim.kernel.events import event
from backsim.kernel.features import CANCELS, ECHELON, EMERGENCY, EXPEDITES, NETWORK
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import from_a_site, raise_echelon
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import review_after_demand
from backsim.kernel.supply.pipeline import expect, in_turn, is_late, look_soon, supplier_of, to_come
from backsim.kernel.supply.purchasing import buy_in_emergency
from backsim.kernel.supply.receiving import withdraw_units

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


@event(REACT, subject="stocks", feature="REACTS")
def react(world: World, stock: Stock, now: float) -> None:
    """The buyer looks at the purchases of a stock point.

    Late ones that wait are withdrawn, which lets the reorder rule order anew; then those under way
    are expedited, one a look, as long as there is one to expedite.
    """
    world.buyers[stock.index].looks = 0
    withdrawn = False
    if CANCELS:
        withdrawn = cancel_late(world, stock, now)
    if withdrawn:
        review_after_demand(world, stock, now)
    elif EMERGENCY and stock.review_period == 0.0:
        buy_in_emergency(world, stock, now)
    if EXPEDITES and expedite_next(world, stock, now):
        look_soon(world, stock, now)


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


def expedite_next(world: World, stock: Stock, now: float) -> bool:
    """Expedite the first purchase of the pipeline that is worth it; whether there was one.

    Those that are late, and as many as it takes to bring the stock above the level.
    """
    buyer = world.buyers[stock.index]
    have = stock.on_hand - stock.backlog
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        wanted = have <= buyer.expedite_level or is_late(world, purchase, buyer.expedite_late, now)
        if wanted and can_be_expedited(world, purchase, index):
            date = brought_forward(world, stock, buyer, purchase, index, now)
            if date < purchase.arrives:
                expedite(world, stock, purchase, index, date, now)
                return True
        have += to_come(world, index)
        index = purchase.later
    return False


def can_be_expedited(world: World, purchase: Purchase, index: int) -> bool:
    """Whether a supplier has dispatched a purchase, and it has not been expedited before."""
    if NETWORK and from_a_site(world, purchase):
        return False
    return purchase.status == UNDER_WAY and world.deliveries[index].expedited_at == NEVER


def brought_forward(
    world: World, stock: Stock, buyer: Buyer, purchase: Purchase, index: int, now: float
) -> float:
    """When a purchase would arrive; without crossing, not before those placed before it."""
    date = received(world, stock, max(now, on_grid(world, purchase.arrives - buyer.expedite_days)))
    if in_turn(world, world.suppliers[supplier_of(world, purchase)], purchase):
        date = max(date, latest_arrival(world, stock, index, now))
    return date


def expedite(
    world: World, stock: Stock, purchase: Purchase, index: int, date: float, now: float
) -> None:
    """A purchase under way arrives at an earlier date; what was said of it moves as much."""
    supplier = world.suppliers[supplier_of(world, purchase)]
    delivery = world.deliveries[index]
    units = to_come(world, index)
    delivery.expedited = units
    delivery.expedited_at = now
    days = purchase.arrives - date
    expected = earlier(world, stock, purchase.expected, days, now)
    if supplier.messages == EXACT:
        expected = date
    if delivery.told != NEVER:
        delivery.told = earlier(world, stock, delivery.told, days, now)
    purchase.arrives = date
    if in_turn(world, supplier, purchase):
        stock.last_arrival = latest_arrival(world, stock, len(world.purchases), now)
    schedule(world, date, ARRIVAL, index)
    note(world, now, NOTE_EXPEDITE, index, stock, units)
    expect(world, stock, index, expected, now)


def earlier(world: World, stock: Stock, date: float, days: float, now: float) -> float:
    """A date moved to so many days earlier, but no further than to now."""
    return min(date, received(world, stock, max(now, on_grid(world, date - days))))


def latest_arrival(world: World, stock: Stock, before: int, now: float) -> float:
    """When the last of the purchases arrives that arrive in turn, of those up to an index."""
    date = now
    at = stock.pipeline_first
    while at != NONE:
        purchase = world.purchases[at]
        supplier = world.suppliers[supplier_of(world, purchase)]
        if at < before and purchase.status == UNDER_WAY and in_turn(world, supplier, purchase):
            date = max(date, purchase.arrives)
        at = purchase.later
    return date
