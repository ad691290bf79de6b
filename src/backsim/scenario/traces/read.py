"""Order lines from a file: rows filtered and counted, dates read, rows grouped into orders."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import few
from backsim.quantities import LARGEST_STOCK, MOST
from backsim.scenario.demand.schema import Cancellations, Filter, Trace
from backsim.scenario.traces.cancellations import take_back
from backsim.scenario.traces.file import Place, TraceError, read_data, read_table
from backsim.scenario.traces.report import TraceReport
from backsim.scenario.traces.times import Times, read_times
from backsim.scenario.yamlfile import show
from backsim.tables.excel import ERRORS
from backsim.tables.faults import shown
from backsim.tables.table import Table
from backsim.tables.values import Coded, Numerals, Unclear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

TOTAL = re.compile(
    r"(grand |sub)?[- ]?totals?|sums?|summen?|(zwischen|gesamt)summe|(ins)?gesamt|"
    r"totaux|totale?|totaal|suma|sous-total",
    re.IGNORECASE,
)
"""What rows of totals say somewhere."""


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
    days: float = 1.0
    """Whole days, of which the lines are the demand."""

    @property
    def products(self) -> list[str]:
        """Names of the products, most lines first (ties by name)."""
        names, counts = np.unique(self.product, return_counts=True)
        return [str(names[i]) for i in np.lexsort((names, -counts))]


KNOWN: dict[tuple[str, str, datetime.date | None], TraceLines] = {}
"""The traces read last, by their declaration, the SHA-256 of the file, and the start."""
MOST_KNOWN = 4


def read_trace(trace: Trace, folder: Path, start: datetime.date | None = None) -> TraceLines:
    """Read a trace; rows before `start` are skipped.  Day 0 is the first midnight.

    A file is read once, however many variants of a scenario replay it.
    Raises TraceError: no file, a missing column, a quantity or date that cannot be read or can be
    read in two ways, nothing left to use.
    """
    data = read_data(trace, folder)
    key = (trace.model_dump_json(), hashlib.sha256(data).hexdigest(), start)
    found = KNOWN.pop(key, None) or _read(trace, read_table(trace, folder, data), key[1], start)
    KNOWN[key] = found
    while len(KNOWN) > MOST_KNOWN:
        del KNOWN[next(iter(KNOWN))]
    return found


def _read(trace: Trace, table: Table, digest: str, start: datetime.date | None) -> TraceLines:
    rows = _Rows(table, trace)
    rows.need_one()
    if trace.cancelled is not None:
        _take_back(rows, trace.cancelled)
    _filter(rows)
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
        read=len(table),
        used=len(rows.kept),
        skipped=rows.skipped,
        orders=int(number[-1]) + 1,
        first_day=first_day,
        reduced=int(rows.reduced[rows.kept].sum()),
        repeated=repeated,
        written=_written(table, rows.decimal_comma, times.form),
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
    return replace(trace, days=day, **{name: getattr(trace, name)[:last] for name in columns})


def set_horizon(trace: TraceLines, horizon: float, known_until: float | None) -> TraceLines:
    """The trace, whose report says what of it the horizon cuts off or leaves without orders."""
    beyond = int((trace.time >= horizon).sum())
    silent = max(0.0, np.ceil(horizon - float(trace.time[-1])) - 1.0)
    return replace(
        trace,
        report=replace(trace.report, beyond=beyond, silent=float(silent), known_until=known_until),
    )


class _Rows:
    """The rows still in use, and how many were skipped for which reason."""

    def __init__(self, table: Table, trace: Trace) -> None:
        self.table, self.trace = table, trace
        self.kept = np.arange(len(table))
        self.skipped: dict[str, int] = {}
        self.reduced = np.zeros(len(table), bool)
        self._coded: dict[str, Coded] = {}
        self._numbers: dict[str, Floats] = {}
        columns = trace.columns
        self._numerals = Numerals({"": (table, _numeric(trace))}, trace.decimal)
        self.decimal_comma = False
        self.units = self.numbers(columns.units, ("columns", "units"))

    def keep(self, passes: Flags, reason: str) -> None:
        """Of the rows in use, keep those that pass."""
        count = int((~passes).sum())
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            self.kept = self.kept[passes]

    def need_one(self) -> None:
        """Refuse a trace of which nothing is left."""
        if not len(self.kept):
            reasons = "; ".join(f"{n:,} skipped: {why}" for why, n in self.skipped.items())
            found = f"{len(self.table):,} rows" + (f" ({reasons})" if reasons else "")
            raise TraceError((), "a trace with at least one usable row", found)

    def coded(self, column: str) -> Coded:
        """A column of all rows as codes."""
        if column not in self._coded:
            self._coded[column] = Coded.of(self.table.columns[column])
        return self._coded[column]

    def each(self, column: str, test: Any) -> Flags:
        """Whether each row in use passes a test of its text; each distinct text is tried once."""
        coded = self.coded(column)
        passes = np.array([bool(test(text)) for text in coded.texts], bool)
        return np.asarray(passes[coded.codes[self.kept]])

    def numbers(self, column: str, place: Place) -> Floats:
        """A column of all rows as numbers; nan: empty or unreadable.  Raises TraceError."""
        if column not in self._numbers:
            try:
                style = self._numerals.style("", column)
            except Unclear as unclear:
                row = self.table.rows[self.table.columns[column].index(unclear.text)]
                found = f"{shown(unclear.text)} in line {row}"
                raise TraceError(place, unclear.expected, found) from None
            self.decimal_comma |= style.decimal == ","
            coded = self.coded(column)
            values = np.array([_number(text, style) for text in coded.texts], float)[coded.codes]
            for entry, value in self.table.numbers.get(column, {}).items():
                values[entry] = value
            self._numbers[column] = values
        return self._numbers[column]

    def refuse(self, wrong: Flags, column: str, place: Place, expected: str) -> None:
        """Raise TraceError for rows in use that are wrong, saying where the first ones stand."""
        if wrong.any():
            entries = self.kept[wrong]
            texts, rows = self.table.columns[column], self.table.rows
            told = [f"{shown(texts[i])} in line {rows[i]}" for i in entries[:3].tolist()]
            raise TraceError(place, expected, few(told, 3, len(entries)))

    def times(self) -> Times:
        """The times of the rows in use.  Raises TraceError."""
        column, place = self.trace.columns.time, ("columns", "time")
        if self.trace.date_format == "days":
            time = self.numbers(column, place)[self.kept]
            wrong = ~((time >= 0) & (time <= MOST))
            self.refuse(wrong, column, place, "numbers of days, 0 or more")
            return Times(time, dated=False)
        whole = len(self.kept) == len(self.table)
        table = self.table if whole else self.table.take(self.kept.tolist())
        times = read_times(table, column, self.trace.date_format)
        form = self.trace.date_format
        expected = f"dates like {form}" if form else "dates, in a form that `date_format` may say"
        self.refuse(np.isnan(times.values), column, ("date_format",), expected)
        return times


def _numeric(trace: Trace) -> list[str]:
    """The columns that hold numbers."""
    columns = [trace.columns.units]
    columns += [trace.columns.price] if trace.columns.price else []
    columns += [trace.columns.time] if trace.date_format == "days" else []
    columns += [rule.column for rule in trace.where if (rule.min, rule.max) != (None, None)]
    return list(dict.fromkeys(columns))


def _number(text: str, style: Any) -> float:
    try:
        return float(style.read(text))
    except ValueError:
        return float("nan")


def _filter(rows: _Rows) -> None:
    """Skip the rows that are no demand; refuse those of which that cannot be said."""
    columns, trace = rows.trace.columns, rows.trace
    for i, rule in enumerate(trace.where):
        rows.keep(_passes(rows, rule, ("where", i, "column")), _reason(rule))
    rows.keep(~_totals(rows), "a row of totals")
    for column in (columns.time, columns.product, columns.order, columns.site):
        if column is not None:
            rows.keep(rows.each(column, bool), f"{column} is empty")
    _check_units(rows)
    failed = rows.each(columns.product, ERRORS.__contains__)
    rows.refuse(failed, columns.product, ("columns", "product"), "products, not failed formulas")
    if trace.top_products is not None:
        codes = rows.coded(columns.product).codes[rows.kept]
        names = rows.coded(columns.product).texts
        counts = np.bincount(codes, minlength=len(names))
        best = sorted(np.flatnonzero(counts).tolist(), key=lambda c: (-counts[c], names[c]))
        top = np.isin(codes, best[: trace.top_products])
        rows.keep(top, f"not one of the {trace.top_products} products with most lines")


def _check_units(rows: _Rows) -> None:
    """Skip returns and zeros; refuse what is no whole number of units."""
    column, place = rows.trace.columns.units, ("columns", "units")
    units = rows.units[rows.kept]
    hint = "(leave other rows out with `where`)"
    rows.refuse(np.isnan(units), column, place, f"numbers of units {hint}")
    rows.keep(units >= 0, f"{column} is below 0 (a return)")
    rows.keep(rows.units[rows.kept] > 0, f"{column} is 0")
    units = rows.units[rows.kept]
    rows.refuse(units % 1 != 0, column, place, f"whole numbers of units {hint}")
    most = f"at most {LARGEST_STOCK:,.0f} units a line"
    rows.refuse(units > LARGEST_STOCK, column, place, most)
    copied = rows.table.copies.get(column, {})
    if copied:
        repeats = np.isin(rows.kept, list(copied))
        rows.refuse(repeats, column, place, "units of each row, not one merged cell for several")


def _totals(rows: _Rows) -> Flags:
    """Rows without a time or a product that say somewhere that they are totals."""
    columns = rows.trace.columns
    nothing = ~rows.each(columns.time, bool) | ~rows.each(columns.product, bool)
    nothing |= rows.each(columns.time, _says_total)
    says = np.zeros(len(rows.kept), bool)
    if nothing.any():
        for column in rows.table.columns:
            says |= rows.each(column, _says_total)
    return nothing & says


def _says_total(text: str) -> bool:
    return not text[:1].isdigit() and TOTAL.fullmatch(text.strip(" :.*-=")) is not None


def _take_back(rows: _Rows, rule: Cancellations) -> None:
    """Drop cancellations, and what they cancel."""
    cancels = rows.each(rule.column, re.compile(rule.matches).fullmatch)
    keys = list(zip(*(rows.table.columns[c] for c in rule.same), strict=True))
    if rows.trace.date_format == "days":
        time = rows.numbers(rows.trace.columns.time, ("columns", "time"))
    else:
        time = read_times(rows.table, rows.trace.columns.time, rows.trace.date_format).values
    column, place = rows.trace.columns.units, ("columns", "units")
    rows.refuse(cancels & np.isnan(rows.units), column, place, "numbers of units")
    done = take_back(cancels, keys, rows.units, time)
    rows.units, rows.reduced = done.units, done.part
    says = f"{rule.column} says it is a cancellation"
    rows.keep(~done.whole, "cancelled later")
    rows.keep(~(cancels & ~done.unmatched)[rows.kept], says)
    rows.keep(~cancels[rows.kept], f"{says}, of an order that the file does not hold")


def _passes(rows: _Rows, rule: Filter, place: Place) -> Flags:
    passes = np.ones(len(rows.kept), bool)
    if rule.min is not None or rule.max is not None:
        values = rows.numbers(rule.column, place)[rows.kept]
        unreadable = np.isnan(values) & rows.each(rule.column, bool)
        rows.refuse(unreadable, rule.column, place, "numbers, as the filter has a min or max")
        passes &= values >= (-np.inf if rule.min is None else rule.min)
        passes &= values <= (np.inf if rule.max is None else rule.max)
    if rule.matches is not None:
        passes &= rows.each(rule.column, re.compile(rule.matches).fullmatch)
    if rule.excludes is not None:
        passes &= ~rows.each(rule.column, re.compile(rule.excludes).fullmatch)
    return passes


def _reason(rule: Filter) -> str:
    given = rule.model_dump(exclude_none=True)
    column = given.pop("column")
    return f"{column} fails " + " and ".join(f"{name} {show(v)}" for name, v in given.items())


def _order_numbers(rows: _Rows, time: Floats) -> tuple[NDArray[np.int64], int]:
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
    rows: _Rows,
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
    units = rows.units[places].astype(np.int64)
    days = max(1.0, float(np.ceil(time[-1] + 1e-9)))
    product, prices = names(columns.product), _prices(rows)
    return TraceLines(time, number, product, site, units, prices, report, days)


def _prices(rows: _Rows) -> dict[str, float]:
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
