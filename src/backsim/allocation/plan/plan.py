"""The plan: who gets what from where, what it costs, and what a further unit would be worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from backsim.allocation.model.outcome import Outcome
from backsim.allocation.plan import lists
from backsim.allocation.plan.picks import picks

if TYPE_CHECKING:
    import pandas as pd

    from backsim.allocation.plan.lists import Columns
    from backsim.allocation.solver.program import Floats

UNPROVED = 1e-6
"""Money by which a bound may be below the cost of an optimum: so far solvers go with whole numbers.
"""
SHOWN = 20
"""Shipments that a notebook shows."""


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Outcome):
    """The units of each option of a book that a rule decides on.

    `worth[s]` is what one unit more of source s would save (nan: the rule has no prices).  `bound`:
    no plan costs less; `seconds`, what deciding took.
    """

    rule: str
    worth: Floats
    status: str
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        """How far the cost may be above the least, as a share of it."""
        apart = self.cost - self.bound
        return 0.0 if apart <= UNPROVED else apart / max(1e-9, abs(self.cost))

    @property
    def bounded(self) -> bool:
        """Whether no plan costs less than `bound`.

        Rules have no bound, nor has a solver stopped too early, nor a plan by strict ranks.
        """
        return self.rule == "lp" and math.isfinite(self.bound) and not self.book.limits.strict

    @cached_property
    def listed(self) -> Mapping[str, Columns]:
        """Its `shipments`, `promises`, `prices` and `picks` by column, without a frame."""
        return {
            "shipments": lists.shipments(self),
            "promises": lists.promises(self),
            "prices": lists.prices(self, self.worth),
            "picks": picks(self),
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

    @cached_property
    def picks(self) -> pd.DataFrame:
        """Pick lists: one row per line and bin, with its site and the day on which it leaves."""
        return _frame(self.listed["picks"])

    def __repr__(self) -> str:
        return f"Plan by {self.rule}: {self._said}"

    @property
    def _said(self) -> str:
        served, asked = float(self.served.sum()), float(self.book.lines.units.sum())
        return f"{served:,.6g} of {asked:,.6g} units served, cost {self.cost:,.2f}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the plan in a sentence, and its shipments."""
        shipments = self.shipments.to_html(index=False, max_rows=SHOWN, border=0)
        return f"<p>Plan by <b>{escape(self.rule)}</b>: {self._said}.</p>{shipments}"


def _frame(columns: Columns) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)
