"""An agent decides which date a customer who has to wait is promised: an action is the days."""

from __future__ import annotations

from collections.abc import MutableSequence

from backsim.entities import NONE, NOTICE, World
from backsim.kernel.agents.looking import SLOTS, see_pipeline, see_place
from backsim.kernel.communication.arrival_dates import cover, expected_date, still_to_come
from backsim.kernel.demand.standing import units_before

FARTHEST = 1e6
"""Days until a purchase, at most, that an agent sees."""


def promise_due(world: World, kind: int, subject: int, now: float) -> bool:
    """Before a customer who has to wait is told."""
    if kind != NOTICE:
        return False
    contact = world.contacts[subject]
    waits = world.lines[contact.head].lines_open > 0
    return waits and contact.notice_at == now and contact.told != now


def promise_see(
    world: World,
    kind: int,
    subject: int,
    now: float,
    horizon: float,
    width: float,
    seen: MutableSequence[float],
) -> None:
    """The first line that waits: its units, those before it, and when they are expected."""
    index = world.contacts[subject].head
    while world.lines[index].open == 0:
        index += 1
    line = world.lines[index]
    stock = world.stocks[line.stock]
    before = units_before(world, stock, index)
    lacking = still_to_come(world, stock, line, before + line.open, now)
    purchase, part = cover(world, stock, lacking, now)
    days = stock.mean_lead_time
    if purchase != NONE:
        days = max(0.0, expected_date(world, stock, purchase, part, now) - now)
    seen[0] = line.open
    seen[1] = before
    seen[2] = stock.on_hand
    seen[3] = stock.on_order
    seen[4] = min(days, FARTHEST)
    see_pipeline(world, stock, now, width, seen, 5)
    seen[5 + SLOTS + line.customer_class] = 1.0
    see_place(world, stock, seen, 5 + SLOTS + len(world.classes))


def promise_permit(world: World, kind: int, subject: int, legal: MutableSequence[int]) -> None:
    """Every date may be promised."""
    for days in range(len(legal)):
        legal[days] = 1


def promise_act(world: World, kind: int, subject: int, action: int, now: float) -> None:
    """The days are the parameter of the rule `fixed`, at each stock point of the order."""
    for at in range(len(world.stocks)):
        world.params[world.stocks[at].estimate_at] = float(action)
