"""Promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import NO_TIE, WISH, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, Builder
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class Promise(Constraint):
    """What is promised for a day is there by that day; or each unit that is not costs a penalty."""

    name = "promise"
    kind = WISH
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
        kept = np.flatnonzero(options.day <= keep_by[options.line])  # inf where none is
        kept = kept[place[options.line[kept]] >= 0]
        entries = [(place[options.line[kept]], kept, 1.0)]
        if penalty < INF:
            cost = np.full(len(promised), penalty)
            tie = np.full(len(promised), NO_TIE)
            first = builder.add_columns("broken", cost, INF, False, tie)
            entries.append((np.arange(len(promised)), first + np.arange(len(promised)), 1.0))
        builder.add_rows(self.name, len(promised), book.to_keep[promised], INF, entries)

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
