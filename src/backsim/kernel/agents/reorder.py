"""An agent decides how many units are ordered at a review: an action is that number."""

from __future__ import annotations

from collections.abc import MutableSequence

from backsim.entities import LATE_REVIEW, REVIEW, World
from backsim.kernel.agents.looking import SLOTS, see_pipeline, see_place


def reorder_due(world: World, kind: int, subject: int, now: float) -> bool:
    """Before each review."""
    return kind == REVIEW or kind == LATE_REVIEW


def reorder_see(
    world: World,
    kind: int,
    subject: int,
    now: float,
    horizon: float,
    width: float,
    seen: MutableSequence[float],
) -> None:
    """Stock, backlog, what is under way and until when."""
    stock = world.stocks[subject]
    seen[0] = stock.on_hand
    seen[1] = stock.backlog
    seen[2] = stock.on_order
    seen[3] = horizon - now
    see_pipeline(world, stock, now, width, seen, 4)
    see_place(world, stock, seen, 4 + SLOTS)


def reorder_permit(world: World, kind: int, subject: int, legal: MutableSequence[int]) -> None:
    """None, or a multiple of the order multiple from the least order on."""
    stock = world.stocks[subject]
    for units in range(len(legal)):
        whole = units % stock.multiple == 0
        legal[units] = 1 if units == 0 or (whole and units >= stock.least_order) else 0


def reorder_act(world: World, kind: int, subject: int, action: int, now: float) -> None:
    """The units are the parameter of the rule `constant_order`."""
    world.params[world.stocks[subject].reorder_at] = float(action)
