"""Order lines from a CSV file: columns mapped, dates read, rows filtered and counted."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.schema import Trace

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

DAY = np.timedelta64(1, "D")


class TraceError(Exception):
    """A trace cannot be used: (field below the trace, what was expected, what was found)."""

    def __init__(self, where: tuple[str | int, ...], expected: str, found: str = "") -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(expected)


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
        return f"{self.file}: {self.read:,} lines read, {self.used:,} used, {self.orders:,} orders{reasons}"


@dataclass(frozen=True, slots=True)
class TraceLines:
    """The lines used, in order of time: days from the first midnight, and names as codes."""

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


def read_trace(trace: Trace, folder: Path) -> TraceLines:
    """Read a trace.  Raises TraceError: no file, a missing column, a date that does not fit."""
    frame, digest = _read_csv(trace, folder)
    read = len(frame)
    skipped: dict[str, int] = {}

    def keep(frame: pd.DataFrame, passes: Any, reason: str) -> pd.DataFrame:
        count = int((~passes).sum())
        if count:
            skipped[reason] = skipped.get(reason, 0) + count
        return frame[passes]

    for i, rule in enumerate(trace.where):
        frame = keep(frame, _passes(frame[rule.column], rule, i), _reason(rule))
    columns = trace.columns
    units = _numbers(frame[columns.units])
    frame = keep(frame, units > 0, f"{columns.units} is not a whole number above 0")
    whole = _numbers(frame[columns.units]) % 1 == 0
    frame = keep(frame, whole, f"{columns.units} is not a whole number above 0")
    for column in (columns.time, columns.product):
        frame = keep(frame, frame[column] != "", f"{column} is empty")
    if trace.top_products is not None:
        counts = frame[columns.product].value_counts()
        names = sorted(counts.index, key=lambda name: (-counts[name], name))
        top = frame[columns.product].isin(names[: trace.top_products])
        frame = keep(frame, top, f"not one of the {trace.top_products} products with most lines")
    if frame.empty:
        raise TraceError((), "a trace with at least one usable line", f"none of {read:,} lines")
    time, first_day = _times(frame[columns.time], trace)
    order = np.argsort(time, kind="stable")
    frame, time = frame.iloc[order], time[order]
    site = frame[columns.site] if columns.site else None
    orders = _order_numbers(frame, columns.order)
    lines = np.argsort(orders, kind="stable")  # an order's lines together
    frame = frame.iloc[lines]
    units = _numbers(frame[columns.units])
    if units.max() > 1e9:
        raise TraceError(("columns", "units"), "at most 1e9 units a line", f"{units.max():.0f}")
    report = TraceReport(
        trace.file, digest, read, len(frame), skipped, int(orders.max()) + 1, first_day
    )
    return TraceLines(
        _order_times(time[lines], orders[lines]),
        orders[lines],
        frame[columns.product].to_numpy(str),
        (site.iloc[lines].to_numpy(str) if site is not None else np.full(len(frame), trace.site or "")),
        units.to_numpy().astype(np.int64),
        _prices(frame, columns.product, columns.price),
        report,
    )


def _read_csv(trace: Trace, folder: Path) -> tuple[pd.DataFrame, str]:
    import hashlib

    import pandas as pd

    path = folder / trace.file
    columns = [c for c in trace.columns.model_dump().values() if c]
    columns += [rule.column for rule in trace.where]
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        header = pd.read_csv(path, nrows=0, dtype=str).columns
        missing = [c for c in columns if c not in header]
        if missing:
            raise TraceError(("columns",), f"columns of the file ({', '.join(header)})", missing[0])
        used = list(dict.fromkeys(columns))
        frame = pd.read_csv(path, usecols=used, dtype=str, keep_default_na=False)
    except OSError as error:
        raise TraceError(("file",), f"a readable file ({error.strerror or error})", str(path)) from None
    except (ValueError, UnicodeDecodeError, EOFError) as error:
        first = str(error).splitlines()[0]
        raise TraceError(("file",), f"a CSV file with a header row ({first})", str(path)) from None
    return frame, digest


def _numbers(column: pd.Series[str]) -> Any:
    import pandas as pd

    return pd.to_numeric(column, errors="coerce")


def _passes(column: pd.Series[str], rule: Any, index: int) -> Any:
    import re

    passes = column == column
    if rule.min is not None or rule.max is not None:
        numbers = _numbers(column)
        passes &= numbers.notna()
        passes &= (numbers >= rule.min) if rule.min is not None else True
        passes &= (numbers <= rule.max) if rule.max is not None else True
    for name, wanted in (("matches", True), ("excludes", False)):
        pattern = getattr(rule, name)
        if pattern is not None:
            try:
                passes &= column.str.fullmatch(pattern) == wanted
            except re.error as error:
                where = ("where", index, name)
                raise TraceError(where, f"a regular expression ({error})", pattern) from None
    return passes


def _reason(rule: Any) -> str:
    given = rule.model_dump(exclude_none=True)
    column = given.pop("column")
    tests = " and ".join(f"{name} {value}" for name, value in given.items())
    return f"{column} fails {tests}"


def _times(column: pd.Series[str], trace: Trace) -> tuple[NDArray[np.float64], datetime.date | None]:
    """Days from the first midnight (or from 0, for plain numbers), and the first date."""
    import pandas as pd

    if trace.date_format == "days":
        times = _numbers(column)
        if times.isna().any() or (times < 0).any():
            bad = column[times.isna() | (times < 0)].iloc[0]
            raise TraceError(("columns", "time"), "numbers of days, 0 or more", repr(bad))
        return times.to_numpy(float), None
    try:
        stamps = pd.to_datetime(column, format=trace.date_format, errors="coerce")
    except ValueError as error:
        raise TraceError(("date_format",), f"a strptime format ({error})", trace.date_format) from None
    if stamps.isna().any():
        bad = column[stamps.isna()]
        row = f"{bad.iloc[0]!r} in line {int(bad.index[0]) + 2}"
        raise TraceError(("date_format",), f"dates like {trace.date_format!r}", row)
    first = stamps.min().normalize()
    days = (stamps - first).to_numpy() / DAY
    return days.astype(float), first.date()


def _order_numbers(frame: pd.DataFrame, column: str | None) -> NDArray[np.int64]:
    """Number of each row's order, in order of first appearance."""
    import pandas as pd

    if column is None:
        return np.arange(len(frame))
    return pd.factorize(frame[column])[0].astype(np.int64)



def _order_times(time: NDArray[np.float64], orders: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each line takes the time of its order's first line."""
    starts = np.flatnonzero(np.r_[True, orders[1:] != orders[:-1]])
    return np.asarray(np.repeat(time[starts], np.diff(np.r_[starts, len(orders)])))


def _prices(frame: pd.DataFrame, product: str, price: str | None) -> dict[str, float]:
    if price is None:
        return {}
    means = _numbers(frame[price]).groupby(frame[product]).mean()
    return {str(name): float(value) for name, value in means.items() if value >= 0}
