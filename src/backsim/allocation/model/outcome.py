"""What a book comes to when its options give so many units each: who is served, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.solver.program import TRACE

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

TERMS = (
    "lateness",
    "lost",
    "transport",
    "transfer",
    "expedite",
    "substitution",
    "broken_promises",
)


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
        book, lines, options = self.book, self.book.lines, self.book.options
        penalty = book.limits.promise_penalty
        per_unit = {"lateness": book.lateness, **{n: getattr(options, n) for n in TERMS[2:6]}}
        found = {name: float(self.units @ cost) for name, cost in per_unit.items()}
        open_units = lines.units - self.served
        found["lost"] = float(lines.lost @ open_units)
        found["lateness"] += float((book.unserved - lines.lost) @ open_units)
        found["broken_promises"] = 0.0 if penalty == np.inf else penalty * float(self.unkept.sum())
        return {name: found[name] for name in TERMS}

    @property
    def cost(self) -> float:
        """The objective: money."""
        return sum(self.terms.values())

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
        in_time = options.day <= keep_by[options.line]
        kept = np.bincount(options.line[in_time], self.units[in_time], len(lines))
        short = np.where(np.isfinite(keep_by), self.book.to_keep - kept, 0.0)
        return np.where(short > TRACE, short, 0.0)

    @cached_property
    def complete_on(self) -> Floats:
        """The day on which the last of what is served of a line arrives; inf for nothing."""
        options, day = self.book.options, np.full(len(self.book.lines), -np.inf)
        some = self.units > TRACE
        np.maximum.at(day, options.line[some], options.day[some])
        return np.where(np.isneginf(day), np.inf, day)


def _sums(code: Codes, units: Floats, count: int) -> Floats:
    return np.bincount(code, units, count).astype(float)
