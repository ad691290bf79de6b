"""How much demand a scenario expects, before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backsim.scenario.demand.lifetimes import heirs
from backsim.scenario.demand.patterns import Clock
from backsim.scenario.schema import (
    OrderList,
    Process,
    Scenario,
)
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
                clock = Clock.of(demand.pattern, scenario.horizon, scenario.start)
                count = demand.arrivals.expected(clock.operational(scenario.horizon))
                orders += count
                lines += count * demand.mean_lines
            elif isinstance(demand, OrderList):
                orders += len(demand.orders)
                lines += sum(len(order.lines) for order in demand.orders)
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
        for order in demand.orders:
            for product, units in order.lines.items():
                yield (product, order.site or only_site), units / scenario.horizon
    else:
        yield from _trace_rates(traces[name, index], demand.trace.site or only_site)


def _process_rates(demand: Process, scenario: Scenario) -> Iterator[tuple[Pair, float]]:
    lines = 1.0 if demand.together else demand.mean_lines
    units = demand.arrivals.mean_rate() * lines * demand.size.moments()[0]
    (weights, all_products), all_sites = demand.shares, sum(demand.sites.values())
    for product, weight in weights.items():
        for site, share in demand.sites.items():
            before, after = scenario.products[product].per_size
            yield (
                (product, site),
                units * before * after * weight / all_products * share / all_sites,
            )


def _trace_rates(trace: TraceLines, only_site: str) -> Iterator[tuple[Pair, float]]:
    for (product, site), (_, units) in trace.totals.items():
        if units:
            yield (product, site or only_site), units / trace.days
