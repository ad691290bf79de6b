"""Demand that reacts to service: customers who were served badly order less often.

The tape holds the orders of full goodwill.  Each of its customers brings a number that is uniform
from 0 to 1, and orders while goodwill is above it: goodwill thins the stream, and a policy that
keeps more of it keeps the same customers and some more.
Source: Lewis and Shedler, Naval Research Logistics Quarterly 26 (1979) 403-413.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_PROMISES,
    BY_UNITS_FILLED,
    EXPECTED,
    JUDGE,
    NONE,
    NOT_PLACED,
    SUBSTITUTED,
    CustomerClass,
    World,
)
from backsim.kernel.demand.queue import end_of_order
from backsim.kernel.events import event
from backsim.kernel.features import AMENDS, NETWORK
from backsim.kernel.grid import on_grid

if TYPE_CHECKING:
    from backsim.kernel.interface import line_raised, regard, schedule


def stays_away(world: World, head: int, now: float) -> bool:
    """Whether a customer does not order, as goodwill is too low; then the lines say so.

    Who adds units to a line that waits is here already.
    """
    if AMENDS and line_raised(world, head) != NONE:
        return False
    customer = world.classes[world.lines[head].customer_class]
    if customer.judges_every == 0.0 or regard(world, head) < customer.goodwill:
        return False
    for index in range(head, end_of_order(world, head)):
        world.lines[index].status = NOT_PLACED
    if now >= customer.since:
        customer.not_placed += 1
    return True


@event(JUDGE, subject="classes", feature="GOODWILL")
def judge(world: World, index: int, now: float) -> None:
    """A class judges the service of a period that ends; its goodwill moves towards the answer."""
    customer = world.classes[index]
    wanted = judgement(world, customer, index)
    customer.goodwill += customer.weight * (wanted - customer.goodwill)
    customer.broken = 0
    customer.judgements += 1
    following = (customer.judgements + 1) * customer.judges_every
    schedule(world, on_grid(world, following), JUDGE, index)


def judgement(world: World, customer: CustomerClass, index: int) -> float:
    """The goodwill that the service of a class since its last judgement deserves.

    It is all of it where nothing was ordered: there was nothing to complain of.
    """
    asked = given = 0.0
    at = customer.judged
    last = world.totals[0].customer_lines if NETWORK else len(world.lines)
    while at < last and world.lines[at].status != EXPECTED:
        line = world.lines[at]
        following = end_of_order(world, at)
        if line.customer_class == index and line.status != NOT_PLACED and line.time >= 0.0:
            asked += units_asked(world, customer, at, following)
            given += units_given(world, customer, at, following)
        at = following
    customer.judged = at
    if asked == 0.0:
        return 1.0
    if customer.judges_by == BY_PROMISES:
        given = float(customer.broken)
    return goodwill_at(world, customer, given / asked)


def units_asked(world: World, customer: CustomerClass, first: int, last: int) -> float:
    """What the lines of an order count: their units, or one order."""
    if customer.judges_by != BY_UNITS_FILLED:
        return 1.0
    units = 0
    for index in range(first, last):
        units += world.lines[index].units
    return float(units)


def units_given(world: World, customer: CustomerClass, first: int, last: int) -> float:
    """What of it was shipped from stock as it was ordered; substitutes count as the class says."""
    filled = replaced = missing = 0
    for index in range(first, last):
        line = world.lines[index]
        filled += line.filled
        missing += line.units - line.filled
        if line.status == SUBSTITUTED:
            replaced += line.left
    if customer.judges_by == BY_UNITS_FILLED:
        return filled + customer.substitute * replaced
    if missing == 0:
        return 1.0
    return customer.substitute if replaced > 0 else 0.0


def goodwill_at(world: World, customer: CustomerClass, service: float) -> float:
    """The goodwill of a service: on lines between the points, and level beyond them."""
    first = customer.reactions_at
    if service <= world.reactions[first].service:
        return world.reactions[first].goodwill
    for at in range(first + 1, first + customer.reactions):
        above = world.reactions[at]
        if service < above.service:
            below = world.reactions[at - 1]
            share = (service - below.service) / (above.service - below.service)
            return below.goodwill + share * (above.goodwill - below.goodwill)
    return world.reactions[first + customer.reactions - 1].goodwill
