"""What a scenario amounts to, in words: for a reader to notice what he did not mean.

An hour for a day, or quantities for weights, are valid; they show in what they come to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from backsim.errors import few, listed
from backsim.present.numbers import plain_number
from backsim.scenario.demand.rates import Pair, demand_rates, mean_demand
from backsim.scenario.demand.schema import Process
from backsim.scenario.model import Model
from backsim.scenario.schema import ResolvedPoint
from backsim.scenario.timeunit import one_of

MOST_NAMES = 4
LEAST_COVER = 0.25
"""A level below this share of the demand until a purchase arrives leaves nearly all waiting; those
of the scenarios that backsim ships are 0.89 or more."""
LEAST_ARRIVALS = 2.0
"""Lead times that a run should hold at least."""
FEWEST_ORDERS = 10.0


def described(model: Model) -> Iterator[str]:
    """What customers order per day and how long suppliers take."""
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
            yield f"{name}: {_rough(whole)} units{of} {per} on average"
    days = {
        model.suppliers[lane.supplier]: lane.time.moments()[0] + lane.service.moments()[0]
        for lane in model.lanes
        if lane.supplier is not None
    }
    told = [f"{name} {_rough(mean)}" for name, mean in days.items()]
    if told:
        yield f"mean lead times ({model.scenario.time_unit}): {few(told, MOST_NAMES)}"


def implausible(model: Model) -> tuple[str, ...]:
    """What is allowed and hardly meant, such as times in another unit than the scenario's."""
    return tuple(_Doubts(model).all())


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
        yield from self.low()
        yield from self.never()
        yield from self.few_orders()

    def check(self, field: str) -> str:
        """What to look at, which ends each message."""
        return f"check {field} (the scenario counts in {self.unit}, its `time_unit`)"

    def days(self, index: int) -> float:
        """Mean time from a purchase of a stock point to its arrival, from its first source."""
        lane = self.model.lanes[index]
        return lane.time.moments()[0] + lane.service.moments()[0]

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
                f"{_rough(days)} {self.unit} and the run lasts {horizon:g}: hardly any "
                f"arrives in it; {self.check(f'the lead time of {self.name(slowest)}')}"
            )

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
            worst, days, until = min(found, key=lambda one: one[1] / one[2])
            yield (
                f"the levels of {self.names([i for i, _, _ in found])} are far below the demand "
                f"until a purchase arrives ({self.name(worst)}: {_rough(days)} {self.unit} "
                f"of demand, and it arrives after {_rough(until)}): "
                "nearly all customers wait; "
                f"{self.check('lead times and demand')}"
            )

    def never(self) -> Iterator[str]:
        """Levels that last for the whole run."""
        found = [one for one in self.covers() if one[1] > self.model.horizon]
        if found:
            most, days, _ = max(found, key=lambda one: one[1])
            yield (
                f"the levels of {self.names([i for i, _, _ in found])} last for longer than the "
                f"run ({self.name(most)}: {_rough(days)} {self.unit} of demand): hardly "
                f"anything is reordered; {self.check('the rate of its demand')}"
            )

    def few_orders(self) -> Iterator[str]:
        """Random demand of which next to nothing comes."""
        customers = self.model.scenario.customers.values()
        drawn = any(isinstance(one, Process) for c in customers for one in c.demand)
        count = self.model.expected_orders
        if drawn and count < FEWEST_ORDERS:
            yield (
                f"about {_rough(count)} orders are expected in a run of "
                f"{self.model.horizon:g} {self.unit}; {self.check('the rate of arrivals')}"
            )

    def name(self, index: int) -> str:
        """A stock point in words; its site where there are several."""
        product, site = self.model.stock_points[index]
        return f"{product} at {site}" if len(self.model.sites) > 1 else product

    def names(self, places: list[int]) -> str:
        return listed([self.name(i) for i in places])


def _rough(value: float) -> str:
    """A number to four digits, without zeros at its end."""
    text = plain_number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _top(point: ResolvedPoint) -> float | None:
    """The level that a stock point's rule orders up to, if it has one."""
    params = point.reorder.params
    if "S" in params:
        return float(params["S"])
    if "r" in params and "Q" in params:
        return float(params["r"]) + float(params["Q"])
    return None
