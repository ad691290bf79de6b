"""Case packs: units that are sent in whole cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FORM, NO_TIE, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, TRACE, Builder
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Flags, Floats


def case_packs(book: Book) -> Floats:
    """Units of a case, option by option; 0 where units are sent one by one."""
    packs: Floats | None = book.own.get("products.case_pack")
    if packs is None:
        return np.zeros(len(book.options))
    return packs[book.sources.product[book.options.source]]


def in_cases(book: Book) -> Floats:
    """Units of each source that stand in whole cases, bin by bin; all where there are no cases."""
    units, packs = book.sources.units.copy(), book.own.get("products.case_pack")
    if packs is None:
        return units
    of_source = packs[book.sources.product]
    for i in np.flatnonzero(of_source > 0).tolist():
        bins = [held for _, held in book.bins.get(book.sources.ids[i], (("", units[i]),))]
        units[i] = np.floor(np.array(bins) / of_source[i] + TRACE).sum() * of_source[i]
    return units


@constraint
class CasePacks(Constraint):
    """What a line gets from a source is a whole number of cases of the product that is sent.

    Fewer units than a case stay open, also where no more are asked for.  Units of several bins make
    no case.
    """

    name = "case_pack"
    kind = FORM
    columns: ClassVar[Columns] = {
        "products": (
            Column(
                "case_pack",
                "units",
                "units of a case; no case is opened",
                default="sent by the unit",
            ),
        )
    }

    def applies(self, book: Book) -> bool:
        """A product that can be sent comes in cases."""
        return bool((case_packs(book) > 0).any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row and a whole number of cases for each option of such a product.

        And a row for each source: the units that stand in cases.
        """
        options, packs = book.options, case_packs(book)
        packed = np.flatnonzero(packs > 0)
        pack, count = packs[packed], len(packed)
        most = np.minimum(
            book.lines.units[options.line[packed]], book.sources.units[options.source[packed]]
        )
        cases = np.floor(most / pack + TRACE)
        first = builder.add_columns("cases", np.zeros(count), cases, True, np.full(count, NO_TIE))
        every = np.arange(count)
        builder.add_rows(
            self.name, count, 0.0, 0.0, [(every, packed, 1.0), (every, first + every, -pack)]
        )
        sources, row = np.unique(options.source[packed], return_inverse=True)
        units = in_cases(book)[sources]
        builder.add_rows("in cases", len(sources), -INF, units, [(row, packed, 1.0)])

    def apart(self, book: Book) -> Flags:
        """A case stands in one place."""
        return np.asarray(case_packs(book) > 0)

    def why(self, plan: Outcome, spare: Floats) -> tuple[Flags, str]:
        """Less than a case."""
        left = (in_cases(plan.book) - plan.used)[plan.book.options.source]
        less = np.minimum(spare, left) < case_packs(plan.book) - TRACE
        return less, "less is left, or asked for, than a case"

    def broken(self, plan: Outcome) -> str:
        """Options that take a part of a case, or a case from several bins."""
        packs = case_packs(plan.book)
        cases = plan.units / np.where(packs > 0, packs, 1.0)
        over = (plan.used > in_cases(plan.book) + TRACE)[plan.book.options.source]
        wrong = (np.abs(cases - np.round(cases)) > TRACE) | (over & (plan.units > TRACE))
        opened = int(((packs > 0) & wrong).sum())
        return f"whole cases of {opened} shipments" if opened else ""
