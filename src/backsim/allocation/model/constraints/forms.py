"""How units leave: least shipments, and orders on one day."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import (
    FORM,
    NO_TIE,
    Columns,
    Constraint,
    constraint,
)
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, TRACE, Builder, Entries, spans
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Flags


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

    def apart(self, book: Book) -> Flags:
        """Options of lines that have one."""
        return np.asarray(book.lines.smallest[book.options.line] > 0)

    def broken(self, plan: Outcome) -> str:
        """Shipments that are smaller."""
        lines, (of, line) = plan.book.lines, plan.book.shipments
        units = np.bincount(of, plan.units, len(line))
        least = np.minimum(lines.smallest, lines.units)[line]
        small = int(((units > TRACE) & (units < least - TRACE)).sum())
        return f"least size of {small} shipments" if small else ""


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


WHOLE = "orders that ship whole, shipments of a least size, or whole cases"
