"""The work that a replication is expected to be: events and memory, from what a model declares.

Each part of the work is estimated on its own and knows the field that makes it small again.  The
estimates are means, or bounds of means where a mean depends on the run; they need no draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from backsim.rules import PROGRAM
from backsim.scenario.demand.rates import Pair, mean_demand
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import Lane
from backsim.scenario.schema import CustomerClass, ResolvedPoint, Supplier

BYTES_A_LINE = 250.0
"""Peak memory of a replication per order line, in bytes (`make bench` measures it)."""
EVENTS_A_LINE = 3.0
"""Order, purchase arrival, end of tolerance."""
BYTES_A_SERVER = 64.0
SERVERS_AN_EVENT = 100.0
"""Servers that are looked through in the time of an event, where a supplier's dates are exact."""


@dataclass(frozen=True)
class Part:
    """A part of a replication's work, and what makes it less."""

    advice: str
    events: float
    bytes: float = 0.0


def workload(model: Model, lines: float) -> list[Part]:
    """The parts of a replication's work; `lines` are the order lines expected of customers."""
    return list(_Estimate(model, lines).parts())


@dataclass
class _Estimate:
    """What is known of a model before it is run."""

    model: Model
    lines: float

    @cached_property
    def demand(self) -> Mapping[Pair, float]:
        """Mean units per day that are asked of each stock point, by customers and by sites."""
        customers = mean_demand(self.model.scenario, self.model.traces)
        return self.model.network.demand(customers)

    @cached_property
    def units(self) -> float:
        """Units per day that customers ask for."""
        return sum(mean_demand(self.model.scenario, self.model.traces).values())

    @property
    def horizon(self) -> float:
        """Days simulated."""
        return self.model.horizon

    def parts(self) -> Iterator[Part]:
        """All parts."""
        lines = self.lines
        yield Part("lower the rates of arrivals", EVENTS_A_LINE * lines, BYTES_A_LINE * lines)
        for i, point in enumerate(self.model.scenario.stock):
            yield from self.of_stock_point(i, point)
        for name, supplier in self.model.scenario.suppliers.items():
            yield from self.of_supplier(f"suppliers.{name}", supplier)
        if any(supplier.needs_deliveries for supplier in self.model.scenario.suppliers.values()):
            for lane in self.model.lanes:
                if lane.supplier is not None:
                    yield from self.of_lane(lane)
        for name, customer in self.model.scenario.customers.items():
            yield from self.of_class(f"customers.{name}", customer)

    def of_stock_point(self, index: int, point: ResolvedPoint) -> Iterator[Part]:
        """Reviews, forecasts, batch runs, decisions, and notices to those who wait."""
        if point.periodic is not None:  # each may make a purchase, which is kept
            reviews = self.horizon / point.periodic.days
            yield Part("lengthen the review period", reviews, BYTES_A_LINE * reviews)
        if point.observe is not None:
            periods = self.horizon / point.observe.every
            yield Part("lengthen `observe.every`", periods, BYTES_A_LINE * periods)
        if point.batches is not None:
            yield Part("lengthen `clearing.every`", self.horizon / point.batches.every)
        if point.priority.rule == PROGRAM:
            yield Part("decide by another rule", self.horizon)
        for use in point.notice:
            days = use.params.get("days", 0.0)
            if use.rule == "every" and days > 0:
                waiting = self.lines_at(index) * self.wait_at(index)
                told = waiting / days  # each notice also moves the end of the customer's wait
                yield Part("lengthen `notice.days`", 2.0 * told, 40.0 * told)

    def of_supplier(self, path: str, supplier: Supplier) -> Iterator[Part]:
        """Outages, and the servers of one whose dates are exact."""
        plan = supplier.disruptions
        if plan is not None and plan.up and plan.down:
            turns = 2 * self.horizon / (plan.up.moments()[0] + plan.down.moments()[0])
            yield Part("make outages rarer", turns, BYTES_A_LINE * turns)
        if supplier.messages.when == "exact" and supplier.servers is not None:
            servers = supplier.servers.servers
            yield Part(f"lower `{path}.capacity.servers`", 0.0, BYTES_A_SERVER * servers)

    def of_lane(self, lane: Lane) -> Iterator[Part]:
        """Messages about purchases, their parts, and those that replace what is rejected."""
        name = self.model.suppliers[lane.supplier or 0]
        supplier, path = self.model.scenario.suppliers[name], f"suppliers.{name}"
        purchases = self.purchases_at(lane.stock)
        days = min(self.horizon, lane.time.moments()[0] + lane.service.moments()[0])
        if again := self.rejected(lane, days):
            yield Part(f"raise `{path}.yield_share`", 2 * again, BYTES_A_LINE * again)
            purchases += again
        if supplier.messages.days is not None:
            said = purchases * days / supplier.messages.days
            yield Part(f"lengthen `{path}.messages.days`", said)
        if supplier.messages.when == "exact" and supplier.servers is not None:
            looked = purchases * supplier.servers.servers / SERVERS_AN_EVENT
            yield Part(f"lower `{path}.capacity.servers`", looked)
        if supplier.parts is not None:
            units = self.demand[self.model.stock_points[lane.stock]] * self.horizon
            parts = min(purchases * supplier.parts.count, purchases + units)
            yield Part(f"lower `{path}.parts.count`", parts)

    def rejected(self, lane: Lane, days: float) -> float:
        """Purchases that are wholly rejected, as they are too small for one good unit.

        Under continuous review each is ordered again when it arrives, after so many days, until the
        horizon: so for each order line there is one under way all the time.
        """
        name = self.model.suppliers[lane.supplier or 0]
        good, point = self.model.scenario.suppliers[name].yield_share, lane.stock
        stock = self.model.scenario.stock[point]
        if good is None or days == 0 or stock.review != "continuous":
            return 0.0
        if good.moments()[0] * _batch(stock) >= 0.5:
            return 0.0
        return (1.0 + self.lines_at(point) / 2.0) * self.horizon / days

    def of_class(self, path: str, customer: CustomerClass) -> Iterator[Part]:
        """Judgements; changed quantities; inquiries, whose times are drawn for every order."""
        if customer.goodwill is not None:
            periods = self.horizon / customer.goodwill.every
            yield Part(f"lengthen `{path}.goodwill.every`", periods)
        if customer.changes is not None:
            changed = self.lines * customer.changes.share
            yield Part(f"lower `{path}.changes.share`", changed, BYTES_A_LINE * changed)
        if customer.inquiries is not None:
            most, rate = customer.inquiries.at_most, customer.inquiries.rate
            wait = max(self.wait_at(i) for i in range(len(self.model.stock_points)))
            asked = self.lines * min(most, rate * wait)
            drawn = 8.0 * self.lines * most
            yield Part(f"lower `{path}.inquiries.at_most`", asked, 40.0 * asked + drawn)

    def lines_at(self, index: int) -> float:
        """Order lines at a stock point, those of sites included: by its part of the units."""
        if self.units == 0:
            return 0.0
        return self.lines * self.demand[self.model.stock_points[index]] / self.units

    def purchases_at(self, index: int) -> float:
        """Purchases of a stock point: one for each line, or fewer where they are batches."""
        point = self.model.scenario.stock[index]
        lines = self.lines_at(index)
        if point.periodic is not None:
            return min(lines, self.horizon / point.periodic.days)
        units = self.demand[self.model.stock_points[index]] * self.horizon
        return min(lines, 1.0 + units / _batch(point))

    def wait_at(self, index: int) -> float:
        """Days that a customer waits there at most, on average: a lead time and a review."""
        point = self.model.scenario.stock[index]
        if point.reorder.rule == "none":
            return self.horizon
        lane = self.model.lanes[index]
        days = lane.time.moments()[0] + lane.service.moments()[0]
        if point.periodic is not None:
            days += point.periodic.days
        return min(self.horizon, days)


def _batch(point: ResolvedPoint) -> float:
    """Units of a purchase, at least."""
    params, least = point.reorder.params, float(max(1, point.least_order, point.multiple))
    if "Q" in params:
        return max(least, float(math.floor(params["Q"])))
    if "S" in params and "s" in params:
        return max(least, float(params["S"] - params["s"]))
    return least
