"""How old units are: those that are received together, and expire together, are a lot.

A lot knows how many of its units are on hand, and how many are kept for lines.  Of those on hand
that a customer takes, the oldest leave first; of those that are kept, the oldest are shipped first,
and the youngest are free again first.
Source: Nahmias, "Perishable inventory theory: a review", Operations Research 30 (1982) 680-708.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import EXPIRE, NEVER, NONE, Line, Stock, World
from backsim.kernel.features import EXPIRES
from backsim.kernel.grid import on_grid

if TYPE_CHECKING:
    from backsim.kernel.interface import held_back, new_lot, schedule


def store(world: World, stock: Stock, units: int, now: float) -> None:
    """Units have come to a stock point and are on hand: their life begins."""
    if stock.shelf_life == NEVER or units == 0:
        return
    index = open_lot(world, stock, on_grid(world, now + stock.shelf_life))
    world.lots[index].units = units
    world.lots[index].older = stock.newest
    if stock.newest == NONE:
        stock.oldest = index
    else:
        world.lots[stock.newest].newer = index
    stock.newest = index
    schedule(world, world.lots[index].expires, EXPIRE, index)


def open_lot(world: World, stock: Stock, expires: float) -> int:
    """A row for units that expire together; its index."""
    index = new_lot(world)
    world.lots[index].stock = stock.index
    world.lots[index].expires = expires
    return index


def may_have(world: World, stock: Stock, line: Line, now: float) -> int:
    """Units on hand that a line may have: those not held back from it, and not too old for it."""
    free = stock.on_hand - held_back(world, stock, line, now)
    if EXPIRES and stock.shelf_life < NEVER:
        least = world.classes[line.customer_class].min_life
        if least > 0.0:
            return min(free, fresh_units(world, stock, on_grid(world, now + least)))
    return free


def fresh_units(world: World, stock: Stock, until: float) -> int:
    """Units on hand that do not expire before some time."""
    units = 0
    at = stock.newest
    while at != NONE and world.lots[at].expires >= until:
        units += world.lots[at].units
        at = world.lots[at].older
    return units


def pick(world: World, stock: Stock, line: Line, units: int, keeps: bool, now: float) -> None:
    """Units on hand go to a line: the oldest of those that it takes, to be shipped or kept."""
    if stock.shelf_life == NEVER:
        return
    until = on_grid(world, now + world.classes[line.customer_class].min_life)
    at = stock.oldest
    while at != NONE and units > 0:
        lot = world.lots[at]
        if lot.expires >= until:
            picked = min(units, lot.units)
            lot.units -= picked
            units -= picked
            if keeps:
                lot.kept += picked
        at = lot.newer
    forget_empty(world, stock)


def ship_kept_units(world: World, stock: Stock, units: int) -> None:
    """Units that have been kept for lines are shipped: the oldest of them."""
    at = stock.oldest
    while at != NONE and units > 0:
        lot = world.lots[at]
        shipped = min(units, lot.kept)
        lot.kept -= shipped
        units -= shipped
        at = lot.newer
    forget_empty(world, stock)


def free_kept_units(world: World, stock: Stock, units: int, now: float) -> int:
    """Units that have been kept are free again: the youngest; how many of them have expired."""
    expired = 0
    at = stock.newest
    while at != NONE and units > 0:
        lot = world.lots[at]
        freed = min(units, lot.kept)
        lot.kept -= freed
        units -= freed
        if lot.expires <= now:
            expired += freed
        else:
            lot.units += freed
        at = lot.older
    return expired


def empty_lots(world: World, stock: Stock) -> None:
    """Nothing is left of any lot, on hand or kept."""
    at = stock.oldest
    while at != NONE:
        world.lots[at].units = 0
        world.lots[at].kept = 0
        at = world.lots[at].newer
    forget_empty(world, stock)


def forget_empty(world: World, stock: Stock) -> None:
    """The oldest lots of which nothing is left need not be looked through any more."""
    at = stock.oldest
    while at != NONE and at != stock.newest and is_empty(world, at):
        at = world.lots[at].newer
        world.lots[at].older = NONE
        stock.oldest = at


def is_empty(world: World, index: int) -> bool:
    """Whether nothing of a lot is on hand or kept."""
    return world.lots[index].units == 0 and world.lots[index].kept == 0
