"""Which sources can stand for each other: the book as a program over fewer columns.

An order that ships whole can be served from each of its sources on each of its days.  Units of one
product at one site that have arrived are alike, so a line has one column a day, which draws on all
that has arrived by then: cumulative rows in place of a column for each source.  The branch and
bound of whole orders then sees knapsacks, and is a hundred times faster on large books.
Source: multi-item lot sizing in cumulative form, Pochet and Wolsey, Production Planning by Mixed
Integer Programming (2006), section 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.registered import CONSTRAINTS, Registered
from backsim.allocation.solver.program import TRACE, Entries, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.allocation.solver.program import Codes, Flags, Floats

MOST_POOLED = 60
"""Sources of a product at a site up to which they are pooled: their rows grow with the square."""
ALONE = -1


@dataclass(frozen=True, eq=False)
class Flow:
    """A book, and its columns: each stands for one option, or for those from a pool on a day.

    `of`: the column of each option; `stands`: the option, from the last source to arrive, that
    stands for each column; `pool`: the pool of each source, or ALONE; `place`: its place in it, by
    time of arrival.
    """

    book: Book
    of: Codes
    stands: Codes
    pool: Codes
    place: Codes

    @property
    def columns(self) -> Book:
        """The book with one option a column."""
        if len(self.stands) == len(self.book.options):
            return self.book
        return replace(self.book, options=self.book.options.take(self.stands))

    def earlier(self) -> tuple[Codes, Codes]:
        """(source, source of its pool that has arrived before it, or the source itself)."""
        count = len(self.pool)
        order = np.lexsort((self.place, self.pool))
        pooled = self.pool[order] != ALONE
        width = np.where(pooled, self.place[order] + 1, 1)
        first = np.where(pooled, np.arange(count) - self.place[order], np.arange(count))
        return np.repeat(order, width), order[spans(first, width)]

    def available(self) -> tuple[Floats, Entries]:
        """Row by row of the sources: units there by then, and the columns that draw on them."""
        later, earlier = self.earlier()
        sources = self.book.sources
        units: Floats = np.bincount(later, sources.units[earlier], len(sources)).astype(float)
        source = self.book.options.source[self.stands]
        order = np.argsort(earlier, kind="stable")
        first = np.searchsorted(earlier[order], source, "left")
        counts = np.searchsorted(earlier[order], source, "right") - first
        row = later[order][spans(first, counts)]
        return units, (row, np.repeat(np.arange(len(source)), counts), 1.0)

    def worth(self, duals: Floats) -> Floats:
        """What a unit of each source is worth: it is there in the rows of all that come later."""
        later, earlier = self.earlier()
        return np.bincount(earlier, duals[later], len(self.pool)).astype(float)

    def encode(self, units: Floats) -> Floats:
        """The columns of a plan."""
        return np.bincount(self.of, units, len(self.stands)).astype(float)

    def decode(self, columns: Floats) -> Floats:
        """Units of each option: from pools, what has arrived first goes first."""
        options, found = self.book.options, np.zeros(len(self.of))
        source = options.source[self.stands]
        pooled = self.pool[source] != ALONE
        alone = ~pooled
        found[self.stands[alone]] = columns[alone]
        used = np.flatnonzero(pooled & (columns > TRACE))
        used = used[np.lexsort((self.place[source[used]], self.pool[source[used]]))]
        members: dict[int, list[int]] = {}
        order = np.lexsort((self.place, self.pool))
        for s in order[self.pool[order] != ALONE].tolist():
            members.setdefault(int(self.pool[s]), []).append(s)
        left: list[float] = self.book.sources.units.tolist()
        ends = np.searchsorted(options.line, np.arange(len(self.book.lines) + 1))
        for column in used.tolist():
            option, wanted = int(self.stands[column]), float(columns[column])
            line, day = int(options.line[option]), float(options.day[option])
            own = range(int(ends[line]), int(ends[line + 1]))
            of_source = {int(options.source[k]): k for k in own if options.day[k] <= day}
            for s in members[int(self.pool[source[column]])]:
                if wanted <= TRACE:
                    break
                if left[s] > TRACE and s in of_source:  # its last day that is no later
                    units = min(left[s], wanted)
                    found[of_source[s]] += units
                    left[s] -= units
                    wanted -= units
            found[option] += wanted if wanted > TRACE else 0.0
        return found


def plain(book: Book) -> Flow:
    """Every option is a column of its own."""
    every, count = np.arange(len(book.options)), len(book.sources)
    return Flow(book, every, every, np.full(count, ALONE), np.zeros(count, np.int64))


def flow_of(book: Book) -> Flow:
    """Pools of the sources from which an order that ships whole can be served."""
    lines, options, sources, limits = book.lines, book.options, book.sources, book.limits
    if limits.keep or not lines.complete.any() or len(limits.capacity.units):
        return plain(book)
    sites = int(sources.site.max(initial=0)) + 1
    codes, pool = np.unique(sources.product * sites + sources.site, return_inverse=True)
    order = np.lexsort((np.arange(len(sources)), sources.arrives, pool))
    place = np.zeros(len(sources), np.int64)
    place[order] = np.arange(len(sources)) - np.searchsorted(pool[order], pool[order])
    fit = _fit(book, pool, place, len(codes))
    of_option = pool[options.source]
    key = np.where(fit[of_option], len(options) + of_option, np.arange(len(options)))
    days, day = np.unique(options.day, return_inverse=True)
    code = (options.line * (len(options) + len(codes)) + key) * max(1, len(days)) + day
    by = np.lexsort((place[options.source], code))
    last = np.ones(len(by), bool)
    last[:-1] = code[by][1:] != code[by][:-1]
    stands = np.sort(by[last])
    ranked = stands[np.argsort(code[stands], kind="stable")]
    position = np.zeros(len(options), np.int64)
    position[stands] = np.arange(len(stands))
    of = position[ranked[np.searchsorted(code[ranked], code)]]
    return Flow(book, of, stands, np.where(fit[pool], pool, ALONE), place)


def _fit(book: Book, pool: Codes, place: Codes, count: int) -> Flags:
    """Which pools hold units that are alike: for each line at one cost, and there from then on.

    An order that ships whole on one day can draw on all that has arrived by its day; another line,
    on what arrives later no sooner than on what arrives earlier.
    """
    lines, options, sources = book.lines, book.options, book.sources
    of_option = pool[options.source]
    whole = lines.complete[options.line]
    alike = np.isinf(sources.expedited) & (sources.last <= sources.first)
    unfit = np.bincount(pool, ~alike, count) > 0
    own: Iterable[Registered] = CONSTRAINTS.values()
    for one in own:
        apart = one.apart(book) if one.applies(book) else None
        if apart is not None:
            unfit |= np.bincount(of_option, apart, count) > 0
    unfit |= np.bincount(of_option, whole, count) == 0
    unfit |= np.bincount(pool, minlength=count) > MOST_POOLED
    cost = options.transport + options.transfer + options.substitution
    held = whole & book.limits.together
    key, rank = options.line * count + of_option, place[options.source]
    order = np.lexsort((options.day, rank, key))  # by source
    new = _changes(key[order])
    other = ~new[1:] & (cost[order][1:] != cost[order][:-1])
    other |= ~new[1:] & ~held[order][1:] & (options.day[order][1:] < options.day[order][:-1])
    unfit[of_option[order][1:][other]] = True
    order = np.lexsort((rank, np.where(held, options.day, 0.0), key))  # held: day by day
    new = _changes(key[order]) | (held[order] & _changes(options.day[order]))
    first = np.flatnonzero(new)
    counted = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    unfit[of_option[order][counted != rank[order]]] = True
    return ~unfit


def _changes(values: NDArray[np.generic]) -> Flags:
    """Where a value is not that before it."""
    new = np.ones(len(values), bool)
    new[1:] = values[1:] != values[:-1]
    return new
