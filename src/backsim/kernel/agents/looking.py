"""What agents of several kinds see."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from backsim.entities import NONE, Stock, World
from backsim.kernel.demand.queue import after
from backsim.kernel.supply.pipeline import to_come

SLOTS = 8
"""Numbers for the units under way, by when they are expected; the last is all that comes later."""


def see_pipeline(
    world: World, stock: Stock, now: float, width: float, seen: MutableSequence[float], first: int
) -> None:
    """Units under way by the slot of `width` days in which they are expected, from `first` on."""
    at = stock.pipeline_first
    while at != NONE:
        purchase = world.purchases[at]
        slot = min(SLOTS - 1.0, max(0.0, (purchase.expected - now) / width))
        seen[first + int(slot)] += to_come(world, at)
        at = purchase.later


def see_place(world: World, stock: Stock, seen: MutableSequence[float], first: int) -> None:
    """1 for the stock point that is decided about, where there are several."""
    if len(world.stocks) > 1:
        seen[first + stock.index] = 1.0


def next_waiting(world: World, index: int) -> int:
    """The line that comes after one on a walk through those that wait, or NONE."""
    child = world.lines[index].child
    return child if child != NONE else after(world, index)


def legal_action(legal: Sequence[int], action: int) -> int:
    """The next legal action from one on; the last legal one where there is none."""
    at = action
    while at < len(legal) and legal[at] == 0:
        at += 1
    if at == len(legal):
        at = action
        while legal[at] == 0:
            at -= 1
    return at
