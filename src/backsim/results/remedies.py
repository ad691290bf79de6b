"""Remedies for customers in a hurry: substitutes, units given to others, delivery and express.

The units and lines are those of the other flow metrics; a substitute counts for the class, product
and site of the line in whose place it was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import SHIPPED, SUBSTITUTED
from backsim.scenario.model import Model
from backsim.scenario.schema import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REMEDIES: dict[str, tuple[str, str]] = {
    "substituted_rate": ("share", "units in whose place a substitute was taken / units ordered"),
    "reallocated_rate": (
        "share",
        "units kept for an order and at a batch run given to others / units ordered",
    ),
    "express_rate": ("share", "units sent by express / units shipped"),
    "delivery_time": ("days", "days from order to delivery per unit shipped"),
}
"""name -> (unit, definition)"""


@dataclass(frozen=True)
class Remedies:
    """What was done for the orders from line `first` on.

    `total(group, weights)` sums by class and stock point, `fold` sums that into views.
    """

    model: Model
    log: Log
    first: int
    group: Any
    total: Callable[..., Floats]
    fold: Callable[[Floats], Floats]

    def metrics(self, ordered: Floats, shipped: Floats, waited: Floats) -> dict[str, Floats]:
        """The metrics by view; `waited` is the mean wait until shipment, days."""
        days = waited
        if self.delivers:
            days = waited + self.fold(self.sums[1]) / shipped
        return {
            "substituted_rate": self.fold(self.substituted) / ordered,
            "reallocated_rate": self.fold(self.taken_back()) / ordered,
            "express_rate": self.fold(self.sums[0]) / shipped,
            "delivery_time": days,
        }

    # -- substitutes -----------------------------------------------------------------------

    @cached_property
    def taken(self) -> Any:
        """Substitutes taken in place of lines that count."""
        rows = self.log.substitutions
        return rows.compress(rows["line"] >= self.first)

    @cached_property
    def substituted(self) -> Floats:
        """Units in whose place a substitute was taken."""
        return self.by_line(self.taken["units"])

    def at_once(self) -> Floats:
        """Those of them that nobody waited for."""
        rows = self.taken
        early = rows["time"] == self.log.column("time")[rows["line"]]
        return self.by_line(np.where(early, rows["units"], 0))

    def by_line(self, units: Any) -> Floats:
        """Sums of a figure of each substitute taken."""
        return self.total(self.group[self.taken["line"]], units)

    def sales(self) -> Floats:
        """Money for substitutes, at their own prices."""
        prices = [self.model.scenario.products[name].price for name in self.model.products]
        product = self.log.stocks["product"][self.taken["stock"]]
        return self.by_line(np.array(prices)[product] * self.taken["units"])

    def discounts(self) -> Floats:
        """Money that substitutes were sold below their prices."""
        return self.by_line(self.taken["discount"] * self.taken["units"])

    def taken_back(self) -> Floats:
        """Units that were kept for an order and given to others."""
        line = self.log.takebacks["line"]  # sites' lines come after the customers'
        rows = self.log.takebacks.compress((line >= self.first) & (line < len(self.log.lines)))
        return self.total(self.group[rows["line"]], rows["units"])

    # -- delivery --------------------------------------------------------------------------

    @cached_property
    def delivers(self) -> bool:
        """Whether delivery takes time."""
        return any(c.delivery != Delivery() for c in self.model.scenario.customers.values())

    def arrivals(self, lines: Any, shipped: Any) -> tuple[Any, Floats]:
        """Whether units of lines that were shipped at some times go by express, and their days."""
        classes = [c.delivery for c in self.model.scenario.customers.values()]
        normal = np.array([d.days for d in classes])
        fast = np.array([d.express.days if d.express else d.days for d in classes])
        least = np.array([d.express.slack if d.express else -np.inf for d in classes])
        code = self.log.column("customer_class")[lines]
        slack = self.log.column("due")[lines] - shipped - normal[code]
        express = slack < least[code]
        return express, np.where(express, fast[code], normal[code])

    @cached_property
    def parts(self) -> tuple[Any, Any, Any]:
        """(line, time of shipment, units) of all that was shipped or taken as a substitute."""
        log = self.log
        at_once = np.arange(self.first, len(log.lines))
        filled = log.lines["filled"][self.first :]
        late = log.shipments.compress(log.shipments["line"] >= self.first)
        lines = np.concatenate([at_once, late["line"], self.taken["line"]])
        times = np.concatenate([log.column("time")[self.first :], late["time"], self.taken["time"]])
        units = np.concatenate([filled, late["units"], np.zeros(len(self.taken), np.int32)])
        sent = np.r_[filled > 0, np.ones(len(late) + len(self.taken), bool)]
        return lines[sent], times[sent], units[sent]

    @cached_property
    def sums(self) -> tuple[Floats, Floats]:
        """Units sent by express, and unit-days of delivery."""
        if not self.delivers:
            nothing = self.total(self.group[:0], np.zeros(0))
            return nothing, nothing
        lines, times, units = self.parts
        express, days = self.arrivals(lines, times)
        group = self.group[lines]
        return self.total(group, np.where(express, units, 0)), self.total(group, units * days)

    def late_lines(self, later: Any, rest: Any) -> Any:
        """Indices of the lines that did not arrive whole by their due date.

        `later` are the lines not filled at once, `rest` their records.
        """
        ended = (rest["status"] == SHIPPED) | (rest["status"] == SUBSTITUTED)
        if not self.delivers:
            return later[~ended | (rest["closed"] > rest["due"])]
        lines, times, _ = self.parts
        days = self.arrivals(lines, times)[1]
        late = lines[times + days > self.log.column("due")[lines]]
        return np.union1d(late, later[~ended])


__all__ = ["REMEDIES", "Remedies"]
