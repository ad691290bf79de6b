"""What a scenario amounts to, in words: for a reader to notice what he did not mean.

An hour for a day, or quantities for weights, are valid; they show in what they come to.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from backsim.errors import few, listed
from backsim.present.numbers import rough
from backsim.scenario.arrival import lead_time, mean_arrival
from backsim.scenario.demand.rates import Pair, demand_rates, mean_demand
from backsim.scenario.demand.schema import Process
from backsim.scenario.model import Model
from backsim.scenario.schema import ResolvedPoint
from backsim.scenario.schema.sources import SiteSource
from backsim.scenario.timeunit import one_of, per_year

MOST_NAMES = 4
LEAST_COVER = 0.25
"""A level below this share of the demand until a purchase arrives leaves nearly all waiting."""
SHORT_COVER = 0.8
"""A level below this share leaves most waiting, where it is short by more than demand varies, too;
those of the scenarios that backsim ships are 0.89 or more."""
LEAST_ARRIVALS = 2.0
"""Lead times that a run should hold at least."""
FEWEST_ORDERS = 10.0
MOST_APART = 20.0
"""How many times as long as customers wait, or as the next slowest supplier takes, a lead time may
be: less than 24, an hour for a day; the scenarios that backsim ships have 11.4 and 6 at most."""
BY_RANK = "class_priority"
BY_DATE = "earliest_due"


def described(model: Model) -> Iterator[str]:
    """How long the run lasts, what customers order per day, how long they and suppliers take."""
    yield _lasts(model)
    per = f"per {one_of(model.scenario.time_unit)}"
    for name, customer in list(model.scenario.customers.items())[:MOST_NAMES]:
        units: dict[str, float] = {}
        for i in range(len(customer.demand)):
            for (product, _), rate in demand_rates(model.scenario, model.traces, name, i):
                units[product] = units.get(product, 0.0) + rate
        whole = sum(units.values())
        if whole:
            first = sorted(units, key=lambda one: -units[one])
            parts = few([f"{one} {100 * units[one] / whole:.0f} %" for one in first], MOST_NAMES)
            of = f" ({parts})" if len(units) > 1 else f" of {first[0]}"
            yield f"{name}: {rough(whole)} units{of} {per} on average"
    waits = [f"{name} {_patience(model, name)}" for name in model.scenario.customers]
    yield f"customers wait ({model.scenario.time_unit}): {few(waits, MOST_NAMES)}"
    of_supplier = {lane.name: lane for lane in model.lanes if lane.supplier is not None}
    told = [f"{name} {lead_time(model, lane)}" for name, lane in of_supplier.items()]
    if told:
        yield f"mean lead times ({model.scenario.time_unit}): {few(told, MOST_NAMES)}"


def _lasts(model: Model) -> str:
    """The length of a run, in years too where it is long."""
    unit, horizon = model.scenario.time_unit, model.horizon
    in_year = per_year(unit)
    years = (
        f" ({rough(round(horizon / in_year, 1))} years)"
        if in_year and horizon >= 2 * in_year
        else ""
    )
    warm_up = model.scenario.warm_up
    first = f", the first {warm_up:g} as warm-up" if warm_up else ""
    return f"a run lasts {horizon:g} {unit}{years}{first}"


def _patience(model: Model, customer: str) -> str:
    """How long a class of customers waits on average, in words."""
    tolerance = model.scenario.customers[customer].tolerance
    if isinstance(tolerance, str):
        return {"unlimited": "until served", "none": "not at all"}[tolerance]
    mean = tolerance.moments()[0]
    return rough(mean) if math.isfinite(mean) else "until served"


def implausible(model: Model) -> tuple[str, ...]:
    """What is allowed and hardly meant, such as times in another unit than the scenario's."""
    return tuple(_Doubts(model).all())


def ranks_nobody(model: Model) -> bool:
    """Whether several classes are served by their priority, and all who order have the same."""
    scenario = model.scenario
    sources = [source for point in scenario.stock for source in point.supplier]
    ranks = {customer.priority for customer in scenario.customers.values()}
    ranks |= {source.priority for source in sources if isinstance(source, SiteSource)}
    by_rank = any(point.priority.rule == BY_RANK for point in scenario.stock)
    return by_rank and len(ranks) == 1 and len(scenario.customers) > 1


def due_as_ordered(model: Model) -> bool:
    """Whether orders are due in the order in which they are placed."""
    scenario = model.scenario
    days = {customer.due_in.moments() for customer in scenario.customers.values()}
    for point in scenario.stock:
        if point.made_from or any(isinstance(s, SiteSource) for s in point.supplier):
            days.add((0.0, 0.0))  # what a site or a factory orders is due when it is ordered
    opening = scenario.opening.orders if scenario.opening else ()
    alike = len(days) == 1 and next(iter(days))[1] == 0.0
    return alike and all(order.due is None for order in opening)


