"""A scenario in smallest units, and in the units of its products again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from backsim.rules import PROGRAM
from backsim.scenario.capacity import Servers, Throughput
from backsim.scenario.counting.units import (
    Counting,
    Mark,
    NotCounted,
    changed,
    changed_field,
    counted_product,
    counts_of,
    is_fine,
    product_as_written,
)
from backsim.scenario.demand.rates import Pair
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.schema import (
    Opening,
    OrderList,
    Policy,
    Product,
    ResolvedScenario,
    Scenario,
    StockPoint,
    Supplier,
)
from backsim.scenario.yamlfile import Location

Tell = Callable[[Location, str, Any], None]
WHOLE = Mark(1, quantity=True, packs=True)


# -- from a file -----------------------------------------------------------------------------------


def counted(scenario: Scenario, tell: Tell) -> Scenario:
    """The products, written orders and opening of a scenario in smallest units.

    Stock points follow one by one (`point_field`), as an entry may be that of several products.
    `tell` hears of faults.
    """
    if not is_fine(scenario.products):
        return scenario
    products = {}
    for name, product in scenario.products.items():
        products[name] = product
        try:
            products[name] = counted_product(product, ("products", name))
        except NotCounted as fault:
            tell(fault.path, fault.expected, fault.found)
    for name, product in products.items():
        for other in product.substitutes:
            if other in products and products[other].smallest != product.smallest:
                expected = f"a product counted in {product.smallest:g}, like {name}"
                place: Location = ("products", name, "substitutes", other)
                tell(place, expected, f"{products[other].smallest:g}")
    counts = counts_of(products)
    return scenario.model_copy(update={"products": products, **_orders(scenario, counts, tell)})


def _orders(scenario: Scenario, counts: Mapping[str, Counting], tell: Tell) -> dict[str, Any]:
    """What customers order and what there is at the start, with lines in smallest units."""

    def inside(product: str, units: Any, place: Location) -> Any:
        try:
            return counts[product].inside(units, WHOLE)
        except NotCounted as fault:
            tell(place, fault.expected, fault.found)
            return 1

    return _each_order(scenario, inside)


def point_field(
    product: str, name: str, value: Any, counts: Mapping[str, Counting], kind: Any = StockPoint
) -> Any:
    """A field of a stock point of that product in smallest units.  Raises NotCounted."""
    if not counts:
        return value
    own = counts[product]
    if name == "made_from":
        return _parts(value, own, counts)
    return changed_field(kind, name, value, own.inside)


def policy_fields(policy: Policy, product: str, counts: Mapping[str, Counting]) -> dict[str, Any]:
    """What `policy` says of the stock points of a product.  Raises NotCounted."""
    said = policy.model_fields_set if counts else ()
    return {
        name: point_field(product, name, getattr(policy, name), counts, Policy)
        if name in said
        else getattr(policy, name)
        for name in Policy.model_fields
    }


def _parts(
    value: Mapping[str, Any] | None, own: Counting, counts: Mapping[str, Counting]
) -> dict[str, int] | None:
    """A bill of materials: smallest units of each component in a smallest unit made."""
    if value is None:
        return None
    found = {}
    for name, units in value.items():
        part = counts.get(name, Counting())
        each = Fraction(repr(units)) * own.smallest / part.smallest
        if each.denominator != 1:
            expected = (
                f"a whole number of {float(part.smallest):g} {part.unit}".rstrip()
                + f" in {float(own.smallest):g} {own.unit}".rstrip()
            )
            raise NotCounted(("made_from", name), expected, units)
        found[name] = int(each)
    return found


def counted_suppliers(
    scenario: Scenario, sources: Mapping[Pair, Any], counts: Mapping[str, Counting], tell: Tell
) -> dict[str, Supplier]:
    """Suppliers whose capacity is in units, in the smallest units of what they sell.

    `sources` are those of each stock point, None for the only supplier.
    """
    suppliers = dict(scenario.suppliers)
    for name, supplier in suppliers.items():
        if _is_per_unit(supplier):
            found = {
                counts[product].smallest
                for (product, _), given in sources.items()
                if name in _names(given, scenario)
            }
            if len(found) > 1:
                expected = "products with one `smallest` unit where a capacity is in units"
                told = ", ".join(sorted(f"{float(each):g}" for each in found))
                tell(("suppliers", name, "capacity"), expected, told)
            elif found - {Fraction(1)}:
                suppliers[name] = _paced(supplier, found.pop(), name, tell)
    return suppliers


def _names(given: Any, scenario: Scenario) -> Iterator[str]:
    if given is None:
        yield next(iter(scenario.suppliers))
    for source in given or ():
        if source.supplier is not None:
            yield source.supplier


def _is_per_unit(supplier: Supplier) -> bool:
    capacity = supplier.capacity
    return isinstance(capacity, Throughput) or (
        isinstance(capacity, Servers) and capacity.per == "unit"
    )


def _paced(supplier: Supplier, smallest: Fraction, name: str, tell: Tell) -> Supplier:
    """A supplier whose pace is in smallest units."""
    capacity: Any = supplier.capacity
    by = Counting(smallest)
    if isinstance(capacity, Throughput):
        pace = by.inside(capacity.units_per_day, Mark(1))
        capacity = capacity.model_copy(update={"units_per_day": pace})
    elif isinstance(capacity.service, Deterministic):
        days = Deterministic(value=by.inside(capacity.service.value, Mark(-1)))
        capacity = capacity.model_copy(update={"service": days})
    else:
        expected = "a number of days per unit, as units are not the smallest ones (`smallest`)"
        tell(("suppliers", name, "capacity", "service"), expected, "a distribution")
    return supplier.model_copy(update={"capacity": capacity})


def no_smallest(
    values: Mapping[str, Any], counting: Counting | None
) -> Iterator[tuple[str, str, str]]:
    """What does not know of smallest units: (field, what was expected, what was found)."""
    if counting is None or counting.smallest == 1:
        return
    if values["priority"].rule == PROGRAM:
        expected = "another rule, as the program weighs units and the product has a `smallest` one"
        yield "priority", expected, PROGRAM


# -- back to a file --------------------------------------------------------------------------------


def as_written(scenario: ResolvedScenario) -> ResolvedScenario:
    """An explicit scenario in its products' units, as a file may have it."""
    counts = counts_of(scenario.products)
    products = {name: product_as_written(p) for name, p in scenario.products.items()}
    update = {"products": products, **_each_order(scenario, _outside(counts))}
    stock = []
    for point in scenario.stock:
        own = counts[point.product]
        parts = {
            name: _as_number(n * counts[name].smallest / own.smallest)
            for name, n in (point.made_from or {}).items()
        }
        said = changed(point, own.outside, leave=("made_from",))
        stock.append(said.model_copy(update={"made_from": parts or None}))
    sources = {(point.product, point.site): point.supplier for point in scenario.stock}
    back = {name: Counting(1 / each.smallest) for name, each in counts.items()}
    update["suppliers"] = counted_suppliers(scenario, sources, back, _nobody)
    return scenario.model_copy(update={**update, "stock": tuple(stock)})


