"""From what a file says to what a run needs: names checked, stars expanded, levels computed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backsim.entities import Stock
from backsim.rules import FAMILIES
from backsim.scenario.limits import check_limits
from backsim.scenario.model import Model
from backsim.scenario.part import nearest
from backsim.scenario.ruleuse import Cover, RuleUse
from backsim.scenario.schema import (
    CustomerClass,
    OrderList,
    PeriodArrivals,
    PoissonArrivals,
    Policy,
    Process,
    Product,
    RenewalArrivals,
    Scenario,
    StockPoint,
    TraceDemand,
)
from backsim.scenario.trace import TraceError, TraceLines, read_trace
from backsim.scenario.yamlfile import Document, Fault, FileError, Location, show

Pair = tuple[str, str]
"""(product, site)"""


def resolve(scenario: Scenario, document: Document, folder: Path) -> Model:
    """Make a scenario explicit.  Raises FileError with every fault found."""
    work = _Resolver(scenario, document, folder)
    model = work.model()
    if work.faults:
        raise FileError(document.name, work.faults)
    check_limits(model, document)
    return model


@dataclass
class _Resolver:
    """The steps of resolution, with the faults found on the way."""

    scenario: Scenario
    document: Document
    folder: Path
    faults: list[Fault] = field(default_factory=list)
    traces: dict[tuple[str, int], TraceLines] = field(default_factory=dict)

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        self.faults.append(self.document.fault(path, expected, found))

    def stop_at_faults(self) -> None:
        if self.faults:
            raise FileError(self.document.name, self.faults)

    def model(self) -> Model:
        s = self.scenario
        if s.warm_up >= s.horizon:
            self.fault(("warm_up",), f"a warm-up shorter than the horizon ({s.horizon:g})", s.warm_up)
        self.read_traces()
        self.stop_at_faults()
        products = self.products()
        start = s.start or next((t.report.first_day for t in self.traces.values()), None)
        s = s.model_copy(update={"products": products, "start": start})
        self.scenario = s
        customers = {name: self.customer(name, c) for name, c in s.customers.items()}
        self.stop_at_faults()
        s = self.scenario = s.model_copy(update={"customers": customers})
        points = self.stock_points()
        self.stop_at_faults()
        self.check_stocked(points)
        demand = self.mean_demand(points)
        stock = tuple(self.explicit(pair, *found, demand) for pair, found in points.items())
        self.scenario = s.model_copy(update={"stock": stock, "policy": Policy()})
        orders = self.expected_orders()
        source = self.document.values
        return Model(
            self.scenario, self.document.name, self.folder, source, self.traces, orders
        )

    # -- demand ----------------------------------------------------------------------------

    def read_traces(self) -> None:
        for name, customer in self.scenario.customers.items():
            for i, demand in enumerate(customer.demand):
                if isinstance(demand, TraceDemand):
                    path = self.demand_path(name, i)
                    try:
                        self.traces[name, i] = read_trace(demand.trace, self.folder)
                    except TraceError as error:
                        at = (*path, "trace", *error.where)
                        self.fault(at, error.expected, error.found)

    def demand_path(self, name: str, index: int) -> Location:
        raw = self.document.values["customers"][name].get("demand")
        return ("customers", name, "demand", *((index,) if isinstance(raw, list) else ()))

    def products(self) -> dict[str, Product]:
        if self.scenario.products != "traced":
            return dict(self.scenario.products)  # type: ignore[arg-type]
        if not self.traces:
            self.fault(("products",), "a customer class with a trace", "traced")
        found: dict[str, Product] = {}
        for trace in self.traces.values():
            for name in trace.products:
                found.setdefault(name, Product(price=round(trace.price.get(name, 0.0), 4)))
        return found

    def customer(self, name: str, customer: CustomerClass) -> CustomerClass:
        demand = tuple(
            self.demand(self.demand_path(name, i), name, i, d)
            for i, d in enumerate(customer.demand)
        )
        return customer.model_copy(update={"demand": demand})

    def demand(self, path: Location, name: str, index: int, demand: Any) -> Any:
        s = self.scenario
        if isinstance(demand, Process):
            if (demand.pattern.weekdays or demand.pattern.months) and s.start is None:
                self.fault((*path, "pattern"), "`start`, the date of day 0, for a calendar", "none")
            return demand.model_copy(
                update={
                    "products": self.weights((*path, "products"), demand.products, s.products, "product"),
                    "sites": self.weights((*path, "sites"), demand.sites, s.sites, "site"),
                }
            )
        if isinstance(demand, OrderList):
            for j, order in enumerate(demand.orders):
                at = (*path, "orders", j)
                for product in order.lines:
                    self.known((*at, "lines", product), product, s.products, "product")
                self.the_site((*at, "site"), order.site)
            return demand
        trace = self.traces[name, index]
        if demand.trace.columns.site is None:
            self.the_site((*path, "trace", "site"), demand.trace.site)
        for column, names, known in (("product", trace.product, s.products), ("site", trace.site, s.sites)):
            for unknown in sorted(set(map(str, names)) - set(known) - {""})[:5]:
                self.known((*path, "trace"), unknown, known, f"{column} (in the file)")
        return demand

    def the_site(self, path: Location, site: str | None) -> str:
        """A site, or the only one."""
        if site is None and len(self.scenario.sites) > 1:
            self.fault(path, "a site, as there are several", "none")
        if site is not None:
            self.known(path, site, self.scenario.sites, "site")
        return site or next(iter(self.scenario.sites))

    def known(self, path: Location, name: str, names: Any, what: str) -> bool:
        if name not in names:
            self.fault(path, f"a known {what} ({nearest(name, list(names))})", repr(name))
        return name in names

    def weights(
        self, path: Location, given: Mapping[str, float], names: Any, what: str
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, weight in given.items():
            if name == "*":
                found.update(dict.fromkeys(names, weight))
            elif self.known(path, name, names, what):
                found[name] = weight
        return found

    # -- stock -----------------------------------------------------------------------------

    def stock_points(self) -> dict[Pair, tuple[dict[str, Any], dict[str, Location]]]:
        """For each stock point its fields, and where in the file each of them stands."""
        s = self.scenario
        found: dict[Pair, tuple[dict[str, Any], dict[str, Location]]] = {}
        for i, entry in enumerate(s.stock):
            for product in self.selected(("stock", i, "products"), entry.products, s.products, "product"):
                for site in self.selected(("stock", i, "sites"), entry.sites, s.sites, "site"):
                    fields, places = found.setdefault((product, site), ({}, {}))
                    for name in entry.model_fields_set - {"products", "sites"}:
                        fields[name] = getattr(entry, name)
                        places[name] = ("stock", i, name)
        return found

    def selected(self, path: Location, given: Sequence[str], names: Any, what: str) -> list[str]:
        if "*" in given:
            return list(names)
        return [name for name in given if self.known(path, name, names, what)]

    def check_stocked(self, points: Mapping[Pair, Any]) -> None:
        """Every product that is asked for at a site must be kept there."""
        for name, customer in self.scenario.customers.items():
            for i in range(len(customer.demand)):
                missing = [pair for pair in self.demand_rates(name, i) if pair not in points]
                for product, site in missing[:5]:
                    path = self.demand_path(name, i)
                    self.fault(path, f"`stock` to hold {product} at {site}, which is ordered there")

    def explicit(
        self,
        pair: Pair,
        fields: dict[str, Any],
        places: dict[str, Location],
        demand: Mapping[Pair, float],
    ) -> StockPoint:
        """A stock point with every field set."""
        s, (product, site) = self.scenario, pair
        label = f"{product} at {site}"
        policy = {name: getattr(s.policy, name) for name in Policy.model_fields}
        values: dict[str, Any] = {**policy, "inbound": (), "initial": None, "lead_time": None, **fields}

        def place(name: str) -> Location:
            return places.get(name, ("policy", name))

        if values.get("supplier") is None:
            if len(s.suppliers) > 1:
                self.fault(places.get("products", ("stock",)), f"a supplier for {label}", "none")
            values["supplier"] = next(iter(s.suppliers))
        elif not self.known(place("supplier"), values["supplier"], s.suppliers, "supplier"):
            values["supplier"] = next(iter(s.suppliers))
        supplier = s.suppliers[values["supplier"]]
        values["lead_time"] = values["lead_time"] or supplier.lead_time
        if values["reorder"] is None:
            self.fault(place("reorder"), f"a reorder rule for {label}", "none")
            values["reorder"] = RuleUse("none")
        rate = demand.get(pair, 0.0)
        for family in ("reorder", "priority", "rationing"):
            values[family] = self.numbers(values[family], rate)
        self.check_reorder(place("reorder"), values["reorder"])
        for name in values["rationing"].params.get("levels", {}):
            self.known((*place("rationing"), "levels", name), name, s.customers, "customer class")
        values["initial"] = self.initial(values["initial"], values["reorder"], rate)
        return StockPoint.model_construct(products=(product,), sites=(site,), **values)

    def numbers(self, use: RuleUse, rate: float) -> RuleUse:
        """A rule with every `{days: n}` computed: ceil(n x mean demand a day)."""
        return RuleUse(use.rule, {name: _level(value, rate) for name, value in use.params.items()})

    def check_reorder(self, path: Location, use: RuleUse) -> None:
        if use.rule == "s_S" and use.params["S"] <= use.params["s"]:
            self.fault(path, f"S above s ({use.params['s']:g})", use.params["S"])

    def initial(self, given: Any, use: RuleUse, rate: float) -> int:
        """Units at the start: as given, or what the reorder rule orders for an empty stock point."""
        if given is not None:
            return int(_level(given, rate))
        rule = FAMILIES["reorder"].get(use.rule)
        offers = {"position": 0, "stock": Stock(), "now": 0.0}
        arguments = [offers[a] if a in offers else use.params[a] for a in rule.arguments]
        return max(0, int(rule.function(*arguments)))

    # -- expected work ---------------------------------------------------------------------

    def mean_demand(self, points: Mapping[Pair, Any]) -> dict[Pair, float]:
        """Mean units a day at each stock point."""
        total = dict.fromkeys(points, 0.0)
        for name, customer in self.scenario.customers.items():
            for i in range(len(customer.demand)):
                for pair, rate in self.demand_rates(name, i).items():
                    total[pair] = total.get(pair, 0.0) + rate
        return total

    def demand_rates(self, name: str, index: int) -> dict[Pair, float]:
        """Mean units a day of one demand entry, by stock point."""
        demand = self.scenario.customers[name].demand[index]
        rates: dict[Pair, float] = {}
        if isinstance(demand, Process):
            units = order_rate(demand) * demand.lines.moments()[0] * demand.size.moments()[0]
            all_products, all_sites = sum(demand.products.values()), sum(demand.sites.values())
            for product, weight in demand.products.items():
                for site, share in demand.sites.items():
                    rates[product, site] = units * weight / all_products * share / all_sites
        elif isinstance(demand, OrderList):
            for order in demand.orders:
                site = order.site or next(iter(self.scenario.sites))
                for product, units in order.lines.items():
                    rates[product, site] = rates.get((product, site), 0.0) + units / self.scenario.horizon
        else:
            trace = self.traces[name, index]
            only = demand.trace.site or next(iter(self.scenario.sites))
            days = max(1.0, math.ceil(float(trace.time[-1]) + 1e-9))
            pairs, units = _sum_units(trace)
            for (product, site), count in zip(pairs, units, strict=True):
                rates[product, site or only] = count / days
        return rates

    def expected_orders(self) -> float:
        """Orders a replication, on average."""
        s = self.scenario
        total = 0.0
        for name, customer in s.customers.items():
            for i, demand in enumerate(customer.demand):
                if isinstance(demand, Process):
                    total += order_rate(demand) * s.horizon
                elif isinstance(demand, OrderList):
                    total += len(demand.orders)
                else:
                    total += self.traces[name, i].report.orders
        return total


def order_rate(demand: Process) -> float:
    """Orders a day on average (before any trend)."""
    arrivals = demand.arrivals
    if isinstance(arrivals, PoissonArrivals):
        return float(arrivals.poisson.rate)
    if isinstance(arrivals, RenewalArrivals):
        return 1.0 / float(arrivals.renewal.interval.moments()[0])
    assert isinstance(arrivals, PeriodArrivals)
    return 1.0 / float(arrivals.period.every)


def _level(value: Any, rate: float) -> Any:
    return math.ceil(value.days * rate - 1e-9) if isinstance(value, Cover) else value


def _sum_units(trace: TraceLines) -> tuple[list[Pair], list[float]]:
    import numpy as np

    keys, where = np.unique(np.char.add(np.char.add(trace.product, "\0"), trace.site), return_inverse=True)
    sums = np.bincount(where, weights=trace.units)
    pairs: list[Pair] = []
    for key in keys:
        product, _, site = str(key).partition("\0")
        pairs.append((product, site))
    return pairs, [float(s) for s in sums]


__all__ = ["order_rate", "resolve", "show"]
