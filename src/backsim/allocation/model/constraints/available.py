"""What the sources have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FACT, Constraint, constraint
from backsim.allocation.solver.program import INF, Builder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.model.flow import Flow

    Codes = NDArray[np.int64]


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
