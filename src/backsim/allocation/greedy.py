"""What the priority rules of the simulation would do with a book: serve one line after another.

A line takes what it can from the cheapest source that is left, and from none that costs more than
leaving the line unserved.  Limits that look across lines (least fill, fairness, promises) mean
nothing to a rule; `broken_limits` says which of them its plan does not keep.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.book import Book
from backsim.allocation.plan import TRACE, Plan
from backsim.entities import CustomerClass, Line, Stock
from backsim.errors import InputError
from backsim.rules import FAMILIES, Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

OFFERS = ("line", "customer", "stock", "now")


def greedy(book: Book, rule: Rule) -> Plan:
    """The plan of a priority rule, its parameters at their defaults."""
    start = time.perf_counter()
    units = serve(book, order_by(book, rule))
    return plan_of(book, rule.name, units, time.perf_counter() - start)


def plan_of(book: Book, rule: str, units: Floats, seconds: float) -> Plan:
    """A plan that is no optimum: without prices, and with no bound."""
    nothing = np.full(len(book.sources), np.nan)
    return Plan(book, rule, units, nothing, "rule", 0.0, seconds)


def rules_for_books() -> list[Rule]:
    """The priority rules that can order a book: all of their parameters have defaults."""
    return [rule for rule in FAMILIES["priority"].rules.values() if why_not(rule) is None]


def why_not(rule: Rule) -> str | None:
    """Why a rule cannot order a book; None if it can."""
    if any(p.default is None for p in rule.parameters):
        return "a rule whose parameters have defaults"
    strange = [name for name in rule.asks if name not in OFFERS]
    return f"a rule that asks for nothing but {', '.join(OFFERS)}" if strange else None


def order_by(book: Book, rule: Rule) -> Codes:
    """The lines in the order in which a rule serves them: by key, time of order, then position."""
    if reason := why_not(rule):
        raise InputError(f"rule: expected {reason}, got {rule.name!r}")
    keys = np.fromiter(_keys(book, rule), float, len(book.lines))
    return np.lexsort((np.arange(len(keys)), book.lines.ordered, keys))


def _keys(book: Book, rule: Rule) -> Iterator[float]:
    lines, names = book.lines, book.names
    classes = [CustomerClass(priority=int(rank)) for rank in names.ranks]
    stocks = [Stock(price=float(price)) for price in names.prices]
    given = {p.name: p.default for p in rule.parameters}
    columns = (
        lines.ordered,
        lines.due,
        lines.tolerance,
        lines.units,
        lines.customer_class,
        lines.product,
    )
    for time_, due, tolerance, units, code, product in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        line = Line(time=time_, due=due, tolerance=tolerance, units=units, open=units)
        offers = {"line": line, "customer": classes[code], "stock": stocks[product], "now": 0.0}
        yield float(
            rule.function(**{name: offers.get(name, given.get(name)) for name in rule.arguments})
        )


def serve(book: Book, order: Codes) -> Floats:
    """Units of each option when lines are served in this order."""
    return _Clerk(book).serve(order.tolist())


class _Clerk:
    """Gives units out, line by line, and keeps account of what is left."""

    def __init__(self, book: Book) -> None:
        lines, options, capacity = book.lines, book.options, book.limits.capacity
        cost = book.unit_costs
        useful = np.flatnonzero(cost < lines.lost[options.line])
        ranked = useful[np.lexsort((options.source[useful], cost[useful], options.line[useful]))]
        ends = np.searchsorted(options.line[ranked], np.arange(len(lines) + 1))
        self.options, self.ends = ranked.tolist(), ends.tolist()
        self.source = options.source.tolist()
        self.left = book.sources.units.tolist()
        self.room = capacity.units.tolist()
        self.counted: dict[int, list[int]] = {}
        for row, option in zip(capacity.row.tolist(), capacity.option.tolist(), strict=True):
            self.counted.setdefault(option, []).append(row)
        self.open = lines.units.tolist()
        self.smallest = np.minimum(lines.smallest, lines.units).tolist()
        self.given = [0.0] * len(options)
        self.members: dict[int, list[int]] = {}
        for line in np.flatnonzero(lines.complete).tolist():
            self.members.setdefault(int(lines.order[line]), []).append(line)
        self.order_of = lines.order.tolist()
        self.complete = lines.complete.tolist()

    def serve(self, order: list[int]) -> Floats:
        """Serve the lines in order; an order that ships whole when its first line's turn comes."""
        for line in order:
            if not self.complete[line]:
                self.fill(line)
                continue
            members = self.members.pop(self.order_of[line], [])
            taken = [self.fill(member) for member in members]
            if any(self.open[member] > TRACE for member in members):
                for member, some in zip(members, taken, strict=True):
                    self.give_back(member, some)
        return np.array(self.given)

    def fill(self, line: int) -> list[tuple[int, float]]:
        """Give a line what it can have; (option, units) of what it got."""
        taken = []
        for option in self.options[self.ends[line] : self.ends[line + 1]]:
            if self.open[line] <= 0.0:
                break
            rows = self.counted.get(option, ())
            units = min(
                self.open[line], self.left[self.source[option]], *(self.room[r] for r in rows)
            )
            if units > 0.0 and units >= self.smallest[line]:
                self.move(line, option, units)
                taken.append((option, units))
        return taken

    def give_back(self, line: int, taken: list[tuple[int, float]]) -> None:
        """Undo what `fill` did."""
        for option, units in taken:
            self.move(line, option, -units)

    def move(self, line: int, option: int, units: float) -> None:
        """Units go from an option's source to its line."""
        self.given[option] += units
        self.open[line] -= units
        self.left[self.source[option]] -= units
        for row in self.counted.get(option, ()):
            self.room[row] -= units


def broken_limits(plan: Plan) -> list[str]:
    """The limits across lines that a plan does not keep, in words."""
    book, lines, limits = plan.book, plan.book.lines, plan.book.limits
    found = []
    if limits.promise_penalty == np.inf and (count := int((plan.broken > 0).sum())):
        found.append(f"{count} promises")
    if small := int((_too_small(plan)).sum()):
        found.append(f"least size of {small} shipments")
    if parts := int((lines.complete & (plan.served > TRACE) & (_open(plan) > TRACE)).sum()):
        found.append(f"whole orders of {parts} lines")
    of_class = _shares(plan, lines.customer_class, len(book.names.classes))
    short = sum(of_class[code] < least - TRACE for code, least in limits.min_fill.items())
    if short:
        found.append(f"least fill of {short} classes")
    if limits.fairness is not None:
        mean = plan.served.sum() / max(TRACE, lines.units.sum())
        of_customer = _shares(plan, lines.customer, len(book.names.customers))
        unfair = int((of_customer < mean - limits.fairness - TRACE).sum())
        if unfair:
            found.append(f"fairness to {unfair} customers")
    return found


def _open(plan: Plan) -> Floats:
    return plan.book.lines.units - plan.served


def _too_small(plan: Plan) -> NDArray[np.bool_]:
    lines, line = plan.book.lines, plan.book.options.line
    least = np.minimum(lines.smallest, lines.units)[line]
    return np.asarray((plan.units > TRACE) & (plan.units < least - TRACE))


def _shares(plan: Plan, code: Codes, count: int) -> Floats:
    """Share served by group; 1 for a group that asks for nothing."""
    asked = np.bincount(code, plan.book.lines.units, count)
    got = np.bincount(code, plan.served, count)
    return np.where(asked > 0, got / np.where(asked > 0, asked, 1.0), 1.0)
