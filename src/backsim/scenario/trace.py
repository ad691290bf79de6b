"""Order lines from a CSV file: columns mapped, dates read, rows filtered and counted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.quantities import LARGEST_STOCK, MOST
from backsim.scenario.demand import Cancellations, Filter, Trace
from backsim.scenario.tracefile import TraceError, read_csv
from backsim.scenario.yamlfile import show

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class TraceReport:
    """What became of a trace file's rows."""

    file: str
    sha256: str
    read: int
    used: int
    skipped: Mapping[str, int]
    orders: int
    first_day: datetime.date | None

    def __str__(self) -> str:
        reasons = "".join(f"\n  skipped {n:,}: {reason}" for reason, n in self.skipped.items())
        counts = f"{self.read:,} lines read, {self.used:,} used, {self.orders:,} orders"
        return f"{self.file}: {counts}{reasons}"


@dataclass(frozen=True, slots=True)
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

    @property
    def products(self) -> list[str]:
        """Names of the products, most lines first (ties by name)."""
        names, counts = np.unique(self.product, return_counts=True)
        return [str(names[i]) for i in np.lexsort((names, -counts))]


def read_trace(trace: Trace, folder: Path, start: datetime.date | None = None) -> TraceLines:
    """Read a trace; rows before `start` are skipped.  Day 0 is the first midnight.

    Raises TraceError: no file, a missing column, a date that does not fit, nothing left to use.
    """
    frame, digest = read_csv(trace, folder)
    rows = _Rows(frame)
    _filter(rows, trace)
    rows.need_one()
    times = _Times(rows.frame[trace.columns.time], trace.date_format)
    if start is not None and times.dates is not None:
        early = times.dates < np.datetime64(start)
        rows.keep(~early, f"before the start ({start})")
        rows.need_one()
        times = times.without(early)
    time, first_day = times.days()
    order = np.argsort(time, kind="stable")
    number = _order_numbers(rows.frame.iloc[order], trace.columns.order)
    together = np.argsort(number, kind="stable")
    rows.frame, time, number = (
        rows.frame.iloc[order[together]],
        time[order[together]],
        number[together],
    )
    used = len(rows.frame)
    report = TraceReport(
        trace.file, digest, rows.read, used, rows.skipped, int(number[-1]) + 1, first_day
    )
    return _lines(rows.frame, trace, _time_of_first(time, number), number, report)


def set_start(trace: TraceLines, start: datetime.date | None) -> TraceLines:
    """The trace with days counted from `start`, which is no later than its first day."""
    if start is None or trace.report.first_day is None:
        return trace
    return replace(trace, time=trace.time + float((trace.report.first_day - start).days))


