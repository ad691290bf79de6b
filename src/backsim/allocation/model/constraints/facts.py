"""What there is: open units, sources, room, whole units."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import (
    FACT,
    NO_TIE,
    Columns,
    Constraint,
    constraint,
)
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, TRACE, Builder, Entries
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Codes, Flags, Floats


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
        """Lines that get more than they have open; and orders that ship whole served in part.

        Of such an order, its lines that are open though some of it is served.
        """
        lines = plan.book.lines
        over = int((plan.served - lines.units > TRACE * np.maximum(1.0, lines.units)).sum())
        served = np.bincount(lines.order, lines.complete & (plan.served > TRACE)) > 0
        left = lines.units - plan.served > TRACE
        parts = int((lines.complete & served[lines.order] & left).sum())
        found = [f"open units of {over} lines"] if over else []
        found += [f"whole orders of {parts} lines"] if parts else []
        return "; ".join(found)


@constraint
class Available(Constraint):
    """No source gives more than it has, and what is left of those before it if that is kept."""

    name = "available"
    kind = FACT

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a source; columns `kept` for what is there with the next one."""
        units, drawn = flow.available()
        entries = [drawn]
        if book.limits.keep:
            before, after = _successors(book)
            nothing = np.zeros(len(before))
            first = builder.add_columns("kept", nothing, INF, False, nothing)
            kept = first + np.arange(len(before))
            entries += [(before, kept, 1.0), (after, kept, -1.0)]
        builder.add_rows(self.name, len(units), -INF, units, entries)

    def say(self, book: Book, i: int) -> str:
        """The units of a source, and when they are there."""
        sources, names = book.sources, book.names
        product, site = names.products[sources.product[i]], names.sites[sources.site[i]]
        arrives = float(sources.arrives[i])
        when = "" if arrives <= 0 else f" from {book.spell_day(arrives)}"
        return f"{sources.units[i]:g} of {product} at {site}{when} ({sources.ids[i]})"


def _successors(book: Book) -> tuple[Codes, Codes]:
    """(source, the next one of its product and site to arrive) for each that has one."""
    sources = book.sources
    order = np.lexsort((np.arange(len(sources)), sources.arrives, sources.site, sources.product))
    before, after = order[:-1], order[1:]
    same = (sources.product[before] == sources.product[after]) & (
        sources.site[before] == sources.site[after]
    )
    return before[same], after[same]


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


@constraint
class WholeUnits(Constraint):
    """Units are whole, also where other limits make fractions cheaper."""

    name = "whole"
    kind = FACT
    settings: ClassVar[tuple[Column, ...]] = (
        Column(
            "whole_units", "yes", "yes: only whole units, also where limits make fractions cheaper"
        ),
    )

    def applies(self, book: Book) -> bool:
        """The book asks for it."""
        return book.limits.whole

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """No rows: the columns of units are whole numbers."""
        builder.make_whole("units")

    def apart(self, book: Book) -> Flags:
        """Options of sources with a part of a unit, which makes no whole one with another's."""
        units = book.sources.units
        return np.asarray(np.abs(units - np.round(units)) > TRACE)[book.options.source]

    def why(self, plan: Outcome, spare: Floats) -> tuple[Flags, str]:
        """Less than a whole unit."""
        return spare < 1.0 - TRACE, "less is left, or asked for, than a whole unit"

    def broken(self, plan: Outcome) -> str:
        """Shipments that are no whole numbers."""
        divided = int((np.abs(plan.units - np.round(plan.units)) > TRACE).sum())
        return f"whole units of {divided} shipments" if divided else ""
