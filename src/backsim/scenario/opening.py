"""What there is at the start: laid over the stock points, checked, and put in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.calendars import after_work, days_worked
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.distributions.residual import exceeds
from backsim.scenario.network.lanes import Lane, lanes
from backsim.scenario.schema import (
    CustomerClass,
    Inbound,
    Opening,
    OpenOrder,
    ResolvedScenario,
    Scenario,
)
from backsim.scenario.yamlfile import Location

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.scenario.model import Model

    Floats = NDArray[np.float64]

Pair = tuple[str, str]
Faults = Iterator[tuple[Location, str, Any]]
"""(path in the file, what was expected, what was found)"""

ALL_BUT = 1.0 - 1e-9
"""Share of an accepted wait that customers are sure to wait: rounding may not make it too long.

A share, so that it is the same in every unit of time.
"""


# -- what the file says ----------------------------------------------------------------------------


def unplaced(scenario: Scenario, pairs: Mapping[Pair, Any]) -> Faults:
    """Sites that are missing, and products that are not kept where the opening has them."""
    opening = scenario.opening or Opening()
    kept: set[Pair] = set()
    for place, row, products in _rows(opening):
        if row.site is None and len(scenario.sites) > 1:
            yield (*place, "site"), "a site, as there are several", "none"
            continue
        for product in products:
            pair = (product, site_of(scenario, row))
            if pair not in pairs and product in scenario.products and pair[1] in scenario.sites:
                expected = f"a stock point of {product} at {pair[1]} (`stock`)"
                yield (*place, *(["site"] if row.site else [])), expected, "none"
            if place[1] == "stock" and pair in kept:
                yield (*place, "product"), "each product once at a site", f"'{product}'"
            if place[1] == "stock":
                kept.add(pair)


def _rows(opening: Opening) -> Iterator[tuple[Location, Any, tuple[str, ...]]]:
    """Every entry: where it stands, what it is, and its products."""
    for name in ("stock", "orders", "purchases"):
        for i, row in enumerate(getattr(opening, name) or ()):
            products = tuple(row.lines) if name == "orders" else (row.product,)
            yield ("opening", name, i), row, products


def site_of(scenario: Scenario, row: Any) -> str:
    """The site of an entry: its own, or the only one there is."""
    return str(row.site or next(iter(scenario.sites)))


def at_the_start(
    scenario: Scenario, pairs: Iterable[Pair]
) -> Iterator[tuple[Pair, str, Any, Location]]:
    """Fields of stock points that the opening gives: (stock point, field, value, where)."""
    opening = scenario.opening or Opening()
    for i, row in enumerate(opening.stock):
        pair = (row.product, site_of(scenario, row))
        yield pair, "initial", row.units, ("opening", "stock", i, "units")
    if opening.purchases is None:
        return
    coming: dict[Pair, list[Inbound]] = {}
    for purchase in opening.purchases:
        plain = {name: getattr(purchase, name) for name in Inbound.model_fields}
        pair = (purchase.product, site_of(scenario, purchase))
        coming.setdefault(pair, []).append(Inbound.model_construct(**plain))
    for pair in pairs:
        yield pair, "inbound", tuple(coming.get(pair, ())), ("opening", "purchases")


# -- what a run needs ------------------------------------------------------------------------------


def impossible(
    scenario: ResolvedScenario, given: Opening | None, places: Mapping[Pair, Location]
) -> Faults:
    """Waits and purchases that cannot have lasted as long as they are said to.

    `given` is what the file says of the start, `places` where it has each stock point's `inbound`.
    """
    purchases = (given or Opening()).purchases or ()
    for i, order in enumerate((scenario.opening or Opening()).orders):
        yield from _cannot_wait(("opening", "orders", i), order, scenario)
    rows_of: dict[Pair, list[int]] = {}
    for i, purchase in enumerate(purchases):
        rows_of.setdefault((purchase.product, site_of(scenario, purchase)), []).append(i)
    told: set[Location] = set()  # one entry of a file may be that of several stock points
    for lane, point in zip(lanes(scenario), scenario.stock, strict=False):
        pair = point.product, point.site
        rows = rows_of.get(pair, [])
        for i, inbound in enumerate(point.inbound):
            where = (*places[pair], rows[i] if rows else i)
            if inbound.arrives is None and where not in told:
                told.add(where)
                for expected, found in cannot_come(scenario, lane, point, inbound.age or 0.0):
                    yield where, expected, found


def _cannot_wait(place: Location, order: OpenOrder, scenario: ResolvedScenario) -> Faults:
    customer = scenario.customers[order.customer]
    given = customer.tolerance if order.tolerance is None else order.tolerance
    waited = has_waited(order, customer)
    if not may_exceed(given, waited):
        expected = (
            f"customers of class {order.customer} who may wait longer than {waited:g} days "
            "(or give the order a `tolerance` of its own)"
        )
        yield (*place, "age"), expected, _spoken(given)
    accepts = customer.informed.tolerance
    if order.promised is not None and accepts is not None:
        days = order.promised + order.age
        if not may_exceed(accepts, days * ALL_BUT):
            expected = f"a promise of at most what class {order.customer} accepts"
            yield (*place, "promised"), expected, f"{days:g} days after the order"


def may_exceed(given: Distribution | str | None, days: float) -> bool:
    """Whether days may be longer than that; a word says so by itself."""
    if not isinstance(given, Distribution):
        return given == "unlimited"
    return exceeds(given, days) > 0.0


def _spoken(given: Any) -> str:
    if isinstance(given, str):
        return given
    most = given.most()
    return f"at most {most:g} days" if most < float("inf") else "a tolerance that ends before"


def cannot_come(
    scenario: ResolvedScenario, lane: Lane, point: Any, age: float
) -> Iterator[tuple[str, str]]:
    """Why the arrival of a purchase cannot be drawn from its age: what was expected and found."""
    if lane.supplier is None or point.made_from:
        yield "`arrives`, as it does not come from a supplier", "only its age"
        return
    supplier = scenario.suppliers[lane.name]
    if supplier.servers is not None:
        reason = f"as it queues at {lane.name}, whose capacity is limited"
        yield f"`arrives`, {reason}", "only its age"
        return
    if supplier.lead_time_factors:
        yield f"`arrives`, as lead times of {lane.name} change by season", "only its age"
        return
    age = lasted(scenario, lane, age)
    try:
        late = exceeds(lane.time, age) > 0.0 or supplier.lateness is not None
    except NotImplementedError:
        yield f"`arrives`, as the lead time of {lane.name} is a distribution without `law`", ""
        return
    if supplier.crossing and not late:
        days = supplier.lead_time_in.replace("_", " ")
        most = f"lead times of {lane.name} are at most {lane.time.most():g} {days}"
        yield f"an age below the longest lead time ({most}), or `arrives`", f"{age:g}"


def lasted(scenario: ResolvedScenario, lane: Lane, age: float) -> float:
    """The age of a purchase in the days that its lead time counts."""
    if not counts_working_days(scenario, lane):
        return age
    assert scenario.start is not None
    name = scenario.suppliers[lane.name].calendar
    return days_worked(scenario.calendars[name or ""], scenario.start, age)


def to_come(model: Model, lane: Lane, days: Floats) -> Floats:
    """When purchases arrive of whose lead time so many days are left, of those that it counts."""
    if not counts_working_days(model.scenario, lane):
        return days
    closed = model.closed(model.scenario.suppliers[lane.name].calendar)
    return np.where(days > 0, after_work(days, closed), days)


def counts_working_days(scenario: ResolvedScenario, lane: Lane) -> bool:
    """Whether the lead time of a lane is in working days."""
    if lane.supplier is None:
        return False
    return scenario.suppliers[lane.name].lead_time_in == "working_days"


def has_waited(order: OpenOrder, customer: CustomerClass) -> float:
    """Days that the customer is known to wait when nothing is promised, from the order.

    Until today, or until a date was promised; and who accepts promised waits by the same tolerance
    has accepted that one.
    """
    if order.promised is None:
        return order.age
    until_told = order.age + order.told_at
    if customer.informed.tolerance is None:
        return max(until_told, (order.age + order.promised) * ALL_BUT)
    return until_told


def before_start(model: Model, time: float) -> float:
    """A moment of the grid that is before the start, by a tick at least."""
    return min(float(model.on_grid(time)), -1.0 / model.ticks)


def placed_at(model: Model, order: OpenOrder) -> float:
    """When an order was placed."""
    return before_start(model, -order.age)


def open_orders(model: Model) -> list[OpenOrder]:
    """The open orders as they stand on the tape: by time, then by class, then as listed."""
    orders = (model.scenario.opening or Opening()).orders
    return [orders[place] for place in places_of_open_orders(model)]


def places_of_open_orders(model: Model) -> list[int]:
    """The places in `opening.orders` of the orders as they stand on the tape."""
    orders = (model.scenario.opening or Opening()).orders

    def order(place: int) -> tuple[float, int]:
        return placed_at(model, orders[place]), model.classes.index(orders[place].customer)

    return sorted(range(len(orders)), key=order)


def expected_date(model: Model, inbound: Inbound, lane: Lane) -> float:
    """The day on which a purchase under way is thought to arrive; negative where it is overdue."""
    if inbound.expected is not None:
        return inbound.expected
    if inbound.arrives is not None:
        return inbound.arrives.moments()[0]
    left = lane.time.moments()[0] - lasted(model.scenario, lane, inbound.age or 0.0)
    return float(to_come(model, lane, np.array(left)))


def comes_in_sequence(scenario: ResolvedScenario, lane: Lane) -> bool:
    """Whether purchases of a lane arrive in the order in which they are placed."""
    return lane.supplier is not None and not scenario.suppliers[lane.name].crossing


def under_way(model: Model, stock: int) -> list[Inbound]:
    """A stock point's purchases at the start, in the order of their expected dates.

    Where the supplier delivers in sequence, older ones come first.
    """
    inbound = model.scenario.stock[stock].inbound
    return [inbound[place] for place in places_under_way(model, stock)]


def places_under_way(model: Model, stock: int) -> list[int]:
    """The places in `inbound` of a stock point's purchases, in the order of `under_way`."""
    inbound, lane = model.scenario.stock[stock].inbound, model.lanes[stock]
    sequence = comes_in_sequence(model.scenario, lane)

    def order(place: int) -> tuple[float, float]:
        age = inbound[place].age or 0.0
        return (-age if sequence else 0.0, expected_date(model, inbound[place], lane))

    return sorted(range(len(inbound)), key=order)
