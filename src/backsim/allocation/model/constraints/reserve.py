"""Stock that is kept back for tomorrow: from a class of customers, or from other sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import STOCK, Book
from backsim.allocation.model.constraint import FORM, NO_TIE, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, TRACE, Builder, Entries, distinct, spans
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Codes, Flags, Floats


def kept_back(book: Book) -> Floats:
    """Units that have to stay on hand where an option takes some; 0 for purchases under way."""
    options, sources = book.options, book.sources
    of_class: Floats | None = book.own.get("classes.keep")
    level = book.by_lane("keep")
    if of_class is not None:
        level = np.maximum(level, of_class[book.lines.customer_class[options.line]])
    return np.where(sources.kind[options.source] == STOCK, level, 0.0)


@dataclass(frozen=True, eq=False)
class _Levels:
    """The levels of each source, and its options: entry i says that `row[i]` has `option[i]`.

    `kept` of them keep units back by this level or a higher one.
    """

    source: Codes
    units: Floats
    row: Codes
    option: Codes
    kept: Flags


def _levels(book: Book) -> _Levels:
    options, level = book.options, kept_back(book)
    own = np.flatnonzero(level > 0)
    own = own[distinct(options.source[own], level[own])]
    source, units = options.source[own], level[own]
    order = np.argsort(options.source, kind="stable")
    first = np.searchsorted(options.source[order], source, "left")
    counts = np.searchsorted(options.source[order], source, "right") - first
    row = np.repeat(np.arange(len(own)), counts)
    option = order[spans(first, counts)]
    return _Levels(source, units, row, option, level[option] >= units[row])


@constraint
class KeptBack(Constraint):
    """Who must leave units on hand gets some only if so many are left when all have theirs.

    Others may have these units; then nothing is left for who must leave them.
    Source: critical levels, Topkis, Management Science 15 (1968) 160-176.
    """

    name = "keep"
    kind = FORM
    columns: ClassVar[Columns] = {
        "classes": (
            Column(
                "keep",
                "units",
                "units on hand of each product and site that are kept back from the class",
                default="0",
            ),
        ),
        "lanes": (
            Column(
                "keep",
                "units",
                "units on hand of each product that the site keeps for itself",
                default="0",
            ),
        ),
    }

    def applies(self, book: Book) -> bool:
        """Some units are kept back."""
        return bool((kept_back(book) > 0).any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """Two rows a source and level; a column `spares` each: whether so many units are left."""
        found, held = _levels(book), book.sources.units
        count, units = len(found.source), found.units
        left = np.maximum(0.0, held[found.source] - units)
        first = builder.add_columns(
            "spares",
            np.zeros(count),
            (held[found.source] > units).astype(float),
            True,
            np.full(count, NO_TIE),
        )
        every, flag = np.arange(count), first + np.arange(count)
        all_: list[Entries] = [(found.row, found.option, 1.0), (every, flag, units)]
        builder.add_rows("left", count, -INF, held[found.source], all_)
        own: list[Entries] = [
            (found.row[found.kept], found.option[found.kept], 1.0),
            (every, flag, -left),
        ]
        builder.add_rows(self.name, count, -INF, 0.0, own)

    def apart(self, book: Book) -> Flags:
        """Units on hand are told from those that come."""
        return np.asarray(kept_back(book) > 0)

    def why(self, plan: Outcome, spare: Floats) -> tuple[Flags, str]:
        """No more is left than has to stay."""
        left = (plan.book.sources.units - plan.used)[plan.book.options.source]
        kept = kept_back(plan.book)
        return (kept > 0) & (left <= kept + TRACE), "what is left is kept back"

    def broken(self, plan: Outcome) -> str:
        """Sources of which less is left though somebody who must leave so much got some."""
        found, count = _levels(plan.book), len(plan.book.sources)
        used = plan.units[found.option] * found.kept
        taken = np.bincount(found.row, used, len(found.source)) > TRACE
        left = (plan.book.sources.units - plan.used)[found.source]
        short = np.bincount(found.source, taken & (left < found.units - TRACE), count)
        sources = int((short > 0).sum())
        return f"units kept back of {sources} sources" if sources else ""

    def say(self, book: Book, i: int) -> str:
        """The units, and where they are."""
        found = _levels(book)
        return f"{found.units[i]:g} kept back of {book.sources.ids[found.source[i]]}"