def _outside(counts: Mapping[str, Counting]) -> Callable[[str, Any, Location], Any]:
    return lambda product, units, _: counts[product].outside(units, WHOLE)


def _as_number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)


def _nobody(*_: Any) -> None:
    """No fault can be found where one was looked for before."""


def _each_order(scenario: Scenario, change: Callable[[str, Any, Location], Any]) -> dict[str, Any]:
    """Written orders and the opening, with the units of each product changed."""

    def of_lines(lines: Mapping[str, Any], place: Location) -> dict[str, Any]:
        return {name: change(name, units, (*place, name)) for name, units in lines.items()}

    customers = {}
    for name, customer in scenario.customers.items():
        demands = list(customer.demand)
        for i, demand in enumerate(demands):
            if isinstance(demand, OrderList):
                place: Location = ("customers", name, "demand", i, "orders")
                orders = [
                    order.model_copy(update={"lines": of_lines(order.lines, (*place, j, "lines"))})
                    for j, order in enumerate(demand.orders)
                ]
                demands[i] = demand.model_copy(update={"orders": tuple(orders)})
        customers[name] = customer.model_copy(update={"demand": tuple(demands)})
    found: dict[str, Any] = {"customers": customers}
    if scenario.opening is not None:
        found["opening"] = _opening(scenario.opening, of_lines, change)
    return found


def _opening(opening: Opening, of_lines: Any, change: Any) -> Opening:
    def units(name: str) -> tuple[Any, ...]:
        return tuple(
            row.model_copy(
                update={"units": change(row.product, row.units, ("opening", name, i, "units"))}
            )
            for i, row in enumerate(getattr(opening, name) or ())
        )

    orders = tuple(
        row.model_copy(update={"lines": of_lines(row.lines, ("opening", "orders", i, "lines"))})
        for i, row in enumerate(opening.orders)
    )
    bought = None if opening.purchases is None else units("purchases")
    return opening.model_copy(
        update={"stock": units("stock"), "orders": orders, "purchases": bought}
    )


def smallest_of(products: Mapping[str, Product]) -> dict[str, Fraction]:
    """The smallest unit of each product that has one of its own."""
    return {
        name: Fraction(repr(product.smallest))
        for name, product in products.items()
        if product.smallest != 1
    }
