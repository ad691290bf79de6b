"""Plans that share: pro rata, pro rata within strict classes, and the greatest least share."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.book import Book
from backsim.allocation.greedy import plan_of
from backsim.allocation.parts import components
from backsim.allocation.plan import Plan
from backsim.allocation.program import INF, Builder
from backsim.allocation.solution import TRACE, Effort
from backsim.allocation.solve import solve
from backsim.allocation.statement import state

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def pro_rata(book: Book) -> Plan:
    """Of each product every line gets the same share of its open units."""
    return _granted(book, "pro_rata", np.zeros(len(book.lines), np.int64))


def class_pro_rata(book: Book) -> Plan:
    """The most important class gets all it asks for, if that is there; within a class pro rata."""
    return _granted(book, "class_pro_rata", book.names.ranks[book.lines.customer_class])


def max_min(book: Book) -> Plan:
    """The least share of its open units that any line gets is as great as can be; then least cost.

    Lines that no source can serve do not count.
    Source: max-min fairness, Bertsekas and Gallager, Data Networks (1992), section 6.5.2.
    """
    start = time.perf_counter()
    lines, options = book.lines, book.options
    reached = np.flatnonzero(np.bincount(options.line, minlength=len(lines)))
    share = _greatest_least_share(book, reached)
    floor = np.zeros(len(lines))
    floor[reached] = share * lines.units[reached]
    units = _cheapest(book, floor, lines.units)
    return plan_of(book, "max_min", units, time.perf_counter() - start)


def _greatest_least_share(book: Book, reached: NDArray[np.int64]) -> float:
    """Each group of lines that no source links to another has a greatest share; the least of all.

    Asked group by group: in one program a single column would link all lines of the book.
    """
    lines, options, sources = book.lines, book.options, book.sources
    if not len(reached):
        return 0.0
    group, _ = components(options.line, options.source, len(lines), len(sources))
    groups, of_line = np.unique(group[reached], return_inverse=True)
    builder, every, count = Builder(), np.arange(len(options)), len(groups)
    builder.add_columns("units", np.zeros(len(options)), INF, False, np.zeros(len(options)))
    share = builder.add_columns("share", np.full(count, -1.0), 1.0, False, np.zeros(count))
    builder.add_rows("open", len(lines), -INF, lines.units, [(options.line, every, 1.0)])
    builder.add_rows("available", len(sources), -INF, sources.units, [(options.source, every, 1.0)])
    place = np.zeros(len(lines), np.int64)
    place[reached] = np.arange(len(reached))
    rows = [
        (place[options.line], every, 1.0),
        (np.arange(len(reached)), share + of_line, -lines.units[reached]),
    ]
    builder.add_rows("share", len(reached), 0.0, INF, rows)
    found = solve(builder.program(0.0), Effort(ties=False))
    return float(found.values[share:].min())


def _granted(book: Book, rule: str, rank: NDArray[np.int64]) -> Plan:
    """Units granted by product, by rank and pro rata within one; then sent at least cost."""
    start = time.perf_counter()
    lines, sources, count = book.lines, book.sources, len(book.names.products)
    left = np.bincount(sources.product, sources.units, count)
    grant = np.zeros(len(lines))
    for level in np.unique(rank):
        own = np.flatnonzero(rank == level)
        asked = np.bincount(lines.product[own], lines.units[own], count)
        share = np.minimum(1.0, left / np.where(asked > 0, asked, 1.0))
        grant[own] = share[lines.product[own]] * lines.units[own]
        left -= share * asked
    units = _cheapest(book, np.zeros(len(lines)), grant)
    return plan_of(book, rule, units, time.perf_counter() - start)


def _cheapest(book: Book, floor: Floats, ceiling: Floats) -> Floats:
    """Units of each option: at least `floor`, at most `ceiling` a line, at the least cost."""
    own = np.zeros(len(book.lines), bool)
    plain = replace(
        book,
        lines=replace(
            book.lines,
            units=ceiling,
            promised=np.full(len(ceiling), INF),
            smallest=np.zeros(len(ceiling)),
            complete=own,
        ),
        limits=replace(book.limits, min_fill={}, fairness=None, whole=False),
    )
    program = state(plain)
    lower = program.row_lower.copy()
    lower[program.rows["open"]] = np.where(floor > TRACE, floor, -INF)
    found = solve(replace(program, row_lower=lower), Effort(ties=False))
    return np.maximum(0.0, found.values[program.columns["units"]])
