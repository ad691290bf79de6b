"""Order lines from a file: rows filtered and counted, dates read, rows grouped into orders."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.quantities import MOST
from backsim.scenario.demand.schema import Trace
from backsim.scenario.traces.file import read_data, read_table
from backsim.scenario.traces.report import TraceReport
from backsim.scenario.traces.rows import Rows, filter_rows, take_back_cancelled
from backsim.tables.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class TraceLines:
    """The lines used, in order of time, an order's lines together.

    `time` is in days from day 0; `order` numbers the orders from 0; `site` is empty where the
    scenario's only site is meant; `price` is a product's mean price per unit.
    """

    time: NDArray[np.float64]
    order: NDArray[np.int64]
    product: NDArray[np.str_]
    site: NDArray[np.str_]
    units: NDArray[np.int64]
    price: Mapping[str, float]
    report: TraceReport = field(compare=False)
    totals: Mapping[tuple[str, str], tuple[int, float]]
    """By product and site: how many lines, and their units."""
    days: float = 1.0
    """Whole days, of which the lines are the demand."""

    @property
    def products(self) -> list[str]:
        """Names of the products, most lines first (ties by name)."""
        count: dict[str, int] = {}
        for (product, _), (lines, _) in self.totals.items():
            count[product] = count.get(product, 0) + lines
        return sorted(count, key=lambda name: (-count[name], name))


NOTHING: Mapping[str, Fraction] = {}

KNOWN: dict[tuple[Any, ...], TraceLines] = {}
"""The traces read last, by their declaration, the SHA-256 of the file, and the start."""
MOST_KNOWN = 4


def read_trace(
    trace: Trace,
    folder: Path,
    start: datetime.date | None = None,
    smallest: Mapping[str, Fraction] = NOTHING,
) -> TraceLines:
    """Read a trace; rows before `start` are skipped.  Day 0 is the first midnight.

    `smallest` are the smallest units of products that have them: units are counted in these.

    A file is read once, however many variants of a scenario replay it.
    Raises TraceError: no file, a missing column, a quantity or date that cannot be read or can be
    read in two ways, nothing left to use.
    """
    data = read_data(trace, folder)
    key = (
        trace.model_dump_json(),
        hashlib.sha256(data).hexdigest(),
        start,
        tuple(smallest.items()),
    )
    found = KNOWN.pop(key, None)
    if found is None:
        rows = Rows(read_table(trace, folder, data), trace, smallest)
        found = _read(trace, rows, key[1], start)
    KNOWN[key] = found
    while len(KNOWN) > MOST_KNOWN:
        del KNOWN[next(iter(KNOWN))]
    return found


def _read(trace: Trace, rows: Rows, digest: str, start: datetime.date | None) -> TraceLines:
    rows.need_one()
    if trace.cancelled is not None:
        take_back_cancelled(rows, trace.cancelled)
    filter_rows(rows)
    rows.need_one()
    times = rows.times()
    if start is not None and times.dated:
        rows.keep(times.since(start) >= 0, f"before the start ({start})")
        rows.need_one()
        times = rows.times()
    time, first_day = times.days()
    number, repeated = _order_numbers(rows, time)
    order = np.argsort(time, kind="stable")
    number = _by_appearance(number[order])
    order = order[np.argsort(number, kind="stable")]
    number = np.sort(number)
    report = TraceReport(
        file=trace.file,
        sha256=digest,
        read=len(rows.table),
        used=len(rows.kept),
        skipped=rows.skipped,
        orders=int(number[-1]) + 1,
        first_day=first_day,
        reduced=int(rows.reduced[rows.kept].sum()),
        repeated=repeated,
        written=_written(rows.table, rows.decimal_comma, times.form),
    )
    return _lines(rows, order, _time_of_first(time[order], number), number, report)


def set_start(trace: TraceLines, start: datetime.date | None) -> TraceLines:
    """The trace with days counted from `start`, which is no later than its first day."""
    if start is None or trace.report.first_day is None:
        return trace
    later = float((trace.report.first_day - start).days)
    return replace(trace, time=trace.time + later, days=trace.days + later)


def until(trace: TraceLines, day: float | None) -> TraceLines:
    """What was known of a trace on a day: the orders before it; None: all of it."""
    if day is None:
        return trace
    last = int(np.searchsorted(trace.time, day, "left"))
    columns = ("time", "order", "product", "site", "units")
    known = {name: getattr(trace, name)[:last] for name in columns}
    totals = _totals(known["product"], known["site"], known["units"])
    return replace(trace, days=day, totals=totals, **known)


def set_horizon(trace: TraceLines, horizon: float, known_until: float | None) -> TraceLines:
    """The trace, whose report says what of it the horizon cuts off or leaves without orders."""
    beyond = int((trace.time >= horizon).sum())
    silent = max(0.0, np.ceil(horizon - float(trace.time[-1])) - 1.0)
    return replace(
        trace,
        report=replace(trace.report, beyond=beyond, silent=float(silent), known_until=known_until),
    )


def _order_numbers(rows: Rows, time: Floats) -> tuple[NDArray[np.int64], int]:
    """(each row's order, as any number; orders whose number stands for another order too).

    Tills and years begin again with their numbers: so a number is one order only on one day, at one
    site and for one customer.
    """
    columns = rows.trace.columns
    if columns.order is None:
        return np.arange(len(time)), 0
    numbers = rows.coded(columns.order).codes[rows.kept]
    if rows.trace.order_numbers == "unique":
        return numbers, 0
    orders = numbers
    beside = [rows.coded(c).codes[rows.kept] for c in (columns.site, columns.customer) if c]
    for codes in (np.floor(time).astype(np.int64), *beside):
        pairs = orders * (int(codes.max()) + 1) + codes
        orders = np.unique(pairs, return_inverse=True)[1]
    return orders, int(orders.max()) + 1 - len(np.unique(numbers))


def _by_appearance(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes numbered in order of first appearance."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse])


def _time_of_first(time: Floats, order: NDArray[np.int64]) -> Floats:
    """Each line takes the time of its order's first line."""
    starts = np.flatnonzero(np.r_[True, order[1:] != order[:-1]])
    return np.asarray(np.repeat(time[starts], np.diff(np.r_[starts, len(order)])))


def _lines(
    rows: Rows,
    order: NDArray[np.int64],
    time: Floats,
    number: NDArray[np.int64],
    report: TraceReport,
) -> TraceLines:
    columns, places = rows.trace.columns, rows.kept[order]

    def names(column: str) -> NDArray[np.str_]:
        coded = rows.coded(column)
        return np.asarray(np.array(coded.texts, str)[coded.codes[places]])

    site = names(columns.site) if columns.site else np.full(len(order), rows.trace.site or "")
    units = rows.counted[order].astype(np.int64)
    days = max(1.0, float(np.ceil(time[-1] + 1e-9)))
    product, prices = names(columns.product), _prices(rows)
    totals = _totals(product, site, units)
    return TraceLines(time, number, product, site, units, prices, report, totals, days)


def _totals(
    product: NDArray[np.str_], site: NDArray[np.str_], units: NDArray[np.int64]
) -> dict[tuple[str, str], tuple[int, float]]:
    """By product and site, in the order of their names: how many lines, and their units."""
    products, of_product = np.unique(product, return_inverse=True)
    sites, of_site = np.unique(site, return_inverse=True)
    place = of_product * len(sites) + of_site
    lines, sums = np.bincount(place), np.bincount(place, units)
    return {
        (str(products[k // len(sites)]), str(sites[k % len(sites)])): (
            int(lines[k]),
            float(sums[k]),
        )
        for k in np.flatnonzero(lines).tolist()
    }


def _prices(rows: Rows) -> dict[str, float]:
    """Mean price of each product, where there is one."""
    column = rows.trace.columns.price
    if column is None:
        return {}
    place = ("columns", "price")
    prices = rows.numbers(column, place)[rows.kept]
    unreadable = np.isnan(prices) & rows.each(column, bool)
    rows.refuse(unreadable, column, place, "prices as numbers (1.50)")
    coded, known = rows.coded(rows.trace.columns.product), ~np.isnan(prices)
    codes = coded.codes[rows.kept][known]
    counts = np.bincount(codes, minlength=len(coded.texts))
    sums = np.bincount(codes, prices[known], len(coded.texts))
    means = {coded.texts[i]: float(sums[i] / counts[i]) for i in np.flatnonzero(counts)}
    return {name: value for name, value in means.items() if 0 <= value <= MOST}


def _written(table: Table, decimal_comma: bool, form: str) -> str:
    """What was found out about the file, where it is not the most common."""
    found = []
    if table.delimiter not in (",", ""):
        found.append(f"{table.delimiter!r} between fields")
    if table.encoding not in ("utf-8", ""):
        found.append(table.encoding)
    if decimal_comma:
        found.append("a decimal comma")
    if form:
        found.append(f"dates like {form}")
    return ", ".join(found)
