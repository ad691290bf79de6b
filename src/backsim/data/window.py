"""The days that an export is about."""

from __future__ import annotations

import datetime

import numpy as np

from backsim.data.export import Export
from backsim.errors import InputError
from backsim.tables.dates import EPOCH

STRAY, FAR, FEW, ENOUGH = 180, 3, 0.005, 20
"""Days without an order, and times the longest such gap elsewhere, that set the first or last ones
apart; the share of the lines up to which these are errors of typing, and lines from which that is
said."""
QUIET, TIMES = 7, 5
"""Days without an order, and how many times the longest elsewhere, from which orders have ended."""


def window(export: Export) -> tuple[int, int]:
    """(first day, day of the export), days since 1970.

    The first day is not before the first order, and the last not long after the last one: rates are
    of the days of which the export has the orders.  Raises InputError.
    """
    shipped, cancelled = (
        [
            export.tables[table].dates[name]
            for table in (apart, "lines")
            if table in export.tables and name in export.tables[table].dates
        ]
        for apart, name in (("shipments", "shipped"), ("cancellations", "cancelled"))
    )
    happened = [values for values in (*shipped, *cancelled) if not np.isnan(values).all()]
    # Without shipments it is not known which of the earlier orders were open.
    told = happened if any(not np.isnan(values).all() for values in shipped) else []
    ordered = export.tables["lines"].dates["ordered"]
    bought = [
        values
        for table in ("purchases", "receipts")
        if table in export.tables
        for name, values in export.tables[table].dates.items()
        if name != "confirmed"
    ]
    if export.mapping.since is not None:
        since = (export.mapping.since - EPOCH.date()).days
    elif told:
        since = int(np.floor(max(min(np.nanmin(values) for values in told), ordered.min())))
    else:
        _refuse_stray(export, -1)
        since = int(np.floor(ordered.min()))
    if export.mapping.until is not None:
        until = (export.mapping.until - EPOCH.date()).days
    else:
        _refuse_stray(export, 1)
        known = [v for v in (ordered, *happened, *bought) if not np.isnan(v).all()]
        until = _last_day(export, int(np.floor(max(np.nanmax(values) for values in known))))
    if until < since:
        raise InputError(
            f"{export.tables['lines'].place}: expected `until` after `since`, got "
            f"{_date(until)} and {_date(since)}"
        )
    return since, until


def _last_day(export: Export, told: int) -> int:
    """The last day that is told of; or that of the last order, where none came for long then."""
    days = np.unique(np.floor(export.tables["lines"].dates["ordered"]))
    last, longest = int(days[-1]), float(np.diff(days).max(initial=0.0))
    few = len(export.tables["lines"]) < ENOUGH
    if few or told - last <= max(QUIET, TIMES * longest):
        return told
    export.notes.append(
        f"The history ends with the last order, on {_date(last)}, as none came in the "
        f"{told - last} days until {_date(told)}, the last that is told of (`until` decides)."
    )
    return last


def _refuse_stray(export: Export, sign: int) -> None:
    """Refuse a last order (or first: -1) that is far from all others."""
    lines = export.tables["lines"]
    days = np.sort(sign * np.floor(lines.dates["ordered"]))
    few = int(max(1, FEW * len(days)))
    gaps, last = np.diff(days), days[-few - 1 :]
    if len(days) < ENOUGH or gaps[-few:].max() <= max(STRAY, FAR * gaps[:-few].max()):
        return
    row = int(np.argmax(sign * lines.dates["ordered"]))
    beyond = int(np.argmax(np.diff(last)))
    raise InputError(
        f"{lines.place}:{lines.rows[row]}: expected an order near the others, got one of "
        f"{_date(int(sign * last[-1]))}: {_date(int(sign * last[beyond]))} is the "
        f"{'last' if sign > 0 else 'first'} day before a gap of "
        f"{int(last[beyond + 1] - last[beyond])} days; correct the date, or say "
        f"`{'until' if sign > 0 else 'since'}` in a mapping"
    )


def _date(day: int) -> datetime.date:
    return EPOCH.date() + datetime.timedelta(days=day)
