"""The plan: who gets what from where, what it costs, and what a further unit would be worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.book import KINDS, Book
from backsim.allocation.conflict import spell_day

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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
TRACE = 1e-6
"""Units below which there is none: solvers keep to limits within 1e-7."""


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
        found["lost"] = float(lines.lost @ (lines.units - self.served))
        found["broken_promises"] = 0.0 if penalty == np.inf else penalty * float(self.broken.sum())
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
        """Units of each line that are promised for a day and not there by that day."""
        lines, options = self.book.lines, self.book.options
        in_time = options.day <= lines.promised[options.line]
        kept = np.bincount(options.line[in_time], self.units[in_time], len(lines))
        short = np.where(np.isfinite(lines.promised), lines.units - kept, 0.0)
        return np.where(short > TRACE, short, 0.0)

    @cached_property
    def complete_on(self) -> Floats:
        """The day on which the last of what is served of a line arrives; inf for nothing."""
        options, day = self.book.options, np.full(len(self.book.lines), -np.inf)
        some = self.units > TRACE
        np.maximum.at(day, options.line[some], options.day[some])
        return np.where(np.isneginf(day), np.inf, day)

    @cached_property
    def shipments(self) -> pd.DataFrame:
        """One row a shipment: what goes to which line from which source, and when it arrives."""
        import pandas as pd

        book, lines, sources, names = (
            self.book,
            self.book.lines,
            self.book.sources,
            self.book.names,
        )
        rows = np.flatnonzero(self.units > TRACE)
        o = book.options.take(rows)
        units = self.units[rows]
        return pd.DataFrame(
            {
                "line": _pick(lines.ids, o.line),
                "customer": _pick(names.customers, lines.customer[o.line]),
                "class": _pick(names.classes, lines.customer_class[o.line]),
                "product": _pick(names.products, lines.product[o.line]),
                "units": _plain(units),
                "sent": _pick(names.products, sources.product[o.source]),
                "from": _pick(names.sites, sources.site[o.source]),
                "source": _pick(sources.ids, o.source),
                "kind": _pick(KINDS, sources.kind[o.source]),
                "arrives": self._days(o.day),
                "days_late": np.maximum(0.0, o.day - lines.due[o.line]),
                "cost": units * book.unit_costs[rows],
            }
        )

    @cached_property
    def promises(self) -> pd.DataFrame:
        """One row a line: when it is complete, and what became of an earlier promise."""
        import pandas as pd

        from backsim.allocation.reasons import reasons

        lines, names = self.book.lines, self.book.names
        left = np.maximum(0.0, lines.units - self.served)
        left = np.where(left > TRACE, left, 0.0)
        day = np.where(left > 0, np.inf, self.complete_on)
        return pd.DataFrame(
            {
                "line": list(lines.ids),
                "customer": _pick(names.customers, lines.customer),
                "class": _pick(names.classes, lines.customer_class),
                "product": _pick(names.products, lines.product),
                "open": _plain(lines.units),
                "served": _plain(np.where(left > 0, self.served, lines.units)),
                "due": self._days(lines.due),
                "promise": self._days(day),
                "promised_before": self._days(lines.promised),
                "broken": _plain(self.broken),
                "unfilled": _plain(left),
                "reason": reasons(self, left),
            }
        )

    @property
    def unfilled(self) -> pd.DataFrame:
        """The lines that do not get all they ask for, and why."""
        rows = self.promises[self.promises["unfilled"] > 0]
        return rows[["line", "customer", "class", "product", "open", "unfilled", "reason"]]

    @cached_property
    def prices(self) -> pd.DataFrame:
        """Shadow prices: what one more unit now would save, by product and site.

        Where just as much is there as is wanted, prices are not unique, and a further unit may be
        worth less than is said; it is never worth more.  With orders that ship whole or shipments
        of a least size, prices hold while the same orders and shipments leave.
        """
        import pandas as pd

        sources, names = self.book.sources, self.book.names
        return pd.DataFrame(
            {
                "product": _pick(names.products, sources.product),
                "site": _pick(names.sites, sources.site),
                "source": list(sources.ids),
                "kind": _pick(KINDS, sources.kind),
                "arrives": self._days(sources.arrives),
                "units": _plain(sources.units),
                "used": _plain(self.used),
                "worth": self.worth,
            }
        )

    def _days(self, days: Floats) -> list[str]:
        """Days as text; none where there is no such day."""
        known, inverse = np.unique(days, return_inverse=True)
        texts = [spell_day(self.book, float(d)) if np.isfinite(d) else "" for d in known]
        return [texts[i] for i in inverse]


def _pick(names: tuple[str, ...], codes: NDArray[np.int64]) -> list[str]:
    return [names[i] for i in codes.tolist()]


def _sums(code: NDArray[np.int64], units: Floats, count: int) -> Floats:
    return np.bincount(code, units, count).astype(float)


def _plain(units: Floats) -> Floats:
    """Units without the rounding of a solver."""
    return np.round(units, 6) + 0.0
