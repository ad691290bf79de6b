"""What is asked for: promises, least fills, fairness."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import (
    NO_TIE,
    WISH,
    Columns,
    Constraint,
    constraint,
)
from backsim.allocation.model.fair import NEARLY_ONE, fair_least
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, LAST, TRACE, Builder, Entries
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Floats


@constraint
class Promise(Constraint):
    """What is promised for a day is there by that day; or each unit that is not costs a penalty."""

    name = "promise"
    kind = WISH
    term = "broken_promises"
    settings: ClassVar[tuple[Column, ...]] = (
        Column(
            "promise_penalty",
            "number",
            "money per unit that breaks a promise; if not given, none may be broken",
        ),
    )

    def applies(self, book: Book) -> bool:
        """There is a line with a promise."""
        return bool(np.isfinite(book.keep_by).any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a line with a promise; a column `broken` each where that has a price."""
        lines, options, penalty = book.lines, book.options, book.limits.promise_penalty
        keep_by = book.keep_by
        promised = np.flatnonzero(np.isfinite(keep_by))
        place = np.full(len(lines), -1)
        place[promised] = np.arange(len(promised))
        kept = np.flatnonzero(book.comes_on <= keep_by[options.line])  # inf where none is
        kept = kept[place[options.line[kept]] >= 0]
        entries = [(place[options.line[kept]], kept, 1.0)]
        if penalty < INF:
            cost = np.full(len(promised), penalty)
            tie = np.full(len(promised), NO_TIE)
            first = builder.add_columns("broken", cost, INF, False, tie, book.ranks[promised])
            entries.append((np.arange(len(promised)), first + np.arange(len(promised)), 1.0))
        builder.add_rows(self.name, len(promised), book.to_keep[promised], INF, entries)

    def cost(self, plan: Outcome) -> float:
        """The penalty, for each unit that is not there."""
        penalty = plan.book.limits.promise_penalty
        return penalty * float(plan.unkept.sum()) if penalty < INF else 0.0

    def broken(self, plan: Outcome) -> str:
        """Promises that are not kept, where none may be broken."""
        count = int((plan.unkept > 0).sum())
        if not count or plan.book.limits.promise_penalty < INF:
            return ""
        return f"{count} promise" + ("s" if count > 1 else "")

    def say(self, book: Book, i: int) -> str:
        """The line, and what is promised."""
        lines = book.lines
        line = int(np.flatnonzero(np.isfinite(book.keep_by))[i])
        product = book.names.products[lines.product[line]]
        day = book.spell_day(float(lines.promised[line]))
        return f"line {lines.ids[line]}: {lines.units[line]:g} of {product} promised for {day}"


