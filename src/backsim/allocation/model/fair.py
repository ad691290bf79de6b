"""The fair share of each customer: what fairness asks nobody to fall far below.

The fair plan gives the least share of open units that any customer gets as much as can be, then
the next least, and so on.  Who asks for what is not there has a small fair share, and holds nobody
else down: fairness is a floor under each customer, never a ceiling.
Source: max-min fairness, Bertsekas and Gallager, Data Networks (1992), section 6.5.2; its levels by
linear programs, Ogryczak, Pioro and Tomaszewski, Journal of Telecommunications and Information
Technology 3 (2005) 64-73.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.solver.parts import components
from backsim.allocation.solver.program import INF, Builder, Effort
from backsim.allocation.solver.solve import solve

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

MOST_LEVELS = 20
"""Levels that are told apart in a group of customers who compete; those above have the last."""
NEARLY_ONE = 1.0 - 1e-4
"""So many units less are fair too, where units are whole."""
HAIR = 1e-6
"""By so much of it a level is lowered when the next is looked for: a solver keeps within 1e-7."""


def with_fair(book: Book) -> Book:
    """The book with the fair shares, if it has a bound on fairness and does not have them yet."""
    if book.limits.fairness is None or len(book.fair):
        return book
    return replace(book, fair=fair_shares(book))


def fair_least(book: Book) -> Floats:
    """The units that each customer has to get: the fair share less the bound, of what is open."""
    assert book.limits.fairness is not None
    lines = book.lines
    asked = np.bincount(lines.customer, lines.units, len(book.names.customers))
    fair = with_fair(book).fair
    return np.asarray(asked * np.maximum(0.0, fair - book.limits.fairness))


def fair_shares(book: Book) -> Floats:
    """The share of each customer in the fair plan; 0 for who asks for nothing.

    It counts what is there by `Limits.fill_by`, and serves nobody at more than what leaving the
    line unserved costs.  Orders may come in parts in it.
    """
    lines, options = book.lines, book.options
    asked: Floats = np.bincount(lines.customer, lines.units, len(book.names.customers)).astype(
        float
    )
    useful = np.flatnonzero(book.useful & (options.day <= book.limits.fill_by))
    group = _groups(book, useful)
    share, active = np.zeros(len(asked)), asked > 0.0
    for _ in range(MOST_LEVELS):
        level, tight = _next_level(book, useful, group, asked, share, active)
        share = np.where(active, level, share)
        active &= ~tight
        if not active.any():
            break
    return share


def _groups(book: Book, useful: Codes) -> Codes:
    """The group of each customer: those who share a source or a limit, by any way."""
    capacity, customers, sources = book.limits.capacity, len(book.names.customers), book.sources
    customer = book.lines.customer[book.options.line]
    found, _ = components(
        np.concatenate([customer[useful], customer[capacity.option]]),
        np.concatenate([book.options.source[useful], len(sources) + capacity.row]),
        customers,
        len(sources) + len(capacity.units),
    )
    return np.unique(found, return_inverse=True)[1]


def _next_level(
    book: Book,
    useful: Codes,
    group: Codes,
    asked: Floats,
    share: Floats,
    active: Flags,
) -> tuple[Floats, Flags]:
    """By customer: the greatest least share of those who are active, and who can have no more."""
    line, every = book.options.line[useful], np.arange(len(useful))
    count = int(group.max(initial=0)) + 1
    builder, first = levels(book, useful, count)
    own = np.flatnonzero(active)
    least = np.where(active, 0.0, share * asked * (1.0 - HAIR))
    rows = [(book.lines.customer[line], every, 1.0), (own, first + group[own], -asked[own])]
    builder.add_rows("customer", len(asked), least, INF, rows)
    program = builder.program(0.0)
    found = solve(program, Effort(ties=False))
    level = np.clip(found.values[first:], 0.0, 1.0)
    worth = np.abs(found.duals[program.rows["customer"]]) * asked > HAIR
    full = level[group] >= 1.0 - HAIR
    stuck = np.bincount(group, worth & active, count) == 0.0
    return level[group], full | worth | stuck[group]


def levels(book: Book, useful: Codes, count: int) -> tuple[Builder, int]:
    """Units of some options within what is there, and the greatest levels, each a last column.

    Returns the number of the first of these.
    """
    lines, options, sources, capacity = book.lines, book.options, book.sources, book.limits.capacity
    place = np.full(len(options), -1)
    place[useful] = np.arange(len(useful))
    counted = place[capacity.option] >= 0
    builder, every, nothing = Builder(), np.arange(len(useful)), np.zeros(len(useful))
    builder.add_columns("units", nothing, INF, False, nothing)
    first = builder.add_columns("level", np.full(count, -1.0), 1.0, False, np.zeros(count))
    for name, units, row, column in (
        ("open", lines.units, options.line[useful], every),
        ("available", sources.units, options.source[useful], every),
        ("capacity", capacity.units, capacity.row[counted], place[capacity.option[counted]]),
    ):
        builder.add_rows(name, len(units), -INF, units, [(row, column, 1.0)])
    return builder, first
