"""Whole units."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FACT, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import Builder
from backsim.allocation.solver.solution import TRACE
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow


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

    def broken(self, plan: Outcome) -> str:
        """Shipments that are no whole numbers."""
        divided = int((np.abs(plan.units - np.round(plan.units)) > TRACE).sum())
        return f"whole units of {divided} shipments" if divided else ""
