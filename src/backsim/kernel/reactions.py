"""The buyer watches the purchases under way, and acts when one is late or stock runs short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, REACT, Purchase, Stock, World
from backsim.kernel.cancelling import cancel_late
from backsim.kernel.emergency import buy_in_emergency
from backsim.kernel.expediting import expedite_next, runs_low
from backsim.kernel.grid import on_grid
from backsim.kernel.sourcing import from_a_site
from backsim.kernel.switches import CANCELS, ECHELON, EMERGENCY, EXPEDITES, NETWORK

if TYPE_CHECKING:
    from backsim.kernel.ports import schedule
    from backsim.kernel.replenishment import review_continuously, review_echelons


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


def look_soon(world: World, stock: Stock, now: float) -> None:
    """Something that the buyer may react to: look once all else of this instant has happened."""
    buyer = world.buyers[stock.index]
    reacts = buyer.expedite_days > 0.0 or buyer.cancel_late != NEVER or buyer.emergency != NONE
    if reacts and buyer.looks == 0:
        buyer.looks = 1
        schedule(world, now, REACT, stock.index)


def before_review(world: World, stock: Stock, now: float) -> None:
    """A stock point is about to ask its reorder rule: first comes what is urgent."""
    if EMERGENCY:
        buy_in_emergency(world, stock, now)
    if EXPEDITES and runs_low(world, stock):
        look_soon(world, stock, now)


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
        review_continuously(world, stock, now)
        if ECHELON:
            review_echelons(world, stock, now)
    elif EMERGENCY and stock.review_period == 0.0:
        buy_in_emergency(world, stock, now)
    if EXPEDITES and expedite_next(world, stock, now):
        look_soon(world, stock, now)