@constraint
class LeastFill(Constraint):
    """A class gets at least its share of what it has open; or each unit short costs a penalty."""

    name = "min_fill"
    kind = WISH
    term = "short_fills"
    columns: ClassVar[Columns] = {
        "classes": (
            Column("min_fill", "share", "share of its units that must be served", default="none"),
            Column(
                "fill_penalty",
                "number",
                "money per unit short of min_fill",
                default="min_fill must be met",
                empty=INF,
            ),
        )
    }

    def applies(self, book: Book) -> bool:
        """A class has a least fill."""
        return bool(book.limits.min_fill)

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a class with a least fill; a column `short` each where that has a price."""
        lines, options, limits = book.lines, book.options, book.limits
        codes = np.array(list(limits.min_fill))
        share = np.array(list(limits.min_fill.values()))
        place = np.full(len(book.names.classes), -1)
        place[codes] = np.arange(len(codes))
        total = np.bincount(lines.customer_class, lines.units, len(place))[codes]
        row = place[lines.customer_class[options.line]]
        counted = np.flatnonzero((row >= 0) & (options.day <= limits.fill_by))
        entries: list[Entries] = [(row[counted], counted, 1.0)]
        least = share * total
        if limits.fill_penalty < INF:
            least = np.floor(least)  # whole, as units are
        penalty = self.penalties(book)
        if len(priced := np.flatnonzero(penalty < INF)):
            tie = np.full(len(priced), NO_TIE)
            rank = book.names.ranks[codes[priced]] if limits.strict else LAST
            first = builder.add_columns("short", penalty[priced], INF, False, tie, rank)
            entries.append((priced, first + np.arange(len(priced)), 1.0))
        builder.add_rows(self.name, len(codes), least, INF, entries)

    @staticmethod
    def penalties(book: Book) -> Floats:
        """Money per unit short, for each class with a least fill; inf where none may be."""
        codes = np.array(list(book.limits.min_fill), np.int64)
        own: Floats | None = book.own.get("classes.fill_penalty")
        every = np.full(len(codes), book.limits.fill_penalty)
        return every if own is None else np.minimum(every, own[codes])

    @staticmethod
    def short(plan: Outcome) -> Floats:
        """Units short of it, for each class with a least fill."""
        lines, least = plan.book.lines, plan.book.limits.min_fill
        left = np.bincount(lines.customer_class, lines.units - plan.served, max(least) + 1)
        asked = np.bincount(lines.customer_class, lines.units, max(least) + 1)
        allowed = [(1.0 - share) * asked[code] for code, share in least.items()]
        short = left[list(least)] - allowed
        return np.where(short > TRACE, short, 0.0)

    def cost(self, plan: Outcome) -> float:
        """The penalty of each class that has one, for each unit short."""
        penalty, short = self.penalties(plan.book), self.short(plan)
        priced = penalty < INF
        return float(penalty[priced] @ short[priced])

    def broken(self, plan: Outcome) -> str:
        """Classes that get less than their share, where that has no price."""
        short = int(((self.short(plan) > 0.0) & (self.penalties(plan.book) == INF)).sum())
        return f"least fill of {short} classes" if short else ""

    def say(self, book: Book, i: int) -> str:
        """The class, and its share."""
        code, share = list(book.limits.min_fill.items())[i]
        return f"class {book.names.classes[code]}: at least {share:.4g} of its open units"


@constraint
class Fairness(Constraint):
    """No customer's share is further below the fair share than the bound; or it costs a penalty."""

    name = "fairness"
    kind = WISH
    settings: ClassVar[tuple[Column, ...]] = (
        Column(
            "fairness",
            "share",
            "no customer's share served is further below the fair share (0 to 1)",
        ),
    )

    def applies(self, book: Book) -> bool:
        """There is a bound."""
        return book.limits.fairness is not None

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a customer; a column `unfair` each where that has a price."""
        lines, options, limits = book.lines, book.options, book.limits
        count, least = len(book.names.customers), fair_least(book)
        counted, every = np.flatnonzero(options.day <= limits.fill_by), np.arange(count)
        served: list[Entries] = [(lines.customer[options.line[counted]], counted, 1.0)]
        if limits.fill_penalty < INF or limits.whole:
            least = least - NEARLY_ONE  # in whole units, rounded down
        if limits.fill_penalty < INF:
            penalty, nothing = np.full(count, limits.fill_penalty), np.zeros(count)
            first = builder.add_columns("unfair", penalty, INF, True, nothing)
            served.append((every, first + every, 1.0))
        builder.add_rows(self.name, count, least, INF, served)

    def broken(self, plan: Outcome) -> str:
        """Customers who get less than is fair; where units are whole, nearly one less is too."""
        book = plan.book
        got = np.bincount(book.lines.customer, plan.served, len(book.names.customers))
        rounding = NEARLY_ONE if book.limits.whole else TRACE
        unfair = int((got < fair_least(book) - rounding).sum())
        return f"fairness to {unfair} customers" if unfair else ""

    def say(self, book: Book, i: int) -> str:
        """The customer, the bound and the fair share."""
        bound, fair = book.limits.fairness, book.fair[i]
        name = book.names.customers[i]
        return f"customer {name}: a share at most {bound:.4g} below the fair {fair:.4g}"
