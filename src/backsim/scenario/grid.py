"""How fine the grid of time is (`kernel.grid`): so that the times that people write lie on it.

They write decimals and clock fractions: 30.4, 365/12, 0.1, minutes, seconds, weeks or months of a
year.  A day is divided so that all of these are whole numbers of ticks, as far as the horizon has
room for them, and the times of the scenario's own world first.  Policies do not enter: all that are
compared in one world share its tape.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from backsim.scenario.demand.arrivals import OnDates
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.schema import (
    OrderList,
    Process,
    ResolvedScenario,
)

MOST_TICKS = 2.0**49
"""Ticks up to the horizon: then the rounding of a sum of two times is less than 1/8 of a tick."""

FINEST_USE = 86_400
"""A day must have so many ticks: seconds."""

LONGEST = MOST_TICKS / FINEST_USE
"""The longest horizon, days."""

DIVISORS = (
    *(2, 2, 2, 3, 5, 5, 2, 2, 3),  # decimals and minutes
    *(2, 2, 3, 5, 2, 7),  # seconds, weeks
    *(5, 73, 5, 13),  # days of a year, weeks of a year, longer decimals
    *(2, 5, 2, 3) * 12,  # what is left: products of these
)
"""What a day is divided by, in this order, as far as there is room."""

LOOKED_AT = 1000
"""Times of one list that are looked at."""

Given = Iterator[float]


def ticks_per_day(scenario: ResolvedScenario) -> float:
    """Ticks of a day: a multiple of the least common denominator of the world's times.

    Where these are no fractions of a day, of one of themselves.
    """
    room = MOST_TICKS / 2.0 ** math.ceil(math.log2(scenario.horizon))
    atoms: set[float] = set()
    means: set[float] = set()
    for value, exact in _times(scenario):
        if value > 0:
            (atoms if exact else means).add(value)
    units = (1.0, *sorted(atom for atom in atoms if room * atom >= 1)[:8])
    unit = next((u for u in units if all(denominator(t / u) for t in atoms)), 1.0)
    found = [denominator(t / unit) for t in atoms | means]
    ticks = 1
    for part in sorted({d for d in found if d}):
        ticks = _if_room(ticks, part, room * unit)
    whole = 1
    for divisor in DIVISORS:
        more = _if_room(ticks, whole * divisor, room * unit)
        if more % (whole * divisor) == 0:
            ticks, whole = more, whole * divisor
    return ticks / unit


def _if_room(ticks: int, part: int, room: float) -> int:
    """The least multiple that `part` divides as well; the same number if that is too large."""
    both = math.lcm(ticks, part)
    return both if both <= room else ticks


def denominator(time: float) -> int:
    """The denominator of the fraction that a number stands for, or 0 where it is none.

    The simplest fraction within the rounding of the number and of a product that it may come from;
    by continued fractions.  Denominators d are looked for as long as d^2 x time stays below 2^44,
    where it is not by chance that there is one.
    Source: Hardy and Wright, An Introduction to the Theory of Numbers (2008), chapter 10.
    """
    exact = Fraction(time)
    near = exact / 2**51
    most = 2.0**22 / math.sqrt(time)
    rest, last, now = exact, (0, 1), (1, 0)
    while True:
        whole = rest.numerator // rest.denominator
        last, now = now, (whole * now[0] + last[0], whole * now[1] + last[1])
        if now[1] > most:
            return 0
        if abs(Fraction(*now) - exact) <= near:
            return now[1]
        rest = 1 / (rest - whole)


def _times(scenario: ResolvedScenario) -> Iterator[tuple[float, bool]]:
    """The times of a world: those that recur exactly, and means of those that do not."""
    yield scenario.horizon, False
    yield from ((time, True) for time in _hours(scenario))
    laws: set[Distribution] = set()
    for product in scenario.products.values():
        yield product.shelf_life or 0.0, True
        if product.recall is not None:
            yield product.recall.repair.days if product.recall.repair else 0.0, True
            laws |= _laws(product.recall.after)
    for customer in scenario.customers.values():
        yield from ((days, True) for days in (customer.consolidates, customer.min_life))
        laws |= _laws(customer.due_in, customer.tolerance)
        if customer.returns is not None:
            mends = customer.returns.repair
            laws |= _laws(customer.returns.after, mends.days if mends else None)
        if customer.changes is not None:
            laws |= _laws(customer.changes.after)
        laws |= _laws(customer.informed.tolerance, customer.informed.grace)
        if customer.goodwill is not None:
            yield customer.goodwill.every, True
        for demand in customer.demand:
            if isinstance(demand, OrderList):
                yield from ((order.time, False) for order in demand.orders[:LOOKED_AT])
            elif isinstance(demand, Process):
                yield from ((time, True) for time in demand.arrivals.period or ())
                laws |= _laws(*dict(demand.arrivals).values())
    for supplier in scenario.suppliers.values():
        laws |= _laws(supplier.lead_time)
        laws |= _laws(supplier.servers.service if supplier.servers else None)
        if supplier.lateness is not None:
            laws |= _laws(supplier.lateness.days)
        if supplier.parts is not None:
            yield supplier.parts.days, True
        if supplier.disruptions is not None:
            laws |= _laws(supplier.disruptions.up, supplier.disruptions.down)
            for outage in supplier.disruptions.planned[:LOOKED_AT]:
                yield from ((time, True) for time in (outage.starts, outage.days))
    for point in scenario.stock:
        laws |= _laws(point.lead_time, point.transfers.days if point.transfers else None)
        for source in point.supplier:
            laws |= _laws(source.lead_time if source.site is None else source.transport)
        yield from ((inbound.age or 0.0, False) for inbound in point.inbound[:LOOKED_AT])
    for order in scenario.opening.orders[:LOOKED_AT] if scenario.opening else ():
        yield from ((abs(time or 0.0), False) for time in (order.age, order.due, order.promised))
    for law in laws:
        yield from _values(law)


def _hours(scenario: ResolvedScenario) -> Iterator[float]:
    """The days and times of day of calendars."""
    reviews = [point.periodic for point in scenario.stock]
    dates = [review.dates for review in reviews if review and review.dates]
    demands = [demand for c in scenario.customers.values() for demand in c.demand]
    processes = [demand.arrivals for demand in demands if isinstance(demand, Process)]
    dates += [process for process in processes if isinstance(process, OnDates)]
    ships = [site.shipping for site in scenario.sites.values() if site.shipping]
    if scenario.calendars or dates or ships:
        yield 1.0
    yield from {each.hour / 24 for each in dates}
    yield from {each.cut_off / 24 for each in ships if each.cut_off is not None}


def _laws(*given: Any) -> set[Distribution]:
    """Those of some fields that are distributions."""
    return {value for value in given if isinstance(value, Distribution)}


def _values(law: Distribution) -> Iterable[tuple[float, bool]]:
    """The values that a distribution takes, or its mean where there are many."""
    atoms = law.atoms()
    if atoms is None or len(atoms[0]) > LOOKED_AT:
        return [(law.moments()[0], False)]
    return [(float(value), True) for value in atoms[0]]
