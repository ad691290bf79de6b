"""From what a file says to what a run needs: stars expanded, traces read, levels computed."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from backsim.errors import InputError, few, nearest
from backsim.scenario.calendars import BEFORE, known_days, with_holidays
from backsim.scenario.calendars import LONGEST as LONGEST_DATED
from backsim.scenario.counting.scenario import counted, smallest_of
from backsim.scenario.daycount import in_days
from backsim.scenario.demand.arrivals import OnDates
from backsim.scenario.demand.laws import flows
from backsim.scenario.demand.lifetimes import heirs
from backsim.scenario.demand.rates import demand_rates, expected_work, mean_demand, rate_of
from backsim.scenario.grid import LONGEST
from backsim.scenario.levels.memo import Memo
from backsim.scenario.levels.stock_points import StockPoints
from backsim.scenario.limits import too_many_steps, too_much_work
from backsim.scenario.model import Model
from backsim.scenario.network.fulfilment import route_faults
from backsim.scenario.opening import at_the_start, impossible, unplaced
from backsim.scenario.opening_tables import Read, read_tables
from backsim.scenario.references import unknown_names
from backsim.scenario.schema import (
    CustomerClass,
    Opening,
    OrderList,
    Policy,
    Process,
    Product,
    ResolvedScenario,
    Scenario,
    TraceDemand,
)
from backsim.scenario.shares import in_money
from backsim.scenario.shorthand import spread_star
from backsim.scenario.traces.file import TraceError
from backsim.scenario.traces.read import TraceLines, read_trace, set_horizon, set_start, until
from backsim.scenario.yamlfile import Document, Fault, FaultFinder, Location


def resolve(
    scenario: Scenario,
    document: Document,
    folder: Path,
    remake: Callable[..., Model],
    memo: Memo,
) -> Model:
    """Make a scenario explicit; `remake` does so again with changes.  Raises FileError."""
    work = _Resolver(scenario, document, folder, memo)
    work.check_times()
    work.check_substitutes()
    work.check_routes()
    work.read_traces()
    work.check_calendar()
    work.name_holidays()
    work.scenario = in_days(work.scenario, work.fault)
    work.stop_at_faults()
    work.name_products()
    work.read_opening()
    work.count_units()
    work.stop_at_faults()
    work.place_demand()
    work.stop_at_faults()
    explicit = work.make_stock_points()
    work.stop_at_faults()
    model = Model(explicit, document.name, folder, remake, work.traces)
    model = in_money(model, lambda place, *said: work.fault(work.written(place), *said))
    work.check_money(model)
    work.stop_at_faults()
    orders, lines = expected_work(model.scenario, work.traces)
    model = replace(model, expected_orders=orders, expected_lines=lines)
    work.faults += too_much_work(model, lines, document)
    work.stop_at_faults()
    return model


@dataclass
class _Resolver(FaultFinder):
    """The steps of resolution: each makes `scenario` more explicit and collects faults."""

    scenario: Scenario
    document: Document
    folder: Path
    memo: Memo
    faults: list[Fault] = field(default_factory=list)
    traces: dict[tuple[str, int], TraceLines] = field(default_factory=dict)
    opening: Read | None = None

    def demand(self) -> list[tuple[str, int, Any, Location]]:
        """Every demand entry: its class, index, and place in the file."""
        return [
            (name, i, demand, self.document.entry(("customers", name, "demand"), i))
            for name, customer in self.scenario.customers.items()
            for i, demand in enumerate(customer.demand)
        ]

    # -- the steps, in order -----------------------------------------------------------------

    def check_times(self) -> None:
        s = self.scenario
        if s.warm_up >= s.horizon:
            expected = f"a warm-up shorter than the horizon of {s.horizon:g} ({s.time_unit})"
            self.fault(("warm_up",), expected, s.warm_up)
        if s.horizon > LONGEST:
            expected = f"at most {LONGEST:,.0f} ({s.time_unit}; choose a longer `time_unit`)"
            self.fault(("horizon",), expected, s.horizon)
        self.faults += too_many_steps(s, self.document)

    def check_substitutes(self) -> None:
        """No product stands in for itself."""
        for name, product in self.scenario.products.items():
            if name in product.substitutes:
                path: Location = ("products", name, "substitutes", name)
                self.fault(path, "another product", f"'{name}'")

    def check_routes(self) -> None:
        """Sites that serve orders placed elsewhere have stock, and are told apart."""
        for name, customer in self.scenario.customers.items():
            for below, expected, found in route_faults(customer, self.scenario):
                self.fault(("customers", name, *below), expected, found)

    def read_traces(self) -> None:
        """Read all traces and count their days from the same day 0."""
        smallest = smallest_of(self.scenario.products)
        for name, i, demand, path in self.demand():
            if isinstance(demand, TraceDemand):
                try:
                    self.traces[name, i] = read_trace(
                        demand.trace, self.folder, self.scenario.start, smallest
                    )
                except TraceError as error:
                    self.fault((*path, "trace", *error.where), error.expected, error.found)
        days = [t.report.first_day for t in self.traces.values() if t.report.first_day is not None]
        start = self.scenario.start or min(days, default=None)
        self.traces = {
            key: set_horizon(
                set_start(trace, start), self.scenario.horizon, self.scenario.known_until
            )
            for key, trace in self.traces.items()
        }
        self.scenario = self.scenario.model_copy(update={"start": start})

    def check_calendar(self) -> None:
        """Dates count days: a label of another unit would be wrong."""
        dated = [t.report.file for t in self.traces.values() if t.report.first_day is not None]
        patterns = [d.pattern for _, _, d, _ in self.demand() if isinstance(d, Process)]
        what = f"the dates of {dated[0]}" if dated else "weekdays and months of a pattern"
        calendar = dated or any(p.weekdays or p.months for p in patterns)
        if calendar and self.scenario.time_unit != "days":
            expected = f"'days', as {what} are counted in days"
            self.fault(("time_unit",), expected, self.scenario.time_unit)

    def name_holidays(self) -> None:
        """Calendars count days from a date; the holidays of their countries become dates."""
        s = self.scenario
        used = ("calendars",) if s.calendars else _dated(s)
        for _, _, demand, path in self.demand():
            if isinstance(demand, Process) and isinstance(demand.arrivals, OnDates):
                used, name = used or path, demand.arrivals.calendar
                if name is not None and name not in s.calendars:
                    near = nearest(name, list(s.calendars))
                    place: Location = (*path, "arrivals", "dates", "calendar")
                    self.fault(place, f"a known calendar ({near})", f"'{name}'")
        if used is None:
            return
        if s.time_unit != "days":
            self.fault(("time_unit",), "'days', as calendars count in days", s.time_unit)
        if s.horizon > LONGEST_DATED:
            self.fault(("horizon",), f"at most {LONGEST_DATED:,.0f} days with calendars", s.horizon)
        if s.start is None:
            self.fault(used, "`start`, the date of day 0, for calendars", "none")
            return
        calendars = {}
        under_way = s.opening is not None or any(point.inbound for point in s.stock)
        # ages of purchases may be counted in working days
        before = min(BEFORE, (s.start - datetime.date.min).days) if under_way else 0
        first = s.start - datetime.timedelta(days=before)
        days = known_days(s.horizon) + before
        for name, calendar in s.calendars.items():
            try:
                calendars[name] = with_holidays(calendar, first, days)
            except InputError as error:
                self.fault(("calendars", name, "country"), str(error), f"'{calendar.country}'")
        self.scenario = s.model_copy(update={"calendars": calendars})

    def name_products(self) -> None:
        """The products of the traces, where these are to be taken."""
        products = dict(self.scenario.products)
        if not products and not self.traces:
            expected = "a customer class with a trace, for the products it names"
            self.fault(("products",), expected, "none")
            self.stop_at_faults()
        if not products:
            for trace in self.traces.values():
                for name in trace.products:
                    price = round(trace.price.get(name, 0.0), 4)
                    products.setdefault(name, Product(price=price))
            self.faults += unknown_names(self.document, products)
        self.scenario = self.scenario.model_copy(update={"products": products})

    def read_opening(self) -> None:
        """What there is at the start, from the tables that say so."""
        if self.scenario.opening is not None:
            self.opening = read_tables(self.scenario, self.folder, self.fault)
            update = {"opening": self.opening.opening}
            self.scenario = self.scenario.model_copy(update=update)

    def count_units(self) -> None:
        """Quantities of products with smallest units become whole numbers of these."""

        def tell(path: Location, expected: str, found: Any) -> None:
            if path[0] == "customers":
                path = (*self.document.entry(path[:3], int(path[3])), *path[4:])
            self.at_the_opening(path, expected, found)

        self.scenario = counted(self.scenario, tell)

    def at_the_opening(self, path: Location, expected: str, found: Any = "") -> None:
        """A fault of the opening, where the file has it."""
        place, line = (path, "") if self.opening is None else self.opening.place(path)
        self.fault(place, expected, f"{found}{line}")

    def place_demand(self) -> None:
        """Stars and single sites expanded; every name of a trace checked."""
        customers: dict[str, CustomerClass] = {}
        for name, i, demand, path in self.demand():
            customer = customers.get(name, self.scenario.customers[name])
            entries = list(customer.demand)
            entries[i] = self.placed(path, name, i, demand)
            customers[name] = customer.model_copy(update={"demand": tuple(entries)})
        self.scenario = self.scenario.model_copy(update={"customers": customers})

    def placed(self, path: Location, name: str, index: int, demand: Any) -> Any:
        s = self.scenario
        if isinstance(demand, Process):
            if (demand.pattern.weekdays or demand.pattern.months) and s.start is None:
                self.fault((*path, "pattern"), "`start`, the date of day 0, for a calendar", "none")
            every = {"products": s.products, "sites": s.sites}
            return demand.model_copy(
                update={key: spread_star(getattr(demand, key), every[key]) for key in every}
            )
        if isinstance(demand, OrderList):
            for j, order in enumerate(demand.orders):
                self.need_site((*path, "orders", j), order.site)
        else:
            self.check_trace((*path, "trace"), demand, self.traces[name, index])
        return demand

    def check_trace(self, path: Location, demand: TraceDemand, trace: TraceLines) -> None:
        columns = demand.trace.columns
        if columns.site is None:
            self.need_site(path, demand.trace.site)
        for what, names, known in (
            ("product", {product for product, _ in trace.totals}, self.scenario.products),
            ("site", {site for _, site in trace.totals}, self.scenario.sites),
        ):
            unknown = sorted(names - set(known) - {""})
            if unknown:
                near = nearest(unknown[0], list(known))
                expected = f"a file whose {what}s are all known ({near})"
                found = few([f"'{name}'" for name in unknown], 1)
                self.fault((*path, "columns", what), expected, found)

    def need_site(self, path: Location, site: str | None) -> None:
        if site is None and len(self.scenario.sites) > 1:
            self.fault((*path, "site"), "a site, as there are several", "none")

    def make_stock_points(self) -> ResolvedScenario:
        """Every stock point with all its fields; all that is demanded is stocked."""
        self.points = points = StockPoints(self.scenario, self.document, self.memo)
        for fault in unplaced(self.scenario, points.fields):
            self.at_the_opening(*fault)
        self.stop_at_faults()
        for found in at_the_start(self.scenario, points.fields):
            points.lay_over(*found)
        for name, i, demand, path in self.demand():
            pairs = dict(demand_rates(self.scenario, self.traces, name, i))
            unasked = isinstance(demand, Process) and not any(pairs.values())
            if unasked and rate_of(demand, self.scenario) > 0:
                expected = "some sizes that are no less than half a unit, as they are rounded"
                self.fault((*path, "size"), expected, f"a mean of {demand.size.moments()[0]:g}")
            later = {
                (heir, site): 0.0 for p, site in pairs for heir in heirs(self.scenario.products, p)
            }
            least, products = self.scenario.customers[name].min_life, self.scenario.products
            for product, life in ((p, products[p].shelf_life) for p, _ in {**pairs, **later}):
                if life is not None and least > life:
                    expected = f"at most the shelf life of {product}, {life:g} days"
                    self.fault(("customers", name, "min_life"), expected, least)
            missing = [pair for pair in {**pairs, **later} if pair not in points.fields]
            if missing:
                first = few([f"{product} at {site}" for product, site in missing], 1)
                expected = f"`stock` to hold what is ordered: {first}"
                self.fault(path, expected, "no such stock point")
        day = self.scenario.known_until
        known = {key: until(trace, day) for key, trace in self.traces.items()}
        nothing = dict.fromkeys(mean_demand(self.scenario, self.traces), 0.0)
        demand = {**nothing, **mean_demand(self.scenario, known)}
        suppliers = points.suppliers()
        if suppliers is not self.scenario.suppliers:
            self.scenario = self.scenario.model_copy(update={"suppliers": suppliers})
        stock = points.explicit(demand, cache(lambda: flows(self.scenario, known)))
        self.faults += points.faults
        orders = self.scenario.opening.orders if self.scenario.opening else ()
        opening = Opening(orders=orders) if orders else None
        changed = {"stock": stock, "policy": Policy(), "opening": opening}
        explicit = ResolvedScenario.model_construct(**{**dict(self.scenario), **changed})
        if not self.faults:
            stand = {pair: places.get("inbound", ()) for pair, places in points.places.items()}
            for fault in impossible(explicit, self.scenario.opening, stand):
                self.at_the_opening(*fault)
        return explicit

    def check_money(self, model: Model) -> None:
        """What is limited in money costs something: else a limit would be none, or bar all."""
        costs = model.costs["purchase"]
        for i, limit in enumerate(model.scenario.purchase_limits):
            held = [
                c for c, pair in zip(costs, model.stock_points, strict=True) if limit.holds(pair)
            ]
            if limit.unit == "money" and not any(held):
                expected = "`unit: units` or volume, or a `costs.purchase` of what it limits"
                self.fault(("purchase_limits", i), expected, "money")
        for name, supplier in model.scenario.suppliers.items():
            own = [c for c, lane in zip(costs, model.lanes, strict=False) if lane.name == name]
            if supplier.least_value > 0 and own and not any(own):
                expected = f"a `costs.purchase` of what {name} sells, for a least value"
                self.fault(("suppliers", name, "least_value"), expected, supplier.least_value)

        for lane in model.lanes:
            path: Location = ("suppliers", lane.name, "price_factors")
            limited = [limit for limit in model.scenario.purchase_limits if limit.unit == "money"]
            if lane.price_factors and lane.stock in model.costs.breaks:
                self.fault(path, "no price breaks where the price changes on a day", "breaks")
            elif lane.price_factors and any(
                limit.holds(model.stock_points[lane.stock]) for limit in limited
            ):
                self.fault(path, "no limit in money where the price changes on a day", "one")
            elif lane.price_factors and model.scenario.suppliers[lane.name].least_value:
                self.fault(path, "no least value where the price changes on a day", "one")

    def written(self, place: Location) -> Location:
        """Where the file has what stands at a place of the explicit form."""
        if place[0] != "stock":
            return place
        pair = list(self.points.fields)[int(place[1])]
        return (*self.points.places[pair]["costs"], *place[3:])


def _dated(s: Scenario) -> Location | None:
    """A place that needs dates without a calendar; None where there is none."""
    for name, site in s.sites.items():
        if site.shipping is not None:
            return ("sites", name, "shipping")
    entries: list[tuple[Location, Policy]] = [(("policy",), s.policy)]
    for place, entry in [*entries, *((("stock", i), entry) for i, entry in enumerate(s.stock))]:
        if entry.periodic is not None and entry.periodic.dates is not None:
            return (*place, "review", "dates")
    return None
