"""Shelf life: what is still on hand some days after its receipt expires.

All units of a product keep equally long, and the oldest leave first; so of what had come up to a
receipt, all that has not left by the end of its life expires then.
Source: Nahmias, "Perishable inventory theory: a review", Operations Research 30 (1982) 680-708.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import EXPIRE, NEVER, NOTE_EXPIRE, Stock, World
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import review_continuously

if TYPE_CHECKING:
    from backsim.kernel.interface import new_lot, schedule


def come(stock: Stock) -> int:
    """Units that a stock point has had to this moment."""
    return stock.initial + stock.received + stock.returned


def store(world: World, stock: Stock, now: float) -> None:
    """Units have come to a stock point and are on hand: their life begins."""
    if stock.shelf_life < NEVER:
        upto = come(stock)
        index = open_lot(world, stock, upto, on_grid(world, now + stock.shelf_life))
        schedule(world, world.lots[index].expires, EXPIRE, index)


def open_lot(world: World, stock: Stock, upto: int, expires: float) -> int:
    """A row for units that expire together; its index."""
    index = new_lot(world)
    lot = world.lots[index]
    lot.stock = stock.index
    lot.upto = upto
    lot.expires = expires
    return index


@event(EXPIRE, subject="lots", feature="EXPIRES")
def expire(world: World, index: int, now: float) -> None:
    """What is left of a receipt expires; the position falls, which continuous review sees."""
    lot = world.lots[index]
    stock = world.stocks[lot.stock]
    stock.past = lot.upto
    left = come(stock) - stock.on_hand
    units = lot.upto - left
    if units <= 0:
        return
    settle(stock, now)
    stock.on_hand -= units
    stock.expired += units
    lot.expired = units
    if ECHELON:
        raise_position(world, stock, -units)
    note(world, now, NOTE_EXPIRE, index, stock, units)
    review_continuously(world, stock, now)


def discard_freed(world: World, stock: Stock, now: float) -> None:
    """Units that were kept for a line are free again; those whose life has ended meanwhile expire.

    They are the oldest there are.
    """
    left = come(stock) - stock.on_hand
    if stock.past > left:
        expire(world, open_lot(world, stock, stock.past, now), now)