def same_rank(model: Model) -> Iterator[str]:
    """A rule that ranks customer classes which all have the same rank."""
    if ranks_nobody(model):
        names = [f"customers.{name}.priority" for name in model.scenario.customers]
        yield (
            f"{BY_RANK} serves first come, first served where all customer classes have the same "
            f"priority, as they have here: set {listed(names)} (1 is served first)"
        )


@dataclass
class _Doubts:
    model: Model

    @property
    def unit(self) -> str:
        return self.model.scenario.time_unit

    @cached_property
    def demand(self) -> dict[Pair, float]:
        """Mean units per day that are asked of each stock point."""
        customers = mean_demand(self.model.scenario, self.model.traces)
        return dict(self.model.network.demand(customers))

    def all(self) -> Iterator[str]:
        yield from self.late()
        yield from self.slow()
        yield from self.impatient()
        yield from self.patient()
        yield from self.low()
        yield from self.short()
        yield from self.never()
        yield from self.few_orders()
        yield from same_rank(self.model)

    def check(self, field: str) -> str:
        """What to look at, which ends each message."""
        return f"check {field} (the scenario counts in {self.unit}, its `time_unit`)"

    def days(self, index: int) -> float:
        """Mean time from a purchase of a stock point to its arrival, from its first source."""
        return mean_arrival(self.model, self.model.lanes[index])

    def late(self) -> Iterator[str]:
        """Purchases that arrive when the run is over."""
        horizon = self.model.horizon
        points = [
            (i, self.days(i))
            for i, point in enumerate(self.model.scenario.stock)
            if point.reorder.rule != "none" and LEAST_ARRIVALS * self.days(i) > horizon
        ]
        if points:
            slowest, days = max(points, key=lambda one: one[1])
            yield (
                f"purchases of {self.names([i for i, _ in points])} take up to "
                f"{rough(days)} {self.unit} and the run lasts {horizon:g}: hardly any "
                f"arrives in it; {self.check(f'the lead time of {self.name(slowest)}')}"
            )

    def slow(self) -> Iterator[str]:
        """One supplier that takes far longer than every other."""
        days: dict[int, float] = {}
        for index, lane in enumerate(self.model.lanes):
            if lane.supplier is not None:
                days[lane.supplier] = max(days.get(lane.supplier, 0.0), self.days(index))
        if len(days) < 2:
            return
        next_one, slowest = sorted(days, key=lambda one: days[one])[-2:]
        if days[slowest] > MOST_APART * days[next_one] > 0:
            name, other = self.model.suppliers[slowest], self.model.suppliers[next_one]
            yield (
                f"{name} takes {rough(days[slowest])} {self.unit} and the next slowest supplier, "
                f"{other}, {rough(days[next_one])}; {self.check(f'the lead time of {name}')}"
            )

    def patience(self) -> Iterator[tuple[str, str, float]]:
        """(customer class, field, mean wait that it accepts), where it ends."""
        for name, customer in self.model.scenario.customers.items():
            said = {
                "tolerance": customer.tolerance,
                "informed.tolerance": customer.informed.tolerance,
            }
            for field, law in said.items():
                mean = math.inf if law is None or isinstance(law, str) else law.moments()[0]
                if 0 < mean < math.inf:
                    yield name, field, mean

    def impatient(self) -> Iterator[str]:
        """Customers who have left long before a purchase arrives, though they are said to wait."""
        places = {pair: i for i, pair in enumerate(self.model.stock_points)}
        for name, field, mean in self.patience():
            arrivals = [self.days(places[pair]) for pair in self.asked(name) if pair in places]
            soonest = min(arrivals, default=0.0)
            if soonest > MOST_APART * mean:
                yield (
                    f"{name} waits {rough(mean)} {self.unit} on average and a purchase takes "
                    f"{rough(soonest)}: hardly anyone is left when it arrives; "
                    f"{self.check(f'customers.{name}.{field}')}"
                )

    def patient(self) -> Iterator[str]:
        """Customers whose patience outlasts the run."""
        for name, field, mean in self.patience():
            if mean > self.model.horizon:
                yield (
                    f"{name} waits {rough(mean)} {self.unit} on average and the run lasts "
                    f"{self.model.horizon:g}: nobody leaves in it; write `unlimited` if that is "
                    f"meant, else {self.check(f'customers.{name}.{field}')}"
                )

    def asked(self, customer: str) -> set[Pair]:
        """The stock points that a customer class asks for something."""
        scenario, traces = self.model.scenario, self.model.traces
        entries = range(len(scenario.customers[customer].demand))
        return {
            pair
            for index in entries
            for pair, rate in demand_rates(scenario, traces, customer, index)
            if rate > 0
        }

    def covers(self) -> Iterator[tuple[int, float, float]]:
        """(stock point, days of demand that its level covers, days until a purchase arrives)."""
        for i, point in enumerate(self.model.scenario.stock):
            level, rate = _top(point), self.demand.get(self.model.stock_points[i], 0.0)
            if level is not None and level > 0 and rate > 0:
                review = point.periodic.days if point.periodic is not None else 0.0
                yield i, level / rate, self.days(i) + review

    def low(self) -> Iterator[str]:
        """Levels that are far from lasting until a purchase arrives."""
        found = [one for one in self.covers() if one[1] < LEAST_COVER * one[2]]
        if found:
            yield (
                f"the levels of {self.names([i for i, _, _ in found])} are far below the demand "
                f"until a purchase arrives ({self.worst(found, 'it')}): nearly all customers wait; "
                f"{self.check('lead times and demand')}"
            )

    def short(self) -> Iterator[str]:
        """Levels that last for less than the lead time, where all customers wait.

        By a fifth and by the standard deviation of Poisson demand at least: even with demand as
        steady as that, a customer finds stock in one case of six at most.
        """
        found = [
            (i, days, until)
            for i, days, until in self.covers()
            if LEAST_COVER * until <= days < SHORT_COVER * until
            and self.shortage(i, days, until) > 1.0
            and self.is_plain(i)
        ]
        if found:
            yield (
                f"the levels of {self.names([i for i, _, _ in found])} cover less than the lead "
                f"time ({self.worst(found, 'a purchase')}): most customers wait; "
                f"{self.check('lead times and demand')}"
            )

    def worst(self, found: list[tuple[int, float, float]], what: str) -> str:
        """The stock point whose level covers least of the time until `what` arrives."""
        index, days, until = min(found, key=lambda one: one[1] / one[2])
        return (
            f"{self.name(index)}: {rough(days)} {self.unit} of demand, and {what} arrives after "
            f"{rough(until)}"
        )

    def shortage(self, index: int, days: float, until: float) -> float:
        """By how many standard deviations a level is below the demand, were it Poisson."""
        rate = self.demand[self.model.stock_points[index]]
        return float(rate * (until - days) / math.sqrt(rate * until))

    def is_plain(self, index: int) -> bool:
        """Whether all demand waits, and there is one source of unlimited capacity."""
        point, lane = self.model.scenario.stock[index], self.model.lanes[index]
        if len(point.supplier) > 1 or point.asks_for_units is not None:
            return False
        supplier = self.model.scenario.suppliers.get(lane.name)
        if lane.supplier is not None and supplier and supplier.capacity != "unlimited":
            return False
        return point.product not in self.lost

    @cached_property
    def lost(self) -> set[str]:
        """Products that some customers order who do not wait for them."""
        customers = self.model.scenario.customers
        leaving = [
            name
            for name, customer in customers.items()
            if customer.tolerance == "none" or customer.backorder_share < 1.0
        ]
        return {product for name in leaving for product, _ in self.asked(name)}

    def never(self) -> Iterator[str]:
        """Levels that last for the whole run."""
        found = [one for one in self.covers() if one[1] > self.model.horizon]
        if found:
            most, days, _ = max(found, key=lambda one: one[1])
            yield (
                f"the levels of {self.names([i for i, _, _ in found])} last for longer than the "
                f"run ({self.name(most)}: {rough(days)} {self.unit} of demand): hardly "
                f"anything is reordered; {self.check('the rate of its demand')}"
            )

    def few_orders(self) -> Iterator[str]:
        """Random demand of which next to nothing comes."""
        customers = self.model.scenario.customers.values()
        drawn = any(isinstance(one, Process) for c in customers for one in c.demand)
        count = self.model.expected_orders
        if drawn and count < FEWEST_ORDERS:
            yield (
                f"about {rough(count)} {'order is' if rough(count) == '1' else 'orders are'} "
                "expected in a run of "
                f"{self.model.horizon:g} {self.unit}; {self.check('the rate of arrivals')}"
            )

    def name(self, index: int) -> str:
        """A stock point in words; its site where there are several."""
        product, site = self.model.stock_points[index]
        return f"{product} at {site}" if len(self.model.sites) > 1 else product

    def names(self, places: list[int]) -> str:
        return listed([self.name(i) for i in places])


def _top(point: ResolvedPoint) -> float | None:
    """The level that a stock point's rule orders up to, if it has one."""
    params = point.reorder.params
    if "S" in params:
        return float(params["S"])
    if "r" in params and "Q" in params:
        return float(params["r"]) + float(params["Q"])
    return None
