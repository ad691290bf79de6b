"""Costs as money at each stock point, where the file says a share or several values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from backsim.errors import few
from backsim.scenario.costs import CostRates, CustomerCosts, PriceBreaks, ShareOfPrice, ShareOfValue
from backsim.scenario.costtable import NAMES
from backsim.scenario.counting.units import (
    Mark,
    NotCounted,
    changed,
    counting_of,
    is_fine,
    per_unit,
)
from backsim.scenario.model import Model
from backsim.scenario.network.valuation import unit_costs
from backsim.scenario.schema import ResolvedScenario, Scenario
from backsim.scenario.shorthand import Spec
from backsim.scenario.timeunit import PER_YEAR, one_of, per_year
from backsim.scenario.yamlfile import Location

Fault = Callable[[Location, str, str], None]

PER_UNIT_COSTS = per_unit(CostRates)
"""Names of the costs that are per unit."""


def in_money(model: Model, fault: Fault) -> Model:
    """The model with the costs that count written out at each stock point.

    Only costs of which some value is a share, or that stand in several places: for the others
    nobody has to ask which counts.
    """
    for names in (["purchase"], [name for name in NAMES if name != "purchase"]):
        owners = list(_owners(model.scenario))
        fine = is_fine(model.scenario.products)
        open_ = [name for name in names if _is_open(owners, name, fine)]
        if open_:
            model = replace(model, scenario=_Shares(model).written_out(open_, fault))
    return model


def _is_open(owners: list[list[Any]], name: str, fine: bool) -> bool:
    values = [[getattr(one, name, None) for one in kind] for kind in owners]
    given = [[v for v in kind if v is not None] for kind in values]
    if fine and name in PER_UNIT_COSTS and any(given):
        return True  # one cost per unit stands for products that are counted differently
    return sum(map(bool, given)) > 1 or any(_has_share(v) for kind in given for v in kind)


def _owners(scenario: Scenario) -> Iterator[list[Any]]:
    """The costs of everything that has its own, by kind."""
    yield [scenario.costs]
    yield [product.costs for product in scenario.products.values()]
    yield [customer.costs for customer in scenario.customers.values()]
    own = {id(point.costs): point.costs for point in scenario.stock if point.costs is not None}
    yield list(own.values())


def _has_share(value: Any) -> bool:
    return any(map(_has_share, value.values())) if isinstance(value, Mapping) else _is_share(value)


def _is_share(value: Any) -> bool:
    return isinstance(value, ShareOfPrice | ShareOfValue)


class _Shares:
    """Money for the shares of one model."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.scenario = model.scenario
        self.faults: dict[tuple[Location, str, str], list[str]] = {}

    def written_out(self, names: list[str], fault: Fault) -> ResolvedScenario:
        """The scenario with those costs as money at each stock point, and nowhere else."""
        s, gone = self.scenario, dict.fromkeys(names)
        stock = tuple(
            p.model_copy(
                update={"costs": (p.costs or CostRates()).model_copy(update=self._at(i, names))}
            )
            for i, p in enumerate(s.stock)
        )
        for (place, expected, found), where in self.faults.items():
            fault(place, expected.format(few(list(dict.fromkeys(where)), 3)), found)
        return s.model_copy(
            update={
                "stock": stock,
                "costs": _without(s.costs, gone),
                "products": {name: _less(one, gone) for name, one in s.products.items()},
                "customers": {name: _less(one, gone) for name, one in s.customers.items()},
            }
        )

    def _at(self, point: int, names: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in names:
            if name in CustomerCosts.model_fields:
                each = {c: self._money(name, point, c) for c in self.scenario.customers}
                values = list(each.values())
                found[name] = each if values.count(values[0]) < len(values) else values[0]
            else:
                found[name] = self._money(name, point, None)
        return found

    def _money(self, name: str, point: int, customer: str | None) -> float | PriceBreaks:
        place, value = self.model.costs.given(name, point, customer)
        if place[0] in ("costs", "customers") and name in PER_UNIT_COSTS:
            value = self._counted(value, place, point)
        if isinstance(value, PriceBreaks):
            return value
        if not _is_share(value):
            return float(value)
        return float(value.share * self._worth(place, value, point)) * self._rate(place, value)

    def _counted(self, value: Any, place: Location, point: int) -> Any:
        """What holds for several products, per smallest unit of one of them."""
        product = self.scenario.stock[point].product
        counting = counting_of(self.scenario.products[product])
        try:
            return changed(value, counting.inside, Mark(-1))
        except NotCounted as fault:
            expected = f"{fault.expected} for {{}}"
            self.faults.setdefault(((*place, *fault.path), expected, fault.found), []).append(
                product
            )
            return 0.0

    def _worth(self, place: Location, share: Any, point: int) -> float:
        """What a unit is worth: its price, or what it costs in stock."""
        priced = share.of == "price"
        worth = self.model.costs.prices[point] if priced else self._unit_costs[point]
        if worth <= 0 < share.share:
            product, site = self.model.stock_points[point]
            of = "`price`" if priced else "`costs.purchase`"
            expected = f"{of} above 0 for {{}}, of which this is a share (or a cost of its own)"
            where = product if priced else f"{product} at {site}"
            self.faults.setdefault((place, expected, "none"), []).append(where)
        return float(worth)

    @cached_property
    def _unit_costs(self) -> list[float]:
        return unit_costs(self.model)

    def _rate(self, place: Location, share: Any) -> float:
        """Of a cost over time, how many of the given lengths of time are in a time unit."""
        if getattr(share, "per", "time_unit") == "time_unit":
            return 1.0
        unit = self.scenario.time_unit
        year = per_year(unit)
        if year is None:
            expected = f"time_unit, as it is not known how long a {one_of(unit)!r} is"
            self.faults.setdefault(((*place, "per"), expected, share.per), [])
            return 1.0
        return PER_YEAR[share.per] / year


def _without(costs: Spec, gone: Mapping[str, None]) -> Spec:
    known = {name: None for name in gone if name in type(costs).model_fields}
    return costs.model_copy(update=known)


def _less(owner: Any, gone: Mapping[str, None]) -> Any:
    return owner.model_copy(update={"costs": _without(owner.costs, gone)})
