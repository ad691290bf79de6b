"""Orders that are known before they are wanted: reorder rules see them, nothing ships before.

Source: Hariharan and Zipkin, Management Science 41 (1995) 1599-1607.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import ANNOUNCE, Line, Stock, World
from backsim.kernel.events import event
from backsim.kernel.features import ECHELON
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.review import review_after_demand

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


@event(ANNOUNCE, subject="announcements", feature="ANNOUNCES")
def announce(world: World, index: int, now: float) -> None:
    """An order that was announced becomes known; the next announcement is scheduled."""
    if index + 1 < len(world.announcements):
        schedule(world, world.announcements[index + 1].time, ANNOUNCE, index + 1)
    row = world.announcements[index]
    stock = world.stocks[row.stock]
    become_known(world, stock, row.units)
    review_after_demand(world, stock, now)


def become_known(world: World, stock: Stock, units: int) -> None:
    """Units are known that will be wanted."""
    stock.announced += units
    if ECHELON:
        raise_position(world, stock, -units)


def is_announced(world: World, line: Line) -> bool:
    """Whether the line was known before it was wanted."""
    return world.classes[line.customer_class].announces != 0


def want(world: World, stock: Stock, line: Line) -> None:
    """A line that was announced is wanted now."""
    if is_announced(world, line):
        stock.announced -= line.units
