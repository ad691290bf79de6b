"""Recalls: on a day all units of a product leave every stock point, to a repair or as scrap.

What customers have sent back then is taken as a return (`returns`).  Purchases and shipments under
way are not recalled: they bring what is sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import MENDED, NONE, NOTE_RECALL, RECALL, Stock, World
from backsim.kernel.calendars import received
from backsim.kernel.demand.queue import enqueue
from backsim.kernel.demand.standing import change_open
from backsim.kernel.events import event
from backsim.kernel.features import BATCHES, ECHELON, EXPIRES, INFORMS, STANDS
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.clearing import wait_again
from backsim.kernel.stock.lots import empty_lots
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.returns import put_on_hand
from backsim.kernel.stock.review import review_after_demand
from backsim.kernel.stock.shipping import release
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


@event(RECALL, subject="recalls", feature="RECALLS")
def recall(world: World, index: int, now: float) -> None:
    """A product is recalled: what is on hand, and what is kept for lines, leaves a stock point.

    The position falls by all of these units, which continuous review sees.
    """
    row = world.recalls[index]
    stock = world.stocks[row.stock]
    row.units = stock.on_hand + stock.reserved
    if row.units == 0:
        return
    settle(stock, now)
    if stock.reserved > 0:
        take_kept(world, stock, now)
    stock.on_hand = 0
    if EXPIRES:
        empty_lots(world, stock)
    if ECHELON:
        raise_position(world, stock, -row.units)
    note(world, now, NOTE_RECALL, NONE, stock, row.units)
    row.to_repair = int(row.units * row.mends + 0.5)
    if row.to_repair > 0:
        row.back = received(world, stock, on_grid(world, now + row.days))
        schedule(world, row.back, MENDED, index)
    review_after_demand(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)


def take_kept(world: World, stock: Stock, now: float) -> None:
    """Units that are kept for lines are taken from them: the lines wait again."""
    for index in range(len(world.lines)):
        line = world.lines[index]
        if line.stock == stock.index and line.reserved > 0:
            whole = line.open == 0
            if BATCHES:
                release(world, stock, index)
            units = wait_again(world, stock, index)
            if whole:
                enqueue(world, stock, index, now)
            elif STANDS:
                change_open(world, stock, index, units)


@event(MENDED, subject="recalls", feature="RECALLS")
def take_mended(world: World, index: int, now: float) -> None:
    """Recalled units of a stock point have been repaired, and serve those who wait."""
    row = world.recalls[index]
    row.repaired = row.to_repair
    put_on_hand(world, world.stocks[row.stock], NONE, row.repaired, now)
