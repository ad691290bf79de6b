"""The model, stated once: a book as a linear program, always a minimisation.

Variables: units of line l from source s, one for each option.  Minimise what lateness, lost units,
transport, transfer, expediting, substitution and broken promises cost.
Source: the transportation problem, Dantzig, Linear Programming and Extensions (1963), chapter 14,
with lateness as a cost of the route; fixed charges for shipments as in Hirsch and Dantzig, Naval
Research Logistics Quarterly 15 (1968) 413-424.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backsim.allocation.book import Book
from backsim.allocation.fair import NEARLY_ONE, fair_least
from backsim.allocation.flow import Flow, plain
from backsim.allocation.program import INF, Builder, Entries, Program, spans

NO_TIE = 0.0


def state(book: Book, flow: Flow | None = None) -> Program:
    """The program whose optimum is the book's best plan; its first columns are those of the flow.

    Without a flow every option is a column of its own.
    """
    flow = flow or plain(book)
    book = flow.columns
    builder = Builder()
    lines, options = book.lines, book.options
    serve = book.unit_costs - book.unserved[options.line]
    tie = _preference(book)
    builder.add_columns("units", serve, INF, book.limits.whole, tie)
    _open_units(builder, book)
    _available(builder, book, flow)
    _promises(builder, book)
    _capacity(builder, book)
    _least_fill(builder, book)
    _fairness(builder, book)
    _smallest(builder, book)
    _together(builder, book)
    return builder.program(offset=float(book.unserved @ lines.units))


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


def _open_units(builder: Builder, book: Book) -> None:
    """No line gets more than it has open; a line of an order that ships whole all or nothing."""
    lines, options = book.lines, book.options
    upper, lower = lines.units.copy(), np.full(len(lines), -INF)
    entries: list[Entries] = [(options.line, np.arange(len(options)), 1.0)]
    whole = np.flatnonzero(lines.complete)
    if len(whole):
        orders, group = np.unique(lines.order[whole], return_inverse=True)
        count = len(orders)
        first = builder.add_columns("whole", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
        entries.append((whole, first + group, -lines.units[whole]))
        upper[whole] = lower[whole] = 0.0
    builder.add_rows("open", len(lines), lower, upper, entries)


def _available(builder: Builder, book: Book, flow: Flow) -> None:
    """No source gives more than it has, and what is left of those before it if that is kept."""
    units, drawn = flow.available()
    entries = [drawn]
    if book.limits.keep:
        before, after = _successors(book)
        nothing = np.zeros(len(before))
        first = builder.add_columns("kept", nothing, INF, False, nothing)
        kept = first + np.arange(len(before))
        entries += [(before, kept, 1.0), (after, kept, -1.0)]
    builder.add_rows("available", len(units), -INF, units, entries)


def _successors(book: Book) -> tuple[Any, Any]:
    """(source, the next one of its product and site to arrive) for each that has one."""
    sources = book.sources
    order = np.lexsort((np.arange(len(sources)), sources.arrives, sources.site, sources.product))
    before, after = order[:-1], order[1:]
    same = (sources.product[before] == sources.product[after]) & (
        sources.site[before] == sources.site[after]
    )
    return before[same], after[same]


def _promises(builder: Builder, book: Book) -> None:
    """What is promised for a day is there by that day; or each unit that is not costs a penalty."""
    lines, options, penalty = book.lines, book.options, book.limits.promise_penalty
    keep_by = book.keep_by
    promised = np.flatnonzero(np.isfinite(keep_by))
    if not len(promised):
        return
    place = np.full(len(lines), -1)
    place[promised] = np.arange(len(promised))
    kept = np.flatnonzero(options.day <= keep_by[options.line])  # inf where none is
    kept = kept[place[options.line[kept]] >= 0]
    entries = [(place[options.line[kept]], kept, 1.0)]
    if penalty < INF:
        cost = np.full(len(promised), penalty)
        first = builder.add_columns("broken", cost, INF, False, np.full(len(promised), NO_TIE))
        entries.append((np.arange(len(promised)), first + np.arange(len(promised)), 1.0))
    builder.add_rows("promise", len(promised), book.to_keep[promised], INF, entries)


def _capacity(builder: Builder, book: Book) -> None:
    """No carrier or dock moves more in a day than it can."""
    capacity = book.limits.capacity
    if len(capacity.units):
        entries = [(capacity.row, capacity.option, 1.0)]
        builder.add_rows("capacity", len(capacity.units), -INF, capacity.units, entries)


def _least_fill(builder: Builder, book: Book) -> None:
    """A class gets at least its share of what it has open; or each unit short costs a penalty."""
    lines, options = book.lines, book.options
    if not book.limits.min_fill:
        return
    codes = np.array(list(book.limits.min_fill))
    share = np.array(list(book.limits.min_fill.values()))
    place = np.full(len(book.names.classes), -1)
    place[codes] = np.arange(len(codes))
    total = np.bincount(lines.customer_class, lines.units, len(place))[codes]
    row = place[lines.customer_class[options.line]]
    counted = np.flatnonzero((row >= 0) & (options.day <= book.limits.fill_by))
    entries: list[Entries] = [(row[counted], counted, 1.0)]
    least = share * total
    if book.limits.fill_penalty < INF:
        least, every = np.floor(least), np.arange(len(codes))  # whole, as units are
        penalty, nothing = np.full(len(codes), book.limits.fill_penalty), np.zeros(len(codes))
        first = builder.add_columns("short", penalty, INF, False, nothing)
        entries.append((every, first + every, 1.0))
    builder.add_rows("min_fill", len(codes), least, INF, entries)


def _fairness(builder: Builder, book: Book) -> None:
    """No customer's share is further below the fair share than the bound; or it costs a penalty."""
    lines, options = book.lines, book.options
    if book.limits.fairness is None:
        return
    count, least = len(book.names.customers), fair_least(book)
    counted, every = np.flatnonzero(options.day <= book.limits.fill_by), np.arange(count)
    served: list[Entries] = [(lines.customer[options.line[counted]], counted, 1.0)]
    if book.limits.fill_penalty < INF or book.limits.whole:
        least = least - NEARLY_ONE  # in whole units, rounded down
    if book.limits.fill_penalty < INF:
        penalty, nothing = np.full(count, book.limits.fill_penalty), np.zeros(count)
        first = builder.add_columns("unfair", penalty, INF, True, nothing)
        served.append((every, first + every, 1.0))
    builder.add_rows("fairness", count, least, INF, served)


