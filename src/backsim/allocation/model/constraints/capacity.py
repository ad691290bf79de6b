"""What carriers and docks can move in a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FACT, Constraint, constraint
from backsim.allocation.solver.program import INF, Builder

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


@constraint
class DailyCapacity(Constraint):
    """No carrier or dock moves more in a day than it can."""

    name = "capacity"
    kind = FACT

    def applies(self, book: Book) -> bool:
        """A carrier or dock has a limit."""
        return len(book.limits.capacity.units) > 0

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a day of a carrier or dock."""
        capacity = book.limits.capacity
        entries = [(capacity.row, capacity.option, 1.0)]
        builder.add_rows(self.name, len(capacity.units), -INF, capacity.units, entries)

    def say(self, book: Book, i: int) -> str:
        """The units, and of what on which day."""
        capacity = book.limits.capacity
        return f"{capacity.units[i]:g} units of {capacity.names[i]}"
