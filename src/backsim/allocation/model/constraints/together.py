"""One day for an order that ships whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FORM, NO_TIE, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import Builder, Entries, spans
from backsim.allocation.solver.solution import TRACE

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class Together(Constraint):
    """All units of an order that ships whole leave on one day: as many of each line, or none."""

    name = "together"
    kind = FORM

    def applies(self, book: Book) -> bool:
        """An order ships whole, and on one day."""
        return book.limits.together and bool(book.lines.complete.any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a line and day of its order; a column `leaves` a day of an order: whether then."""
        lines, options = book.lines, book.options
        whole = np.flatnonzero(lines.complete)
        whole = whole[np.argsort(lines.order[whole], kind="stable")]
        of = lines.order[whole]
        own = np.flatnonzero(lines.complete[options.line])
        day = np.searchsorted(np.sort(options.day[own]), options.day[own])
        pairs, leaves = np.unique(
            lines.order[options.line[own]] * len(own) + day, return_inverse=True
        )
        order, count = pairs // len(own), len(pairs)
        first = builder.add_columns("leaves", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
        begins = np.searchsorted(of, order, "left")  # a row for each line of the order, day by day
        members = np.searchsorted(of, order, "right") - begins
        line, pair = whole[spans(begins, members)], np.repeat(np.arange(count), members)
        rank = np.zeros(len(lines), np.int64)
        rank[whole] = np.arange(len(whole)) - np.searchsorted(of, of)
        row = (np.cumsum(members) - members)[leaves] + rank[options.line[own]]
        entries: list[Entries] = [
            (row, own, 1.0),
            (np.arange(len(pair)), first + pair, -lines.units[line]),
        ]
        builder.add_rows(self.name, len(pair), 0.0, 0.0, entries)

    def broken(self, plan: Outcome) -> str:
        """Orders that ship whole and leave on several days."""
        lines, options = plan.book.lines, plan.book.options
        used = np.flatnonzero((plan.units > TRACE) & lines.complete[options.line])
        leaves = np.unique(np.stack([lines.order[options.line[used]], options.day[used]]), axis=1)
        torn = int(leaves.shape[1] - len(np.unique(leaves[0])))
        return f"one day for each of {torn} orders" if torn else ""

    def say(self, book: Book, i: int) -> str:
        """The same for all: which of the days stands in the way says nothing."""
        return WHOLE


WHOLE = "orders that ship whole, or shipments of a least size"
