"""What the priority rules of the simulation would do with a book: serve one line after another.

A line takes what it can from the cheapest source that is left, and from none that costs more than
leaving the line unserved; it opens no shipment that costs more than it saves.  Limits that look
across lines (least fill, fairness, promises) mean nothing to a rule; `constraints.broken_limits`
says which of them its plan does not keep.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints.cases import case_packs, in_cases
from backsim.allocation.model.constraints.parcels import parcels
from backsim.allocation.model.constraints.reserve import kept_back
from backsim.allocation.plan.plan import Plan
from backsim.allocation.solver.program import TRACE
from backsim.entities import CustomerClass, Line, Stock
from backsim.errors import InputError
from backsim.quantities import LEAST
from backsim.rules import FAMILIES, PROGRAM, Rule

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

Taken = list[tuple[int, float]]
"""(option, units) of what was given out."""

OFFERS = ("line", "customer", "stock", "now", "promise", "waited", "slack", "leaves")


def plan_of(book: Book, rule: str, units: Floats, seconds: float) -> Plan:
    """A plan that is no optimum: without prices, and with no bound."""
    nothing = np.full(len(book.sources), np.nan)
    return Plan(book, units, rule, nothing, "rule", 0.0, seconds)


def rules_for_books() -> list[Rule]:
    """The priority rules that can order a book: all of their parameters have defaults."""
    return [rule for rule in FAMILIES["priority"].rules.values() if why_not(rule) is None]


def why_not(rule: Rule) -> str | None:
    """Why a rule cannot order a book; None if it can."""
    if rule.name == PROGRAM:
        return "a rule that serves line by line"
    if not rule.has_defaults:
        return "a rule whose parameters have defaults"
    strange = [name for name in rule.asks if name not in OFFERS]
    return f"a rule that asks for nothing but {', '.join(OFFERS)}" if strange else None


class Serving:
    """Where lines are served one after another: a book, made ready for any order of its lines."""

    def __init__(self, book: Book) -> None:
        self.book = book
        lines, options, capacity = book.lines, book.options, book.limits.capacity
        cost = book.unit_costs
        useful = np.flatnonzero(book.useful)
        ranked = useful[np.lexsort((options.source[useful], cost[useful], options.line[useful]))]
        ends = np.searchsorted(options.line[ranked], np.arange(len(lines) + 1))
        self.options: list[int] = ranked.tolist()
        self.ends: list[int] = ends.tolist()
        self.source: list[int] = options.source.tolist()
        self.day: list[float] = options.day.tolist()
        self.counted: dict[int, list[int]] = {}
        for row, option in zip(capacity.row.tolist(), capacity.option.tolist(), strict=True):
            self.counted.setdefault(option, []).append(row)
        self.smallest: list[float] = np.minimum(lines.smallest, lines.units).tolist()
        self.shipment: list[int] = book.shipments[0].tolist()
        self.order_of: list[int] = lines.order.tolist()
        self.pack, self.kept = _where_there_is_some(case_packs(book), kept_back(book))
        paid, parcel, fee = parcels(book)
        self.parcel = dict(zip(paid.tolist(), parcel.tolist(), strict=True))
        self.fee: list[float] = fee.tolist()
        served = useful if len(fee) else useful[:0]
        gain = lines.lost[options.line[served]] - cost[served]
        self.gain = dict(zip(served.tolist(), gain.tolist(), strict=True))
        self.complete: list[bool] = lines.complete.tolist()

    def plan(self, rule: Rule) -> Plan:
        """The plan of a priority rule, its parameters at their defaults.

        Raises InputError for a rule that cannot order a book.
        """
        if reason := why_not(rule):
            raise InputError(f"rule: expected {reason}, got {rule.name!r}")
        start = time.perf_counter()
        units = self.serve(self.order_by(rule))
        return plan_of(self.book, rule.name, units, time.perf_counter() - start)

    def order_by(self, rule: Rule) -> Codes:
        """The lines as a rule serves them: by key, then time of order, then position."""
        given = {p.name: p.default for p in rule.parameters}
        answer, names = rule.function, rule.arguments
        keys = np.fromiter(
            (
                float(answer(*[offers.get(name, given.get(name)) for name in names]))
                for offers in self.offers
            ),
            float,
            len(self.book.lines),
        )
        return np.lexsort((np.arange(len(keys)), self.book.lines.ordered, keys))

    @cached_property
    def offers(self) -> list[dict[str, Any]]:
        """What the rules may ask for, line by line, as in the simulation; it is day 0."""
        lines, names = self.book.lines, self.book.names
        classes = [CustomerClass(priority=int(rank)) for rank in names.ranks]
        stocks = [Stock(price=float(price)) for price in names.prices]
        weight = np.maximum(lines.weight, LEAST)  # rules that ask for a weight get the line's own
        promise = np.where(np.isfinite(lines.promised), lines.promised, lines.due)
        columns = (lines.ordered, lines.due, lines.tolerance, lines.units, promise, weight)
        codes = (lines.customer_class, lines.product)
        return [
            {
                "line": Line(time=ordered, due=due, tolerance=tolerance, units=units, open=units),
                "customer": classes[code],
                "stock": stocks[product],
                "now": 0.0,
                "promise": day,
                "waited": -ordered,
                "slack": day,
                "leaves": ordered + tolerance,
                "weight": daily,
            }
            for ordered, due, tolerance, units, day, daily, code, product in zip(
                *(column.tolist() for column in (*columns, *codes)), strict=True
            )
        ]

    def serve(self, order: Codes) -> Floats:
        """Units of each option when lines are served in this order."""
        return _Server(self).serve(order.tolist())


def _where_there_is_some(*amounts: Floats) -> Iterator[dict[int, float]]:
    """What options have of each amount, by option, of those that have some."""
    for values in amounts:
        some = np.flatnonzero(values > 0.0)
        yield dict(zip(some.tolist(), values[some].tolist(), strict=True))


class _Server:
    """Gives units out, line by line, and keeps account of what is left."""

    def __init__(self, serving: Serving) -> None:
        self.serving, book = serving, serving.book
        self.left: list[float] = book.sources.units.tolist()
        self.room: list[float] = book.limits.capacity.units.tolist()
        self.open: list[float] = book.lines.units.tolist()
        self.given = [0.0] * len(book.options)
        self.in_cases: list[float] = in_cases(book).tolist() if serving.pack else []
        self.kept: dict[int, list[float]] = {}
        """Units that must stay of a source, for each option that got some and must leave them."""
        self.opened: set[int] = set()
        """The shipments that are paid."""
        self.members: dict[int, list[int]] = {}
        for line in np.flatnonzero(book.lines.complete).tolist():
            self.members.setdefault(serving.order_of[line], []).append(line)

    def serve(self, order: list[int]) -> Floats:
        """Serve the lines in order; an order that ships whole when its first line's turn comes."""
        for line in order:
            if not self.serving.complete[line]:
                self.settle(self.fill(line))
                continue
            self.serve_whole(self.members.pop(self.serving.order_of[line], []))
        return np.array(self.given)

    def serve_whole(self, members: list[int]) -> None:
        """Serve an order on the first day on which all of it is there, if there is one."""
        serving = self.serving
        options = [
            o for m in members for o in serving.options[serving.ends[m] : serving.ends[m + 1]]
        ]
        together = serving.book.limits.together
        for day in sorted({serving.day[option] for option in options}) if together else [None]:
            taken = [self.fill(member, day, whole=True) for member in members]
            if all(self.open[member] <= TRACE for member in members):
                every = [pair for some in taken for pair in some]
                if self.pays(every):
                    self.settle(every)
                    return
            for member, some in zip(members, taken, strict=True):
                self.give_back(member, some)

    def fill(self, line: int, day: float | None = None, whole: bool = False) -> Taken:
        """Give a line what it can have, on this day or any.

        Whether shipments pay is looked at here, except for an order that ships `whole`.
        """
        serving = self.serving
        options = serving.options[serving.ends[line] : serving.ends[line + 1]]
        if day is not None:
            options = [option for option in options if serving.day[option] == day]
        if serving.smallest[line] <= 0.0 and not serving.fee:
            return self.take(line, options)
        shipments: dict[int, list[int]] = {}
        for option in options:
            shipments.setdefault(serving.shipment[option], []).append(option)
        taken: Taken = []
        for shipment in shipments.values():
            some = self.take(line, shipment)
            useful = sum(units for _, units in some) >= serving.smallest[line] - TRACE
            if useful and (whole or self.pays(some)):
                taken += some
            else:
                self.give_back(line, some)
        return taken

    def pays(self, taken: Taken) -> bool:
        """Whether serving these units saves more than the shipments that it opens cost."""
        serving = self.serving
        fees = sum(serving.fee[parcel] for parcel in self.parcels(taken) - self.opened)
        return not fees or fees < sum(units * serving.gain[option] for option, units in taken)

    def parcels(self, taken: Taken) -> set[int]:
        """The shipments with a cost that these units are a part of."""
        parcel = self.serving.parcel
        return {parcel[option] for option, _ in taken if option in parcel}

    def settle(self, taken: Taken) -> None:
        """These units leave; further ones may join their shipments."""
        if self.serving.fee:
            self.opened |= self.parcels(taken)

    def take(self, line: int, options: list[int]) -> Taken:
        """Give a line what these options still have for it."""
        serving = self.serving
        taken: Taken = []
        for option in options:
            if self.open[line] <= 0.0:
                break
            source = serving.source[option]
            left = self.left[source]
            if serving.kept:
                left -= max(serving.kept.get(option, 0.0), *self.kept.get(source, [0.0]))
            units = min(self.open[line], left)
            for row in serving.counted.get(option, ()):
                units = min(units, self.room[row])
            if serving.pack and (pack := serving.pack.get(option)):
                units = min(units, self.in_cases[source])
                units = math.floor(units / pack + TRACE) * pack
            if units > 0.0:
                self.move(line, option, units)
                taken.append((option, units))
                if serving.kept and (kept := serving.kept.get(option)):
                    self.kept.setdefault(source, [0.0]).append(kept)
        return taken

    def give_back(self, line: int, taken: Taken) -> None:
        """Undo what `fill` did."""
        for option, units in taken:
            self.move(line, option, -units)
            if kept := self.serving.kept.get(option):
                self.kept[self.serving.source[option]].remove(kept)

    def move(self, line: int, option: int, units: float) -> None:
        """Units go from an option's source to its line."""
        self.given[option] += units
        self.open[line] -= units
        self.left[self.serving.source[option]] -= units
        if self.in_cases:
            self.in_cases[self.serving.source[option]] -= units
        for row in self.serving.counted.get(option, ()):
            self.room[row] -= units
