"""Plans that share: pro rata, pro rata within strict classes, and the greatest least share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import FACT
from backsim.allocation.model.fair import levels
from backsim.allocation.model.statement import state
from backsim.allocation.plan.greedy import plan_of
from backsim.allocation.plan.plan import Plan
from backsim.allocation.solver.parts import components
from backsim.allocation.solver.program import INF, INFEASIBLE, TRACE, Effort
from backsim.allocation.solver.solve import solve

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

HAIR = 1e-6
"""By so much of it a share is lowered that cannot be had: a solver keeps to limits within 1e-7."""


SHARING: dict[str, Callable[[Book], Plan]] = {}
"""The sharing rules by name."""


def sharing(rule: Callable[[Book], Floats]) -> Callable[[Book], Plan]:
    """Register a sharing rule: a function from a book to the units of each of its options."""

    @wraps(rule)
    def plan(book: Book) -> Plan:
        start = time.perf_counter()
        units = rule(book)
        return plan_of(book, rule.__name__, units, time.perf_counter() - start)

    SHARING[rule.__name__] = plan
    return plan


@sharing
def pro_rata(book: Book) -> Floats:
    """Of each product every line gets the same share of its open units.

    Where units are whole, of those that can be sent: of 1.6 open that is one.  Lines share with
    those that the same sources can serve, directly or by way of others, with the product itself;
    what may be sent in its place is not shared out.
    """
    return _granted(book, np.zeros(len(book.lines), np.int64))


@sharing
def class_pro_rata(book: Book) -> Floats:
    """The most important class gets all it asks for, if that is there; within a class pro rata.

    Who shares with whom is as in `pro_rata`.
    """
    return _granted(book, book.names.ranks[book.lines.customer_class])


@sharing
def max_min(book: Book) -> Floats:
    """The least share of its open units that any line gets is as great as can be; then least cost.

    Group by group: of lines that share a source or a limit a day, directly or by way of others.
    Lines that no source can serve do not count.
    Source: max-min fairness, Bertsekas and Gallager, Data Networks (1992), section 6.5.2.
    """
    lines, options = book.lines, book.options
    full = book.sources.units[options.source] > 0
    reached = np.flatnonzero(np.bincount(options.line, full, len(lines)))
    floor = np.zeros(len(lines))
    floor[reached] = _greatest_least_shares(book, reached) * lines.units[reached]
    if book.limits.whole:
        floor = np.floor(floor + TRACE)
    return _cheapest(book, floor, lines.units, ties=book.limits.whole)


def _greatest_least_shares(book: Book, reached: Codes) -> Floats:
    """For each line that is reached, the greatest least share in its group.

    In one program with a single share for all, that column would link all lines of the book.
    """
    lines, options, sources, capacity = book.lines, book.options, book.sources, book.limits.capacity
    if not len(reached):
        return np.empty(0)
    group, _ = components(
        np.concatenate([options.line, options.line[capacity.option]]),
        np.concatenate([options.source, len(sources) + capacity.row]),
        len(lines),
        len(sources) + len(capacity.units),
    )
    groups, of_line = np.unique(group[reached], return_inverse=True)
    builder, share = levels(book, np.arange(len(options)), len(groups))
    place = np.full(len(lines), -1)
    place[reached] = np.arange(len(reached))
    own = np.flatnonzero(place[options.line] >= 0)
    rows = [
        (place[options.line[own]], own, 1.0),
        (np.arange(len(reached)), share + of_line, -lines.units[reached]),
    ]
    builder.add_rows("share", len(reached), 0.0, INF, rows)
    found = solve(builder.program(0.0), Effort(ties=False))
    shares: Floats = found.values[share:][of_line]
    return shares


def _granted(book: Book, rank: Codes) -> Floats:
    """Units granted by group, by rank and pro rata within one; then sent at least cost."""
    lines, options, sources = book.lines, book.options, book.sources
    own = sources.product[options.source] == lines.product[options.line]
    own &= sources.units[options.source] > 0
    line, source, count = options.line[own], options.source[own], len(lines) + 1
    of_line, of_source = components(line, source, len(lines), len(sources))
    left = np.bincount(of_source, sources.units, count)
    reached = np.bincount(line, minlength=len(lines)) > 0
    grant = np.zeros(len(lines))
    wanted = np.floor(lines.units + TRACE) if book.limits.whole else lines.units
    for level in np.unique(rank):
        some = np.flatnonzero((rank == level) & reached)
        asked = np.bincount(of_line[some], wanted[some], count)
        share = np.minimum(1.0, left / np.where(asked > 0, asked, 1.0))
        given = share[of_line[some]] * wanted[some]
        grant[some] = _whole(given, of_line[some]) if book.limits.whole else given
        left -= np.bincount(of_line[some], grant[some], count)
    units = _cheapest(book, np.zeros(len(lines)), grant)
    short = grant - np.bincount(options.line, units, len(lines)) > TRACE
    equal = book.useful & (book.unit_costs >= lines.lost[options.line])
    if (equal & short[options.line]).any():  # who costs as much to leave gets what is granted too
        return _cheapest(book, np.zeros(len(lines)), grant, ties=True)
    return units


def _whole(given: Floats, group: Codes) -> Floats:
    """Whole units of about what is given, group by group: largest remainders, the oldest first.

    None gets a whole unit more than is given, so none more than a whole number that it asks for.

    Source: Hamilton's method, Balinski and Young, Fair Representation (1982), chapter 2.
    """
    whole = np.floor(given + TRACE)
    rest = np.maximum(0.0, given - whole)
    spare = np.floor(np.bincount(group, rest) + TRACE)
    order = np.lexsort((np.arange(len(given)), -np.round(rest, 9), group))
    first = np.searchsorted(group[order], group[order])
    rank = np.arange(len(order)) - first
    whole[order] += (rank < spare[group[order]]) & (rest[order] > TRACE)
    return whole


def _cheapest(book: Book, floor: Floats, ceiling: Floats, ties: bool = False) -> Floats:
    """Units of each option: at least `floor`, at most `ceiling` a line, at the least cost."""
    parts = np.zeros(len(book.lines), bool)
    shared = replace(book, lines=replace(book.lines, units=ceiling, complete=parts))
    program = state(shared, None, FACT)
    for least in (floor, floor * (1.0 - HAIR), 0.0 * floor):
        lower = program.row_lower.copy()
        lower[program.rows["open"]] = np.where(least > TRACE, least, -INF)
        found = solve(replace(program, row_lower=lower), Effort(ties=ties))
        if found.status != INFEASIBLE:
            break
    return np.maximum(0.0, found.values[program.columns["units"]])
