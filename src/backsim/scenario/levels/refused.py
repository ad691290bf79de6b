"""What a stock point may not say where calendars, returns and the like change what comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backsim.rules import PROGRAM
from backsim.scenario.demand.arrivals import OnDates
from backsim.scenario.demand.rates import Pair
from backsim.scenario.schema import Batches, CustomerClass, Process, Scenario, Supplier
from backsim.scenario.schema.rule_use import Cover, RuleUse, SafetyStock, Target
from backsim.scenario.shorthand import Spec
from backsim.scenario.yamlfile import Location

Refusal = tuple[str, Location, str, Any]
"""(the stock point's field, the place below it, what was expected, what was found)."""


def refused(scenario: Scenario, pair: Pair, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Levels that know too little of the world, and ways on which units age unseen."""
    for at, use in _reorders(values):
        for name, value in use.params.items():
            if isinstance(value, Target | SafetyStock):
                found = _levels(scenario, pair, values)
                reason = next((why for why, kinds in found if isinstance(value, kinds)), "")
                expected = f"a number of units or of days of demand, as {reason}"
                if reason:
                    yield str(at[0]), (*at[1:], name), expected, spoken_level(value)
    if scenario.products[pair[0]].shelf_life is not None:
        yield from _unseen_ages(pair[0], values)
        yield from _too_old_for_some(scenario, values)


def _levels(
    scenario: Scenario, pair: Pair, values: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[type[Spec], ...]]]:
    """Why levels of some kinds are not what they should be, and which kinds."""
    yield from ((why, (Target, SafetyStock)) for why in _lead_times(scenario, pair, values))
    yield from ((why, (Target,)) for why in _what_comes(scenario, pair, values))


def _lead_times(scenario: Scenario, pair: Pair, values: Mapping[str, Any]) -> Iterator[str]:
    """Why there is not one lead time."""
    sources, review = values["supplier"], values["review"]
    supplier = scenario.suppliers.get(sources[0].supplier)
    dated = review != "continuous" and review.dates is not None
    if dated or scenario.sites[pair[1]].receiving or (supplier and supplier.calendar):
        yield "calendars close days"
    if supplier is not None and supplier.lead_time_factors:
        yield "lead times change"
    if any(source.share for source in sources):
        yield "several sources share the purchases"
    chosen = values["sourcing"].rule != "as_listed" or values["split"].rule != "none"
    if chosen and sum(source.emergency is None for source in sources) > 1:
        yield "a rule chooses among several sources"


def _what_comes(scenario: Scenario, pair: Pair, values: Mapping[str, Any]) -> Iterator[str]:
    """Why what is ordered, comes or leaves is other than mean demand and lead time say."""
    supplier = scenario.suppliers.get(values["supplier"][0].supplier)
    product, customers = scenario.products[pair[0]], scenario.customers.values()
    if supplier is not None and _comes_otherwise(supplier):
        yield "not all that is ordered comes after one lead time"
    if product.shelf_life is not None:
        yield "units expire"
    if product.recall is not None:
        yield "the product is recalled"
    if any(_on_dates(customer) for customer in customers):
        yield "orders come on dates"
    if any(customer.returns for customer in customers):
        yield "customers send units back"
    if any(customer.changes for customer in customers):
        yield "customers change quantities"
    if any(customer.goodwill for customer in customers):
        yield "demand reacts to service"
    if supplier is not None and (supplier.least_value or supplier.container):
        yield "the supplier has a least order value or containers"
    clearing, priority = values["clearing"], values["priority"]
    if isinstance(clearing, Batches) and not clearing.between:
        yield "nothing is shipped between batch runs"
    if priority.rule == PROGRAM and priority.params.get("capacity", 0) > 0:
        yield "no more than a capacity leaves in a day"


def _comes_otherwise(supplier: Supplier) -> bool:
    """Whether purchases are late, in parts, or not complete, or the supplier is down at times."""
    beside = supplier.lateness, supplier.parts, supplier.yield_share, supplier.disruptions
    return any(each is not None for each in beside)


def _on_dates(customer: CustomerClass) -> bool:
    """Whether a class orders on dates."""
    processes = [demand for demand in customer.demand if isinstance(demand, Process)]
    return any(isinstance(process.arrivals, OnDates) for process in processes)


def _reorders(values: Mapping[str, Any]) -> Iterator[tuple[Location, RuleUse]]:
    """The reorder rules of a stock point, with their places."""
    yield ("reorder",), values["reorder"]
    for i, change in enumerate(values["changes"]):
        if change.reorder is not None:
            yield ("changes", i, "reorder"), change.reorder


def _unseen_ages(product: str, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """How old units are is known only where they are received new, and leave for good."""
    reason = f"as {product} has a shelf life"
    for i, source in enumerate(values["supplier"]):
        if source.site is not None:
            yield "supplier", (i,), f"a supplier, {reason}", source.site
    if values["transfers"] is not None and values["transfers"].when != "never":
        yield "transfers", (), f"no transfers, {reason}", "some"
    if isinstance(values["clearing"], Batches) and values["clearing"].reallocate:
        yield "clearing", ("reallocate",), f"false, {reason}", "true"


def _too_old_for_some(scenario: Scenario, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Ways to give units out that take all that is on hand for equally fresh."""
    for name, customer in scenario.customers.items():
        if customer.min_life > 0.0:
            reason = f"as {name} has a `min_life`"
            if values["sharing"] != "none":
                yield "sharing", (), f"none, {reason}", values["sharing"]
            if values["priority"].rule == PROGRAM:
                yield (
                    "priority",
                    (),
                    f"another rule, {reason} and the program knows no ages",
                    PROGRAM,
                )
            if values["overtaking"] == "partial" and customer.takes == "line":
                expected = f"strict or skip, {reason} and units age while they are kept"
                yield "overtaking", (), expected, "partial"


def spoken_level(value: Any) -> str:
    """How a level was given."""
    if isinstance(value, Cover):
        return f"{value.days:g} days of mean demand"
    return "a level that is computed" if isinstance(value, Spec) else "a level that is given"
