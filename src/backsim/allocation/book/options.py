"""Which source may serve which line: by product or substitute, by site or lane, in time.

A unit leaves on the day it is there, or up to `shipping_days` later where its dock or carrier has
a limit; it may come earlier by expediting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import Capacity, Lines, Options, Sources, join
from backsim.allocation.model.lanes import ROUNDING, Lanes, whole_days
from backsim.allocation.solver.parts import components
from backsim.allocation.solver.program import distinct, spans
from backsim.errors import InputError

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats

MAX_OPTIONS = 5_000_000
"""Pairs of line and source: 1.2 GB of arrays and solver."""


@dataclass(frozen=True, eq=False)
class Substitutes:
    """`instead[i]` may be sent in place of `product[i]` at `cost[i]` a unit."""

    product: Codes
    instead: Codes
    cost: Floats


@dataclass(frozen=True, eq=False)
class DayLimit:
    """Units a day that leave by a dock (its site's code) or a carrier, on some days."""

    name: str
    dock: int
    carrier: int
    units: float
    first: float
    last: float


def expand(
    lines: Lines, sources: Sources, lanes: Lanes, substitutes: Substitutes, not_before: Floats
) -> tuple[Options, Codes]:
    """The options of a book, line by line, and for each line how many come too late for it.

    What would come before `not_before`, a day for each line, comes on that day.
    Raises InputError when there are too many.
    """
    line, source, cost = _pairs(lines, sources, substitutes)
    start, end = sources.site[source], lines.site[line]
    way = lanes.open[start, end]
    line, source, cost, start, end = line[way], source[way], cost[way], start[way], end[way]
    nothing = np.zeros(len(line))
    options = Options(
        line=line,
        source=source,
        day=lanes.reached(
            start, end, lines.customer[line], np.maximum(0.0, sources.arrives[source])
        ),
        transport=lanes.transport[start, end],
        transfer=lanes.transfer[start, end],
        expedite=nothing,
        substitution=cost,
    )
    options = _with_expediting(options, lines, sources, lanes)
    day = np.maximum(options.day, not_before[options.line])
    options = replace(options, day=lanes.received(lines.customer[options.line], day))
    in_time = _in_time(options, lines)
    late = ~in_time & np.isfinite(options.day)
    too_late = np.bincount(options.line[late], minlength=len(lines))
    return options.take(in_time), too_late


def _pairs(lines: Lines, sources: Sources, substitutes: Substitutes) -> tuple[Codes, Codes, Floats]:
    """(line, source, cost of substitution), by line, then by source."""
    wanted, source = sources.product, np.arange(len(sources))
    cost = np.zeros(len(sources))
    for product, instead, price in zip(
        substitutes.product, substitutes.instead, substitutes.cost, strict=True
    ):
        own = np.flatnonzero(sources.product == instead)
        wanted = np.concatenate([wanted, np.full(len(own), product)])
        source = np.concatenate([source, own])
        cost = np.concatenate([cost, np.full(len(own), price)])
    order = np.lexsort((source, wanted))
    wanted, source, cost = wanted[order], source[order], cost[order]
    first = np.searchsorted(wanted, lines.product, "left")
    counts = np.searchsorted(wanted, lines.product, "right") - first
    total = int(counts.sum())
    if total > MAX_OPTIONS:
        raise InputError(
            f"book: expected at most {MAX_OPTIONS:,} pairs of a line and a source that may serve "
            f"it, got {total:,}: take the products in parts"
        )
    line = np.repeat(np.arange(len(lines)), counts)
    place = spans(first, counts)
    return line, source[place], cost[place]


def _with_expediting(options: Options, lines: Lines, sources: Sources, lanes: Lanes) -> Options:
    faster = np.flatnonzero(np.isfinite(sources.expedited[options.source]))
    if not len(faster):
        return options
    some = options.take(faster)
    ends = sources.site[some.source], lines.site[some.line], lines.customer[some.line]
    day = lanes.reached(*ends, np.maximum(0.0, sources.expedited[some.source]))
    some = replace(some, day=day, expedite=sources.expedite[some.source])
    return _ordered(join([options, some]))


def waiting(
    options: Options,
    lines: Lines,
    sources: Sources,
    lanes: Lanes,
    limits: list[DayLimit],
    wait: int,
) -> Options:
    """Options that leave up to `wait` days later too, where there is a limit a day."""
    start, end = sources.site[options.source], lines.site[options.line]
    limited = np.isin(start, [d.dock for d in limits if d.dock >= 0])
    limited |= np.isin(lanes.carrier[start, end], [d.carrier for d in limits if d.carrier >= 0])
    some = options.take(limited)
    ends = start[limited], end[limited], lines.customer[some.line]
    later = [replace(some, day=lanes.later(*ends, some.day, n)) for n in range(1, wait + 1)]
    options = join([options, *later])
    options = options.take(distinct(options.line, options.source, options.day, options.expedite))
    return options.take(_in_time(options, lines))


def on_days_of_orders(options: Options, lines: Lines, lanes: Lanes, waits: Flags) -> Options:
    """Lines of orders that wait can be served on every day on which one of the order can be.

    Their own customers receive on that day.
    Raises InputError when that makes too many options.
    """
    own = options.take(waits[options.line])
    order = lines.order[own.line]
    days, place = np.unique(own.day, return_inverse=True)
    pairs = np.unique(order * len(days) + place)
    first = np.searchsorted(pairs, order * len(days))
    counts = np.searchsorted(pairs, (order + 1) * len(days)) - first
    if counts.sum() > MAX_OPTIONS:
        raise InputError(
            f"book: expected at most {MAX_OPTIONS:,} pairs of a line and a source and day of its "
            f"order, got {counts.sum():,}: let fewer orders ship whole, leave costs per shipment "
            "out, or take products in parts"
        )
    held = own.take(np.repeat(np.arange(len(own)), counts))
    day = days[pairs[spans(first, counts)] % len(days)]
    received = lanes.received(lines.customer[held.line], day) == day
    later = replace(held, day=day).take((day > held.day) & received)
    options = join([options, later])
    options = options.take(distinct(options.line, options.source, options.day, options.expedite))
    return options.take(_in_time(options, lines))


def _in_time(options: Options, lines: Lines) -> Flags:
    """Which options reach their customers, and before these have gone."""
    waited = options.day - lines.ordered[options.line]
    return np.asarray(np.isfinite(options.day) & (waited <= lines.tolerance[options.line]))


def capacity_of(
    options: Options, lines: Lines, sources: Sources, lanes: Lanes, limits: list[DayLimit]
) -> Capacity:
    """The rows that count what leaves in a day."""
    start, end = sources.site[options.source], lines.site[options.line]
    leaves = np.floor(lanes.left(start, end, options.day) + ROUNDING)
    rows: dict[tuple[int, int], int] = {}
    entries: list[tuple[Codes, Codes]] = []
    for number, limit in enumerate(limits):
        counted = (
            (start == limit.dock) if limit.dock >= 0 else lanes.carrier[start, end] == limit.carrier
        )
        counted &= (leaves >= limit.first) & (leaves <= limit.last)
        option = np.flatnonzero(counted)
        days, inverse = np.unique(leaves[option], return_inverse=True)
        places = [rows.setdefault((number, int(day)), len(rows)) for day in days]
        entries.append((np.array(places, np.int64)[inverse], option))
    row, option = (np.concatenate(part) for part in zip(*entries, strict=True))
    names = tuple(f"{limits[n].name} on day {day}" for n, day in rows)
    units = np.array([limits[n].units for n, _ in rows])
    return Capacity(names, units, row.astype(np.int64), option)


def _ordered(options: Options) -> Options:
    """By line, then source, then day."""
    return options.take(np.lexsort((options.expedite, options.day, options.source, options.line)))


def with_lost(lines: Lines, sources: Sources, options: Options, capacity: Capacity) -> Lines:
    """The lines; a lost unit costs as much as one that comes a day after all that may come.

    All that may come to the lines with which the line competes, not to others: a purchase of
    another product says nothing about it.
    """
    group = competitors(lines, sources, options, capacity)
    last = np.zeros(int(group.max(initial=0)) + 1)
    np.maximum.at(last, group[options.line], whole_days(options.day))
    late = np.maximum(1.0, last[group] + 1.0 - np.maximum(0.0, lines.due))
    return replace(lines, lost=np.where(np.isnan(lines.lost), lines.weight * late, lines.lost))


def competitors(lines: Lines, sources: Sources, options: Options, capacity: Capacity) -> Codes:
    """The group of each line: lines that share a source, a limit or a whole order, by any way."""
    whole = np.flatnonzero(lines.complete)
    before = len(sources) + len(capacity.units)
    group, _ = components(
        np.concatenate([options.line, options.line[capacity.option], whole]),
        np.concatenate([options.source, len(sources) + capacity.row, before + lines.order[whole]]),
        len(lines),
        before + int(lines.order.max(initial=0)) + 1,
    )
    return group
