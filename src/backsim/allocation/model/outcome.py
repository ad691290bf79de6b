"""What a book comes to when its options give so many units each: who is served, at what cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.registered import CONSTRAINTS, Registered
from backsim.allocation.solver.program import TRACE

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

ROUTE = ("transport", "transfer", "expedite", "substitution")
"""The costs of an option, per unit."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Units of each option of a book, and what follows from them."""

    book: Book
    units: Floats

    @cached_property
    def served(self) -> Floats:
        """Units served of each line."""
        return _sums(self.book.options.line, self.units, len(self.book.lines))

    @cached_property
    def used(self) -> Floats:
        """Units taken from each source."""
        return _sums(self.book.options.source, self.units, len(self.book.sources))

    @cached_property
    def terms(self) -> Mapping[str, float]:
        """The objective, term by term: money."""
        book, lines = self.book, self.book.lines
        found = {
            "lateness": float(self.units @ book.lateness),
            "lost": float(lines.lost @ (lines.units - self.served)),
            **{name: float(self.units @ getattr(book.options, name)) for name in ROUTE},
        }
        own: Iterable[Registered] = CONSTRAINTS.values()
        for one in own:
            if one.term:
                found[one.term] = one.cost(self) if one.applies(book) else 0.0
        return found

    @property
    def cost(self) -> float:
        """The objective: money, from today on."""
        return sum(self.terms.values())

    @property
    def past_lateness(self) -> float:
        """Money for the days until today that lines are late: no plan can change it."""
        return float(self.book.past_lateness.sum())

    @cached_property
    def broken(self) -> Floats:
        """Units of each line that are promised for a day and not there by that day.

        All that is open of a line whose promise is over.
        """
        return np.where(self.book.over, self.book.lines.units, self.unkept)

    @cached_property
    def unkept(self) -> Floats:
        """Units of each line that are not there by the day by which it has to have them."""
        lines, options, keep_by = self.book.lines, self.book.options, self.book.keep_by
        in_time = self.book.comes_on <= keep_by[options.line]
        kept = np.bincount(options.line[in_time], self.units[in_time], len(lines))
        short = np.where(np.isfinite(keep_by), self.book.to_keep - kept, 0.0)
        return np.where(short > TRACE, short, 0.0)

    @cached_property
    def complete_on(self) -> Floats:
        """The day on which the last of what is served of a line arrives; inf for nothing."""
        options, day = self.book.options, np.full(len(self.book.lines), -np.inf)
        some = self.units > TRACE
        np.maximum.at(day, options.line[some], self.book.comes_on[some])
        return np.where(np.isneginf(day), np.inf, day)


def _sums(code: Codes, units: Floats, count: int) -> Floats:
    return np.bincount(code, units, count).astype(float)
