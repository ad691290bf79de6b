"""Demand as laws: how often orders ask a stock point for units, and for how many."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.demand.lifetimes import heirs
from backsim.scenario.demand.rates import Pair, Traces, placed, rate_of
from backsim.scenario.demand.schema import (
    OrderList,
    Process,
)
from backsim.scenario.distributions.whole import MOST_UNITS, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.scenario.schema import Scenario

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """One entry of demand, as one stock point sees it.

    `rate` is in orders a day; `units[k]` is the probability that an order asks for k units there
    (also for none); `variance` is that of the units a day, over long times.  `random` says that
    orders arrive independently of each other (Poisson), or that no more is known than when they
    did.
    """

    customer_class: str
    rate: float
    units: Floats
    variance: float
    random: bool
    every: float = 0.0
    """Days between orders where these come at regular times."""
    first: float = 0.0
    """Day of the first of them."""
    whole: bool = False
    """Whether the customers take no part of what they ordered."""

    @property
    def mean(self) -> float:
        """Mean units a day."""
        return self.rate * moments_of(self.units)[0]

    def times(self, each: int) -> Flow:
        """The same orders, for so many times the units."""
        if each == 1:
            return self
        return replace(self, units=in_packs(self.units, each), variance=each**2 * self.variance)


def moments_of(table: Floats) -> tuple[float, float]:
    """(mean, variance) of a table of probabilities of 0, 1, 2, ..."""
    values = np.arange(len(table))
    mean = float(table @ values)
    return mean, float(table @ (values - mean) ** 2)


def flows(scenario: Scenario, traces: Traces) -> dict[Pair, list[Flow]]:
    """The flows of each stock point that is asked for anything."""
    found: dict[Pair, list[Flow]] = {}
    for name, customer in scenario.customers.items():
        for i, demand in enumerate(customer.demand):
            if isinstance(demand, Process):
                parts = _of_process(name, demand, scenario)
            elif isinstance(demand, OrderList):
                parts = _of_list(name, demand, scenario)
            else:
                only_site = demand.trace.site or next(iter(scenario.sites))
                parts = _of_trace(name, traces[name, i], only_site)
            for (product, site), part in parts:
                flow = replace(part, whole=customer.shipment != "partial")
                for sold in (product, *heirs(scenario.products, product)):
                    found.setdefault((sold, site), []).append(flow)
    return found


def _of_process(name: str, demand: Process, scenario: Scenario) -> Iterator[tuple[Pair, Flow]]:
    arrivals = demand.arrivals
    rate, spread = rate_of(demand, scenario), arrivals.spread()
    first, every = arrivals.period or (0.0, 0.0)
    size = cache(lambda scale: whole(demand.size, scale=scale))
    lines = whole(demand.lines, least=1)
    (weights, all_products), all_sites = demand.shares, sum(demand.sites.values())
    for product, weight in weights.items():
        before, after = scenario.products[product].per_size
        packs = in_packs(size(before), after)
        order = _several(lines, _sometimes(weight / all_products, packs))
        for site, share in demand.sites.items():
            units = _sometimes(share / all_sites, order)
            mean, variance = moments_of(units)
            total = rate * (variance + spread * mean**2)
            at = every, first
            yield (product, site), Flow(name, rate, units, total, arrivals.independent, *at)


def _of_list(name: str, demand: OrderList, scenario: Scenario) -> Iterator[tuple[Pair, Flow]]:
    found: dict[Pair, list[tuple[float, int]]] = {}
    for order in placed(demand, scenario):
        for product, units in order.lines.items():
            pair = (product, order.site or next(iter(scenario.sites)))
            found.setdefault(pair, []).append((order.time, units))
    for pair, rows in found.items():
        time, number = (np.array(column) for column in zip(*rows, strict=True))
        yield pair, _observed(name, time, number, scenario.horizon)


def _of_trace(name: str, trace: Any, only_site: str) -> Iterator[tuple[Pair, Flow]]:
    if not len(trace.time):
        return
    products, product = np.unique(trace.product, return_inverse=True)
    sites, site = np.unique(trace.site, return_inverse=True)
    group = product * len(sites) + site
    order = np.lexsort((trace.order, group))
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        numbers, which = np.unique(trace.order[rows], return_inverse=True)
        units = np.bincount(which, trace.units[rows])
        time = np.full(len(numbers), np.inf)
        np.minimum.at(time, which, trace.time[rows])
        pair = (str(products[product[rows[0]]]), str(sites[site[rows[0]]]) or only_site)
        yield pair, _observed(name, time, units, trace.days)


def _observed(name: str, time: Any, units: Any, days: float) -> Flow:
    """Orders that are known one by one; the variance is that of the daily totals."""
    daily = np.bincount(time.astype(int), units, max(2, math.ceil(days)))
    table = np.bincount(np.minimum(units, MOST_UNITS - 1).astype(int)) / len(units)
    return Flow(name, len(units) / days, table, float(daily.var(ddof=1)), True)


def in_packs(table: Floats, pack: int) -> Floats:
    """The law of units, from that of packs of so many; what is beyond the table is on its end."""
    if pack == 1:
        return table
    places = np.minimum(np.arange(len(table)) * pack, MOST_UNITS - 1)
    return np.bincount(places, table).astype(float)


def _sometimes(share: float, table: Floats) -> Floats:
    """The law of a number that is 0 unless something of that probability happens."""
    found = share * table
    found[0] += 1.0 - share
    return np.asarray(found)


def _several(counts: Floats, table: Floats) -> Floats:
    """The law of a sum of as many numbers as a law of counts says."""
    if len(counts) == 2 and counts[1] == 1.0:
        return table
    mean, variance = moments_of(table)
    n, spread = moments_of(counts)
    reach = n * mean + 12 * math.sqrt(n * variance + spread * mean**2) + len(table)
    size = 2 ** math.ceil(math.log2(min(reach, MOST_UNITS) + 1))
    one, total = np.fft.rfft(table, size), np.zeros(size // 2 + 1, complex)
    for weight in counts[::-1]:
        total = total * one + weight
    return np.asarray(np.fft.irfft(total, size).clip(min=0.0))


__all__ = ["MOST_UNITS", "Flow", "flows", "moments_of", "whole"]
