"""An agent decides which customer class is served first when stock arrives."""

from __future__ import annotations

from collections.abc import MutableSequence

from backsim.entities import ARRIVAL, CLEARING, NONE, World
from backsim.kernel.agents.looking import next_waiting, see_place
from backsim.kernel.demand.queue import requeue
from backsim.kernel.supply.pipeline import to_come


def stock_served(world: World, kind: int, subject: int) -> int:
    """The stock point whose lines are about to be served."""
    return subject if kind == CLEARING else world.purchases[subject].stock


def units_arriving(world: World, kind: int, subject: int) -> int:
    """The units that arrive with the event."""
    return 0 if kind == CLEARING else to_come(world, subject)


def priority_due(world: World, kind: int, subject: int, now: float) -> bool:
    """Before units arrive, or a batch run, where lines of several classes wait."""
    if kind != ARRIVAL and kind != CLEARING:
        return False
    stock = world.stocks[stock_served(world, kind, subject)]
    if stock.waiting < 2 or stock.on_hand + units_arriving(world, kind, subject) == 0:
        return False
    first = world.lines[stock.queue].customer_class
    at = next_waiting(world, stock.queue)
    while at != NONE:
        if world.lines[at].customer_class != first:
            return True
        at = next_waiting(world, at)
    return False


def priority_see(
    world: World,
    kind: int,
    subject: int,
    now: float,
    horizon: float,
    width: float,
    seen: MutableSequence[float],
) -> None:
    """What arrives, and what waits by class: lines, units, days since the first order."""
    stock = world.stocks[stock_served(world, kind, subject)]
    seen[0] = units_arriving(world, kind, subject)
    seen[1] = stock.on_hand
    seen[2] = stock.on_order
    at = stock.queue
    while at != NONE:
        line = world.lines[at]
        own = 3 + 3 * line.customer_class
        seen[own] += 1
        seen[own + 1] += line.open
        seen[own + 2] = max(seen[own + 2], now - line.time)
        at = next_waiting(world, at)
    see_place(world, stock, seen, 3 + 3 * len(world.classes))


def priority_permit(world: World, kind: int, subject: int, legal: MutableSequence[int]) -> None:
    """The classes that wait."""
    for code in range(len(legal)):
        legal[code] = 0
    at = world.stocks[stock_served(world, kind, subject)].queue
    while at != NONE:
        legal[world.lines[at].customer_class] = 1
        at = next_waiting(world, at)


def priority_act(world: World, kind: int, subject: int, action: int, now: float) -> None:
    """The class has priority 0; all others 1, and are served by time of order."""
    for code in range(len(world.classes)):
        world.classes[code].priority = 0 if code == action else 1
    for at in range(len(world.stocks)):
        requeue(world, world.stocks[at], now)
