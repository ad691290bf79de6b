"""How much demand a scenario expects, before anything is drawn."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping

import numpy as np

from backsim.scenario.calendars import moments
from backsim.scenario.demand.arrivals import OnDates
from backsim.scenario.demand.lifetimes import heirs
from backsim.scenario.demand.patterns import Clock
from backsim.scenario.demand.schema import WrittenOrder
from backsim.scenario.distributions.whole import mean_of_whole
from backsim.scenario.schema import (
    OrderList,
    Pattern,
    Process,
    Scenario,
)
from backsim.scenario.timeunit import hour_of
from backsim.scenario.traces.read import TraceLines

Pair = tuple[str, str]
"""(product, site)"""
Traces = Mapping[tuple[str, int], TraceLines]
"""Traces by customer class and index of the demand entry."""


def expected_work(scenario: Scenario, traces: Traces) -> tuple[float, float]:
    """(orders, order lines) of a replication, on average."""
    opened = scenario.opening.orders if scenario.opening else ()
    orders, lines = float(len(opened)), float(sum(len(order.lines) for order in opened))
    for name, customer in scenario.customers.items():
        for i, demand in enumerate(customer.demand):
            if isinstance(demand, Process):
                count = demand.arrivals.expected(scenario.horizon * _pace(demand, scenario))
                orders += count
                lines += count * lines_of(demand)
            elif isinstance(demand, OrderList):
                known = placed(demand, scenario)
                orders += len(known)
                lines += sum(len(order.lines) for order in known)
            else:
                orders += traces[name, i].report.orders
                lines += traces[name, i].report.used
    return orders, lines


def mean_demand(scenario: Scenario, traces: Traces) -> dict[Pair, float]:
    """Mean units a day by stock point, all classes together.

    That is while a product is sold; a successor has the demand of those before it, too.
    """
    total: dict[Pair, float] = {}
    for name, customer in scenario.customers.items():
        for i in range(len(customer.demand)):
            for (product, site), rate in demand_rates(scenario, traces, name, i):
                for sold in (product, *heirs(scenario.products, product)):
                    total[sold, site] = total.get((sold, site), 0.0) + rate
    return total


def demand_rates(
    scenario: Scenario, traces: Traces, name: str, index: int
) -> Iterator[tuple[Pair, float]]:
    """Mean units a day that one demand entry asks for, by stock point."""
    demand = scenario.customers[name].demand[index]
    only_site = next(iter(scenario.sites))
    if isinstance(demand, Process):
        yield from _process_rates(demand, scenario)
    elif isinstance(demand, OrderList):
        for order in placed(demand, scenario):
            for product, units in order.lines.items():
                yield (product, order.site or only_site), units / scenario.horizon
    else:
        yield from _trace_rates(traces[name, index], demand.trace.site or only_site)


def placed(demand: OrderList, scenario: Scenario) -> list[WrittenOrder]:
    """The written orders that are placed before the horizon."""
    return [order for order in demand.orders if order.time < scenario.horizon]


def lines_of(demand: Process) -> float:
    """Mean lines of an order."""
    if demand.together:
        return float(len(demand.products))
    return mean_of_whole(demand.lines, least=1)


def rate_of(demand: Process, scenario: Scenario) -> float:
    """Orders a day: as the rate says, whose factors by weekday, month and season average to 1.

    On average over the horizon where there is a trend, or a season besides weekdays or months.
    """
    dates = demand.arrivals
    if isinstance(dates, OnDates):
        calendar = None if dates.calendar is None else scenario.calendars[dates.calendar]
        first, days = scenario.start or datetime.date.min, math.ceil(scenario.horizon)
        times = moments(dates, calendar, first, days)
        return int(np.count_nonzero(times < scenario.horizon)) / scenario.horizon
    pattern = demand.pattern
    several = pattern.season is not None and (pattern.weekdays or pattern.months)
    moves = pattern.trend != 0 or several
    return dates.known_rate() * (_pace(demand, scenario) if moves else 1.0)


def _pace(demand: Process, scenario: Scenario) -> float:
    """By how much time runs fast with the demand's pattern, on average over the horizon."""
    if demand.pattern == Pattern():
        return 1.0
    clock = Clock.of(demand.pattern, scenario.horizon, scenario.start, hour_of(scenario.time_unit))
    return clock.operational(scenario.horizon) / scenario.horizon


def _process_rates(demand: Process, scenario: Scenario) -> Iterator[tuple[Pair, float]]:
    lines = rate_of(demand, scenario) * (1.0 if demand.together else lines_of(demand))
    (weights, all_products), all_sites = demand.shares, sum(demand.sites.values())
    for product, weight in weights.items():
        before, after = scenario.products[product].per_size
        units = lines * mean_of_whole(demand.size, scale=before) * after
        for site, share in demand.sites.items():
            yield (product, site), units * weight / all_products * share / all_sites


def _trace_rates(trace: TraceLines, only_site: str) -> Iterator[tuple[Pair, float]]:
    for (product, site), (_, units) in trace.totals.items():
        if units:
            yield (product, site or only_site), units / trace.days
