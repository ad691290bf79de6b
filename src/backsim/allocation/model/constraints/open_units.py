"""What a line has open; orders that ship whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FACT, NO_TIE, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, Builder, Entries
from backsim.allocation.solver.solution import TRACE
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class OpenUnits(Constraint):
    """No line gets more than it has open; a line of an order that ships whole all or nothing."""

    name = "open"
    kind = FACT
    columns: ClassVar[Columns] = {
        "lines": (
            Column(
                "complete", "yes", "yes: its order comes on one day or not at all", default="no"
            ),
        )
    }

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a line; a column `whole` for each order that ships whole: whether it does."""
        lines, options = book.lines, book.options
        upper, lower = lines.units.copy(), np.full(len(lines), -INF)
        entries: list[Entries] = [(options.line, np.arange(len(options)), 1.0)]
        whole = np.flatnonzero(lines.complete)
        if len(whole):
            orders, group = np.unique(lines.order[whole], return_inverse=True)
            count = len(orders)
            first = builder.add_columns("whole", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
            entries.append((whole, first + group, -lines.units[whole]))
            upper[whole] = lower[whole] = 0.0
        builder.add_rows(self.name, len(lines), lower, upper, entries)

    def broken(self, plan: Outcome) -> str:
        """Lines of orders that ship whole that are open though some of the order is served."""
        lines = plan.book.lines
        served = np.bincount(lines.order, lines.complete & (plan.served > TRACE)) > 0
        left = lines.units - plan.served > TRACE
        parts = int((lines.complete & served[lines.order] & left).sum())
        return f"whole orders of {parts} lines" if parts else ""
