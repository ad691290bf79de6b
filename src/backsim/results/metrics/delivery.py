"""The way from shipment to the customer: how long, and what goes by express."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import SHIPPED, SUBSTITUTED
from backsim.results.metrics.carriers import Carriers, given_to_customers
from backsim.results.metrics.sums import Sums
from backsim.scenario.calendars import open_from
from backsim.scenario.schema import Delivery

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def departures(m: Sums, stocks: Any, ready: Any) -> Floats:
    """When units leave that are ready at stock points at some times, by the calendars of sites."""
    leaves = np.array(ready, float)
    for code, (name, site) in enumerate(m.model.scenario.sites.items()):
        if site.shipping is not None:
            own = m.site[stocks] == code
            leaves[own] = open_from(leaves[own], m.model.departures(name))
    return leaves


class Deliveries:
    """Deliveries of what was shipped of the lines that count."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.terms = [c.delivery for c in m.model.scenario.customers.values()]
        sites = m.model.scenario.sites.values()
        self.departs = any(site.shipping is not None for site in sites)
        self.takes_time = self.departs or any(terms != Delivery() for terms in self.terms)

    def arrivals(self, lines: Any, shipped: Any, stocks: Any) -> tuple[Any, Floats]:
        """Whether units of lines that stock points shipped go by express, and their days.

        These are counted from the shipment, so that waiting for the site's next departure is part
        of them, and waiting for the customer's next working day.
        """
        expected = np.array([d.days.moments()[0] for d in self.terms])
        least = np.array([d.express.slack if d.express else -np.inf for d in self.terms])
        code = self.m.log.column("customer_class")[lines]
        on_grid = self.m.model.on_grid
        leaves = self._departures(lines, shipped, stocks)
        on_time = self._taken(code, on_grid(leaves + expected[code]))
        slack = on_grid(self.m.log.column("due")[lines] - on_time)
        express = slack < on_grid(least[code])
        fast, normal = (self._days(way, lines, code) for way in ("by_express", "on_the_way"))
        days = np.where(express, fast, normal)
        return express, on_grid(self._taken(code, on_grid(leaves + days)) - shipped)

    def _days(self, way: str, lines: Any, classes: Any) -> Floats:
        """Days that lines are on the way: as drawn for their orders, or as their class says."""
        days: Floats = np.array([d.ways[way].moments()[0] for d in self.terms])[classes]
        named = [way if d.express else "on_the_way" for d in self.terms]
        for name in dict.fromkeys(named):
            own = zip(named, self.terms, strict=True)
            drawn = np.array([one == name and name in d.drawn for one, d in own])
            if drawn.any() and name in self.m.log.ways:  # not where nobody orders
                found = self.m.log.ways[name][lines]
                days = np.where(drawn[classes] & ~np.isnan(found), found, days)
        return days

    def _departures(self, lines: Any, ready: Any, stocks: Any) -> Any:
        """When units leave stock points that are ready there at some times."""
        if not self.departs:
            return ready
        leaves, carriers = departures(self.m, stocks, ready), self.m.of(Carriers)
        for code, capacity in enumerate(carriers.capacities):
            if capacity is not None:
                own = self.m.site[stocks] == code
                leaves[own] = carriers.leaves(code, lines[own], ready[own])
        return leaves

    def _taken(self, classes: Any, arrives: Any) -> Any:
        """When customers take what arrives at some times."""
        for code, terms in enumerate(self.terms):
            if terms.calendar is not None:
                own = classes == code
                arrives[own] = open_from(arrives[own], self.m.model.closed(terms.calendar))
        return arrives

    @cached_property
    def shipments(self) -> tuple[Any, Any, Any, Any]:
        """(line, time of shipment, units, from where) of all shipped or taken as a substitute."""
        return given_to_customers(self.m, self.m.first)

    @cached_property
    def _sums(self) -> tuple[Floats, Floats]:
        if not self.takes_time:
            nothing = self.m.total(self.m.group[:0], np.zeros(0))
            return nothing, nothing
        lines, times, units, stocks = self.shipments
        express, days = self.arrivals(lines, times, stocks)
        group = self.m.group[lines]
        return (
            self.m.total(group, np.where(express, units, 0)),
            self.m.total(group, units * days),
        )

    @property
    def express(self) -> Floats:
        """Units sent by express."""
        return self._sums[0]

    @property
    def unit_days(self) -> Floats:
        """Days that the units shipped are on their way, all together."""
        return self._sums[1]

    @cached_property
    def late_lines(self) -> Any:
        """Indices of the lines that did not arrive whole by their due date."""
        rest, later = self.m.rest, self.m.later
        ended = (rest["status"] == SHIPPED) | (rest["status"] == SUBSTITUTED)
        if not self.takes_time:
            return later[~ended | (rest["closed"] > rest["due"])]
        lines, times, _, stocks = self.shipments
        days = self.arrivals(lines, times, stocks)[1]
        late = lines[self.m.model.on_grid(times + days) > self.m.log.column("due")[lines]]
        return np.union1d(late, later[~ended])
