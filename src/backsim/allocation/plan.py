"""The plan: who gets what from where, what it costs, and what a further unit would be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation import lists
from backsim.allocation.book import Book
from backsim.allocation.solution import TRACE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from backsim.allocation.lists import Columns

    Floats = NDArray[np.float64]

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
class Plan:
    """Units of each option of a book.

    `worth[s]` is what one unit more of source s would save (nan: the rule has no prices).  `bound`:
    no plan costs less; `seconds`, what deciding took.
    """

    book: Book
    rule: str
    units: Floats
    worth: Floats
    status: str
    bound: float
    seconds: float

    @cached_property
    def served(self) -> Floats:
        """Units served of each line."""
        lines = self.book.lines
        return _sums(self.book.options.line, self.units, len(lines))

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

    @property
    def gap(self) -> float:
        """How far the cost may be above the least, as a share of it."""
        return max(0.0, self.cost - self.bound) / max(1e-9, abs(self.cost))

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

    @property
    def bounded(self) -> bool:
        """Whether `bound` says something: rules have none, nor has a solver stopped too early."""
        return self.rule == "lp" and math.isfinite(self.bound)

    @cached_property
    def listed(self) -> Mapping[str, Columns]:
        """Its `shipments`, `promises` and `prices` by column, for whoever needs no frame."""
        return {
            "shipments": lists.shipments(self),
            "promises": lists.promises(self),
            "prices": lists.prices(self),
        }

    @cached_property
    def shipments(self) -> pd.DataFrame:
        """One row a shipment: what goes to which line from which source, and when it arrives."""
        return _frame(self.listed["shipments"])

    @cached_property
    def promises(self) -> pd.DataFrame:
        """One row a line: when it is complete, and what became of an earlier promise."""
        return _frame(self.listed["promises"])

    @property
    def unfilled(self) -> pd.DataFrame:
        """The lines that do not get all they ask for, and why."""
        rows = self.promises[self.promises["unfilled"] > 0]
        return rows[list(lists.UNFILLED)]

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Shadow prices: what one more unit now would save, by product and site.

        Where just as much is there as is wanted, prices are not unique, and a further unit may be
        worth less than is said; it is never worth more.  With orders that ship whole or shipments
        of a least size, prices hold while the same orders and shipments leave.
        """
        return _frame(self.listed["prices"])


def _frame(columns: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def _sums(code: NDArray[np.int64], units: Floats, count: int) -> Floats:
    return np.bincount(code, units, count).astype(float)
