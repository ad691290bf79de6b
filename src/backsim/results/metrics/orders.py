"""Orders, in one piece: how many, how many filled at once or in time, and in how many shipments."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.carriers import given_to_customers
from backsim.results.metrics.delivery import Deliveries
from backsim.results.metrics.substitution import Substitution
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Orders:
    """Orders that count, by view; by product an order counts where its first line stands."""

    def __init__(self, m: Sums) -> None:
        self.m = m

    @cached_property
    def heads(self) -> Any:
        """The first line of each order."""
        first = self.m.first
        if self.m.log.single:
            return slice(first, None)
        head = self.m.log.column("head")
        return first + np.flatnonzero(head[first:] == np.arange(first, len(head)))

    def heads_of(self, lines: Any) -> Any:
        """The first lines of the orders that lines belong to, each order once."""
        if self.m.log.single:
            return lines
        named = np.zeros(len(self.m.time), bool)  # `np.unique` is slower
        named[self.m.log.column("head")[lines]] = True
        return np.flatnonzero(named)

    def fold(self, heads: Any) -> Floats:
        """Orders given by their first lines, by view."""
        return self.m.fold(self.m.total(self.m.group[heads]))

    @cached_property
    def count(self) -> Floats:
        """Orders."""
        return self.m.fold(self.m.lines) if self.m.log.single else self.fold(self.heads)

    @cached_property
    def filled(self) -> Floats:
        """Orders shipped whole at the moment of ordering."""
        return self.count - self.fold(self.heads_of(self.m.later))

    @cached_property
    def due(self) -> Floats:
        """Orders due before the horizon."""
        undue = np.flatnonzero(self.m.log.column("due")[self.heads] >= self.m.model.horizon)
        heads = self.m.first + undue if self.m.log.single else self.heads[undue]
        return self.count - self.fold(heads)

    @cached_property
    def on_time(self) -> Floats:
        """Those of them that arrived whole by their due date."""
        late = self.heads_of(self.m.of(Deliveries).late_lines)
        late = late[self.m.log.column("due")[late] < self.m.model.horizon]
        return self.due - self.fold(late)

    @cached_property
    def shipments(self) -> Floats:
        """Shipments: what leaves a site for an order at one instant is one.

        By class and stock point; each counts where the first of its lines leaves.
        """
        m, log = self.m, self.m.log
        if not log.single or len(m.of(Substitution).taken) or len(log.splits):
            lines, stocks = self._firsts
            return m.total(m.groups(stocks, log.column("customer_class")[lines]))
        late, rows = m.shipments, self._each_once
        same = late["line"][rows][(late["time"] == late["since"])[rows]]
        joined = same[log.lines["filled"][same] > 0]  # it left with what was in stock
        nothing = m.later_group[m.rest["filled"] == 0]
        sent = m.total(late["group"][rows])
        return m.lines + sent - (m.total(nothing) + m.total(m.group[joined]))

    @cached_property
    def _each_once(self) -> Any:
        """The rows of what was shipped later, without those of a line at an instant it has."""
        late, line = self.m.shipments, self.m.shipments["line"]
        if np.bincount(self.m.log.place_in_rest[line]).max(initial=0) < 2:
            return slice(None)
        return _firsts_of((line, late["time"]), np.arange(len(line)))

    @cached_property
    def shipped(self) -> Floats:
        """Shipments by view, each where its order counts."""
        if self.m.log.single:
            return self.m.fold(self.shipments)
        return self.fold(self.m.log.column("head")[self._firsts[0]])

    @cached_property
    def _firsts(self) -> tuple[Any, Any]:
        """The first line of each shipment, and the stock point that it leaves."""
        m, log = self.m, self.m.log
        lines, times, _, stocks = given_to_customers(m, m.first)
        columns = log.column("head")[lines], times, m.site[stocks]
        rows = _firsts_of(columns, lines)
        return lines[rows], stocks[rows]


def _firsts_of(columns: tuple[Any, ...], order: Any) -> Any:
    """The rows of a table that are the first with their values, by `order`."""
    rows = np.lexsort((order, *columns[::-1]))
    parts = [np.diff(column[rows]) != 0 for column in columns]
    return rows[np.r_[True, np.logical_or.reduce(parts)][: len(rows)]]
