"""When stock points are reviewed next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import Stock, World
from backsim.kernel.features import NETWORK

if TYPE_CHECKING:
    from backsim.kernel.interface import schedule


def schedule_review(world: World, stock: Stock, kind: int, time: float) -> None:
    """Plan a review; of several at one instant, those downstream come first."""
    if NETWORK:
        schedule(world, time, kind, stock.index, world.nodes[stock.index].level)
    else:
        schedule(world, time, kind, stock.index)
