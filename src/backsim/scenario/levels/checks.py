"""What the fields of a stock point, each right by itself, may not say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backsim.rules import FAMILIES, PROGRAM
from backsim.scenario.demand.rates import Pair
from backsim.scenario.levels.refused import Refusal
from backsim.scenario.schema import Batches, Policy, ResolvedPoint, Room, Scenario
from backsim.scenario.shorthand import Spec
from backsim.scenario.yamlfile import Location

Places = Mapping[Pair, Mapping[str, Location]]
"""Where the file has each field of each stock point."""
Unchosen = tuple[Pair, str, str, str]
"""(stock point, field, what was expected, what was found)."""


def clashes(scenario: Scenario, pair: Pair, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Fields that go against each other, once levels are in units."""
    if values["priority"].rule == PROGRAM:
        yield from _beside_program(scenario, values)
    yield from _unpriced(scenario, pair[0], values["backlog_limit"])
    yield from _ordered_apart(scenario, values)
    yield from _split(values)


def without_choice(points: Mapping[Pair, ResolvedPoint], places: Places) -> Iterator[Unchosen]:
    """Rules for a choice among sources, given where no stock point has a choice."""
    for family in ("sourcing", "split"):
        given: dict[Location, list[Pair]] = {}
        for pair, point in points.items():
            if getattr(point, family).rule != Policy.model_fields[family].get_default():
                place = places[pair].get(family, ("policy", family))
                given.setdefault(place, []).append(pair)
        for pairs in given.values():
            if not any(points[pair].chooses for pair in pairs):
                expected = "several sources to buy from in `supplier`"
                yield pairs[0], family, expected, f"one, for {pairs[0][0]} at {pairs[0][1]}"


def _split(values: Mapping[str, Any]) -> Iterator[Refusal]:
    """A purchase is split by shares only where there are some, and never where others join it."""
    rule, regular = values["split"].rule, [s for s in values["supplier"] if s.emergency is None]
    if rule == "none" or len(regular) == 1:
        return
    if rule == "in_shares" and any(source.share is None for source in regular):
        yield "split", (), "a `share` of each source in `supplier`, to split by", "none"
    reorder = FAMILIES["reorder"].get(values["reorder"].rule)
    if "JOINT" in reorder.features:
        yield "split", (), f"none, as {reorder.name} joins the purchases of others", rule


def _beside_program(scenario: Scenario, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Where a program decides who gets what, nothing else does."""
    reason = f"as the rule {PROGRAM} decides who gets what"
    plain = {"sharing": "none", "overtaking": "skip", "backlog_limit": "unlimited"}
    for field, expected in plain.items():
        if values[field] != expected:
            found = values[field]
            found = found.model_dump(exclude_none=True) if isinstance(found, Spec) else found
            yield field, (), f"{expected}, {reason}", found
    if values["rationing"].rule != "none":
        yield "rationing", (), f"none, {reason}", values["rationing"].rule
    if isinstance(values["clearing"], Batches) and values["clearing"].reallocate:
        yield "clearing", ("reallocate",), f"false, {reason}", "true"
    classes, params = scenario.customers.values(), values["priority"].params
    told = any(use.rule != "silent" for use in values["notice"])
    if params["promise_penalty"] > 0 and not told and not any(c.inquiries for c in classes):
        expected = "0, as customers are told no dates (policy.notice)"
        yield "priority", ("promise_penalty",), expected, params["promise_penalty"]
    if params["fairness"] < 1 and len(classes) == 1 and len(scenario.sites) == 1:
        expected = "1 (no bound), as there is nobody to compare the only class with"
        yield "priority", ("fairness",), expected, params["fairness"]


def _unpriced(scenario: Scenario, product: str, limit: Any) -> Iterator[Refusal]:
    """A backlog is limited in money only where its units have a price."""
    valued = isinstance(limit, Room) and limit.value is not None
    if valued and scenario.products[product].price <= 0:
        expected = f"a limit in units, or a `price` of {product}"
        yield "backlog_limit", ("value",), expected, f"{limit.value:g}"


def _ordered_apart(scenario: Scenario, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """What a supplier has terms for is ordered from it alone, and by the whole group."""
    sources, rule = values["supplier"], FAMILIES["reorder"].get(values["reorder"].rule)
    for place, source in enumerate(sources):
        supplier = scenario.suppliers.get(source.supplier or "")
        if supplier is None or not supplier.orders_together or source.emergency is not None:
            continue
        terms = f"{source.supplier} has a least order value or containers"
        if sum(one.emergency is None for one in sources) > 1:
            expected = f"one source (and one for emergencies), as {terms}"
            yield "supplier", (place,), expected, source.supplier
        if "JOINT" in rule.features:
            expected = f"a rule that does not order with others by itself, as {terms}"
            yield "reorder", (), expected, rule.name
