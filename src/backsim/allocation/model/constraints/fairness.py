"""Fairness between customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import WISH, Constraint, constraint
from backsim.allocation.model.fair import NEARLY_ONE, fair_least
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, Builder, Entries
from backsim.allocation.solver.solution import TRACE
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


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
