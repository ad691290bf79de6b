"""Shelf life: what is still on hand some days after its receipt expires."""

from __future__ import annotations

from backsim.entities import EXPIRE, NEVER, NONE, NOTE_EXPIRE, Stock, World
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.lots import forget_empty, free_kept_units, open_lot
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import review_continuously


@event(EXPIRE, subject="lots", feature="EXPIRES")
def expire(world: World, index: int, now: float) -> None:
    """What is left of a receipt expires; the position falls, which continuous review sees."""
    lot = world.lots[index]
    stock = world.stocks[lot.stock]
    units = lot.units
    lot.units = 0
    forget_empty(world, stock)
    if units > 0:
        discard(world, stock, index, units, now)


def discard(world: World, stock: Stock, index: int, units: int, now: float) -> None:
    """Units on hand have expired; the row of the lots counts them."""
    settle(stock, now)
    stock.on_hand -= units
    stock.expired += units
    world.lots[index].expired = units
    if ECHELON:
        raise_position(world, stock, -units)
    note(world, now, NOTE_EXPIRE, NONE, stock, units)
    review_continuously(world, stock, now)


def take_back_kept(world: World, stock: Stock, units: int, now: float) -> None:
    """Units that were kept for a line are free again; those whose life has ended expire now."""
    if stock.shelf_life == NEVER or units == 0:
        return
    expired = free_kept_units(world, stock, units, now)
    if expired > 0:
        discard(world, stock, open_lot(world, stock, now), expired, now)
