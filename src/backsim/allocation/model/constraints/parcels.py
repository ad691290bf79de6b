"""A cost per shipment: what leaves a site for an order on one day is one, whichever its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import FORM, NO_TIE, Columns, Constraint, constraint
from backsim.allocation.model.outcome import Outcome
from backsim.allocation.solver.program import INF, LAST, TRACE, Builder, Entries
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.solver.program import Codes, Flags, Floats


def parcels(book: Book) -> tuple[Codes, Codes, Floats]:
    """(options of lanes that cost something per shipment, the shipment of each, the cost of each).

    A shipment goes from a site to an order's lines of one site, and arrives on one day.
    """
    options, lines = book.options, book.lines
    fee = book.by_lane("shipment")
    paid = np.flatnonzero(fee > 0)
    line = options.line[paid]
    days, day = np.unique(options.day[paid], return_inverse=True)
    sites = len(book.names.sites)
    code = (lines.order[line] * sites + book.sources.site[options.source[paid]]) * sites
    code = (code + lines.site[line]) * max(1, len(days)) + day
    _, first, of = np.unique(code, return_index=True, return_inverse=True)
    return paid, of, fee[paid][first]


@constraint
class ShipmentCost(Constraint):
    """Each shipment by a lane costs what the lane says, however many units and lines it has.

    Source: the fixed-charge transportation problem, Hirsch and Dantzig, Naval Research Logistics
    Quarterly 15 (1968) 413-424.
    """

    name = "shipment"
    kind = FORM
    term = "shipments"
    columns: ClassVar[Columns] = {
        "lanes": (
            Column(
                "shipment",
                "number",
                "money per shipment: what leaves for an order on one day",
                default="0",
            ),
        )
    }

    def applies(self, book: Book) -> bool:
        """A lane that can be used costs something per shipment."""
        return bool((book.by_lane("shipment") > 0).any())

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """A row a shipment and line: no units unless the shipment, a column `parcels`, is paid."""
        lines = book.lines
        paid, of, fee = parcels(book)
        line = book.options.line[paid]
        pairs, row = np.unique(of * len(lines) + line, return_inverse=True)
        parcel, count = pairs // len(lines), len(pairs)
        best = np.full(len(fee), LAST)
        np.minimum.at(best, of, book.ranks[line])
        tie = np.full(len(fee), NO_TIE)
        first = builder.add_columns("parcels", fee, 1.0, True, tie, best)
        entries: list[Entries] = [
            (row, paid, 1.0),
            (np.arange(count), first + parcel, -lines.units[pairs % len(lines)]),
        ]
        builder.add_rows(self.name, count, -INF, 0.0, entries)

    def why(self, plan: Outcome, spare: Floats) -> tuple[Flags, str]:
        """Serving the units saves less than a shipment costs."""
        book = plan.book
        saves = spare * (book.lines.lost[book.options.line] - book.unit_costs)
        return saves <= book.by_lane("shipment"), "a shipment costs more than it saves"

    def cost(self, plan: Outcome) -> float:
        """The cost of each shipment that the plan has."""
        paid, of, fee = parcels(plan.book)
        used = np.bincount(of, plan.units[paid] > TRACE, len(fee)) > 0
        return float(fee[used].sum())
