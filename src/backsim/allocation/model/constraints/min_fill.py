"""Least fills of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import WISH, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, Builder, Entries
from backsim.allocation.solver.solution import TRACE
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class LeastFill(Constraint):
    """A class gets at least its share of what it has open; or each unit short costs a penalty."""

    name = "min_fill"
    kind = WISH
    columns: ClassVar[Columns] = {
        "classes": (
            Column("min_fill", "share", "share of its units that must be served", default="none"),
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
            least, every = np.floor(least), np.arange(len(codes))  # whole, as units are
            penalty, nothing = np.full(len(codes), limits.fill_penalty), np.zeros(len(codes))
            first = builder.add_columns("short", penalty, INF, False, nothing)
            entries.append((every, first + every, 1.0))
        builder.add_rows(self.name, len(codes), least, INF, entries)

    def broken(self, plan: Outcome) -> str:
        """Classes that get less than their share; one that asks for nothing gets enough."""
        book, count = plan.book, len(plan.book.names.classes)
        asked = np.bincount(book.lines.customer_class, book.lines.units, count)
        got = np.bincount(book.lines.customer_class, plan.served, count)
        share = np.where(asked > 0, got / np.where(asked > 0, asked, 1.0), 1.0)
        short = sum(share[code] < least - TRACE for code, least in book.limits.min_fill.items())
        return f"least fill of {short} classes" if short else ""

    def say(self, book: Book, i: int) -> str:
        """The class, and its share."""
        code, share = list(book.limits.min_fill.items())[i]
        return f"class {book.names.classes[code]}: at least {share:.4g} of its open units"