def _smallest(builder: Builder, book: Book) -> None:
    """A shipment has no units, or as many as are of use (all that is open, if that is less)."""
    lines, options = book.lines, book.options
    limited = np.flatnonzero(lines.smallest[options.line] > 0)
    if not len(limited):
        return
    of, line_of = book.shipments
    shipments, row = np.unique(of[limited], return_inverse=True)
    count, line = len(shipments), line_of[shipments]
    least = np.minimum(lines.smallest[line], lines.units[line])
    first = builder.add_columns("ships", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
    every, flag = np.arange(count), first + np.arange(count)
    builder.add_rows("smallest", count, 0.0, INF, [(row, limited, 1.0), (every, flag, -least)])
    most = lines.units[line]
    builder.add_rows("if it ships", count, -INF, 0.0, [(row, limited, 1.0), (every, flag, -most)])


def _together(builder: Builder, book: Book) -> None:
    """All units of an order that ships whole leave on one day: as many of each line, or none."""
    lines, options = book.lines, book.options
    if not book.limits.together or not lines.complete.any():
        return
    whole = np.flatnonzero(lines.complete)
    whole = whole[np.argsort(lines.order[whole], kind="stable")]
    of = lines.order[whole]
    own = np.flatnonzero(lines.complete[options.line])
    day = np.searchsorted(np.sort(options.day[own]), options.day[own])
    pairs, leaves = np.unique(lines.order[options.line[own]] * len(own) + day, return_inverse=True)
    order, count = pairs // len(own), len(pairs)
    first = builder.add_columns("leaves", np.zeros(count), 1.0, True, np.full(count, NO_TIE))
    begins = np.searchsorted(of, order, "left")  # a row for each line of the order, day by day
    members = np.searchsorted(of, order, "right") - begins
    line, pair = whole[spans(begins, members)], np.repeat(np.arange(count), members)
    rank = np.zeros(len(lines), np.int64)
    rank[whole] = np.arange(len(whole)) - np.searchsorted(of, of)
    row = (np.cumsum(members) - members)[leaves] + rank[options.line[own]]
    entries: list[Entries] = [
        (row, own, 1.0),
        (np.arange(len(pair)), first + pair, -lines.units[line]),
    ]
    builder.add_rows("together", len(pair), 0.0, 0.0, entries)