class _Rows:
    """The rows still in use, and how many were skipped for which reason."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.read = len(frame)
        self.skipped: dict[str, int] = {}

    def keep(self, passes: Any, reason: str) -> None:
        """Keep the rows that pass."""
        count = int((~passes).sum())
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count
            self.frame = self.frame[passes]

    def need_one(self) -> None:
        """Refuse a trace of which nothing is left."""
        if self.frame.empty:
            reasons = "; ".join(f"{n:,} skipped: {why}" for why, n in self.skipped.items())
            found = f"{self.read:,} rows" + (f" ({reasons})" if reasons else "")
            raise TraceError((), "a trace with at least one usable row", found)


def _filter(rows: _Rows, trace: Trace) -> None:
    """Skip the rows that cannot or shall not be used."""
    columns = trace.columns
    if trace.cancelled is not None:
        _take_back(rows, trace.cancelled, columns.units)
    for rule in trace.where:
        rows.keep(_passes(rows.frame[rule.column], rule), _reason(rule))
    units = numbers(rows.frame[columns.units])
    usable = (units > 0) & (units % 1 == 0)
    rows.keep(usable, f"{columns.units} is not a whole number above 0")
    for column in (columns.time, columns.product, columns.order, columns.site):
        if column is not None:
            rows.keep(rows.frame[column] != "", f"{column} is empty")
    if trace.top_products is not None:
        counts = rows.frame[columns.product].value_counts()
        names = sorted(counts.index, key=lambda name: (-counts[name], name))
        top = rows.frame[columns.product].isin(names[: trace.top_products])
        rows.keep(top, f"not one of the {trace.top_products} products with most lines")


def _take_back(rows: _Rows, rule: Cancellations, units: str) -> None:
    """Drop cancellations, and the earlier rows that they cancel."""
    cancels = _fullmatches(rows.frame[rule.column], rule.matches)
    keys = zip(*(rows.frame[c] for c in rule.same), numbers(rows.frame[units]).abs(), strict=True)
    keep = ~cancels
    open_rows: dict[Any, list[int]] = {}
    for row, (key, cancelling) in enumerate(zip(keys, cancels, strict=True)):
        if not cancelling:
            open_rows.setdefault(key, []).append(row)
        elif open_rows.get(key):
            keep[open_rows[key].pop()] = False
    rows.keep(keep | cancels, "cancelled later")
    rows.keep(~cancels[keep | cancels], f"{rule.column} says it is a cancellation")


def numbers(column: pd.Series[str]) -> Any:
    """A column as numbers; NaN where it is none."""
    import pandas as pd

    return pd.to_numeric(column, errors="coerce")


def _fullmatches(column: pd.Series[str], pattern: str) -> NDArray[np.bool_]:
    """Whether each text matches as a whole (each distinct text is tried once)."""
    import pandas as pd

    codes, texts = pd.factorize(column)
    compiled = re.compile(pattern)
    matches = np.array([compiled.fullmatch(str(text)) is not None for text in texts], bool)
    return np.asarray(matches[codes])


def _passes(column: pd.Series[str], rule: Filter) -> Any:
    passes = np.ones(len(column), bool)
    if rule.min is not None:
        passes &= numbers(column).to_numpy() >= rule.min
    if rule.max is not None:
        passes &= numbers(column).to_numpy() <= rule.max
    if rule.matches is not None:
        passes &= _fullmatches(column, rule.matches)
    if rule.excludes is not None:
        passes &= ~_fullmatches(column, rule.excludes)
    return passes


def _reason(rule: Filter) -> str:
    given = rule.model_dump(exclude_none=True)
    column = given.pop("column")
    return f"{column} fails " + " and ".join(f"{name} {show(v)}" for name, v in given.items())


class _Times:
    """The times of the rows: dates, or plain numbers of days."""

    def __init__(self, column: pd.Series[str], date_format: str) -> None:
        self.dates: NDArray[np.datetime64] | None = None
        self.plain: NDArray[np.float64] | None = None
        if date_format == "days":
            self.plain = _plain_days(column)
        else:
            self.dates = _dates(column, date_format)

    def without(self, rows: Any) -> _Times:
        """The times of the other rows."""
        assert self.dates is not None
        self.dates = self.dates[~rows]
        return self

    def days(self) -> tuple[NDArray[np.float64], datetime.date | None]:
        """Days from the first midnight (or from 0, for plain numbers), and the first date."""
        if self.dates is None:
            assert self.plain is not None
            return self.plain, None
        first = self.dates.min().astype("datetime64[D]")
        return np.asarray((self.dates - first) / DAY), first.astype(object)


def _plain_days(column: pd.Series[str]) -> NDArray[np.float64]:
    times = numbers(column).to_numpy(float)
    wrong = ~((times >= 0) & (times <= MOST))
    if wrong.any():
        raise TraceError(("columns", "time"), "numbers of days, 0 or more", _where(column, wrong))
    return np.asarray(times)


def _dates(column: pd.Series[str], date_format: str) -> NDArray[np.datetime64]:
    import pandas as pd

    try:
        stamps = pd.to_datetime(column, format=date_format, errors="coerce")
    except ValueError:
        expected = "a date format such as %Y-%m-%d %H:%M, or days"
        raise TraceError(("date_format",), expected, f"'{date_format}'") from None
    wrong = stamps.isna().to_numpy()
    if wrong.any():
        raise TraceError(("date_format",), f"dates like {date_format}", _where(column, wrong))
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_localize(None)
    return stamps.to_numpy()


def _where(column: pd.Series[str], wrong: Any) -> str:
    """The first wrong text of a column, and its line in the file."""
    bad = column[wrong]
    return f"'{bad.iloc[0]}' in line {int(bad.index[0]) + 2}"


def _order_numbers(frame: pd.DataFrame, column: str | None) -> NDArray[np.int64]:
    """Number of each row's order, in order of first appearance."""
    import pandas as pd

    if column is None:
        return np.arange(len(frame))
    return pd.factorize(frame[column])[0].astype(np.int64)


def _time_of_first(time: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each line takes the time of its order's first line."""
    starts = np.flatnonzero(np.r_[True, order[1:] != order[:-1]])
    return np.asarray(np.repeat(time[starts], np.diff(np.r_[starts, len(order)])))


def _lines(
    frame: pd.DataFrame,
    trace: Trace,
    time: NDArray[np.float64],
    order: NDArray[np.int64],
    report: TraceReport,
) -> TraceLines:
    columns = trace.columns
    units = numbers(frame[columns.units]).to_numpy(float)
    if units.max() > LARGEST_STOCK:
        expected = f"at most {LARGEST_STOCK:,.0f} units a line"
        raise TraceError(("columns", "units"), expected, f"{units.max():,.0f}")
    site = (
        frame[columns.site].to_numpy(str) if columns.site else np.full(len(frame), trace.site or "")
    )
    product = frame[columns.product].to_numpy(str)
    return TraceLines(
        time, order, product, site, units.astype(np.int64), _prices(frame, columns), report
    )


def _prices(frame: pd.DataFrame, columns: Any) -> dict[str, float]:
    """Mean price of each product, where there is one."""
    if columns.price is None:
        return {}
    texts = frame[columns.price]
    prices = numbers(texts)
    wrong = prices.isna() & (texts != "")
    if wrong.any():
        raise TraceError(
            ("columns", "price"), "prices as numbers (1.50)", repr(texts[wrong].iloc[0])
        )
    means = prices[np.isfinite(prices)].groupby(frame[columns.product]).mean()
    return {str(name): float(value) for name, value in means.items() if 0 <= value <= MOST}
