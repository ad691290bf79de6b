"""Smallest useful shipments."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FORM, NO_TIE, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, Builder
from backsim.allocation.solver.solution import TRACE
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class SmallestShipment(Constraint):
    """A shipment has no units, or as many as are of use (all that is open, if that is less)."""

    name = "smallest"
    kind = FORM
    columns: ClassVar[Columns] = {
        "lines": (
            Column("smallest", "units", "units of the smallest shipment of use", default="0"),
        )
    }

    def applies(self, book: Book) -> bool:
        """A line that can be served has a smallest shipment."""
        return bool((book.lines.smallest[book.options.line] > 0).any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """Two rows a shipment, which hold it between its least and most units where it leaves."""
        lines, options = book.lines, book.options
        limited = np.flatnonzero(lines.smallest[options.line] > 0)
        of, line_of = book.shipments
        shipments, row = np.unique(of[limited], return_inverse=True)
        count, line = len(shipments), line_of[shipments]
        least = np.minimum(lines.smallest[line], lines.units[line])
        most = lines.units[line]
        first = builder.add_columns("ships", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
        every, flag = np.arange(count), first + np.arange(count)
        for name, lower, upper, units in (
            (self.name, 0.0, INF, least),
            ("if it ships", -INF, 0.0, most),
        ):
            entries = [(row, limited, 1.0), (every, flag, -units)]
            builder.add_rows(name, count, lower, upper, entries)

    def broken(self, plan: Outcome) -> str:
        """Shipments that are smaller."""
        lines, (of, line) = plan.book.lines, plan.book.shipments
        units = np.bincount(of, plan.units, len(line))
        least = np.minimum(lines.smallest, lines.units)[line]
        small = int(((units > TRACE) & (units < least - TRACE)).sum())
        return f"least size of {small} shipments" if small else ""
