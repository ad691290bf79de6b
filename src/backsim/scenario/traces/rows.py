"""The rows of a trace that are in use: filtered, cancelled and counted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import few
from backsim.quantities import LARGEST_STOCK, MOST
from backsim.scenario.demand.schema import Cancellations, Filter, Trace
from backsim.scenario.traces.cancellations import take_back
from backsim.scenario.traces.file import Place, TraceError
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

ROUNDING = 1e-9
"""The share by which a number of smallest units may be off: files hold decimals."""

TOTAL = re.compile(
    r"(grand |sub)?[- ]?totals?|sums?|summen?|(zwischen|gesamt)summe|(ins)?gesamt|"
    r"totaux|totale?|totaal|suma|sous-total",
    re.IGNORECASE,
)
"""What rows of totals say somewhere."""


class Rows:
    """The rows still in use, and how many were skipped for which reason."""

    def __init__(self, table: Table, trace: Trace, smallest: Mapping[str, Fraction]) -> None:
        self.table, self.trace, self.smallest = table, trace, smallest
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

    @property
    def counted(self) -> Floats:
        """The units of the rows in use, in the smallest unit of each one's product."""
        units: Floats = self.units[self.kept]
        if not self.smallest:
            return units
        coded = self.coded(self.trace.columns.product)
        each = [float(self.smallest.get(text, 1)) for text in coded.texts]
        counts = units / np.array(each)[coded.codes[self.kept]]
        whole = np.rint(counts)
        return np.asarray(np.where(np.abs(counts - whole) <= ROUNDING * whole, whole, counts))

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


def filter_rows(rows: Rows) -> None:
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


def _check_units(rows: Rows) -> None:
    """Skip returns and zeros; refuse what is no whole number of units."""
    column, place = rows.trace.columns.units, ("columns", "units")
    units = rows.units[rows.kept]
    hint = "(leave other rows out with `where`)"
    rows.refuse(np.isnan(units), column, place, f"numbers of units {hint}")
    rows.keep(units >= 0, f"{column} is below 0 (a return)")
    rows.keep(rows.units[rows.kept] > 0, f"{column} is 0")
    units = rows.counted
    whole = (
        "whole numbers of units, or of the `smallest` one of the product"
        if rows.smallest
        else "whole numbers of units"
    )
    rows.refuse(units % 1 != 0, column, place, f"{whole} {hint}")
    most = f"at most {LARGEST_STOCK:,.0f} units per line"
    rows.refuse(units > LARGEST_STOCK, column, place, most)
    copied = rows.table.copies.get(column, {})
    if copied:
        repeats = np.isin(rows.kept, list(copied))
        rows.refuse(repeats, column, place, "units of each row, not one merged cell for several")


def _totals(rows: Rows) -> Flags:
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


def take_back_cancelled(rows: Rows, rule: Cancellations) -> None:
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


def _passes(rows: Rows, rule: Filter, place: Place) -> Flags:
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
