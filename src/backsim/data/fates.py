"""What became of order lines: shipped, at once or later, cancelled, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.export import Export
from backsim.data.history import Movements
from backsim.data.matching import match, share_out
from backsim.data.naming import convert_units_like
from backsim.data.reading import Data, distinct
from backsim.errors import InputError, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

PROMPT = 0.02
"""Share of the shipments at the very time of their orders from which goods leave at such times."""
SHORT = 3.0
"""Days: cancellations for reasons that are no wait come within them."""


def leave_out_later(export: Export, until: int) -> None:
    """What was shipped or cancelled after the last day was open on it."""
    for table, name in (("shipments", "shipped"), ("cancellations", "cancelled")):
        if table in export.tables:
            later = export.tables[table].dates[name] >= until + 1
            export.keep(table, ~later, "after the last day")
        days = export.tables["lines"].dates.get(name, np.empty(0))
        later = days >= until + 1
        if later.any():
            days[later] = np.nan
            if name == "shipped" and "shipped_units" in export.tables["lines"].numbers:
                export.tables["lines"].numbers["shipped_units"][later] = 0.0
            export.notes.append(
                f"{counted(int(later.sum()), 'line')} {name} after the last day: open on it."
            )


def fates_of_lines(export: Export, since: int) -> tuple[Mapping[str, Floats], Movements]:
    """(what was shipped and cancelled of each line, and when; all shipments), days from `since`."""
    lines, keys = export.tables["lines"], _keys(export)
    count, units = len(lines), lines.numbers["units"]
    ordered = lines.dates["ordered"] - since
    told = "shipments" in export.tables or "shipped" in lines.dates
    line, sent, when, clocked = _sent(export, keys, since)
    undated = np.isnan(when)
    unknown = np.full(count, not told)
    unknown[line[undated]] = True
    if undated.any():
        export.notes.append(
            f"{counted(int(undated.sum()), 'shipment')} without a date: the units count, the "
            "wait of their lines does not."
        )
    shipped, last = _sums(line, sent, count), np.full(count, -np.inf)
    np.maximum.at(last, line, np.where(undated, -np.inf, when))
    at_once, waited = np.zeros(count), np.zeros(count)
    if len(line):
        prompt = _prompt(export, ordered[line], when, clocked)
        noon = ordered + (0.0 if lines.clocked.get("ordered") else 0.5)
        days = np.where(prompt | undated, 0.0, np.maximum(when - noon[line], 0.0))
        at_once = _sums(line, np.where(prompt, sent, 0.0), count)
        waited = _sums(line, sent * days, count)
    if early := int((np.floor(when) < np.floor(ordered[line])).sum()):
        export.notes.append(
            f"{counted(early, 'shipment')} before the day of the order: taken as immediate."
        )
    sent_units = Movements(
        export.products_of("lines")[line],
        export.sites_of("lines")[line],
        np.where(undated, ordered[line], when),
        sent,
    )
    cancelled = _cancelled(export, keys, since, units, shipped)
    unknown |= _cancelled_on_no_day(export, cancelled["cancelled"], shipped, told)
    fates = {
        "shipped": np.minimum(shipped, units),
        "at_once": np.minimum(at_once, units),
        "last": last,
        "waited": waited,
        **cancelled,
        "unknown": np.where(unknown, 1.0, cancelled["unknown"]),
    }
    return fates, sent_units


def _sums(line: Codes, units: Floats, count: int) -> Floats:
    return np.bincount(line, units, count).astype(float)


def _sent(
    export: Export, keys: Mapping[str, Codes], since: int
) -> tuple[Codes, Floats, Floats, bool]:
    """(line, units, day, whether days have a time) of all shipments; nan: no day is told."""
    lines = export.tables["lines"]
    units, ordered = lines.numbers["units"], lines.dates["ordered"] - since
    if "shipments" in export.tables:
        line, data = _shipments(export, keys)
        sent, when = data.numbers["units"], data.dates["shipped"] - since
        row, line, sent = share_out(keys["lines"], units, ordered, line, sent, when)
        return line, sent, when[row], data.clocked["shipped"]
    if "shipped" in lines.dates:
        when = lines.dates["shipped"] - since
        sent = lines.numbers.get("shipped_units", np.where(np.isnan(when), 0.0, units))
        line = np.flatnonzero(sent > 0)
        return line, sent[line], when[line], lines.clocked["shipped"]
    return np.empty(0, np.int64), np.empty(0), np.empty(0), False


def _shipments(export: Export, keys: Mapping[str, Codes]) -> tuple[Codes, Data]:
    """(the line of each shipment that counts, these shipments)."""
    line = match(keys["lines"], keys["shipments"])
    export.keep("shipments", line >= 0, "of no line that is used")
    line = line[line >= 0]
    line = line[convert_units_like(export, "shipments", "lines", line)]
    counts = export.tables["shipments"].numbers["units"] > 0
    export.keep("shipments", counts, "no units, or a return")
    return line[counts], export.tables["shipments"]


def _keys(export: Export) -> dict[str, Codes]:
    """The order line that rows are about, by table: order and line, or order and product."""
    tables = [n for n in ("lines", "shipments", "cancellations") if n in export.tables]
    _, order = distinct([export.tables[n].names["order"] for n in tables])
    by_line = all("line" in export.tables[n].names for n in tables)
    if by_line:
        texts, second = distinct([export.tables[n].names["line"] for n in tables])
        width = len(texts) + 1
    else:
        for name in tables:
            if "product" not in export.tables[name].codes:
                raise InputError(
                    f"{export.tables[name].place}: expected the column `line` here and in lines, "
                    "or `product`, to tell which order line it is about"
                )
        second = [export.products_of(n) + 1 for n in tables]
        width = len(export.products) + 2
    return {n: o * width + s for n, o, s in zip(tables, order, second, strict=True)}


def _cancelled(
    export: Export, keys: Mapping[str, Codes], since: int, units: Floats, shipped: Floats
) -> dict[str, Floats]:
    count = len(units)
    taken, when, waiting = np.zeros(count), np.full(count, np.nan), np.ones(count)
    unknown = np.zeros(count)
    ordered = export.tables["lines"].dates["ordered"] - since
    if "cancellations" in export.tables:
        line = match(keys["lines"], keys["cancellations"])
        export.keep("cancellations", line >= 0, "of no line that is used")
        line = line[line >= 0]
        line = line[convert_units_like(export, "cancellations", "lines", line)]
        dated = ~np.isnan(export.tables["cancellations"].dates["cancelled"])
        unknown[line[~dated]] = 1.0
        export.keep("cancellations", dated, "no date: the wait of their lines is not known")
        data, line = export.tables["cancellations"], line[dated]
        at, left = data.dates["cancelled"] - since, np.maximum(units - shipped, 0.0)
        back = data.numbers.get("units", np.full(len(data), np.inf))
        back = np.where(back > 0, back, np.inf)
        row, line, back = share_out(keys["lines"], left, ordered, line, back, at)
        np.add.at(taken, line, back)
        age = np.full(len(data), np.nan)
        age[row] = at[row] - ordered[line]
        when[line] = at[row]
        waiting[line] = ~_not_waiting(export, data, age)[row]
    elif "cancelled" in export.tables["lines"].dates:
        data = export.tables["lines"]
        when = data.dates["cancelled"] - since
        taken = np.where(np.isnan(when), 0.0, units - shipped)
        waiting = (~_not_waiting(export, data, when - ordered)).astype(float)
    taken = np.minimum(taken, np.maximum(units - shipped, 0.0))
    when = np.where(taken > 0, when, np.nan)  # what has left is no longer cancelled
    return {"taken": taken, "cancelled": when, "waiting": waiting, "unknown": unknown}


def _cancelled_on_no_day(export: Export, when: Floats, shipped: Floats, told: bool) -> Flags:
    """Lines that were cancelled by their status, and nothing tells when."""
    lines, words = export.tables["lines"], export.rules.cancelled
    if not told:  # what is closed may have been shipped
        words = tuple(word for word in words if word.casefold() != "closed")
    gone = lines.is_one_of("status", words)
    gone &= np.isnan(when) & (shipped < lines.numbers["units"] - 1e-9)
    if gone.any():
        export.notes.append(
            f"{counted(int(gone.sum()), 'line')} cancelled by status, on no day that is told: "
            "demand, but neither open nor part of the service."
        )
    return gone


def _not_waiting(export: Export, data: Data, age: Floats) -> Flags:
    """Which cancellations have nothing to do with waiting, by their reasons."""
    nothing = np.zeros(len(data), bool)
    if "reason" not in data.names:
        return nothing
    given = export.rules.not_waiting
    reason = data.names["reason"]
    if given is None:
        known = ~np.isnan(age)
        longest = np.full(len(reason.texts), -np.inf)
        np.maximum.at(longest, reason.codes[known], np.floor(age[known]))
        counts = np.bincount(reason.codes[known], minlength=len(reason.texts))
        quick = (longest <= SHORT) & (counts >= 5)
        if not quick.any() or quick[counts > 0].all():
            return nothing
        given = tuple(t for t, q in zip(reason.texts, quick, strict=True) if q)
        export.notes.append(
            f"Cancellations for {', '.join(map(repr, given))} are taken to have nothing to do "
            f"with waiting: all came within {SHORT:g} days (`rules.not_waiting`)."
        )
    return data.is_any("reason", set(given).__contains__)


def _prompt(export: Export, ordered: Floats, shipped: Floats, clocked: bool) -> Flags:
    """Which shipments left as soon as orders leave that find their units on hand.

    Where both have a time of day, and some left at the time of their order: at that time.  Else on
    the day of the order, or on the next day on which goods leave at all, for orders after the hour
    at which the day's last leave.
    """
    with np.errstate(invalid="ignore"):
        if clocked and export.tables["lines"].clocked.get("ordered"):
            then = np.asarray(shipped <= ordered + 1e-6)
            if then.mean() >= PROMPT:
                return then
        day, hour = np.floor(ordered), (ordered - np.floor(ordered)) * 24
        known = ~np.isnan(shipped)
        weekdays = np.bincount(
            ((day[known] * 0 + np.floor(shipped[known])) % 7).astype(int), minlength=7
        )
        works = weekdays > 0.02 * weekdays.sum()
        following = np.array([1 + int(np.argmax(np.roll(works, -(d + 1)))) for d in range(7)])
        of_week = (day % 7).astype(int)
        late = hour >= _last_hour(export, day, hour, shipped, works[of_week])
        allowed = np.where(works[of_week] & ~late, day, day + following[of_week])
        return np.asarray(np.floor(shipped) <= allowed)


def _last_hour(export: Export, day: Floats, hour: Floats, shipped: Floats, works: Flags) -> float:
    """The hour from which orders leave the next day, by when they did; 24: there is none."""
    if not export.tables["lines"].clocked.get("ordered"):
        return 24.0
    soon = works & (shipped - day < 4)
    slot = hour[soon].astype(int)
    same = np.bincount(slot, np.floor(shipped[soon]) <= day[soon], 24)
    total = np.bincount(slot, minlength=24)
    share = np.where(total >= 5, same / np.maximum(total, 1), np.nan)
    low = [h for h in range(24) if share[h] < 0.1]
    if not low or np.nanmax(share) < 0.3:
        return 24.0
    after = [h for h in low if not np.nanmax(share[h:]) >= 0.1]
    if not after:
        return 24.0
    export.cut_off = after[0]
    export.notes.append(f"Orders from {after[0]}:00 on leave on the next working day.")
    return float(after[0])
