"""Promises whose day is over: broken, and still owed.

Such a line has to have what it can have, as soon as it can, were the lines whose promises are over
served before all others, the oldest promise first.  Where a newer promise cannot
be kept for that, the newer one gives way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.plan.greedy import Desk, plan_of
from backsim.allocation.solver.program import INF, Program
from backsim.allocation.solver.solution import TRACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


def with_owed(book: Book) -> Book:
    """The book with what each line whose promise is over has to have, and by which day.

    No unit is expedited for it, and none goes where it costs more than leaving the line unserved.
    """
    over = np.flatnonzero(book.over)
    if not len(over):
        return replace(book, owed=np.zeros(0))
    lines, options, count = book.lines, book.options, len(book.lines)
    dear = (options.expedite > 0.0) | (book.unit_costs >= book.unserved[options.line])
    nothing = np.zeros(len(options))
    soonest = replace(
        book,
        lines=replace(lines, due=np.zeros(count), weight=np.ones(count), lost=np.full(count, INF)),
        options=replace(
            options,
            transport=np.where(dear, INF, 0.0),
            transfer=nothing,
            expedite=nothing,
            substitution=nothing,
        ),
    )
    order = over[np.lexsort((over, lines.promised[over]))]
    plan = plan_of(soonest, "owed", Desk(soonest).serve(order), 0.0)
    units = np.floor(plan.served + TRACE) if book.limits.whole else plan.served
    owed = book.over & (units > TRACE)
    return replace(book, owed=np.where(owed, plan.complete_on, INF), owed_units=units)


def newer(book: Book, program: Program) -> Codes:
    """The rows of promises that give way to what is owed."""
    lines = np.flatnonzero(np.isfinite(book.keep_by))
    return np.asarray(program.rows["promise"].start + np.flatnonzero(~book.over[lines]))
