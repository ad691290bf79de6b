"""The model, stated once: a book as a linear program, always a minimisation.

Variables: units of line l from source s, one for each option.  Minimise what lateness from today
on, lost units, transport, transfer, expediting and substitution cost, and what constraints price.
Source: the transportation problem, Dantzig, Linear Programming and Extensions (1963), chapter 14,
with lateness as a cost of the route; fixed charges for shipments as in Hirsch and Dantzig, Naval
Research Logistics Quarterly 15 (1968) 413-424.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import applying
from backsim.allocation.model.flow import Flow, plain
from backsim.allocation.solver.program import INF, Builder, Program


def state(book: Book, flow: Flow | None = None, *kinds: str) -> Program:
    """The program whose optimum is the book's best plan; its first columns are those of the flow.

    Without a flow every option is a column of its own.  `kinds` of constraints; all if none.
    """
    flow = flow or plain(book)
    book = flow.columns
    builder = Builder()
    lines, options = book.lines, book.options
    serve = book.unit_costs - lines.lost[options.line]
    tie = _preference(book)
    builder.add_columns("units", serve, INF, False, tie, book.ranks[options.line])
    for constraint in applying(book, *kinds):
        constraint.rows(builder, book, flow)
    return builder.program(float(lines.lost @ lines.units), ranked=book.limits.strict)


def _preference(book: Book) -> np.ndarray[Any, Any]:
    """Of equal plans the one that serves more, then lines that stand first, and these soonest.

    Lines are numbers from 1, in the order of `Book.places`; days and sources, a share below 1/2.  A
    later day counts more for an earlier line, so that of two equal lines the first has the earlier
    of two days.
    """
    options, lines, sources = book.options, len(book.lines) + 1.0, len(book.sources) + 1.0
    line = book.places[options.line] + 1.0
    later = np.searchsorted(np.sort(options.day), options.day) + options.source / sources
    soon = 0.5 / (len(options) + 1.0) * later * (1.0 - line / lines)
    return np.asarray(line - 2.0 * lines + soon)
