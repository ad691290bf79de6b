"""What the tape holds of the start: customers who wait already, and purchases under way.

Both are drawn given how long they have lasted, each from streams of its own, so that they shift no
other number on the tape.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from backsim.entities import NEVER
from backsim.errors import InputError
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.distributions.residual import above
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import Lane
from backsim.scenario.opening import (
    ALL_BUT,
    comes_in_sequence,
    has_waited,
    lasted,
    open_orders,
    placed_at,
    site_of,
    to_come,
    under_way,
)
from backsim.scenario.schema import Inbound, OpenOrder, Supplier
from backsim.streams.orders import TAPE, Columns, DemandDraw
from backsim.streams.supply import Stream, places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_TRIES = 100_000
"""Draws of a customer or a purchase before it is given up to find one that has lasted so long."""


def opened(model: Model, stream: Stream) -> Iterator[Columns]:
    """The lines of open orders, in order of time, a class after the other."""
    orders = open_orders(model)

    @cache
    def going_on(name: str) -> np.random.Generator:
        return stream(f"opening/{name}")()

    for code, (name, customer) in enumerate(model.scenario.customers.items()):
        if own := [order for order in orders if order.customer == name]:
            draw = _OpenDraw(model, name, customer, code, 0, lambda what: lambda: going_on(what))
            yield draw.opened(own)


class _OpenDraw(DemandDraw):
    """The customers of a class who wait at the start."""

    def opened(self, orders: list[OpenOrder]) -> Columns:
        """The lines of these orders."""
        model = self.model
        times = np.array([placed_at(model, order) for order in orders])
        order = np.repeat(np.arange(len(orders)), [len(o.lines) for o in orders])
        found = self.columns(times, order, len(order))
        due = [NEVER if o.due is None else float(model.on_grid(o.due)) for o in orders]
        given = np.array(due)[order]
        found["due"] = np.where(given < NEVER, given, found["due"])
        stays = self._who_stay(orders)
        found["tolerance"] = stays.pop("tolerance")[order]
        found |= {name: values[order] for name, values in stays.items() if name in found}
        pairs = [(p, site_of(model.scenario, o)) for o in orders for p in o.lines]
        found["stock"] = np.array([model.stock_code[p] for p in pairs], TAPE["stock"])
        found["units"] = np.array([u for o in orders for u in o.lines.values()], TAPE["units"])
        starts = np.r_[0, np.cumsum([len(o.lines) for o in orders])[:-1]]
        found["head"] = starts[order].astype(TAPE["head"])
        return found

    def _who_stay(self, orders: list[OpenOrder]) -> Columns:
        """Tolerances and traits of customers who have stayed until now.

        Of those whose promise is broken only some are left: these are found by trying.
        """
        found = self._drawn(orders)
        left = np.flatnonzero(~self._have_stayed(orders, found))
        tries = 0
        while len(left):
            tries += 1
            if tries > MOST_TRIES // len(left) + 100:
                order = orders[left[0]]
                raise InputError(
                    f"opening.orders: expected customers of class {self.name} who stay so long "
                    f"after a broken promise, got one promised for day {order.promised:g} "
                    "(customers.NAME.informed: grace, broken)"
                )
            again = [orders[i] for i in left]
            new = self._drawn(again)
            stays = self._have_stayed(again, new)
            for name, values in new.items():
                found[name][left[stays]] = values[stays]
            left = left[~stays]
        return found

    def _drawn(self, orders: list[OpenOrder]) -> Columns:
        """What each customer would wait, as far as they have waited and accepted a promise."""
        informed, count = self.customer.informed, len(orders)
        uniform = self.generator("tolerance").random(count)
        waited = np.array([has_waited(order, self.customer) for order in orders])
        tolerance = np.empty(count)
        plain = np.array([order.tolerance is None for order in orders])
        tolerance[plain] = _beyond(self.customer.tolerance, waited[plain], uniform[plain])
        for i in np.flatnonzero(~plain).tolist():
            own = orders[i].tolerance
            assert own is not None
            tolerance[i] = _beyond(own, waited[i : i + 1], uniform[i : i + 1])[0]
        found: Columns = {"tolerance": np.asarray(self.model.on_grid(tolerance))}
        if informed.tolerance is not None:
            accepted = np.array(
                [-np.inf if o.promised is None else (o.promised + o.age) * ALL_BUT for o in orders]
            )
            uniform = self.generator("informed.tolerance").random(count)
            days = np.maximum(_beyond(informed.tolerance, accepted, uniform), 0.0)
            found["told"] = np.asarray(self.model.on_grid(days))
        found["grace"] = self.days("informed.grace", informed.grace, count)
        found["forgives"] = self.forgives(informed.broken.leaves, count)
        return found

    def forgives(self, leaves: float, count: int) -> NDArray[np.int32]:
        """Broken promises that each customer forgives."""
        return np.zeros(count, np.int32) if leaves == 1 else super().forgives(leaves, count)

    def _have_stayed(self, orders: list[OpenOrder], found: Columns) -> NDArray[np.bool_]:
        """Who has not left over a promise that is broken."""
        promised = np.array([np.inf if o.promised is None else o.promised for o in orders])
        ends = promised + found["grace"]
        shrinks = self.customer.informed.broken.shrinks
        forgiven = (found["forgives"] > 0) & (ends + shrinks * found["tolerance"] > 0.0)
        return np.asarray((ends >= 0.0) | forgiven)


def _beyond(given: Distribution | str, bounds: Floats, uniform: Floats) -> Floats:
    """Days above the bounds, or what a word says."""
    if isinstance(given, str):
        return np.full(len(bounds), NEVER if given == "unlimited" else 0.0)
    return above(given, bounds, uniform)


def arrivals(model: Model, stream: Stream) -> Floats:
    """When the purchases under way at the start arrive, in the order of `under_way`."""
    if not any(point.inbound for point in model.scenario.stock):
        return np.empty(0)
    found = [np.empty(0)]
    for index, (place, lane) in zip(range(len(model.stock_points)), places(model), strict=False):
        coming = under_way(model, index)
        if all(_is_fixed(inbound) for inbound in coming):
            found.append(np.array([_given(inbound, 0.5) for inbound in coming]))
        else:
            generator = stream(f"opening/arrivals/{place}")()
            found.append(_arrivals(model, lane, coming, generator))
    return np.asarray(model.on_grid(np.concatenate(found)))


def _is_fixed(inbound: Inbound) -> bool:
    return isinstance(inbound.arrives, Deterministic)


def _given(inbound: Inbound, u: float) -> float:
    """The arrival of a purchase whose day or distribution is given."""
    assert inbound.arrives is not None
    if isinstance(inbound.arrives, Deterministic):
        return inbound.arrives.value
    return max(0.0, float(above(inbound.arrives, np.array([-np.inf]), np.array([u]))[0]))


def _arrivals(
    model: Model, lane: Lane, coming: list[Inbound], generator: np.random.Generator
) -> Floats:
    """A stock point's purchases; a uniform number belongs to each.

    From a supplier who delivers in sequence a purchase comes no earlier than an older one.  So of
    its lead time nothing is known from its age while an older one is still under way.
    """
    sequence = comes_in_sequence(model.scenario, lane)
    uniform = generator.random(len(coming))
    ages = np.array([lasted(model.scenario, lane, inbound.age or 0.0) for inbound in coming])
    bounds = np.where(np.arange(len(coming)) > 0, -np.inf, ages) if sequence else ages
    drawn = np.array([inbound.arrives is None for inbound in coming])
    days = np.array(
        [0.0 if d else _given(i, u) for i, u, d in zip(coming, uniform, drawn, strict=True)]
    )
    if drawn.any():
        supplier = model.scenario.suppliers[lane.name]
        times = _lead_times(lane, supplier, bounds[drawn], uniform[drawn], generator)
        days[drawn] = to_come(model, lane, times - ages[drawn])
    if sequence:
        days = np.where(drawn, np.maximum.accumulate(days), days)
    return days


def _lead_times(
    lane: Lane, supplier: Supplier, bounds: Floats, uniform: Floats, generator: np.random.Generator
) -> Floats:
    """Lead times above bounds, delays that the supplier did not foresee included."""
    if supplier.lateness is None:
        return np.maximum(0.0, above(lane.time, bounds, uniform))
    return np.array([_late(lane, supplier, bound, generator) for bound in bounds.tolist()])


def _late(lane: Lane, supplier: Supplier, bound: float, generator: np.random.Generator) -> float:
    """A lead time above a bound, perhaps with a delay: found by trying."""
    late = supplier.lateness
    assert late is not None
    count = 64
    while count <= MOST_TRIES:
        days = np.maximum(lane.time.sample(generator, count), 0.0)
        delays = np.maximum(late.days.sample(generator, count), 0.0)
        days += np.where(generator.random(count) < late.share, delays, 0.0)
        if (days > bound).any():
            return float(days[days > bound][0])
        count *= 4
    raise InputError(
        f"inbound: expected an age that purchases from {lane.name} may have, got {bound:g} days "
        "(give `arrives`)"
    )
