"""Units that customers send back: to stock at once, to stock after a repair, or to be scrapped.

Source: Fleischmann, Kuik and Dekker, "Controlling inventories with stochastic item returns: a basic
model", European Journal of Operational Research 138 (2002) 63-75: returns raise the inventory
position, so that less is ordered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    COMES_BACK,
    IS_RECALLED,
    KINDS_OF_RETURN,
    NOTE_RETURN,
    RETURN,
    Stock,
    World,
)
from backsim.kernel.calendars import received
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON, EXPIRES, INFORMS, RECALLS
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.lots import store
from backsim.kernel.stock.position import settle
from backsim.kernel.supply.pipeline import estimates_moved
from backsim.kernel.supply.receiving import give_out

if TYPE_CHECKING:
    from backsim.kernel.interface import bring_back, bring_recalled, new_return, schedule


@event(RETURN, subject="lines", feature="RETURNS")
def take_returns(world: World, subject: int, now: float) -> None:
    """Units of a line come back, or have been repaired; those for stock serve waiting lines."""
    index = subject // KINDS_OF_RETURN
    stock = world.stocks[world.lines[index].stock]
    row = world.returns[new_return(world)]
    row.time = now
    row.line = index
    row.stock = stock.index
    kind = subject % KINDS_OF_RETURN
    if RECALLS and kind >= IS_RECALLED:
        bring_recalled(world, index, row)
        days = world.recalls[stock.index].days
    else:
        days = bring_back(world, index, row)
    if kind == COMES_BACK or kind == IS_RECALLED:
        if row.to_repair > 0:
            ready = received(world, stock, on_grid(world, now + days))
            schedule(world, ready, RETURN, subject + 1)
        put_on_hand(world, stock, index, row.restocked, now)
    else:
        row.repaired = row.to_repair
        row.units = 0
        row.restocked = 0
        row.to_repair = 0
        put_on_hand(world, stock, index, row.repaired, now)


def put_on_hand(world: World, stock: Stock, index: int, units: int, now: float) -> None:
    """Units of a line (NONE: of a recall) are in stock again."""
    if units == 0:
        return
    settle(stock, now)
    stock.on_hand += units
    stock.returned += units
    if ECHELON:
        raise_position(world, stock, units)
    note(world, now, NOTE_RETURN, index, stock, units)
    if EXPIRES:
        store(world, stock, units, now)
    give_out(world, stock, now)
    if INFORMS:
        estimates_moved(world, stock, now)
