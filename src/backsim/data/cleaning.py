"""From an export's tables to a history: rows joined, or left out by stated rules and counted."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.export import Export
from backsim.data.fates import fates_of_lines, leave_out_later
from backsim.data.history import (
    History,
    LineHistory,
    Rows,
    WithinDay,
    in_steps,
    smallest_of,
)
from backsim.data.mapping import Mapping as MappingFile
from backsim.data.masters import masters_of, stock_of
from backsim.data.naming import (
    classes_of_lines,
    convert_units,
    name_products,
    name_sites,
    only_used,
)
from backsim.data.purchases import have_times, purchases_of
from backsim.data.reading import Data, distinct
from backsim.data.window import window
from backsim.errors import InputError, counted, few
from backsim.tables.dates import EPOCH
from backsim.tables.values import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]


MIXER = np.uint64(0x9E3779B97F4A7C15)
"""Spreads the rows of a table over keys: 2^64 by the golden ratio."""
MUCH_RETURNED = 0.05
"""Units returned, as a share of those ordered, from which this is noted."""


def clean(mapping: MappingFile, tables: dict[str, Data]) -> History:
    """The history of an export.  Raises InputError where nothing is left."""
    notes = [note for data in tables.values() for note in data.notes]
    return _history(Export(mapping, dict(tables), notes))


def _history(export: Export) -> History:
    _join_heads(export)
    name_products(export)
    convert_units(export)
    _leave_out(export)
    name_sites(export)
    since, until = window(export)
    leave_out_later(export, until)
    fates, sent = fates_of_lines(export, since)
    lines = _lines(export, since, until, fates)
    purchases, came = purchases_of(export, since, until)
    smallest = _smallest(export, lines, sent, purchases, came)
    first = EPOCH.date() + datetime.timedelta(days=since)
    rows = tuple(
        Rows(name, file_name(data.place), data.read, len(data), dict(data.dropped))
        for name, data in export.tables.items()
    )
    told = "customer" in export.tables["lines"].names
    clocked = export.tables["lines"].clocked.get("ordered", False)
    exact = have_times(export)
    return History(
        first=first,
        days=float(until + 1 - since),
        products=tuple(export.products),
        sites=tuple(export.sites),
        classes=tuple(export.classes),
        suppliers=tuple(export.suppliers),
        orders=tuple(export.orders),
        customers=export.tables["lines"].names["customer"].texts if told else (),
        numbers=export.numbers,
        lines=lines,
        sent=sent,
        purchases=purchases,
        came=came,
        stock=stock_of(export, since),
        masters=masters_of(export),
        rows=rows,
        notes=tuple(export.notes),
        clocked=clocked,
        exact=exact,
        within_day=WithinDay(),
        smallest=smallest,
        cut_off=export.cut_off,
    )


def _smallest(export: Export, lines: LineHistory, *moved: Any) -> Floats:
    """The smallest quantity of each product; parts that a scenario has none of are noted."""
    of = [lines, *moved]
    product = np.concatenate([one.product for one in of])
    units = np.concatenate([one.units for one in of])
    found = smallest_of(product, units, len(export.products))
    rounded = np.abs(units - in_steps(units, found[product])) > 1e-6
    if parted := [export.products[i] for i in np.flatnonzero(found < 1).tolist()]:
        most = f", others to {found.min():g}" if rounded.any() else ""
        export.notes.append(
            f"{few(parted, 4)}: ordered in parts of a unit, so a scenario counts "
            f"{'it' if len(parted) == 1 else 'them'} in parts (`smallest`){most}."
        )
    return found


def file_name(place: str) -> str:
    """The name of a file, of which the folders are left out: Windows has other separators."""
    return re.split(r"[/\\]", place)[-1]


def _join_heads(export: Export) -> None:
    """Put what the heads of orders say on their lines."""
    lines = export.tables["lines"]
    _fill_in(export, lines)
    export.keep("lines", ~lines.is_empty("order") & ~lines.is_empty("product"), "no name")
    if "orders" in export.tables:
        _date_by_number(export, "orders")
        heads, lines = export.tables["orders"], export.tables["lines"]
        _, (head, line) = distinct([heads.names["order"], lines.names["order"]])
        place = np.full(int(max(head.max(initial=0), line.max(initial=0))) + 1, -1)
        place[head[::-1]] = np.arange(len(heads))[::-1]
        there = place[line] >= 0
        export.keep("lines", there, "an order without a head")
        lines, where = export.tables["lines"], place[line][there]
        names = {n: Coded(c.codes[where], c.texts) for n, c in heads.names.items()}
        dates = {n: values[where] for n, values in heads.dates.items()}
        export.tables["lines"] = Data(
            lines.table,
            lines.place,
            lines.rows,
            lines.read,
            {**names, **lines.names},
            lines.numbers,
            {**dates, **lines.dates},
            {**heads.clocked, **lines.clocked},
            lines.dropped,
        )
    else:
        _date_by_number(export, "lines")


def _fill_in(export: Export, lines: Data) -> None:
    """Give all rows of an order what only one of them says, also its number, as in lists."""
    order, once = lines.names["order"], export.mapping.entry("lines").once
    if "order" in once:
        told = np.where(lines.is_empty("order"), 0, np.arange(len(lines)))
        order.codes[:] = order.codes[np.maximum.accumulate(told)]
    for name in once:
        dated = name in lines.dates
        values = lines.dates[name] if dated else lines.names[name].codes
        empty = np.isnan(values) if dated else lines.is_empty(name)
        told = np.flatnonzero(~empty)[::-1]
        first = np.full(len(order.texts), -1)
        first[order.codes[told]] = told
        row = first[order.codes]
        fills = empty & (row >= 0)
        values[fills] = values[row[fills]]


def _date_by_number(export: Export, table: str) -> None:
    """Orders without a date take that of the number before, where numbers rise with time."""
    data = export.tables[table]
    ordered = data.dates["ordered"]
    missing = np.isnan(ordered)
    if not missing.any():
        return
    texts = data.names["order"].texts
    if all(text.isdecimal() and len(text) < 16 for text in texts):
        number = np.array([int(text) for text in texts], float)[data.names["order"].codes]
        known = np.flatnonzero(~missing)
        rising = known[np.argsort(number[known], kind="stable")]
        steps = np.diff(np.floor(ordered[rising]))
        if len(rising) > 10 and (steps < 0).mean() < 0.02:
            before = np.searchsorted(number[rising], number[missing], "right") - 1
            ordered = ordered.copy()
            ordered[missing] = ordered[rising[np.maximum(before, 0)]]
            data.dates["ordered"][:] = ordered
            export.notes.append(
                f"{counted(int(missing.sum()), 'row')} of {table} without a date took that of the "
                "order number before."
            )


def _leave_out(export: Export) -> None:
    """Lines that are no demand."""
    rules, lines = export.rules, export.tables["lines"]
    test = re.compile(rules.test)
    tests = lines.is_any("text", test.fullmatch) | lines.is_any("customer_class", test.fullmatch)
    tests |= lines.is_any("customer", _test_customers(export, test).__contains__)
    export.keep("lines", ~tests, "a test order")
    lines = export.tables["lines"]
    returned = lines.is_one_of("kind", rules.returns)
    returned |= lines.numbers["units"] < 0
    units = np.abs(np.nan_to_num(lines.numbers["units"]))
    back = units[returned].sum() / max(units[~returned].sum(), 1.0)
    if back >= MUCH_RETURNED:
        export.notes.append(
            f"Returns have {100 * back:.1f} % of the units ordered. Orders that were taken back "
            "immediately are demand, too: leave these and their returns out of the export."
        )
    export.keep("lines", ~returned, "a return")
    lines = export.tables["lines"]
    none = lines.numbers["units"] == 0
    gone = int((none & lines.is_one_of("status", rules.cancelled)).sum())
    if gone:
        export.notes.append(
            f"{counted(gone, 'cancelled line')} of 0 units: what was ordered is not told, and "
            "missing in the demand."
        )
    export.keep("lines", lines.numbers["units"] > 0, "no units")
    _drop_repeats(export, "lines")
    _drop_repeats(export, "purchases")
    lines = export.tables["lines"]
    export.keep("lines", ~np.isnan(lines.dates["ordered"]), "no date")
    if not len(export.tables["lines"]):
        raise InputError(f"{lines.place}: expected order lines that are demand, found none left")


def _test_customers(export: Export, test: re.Pattern[str]) -> set[str]:
    data = export.tables.get("customers")
    if data is None:
        return set()
    tests = data.is_any("name", test.fullmatch) | data.is_any("customer_class", test.fullmatch)
    customer = data.names["customer"]
    return {customer.texts[code] for code in np.unique(customer.codes[tests])}


def _drop_repeats(export: Export, table: str) -> None:
    """Rows that are equal in every column to one before; without line numbers, they may be two.

    They are counted then, and told.
    """
    lines = export.tables.get(table)
    if lines is None:
        return
    columns = [c.codes.astype(np.uint64) for c in lines.names.values()]
    columns += [v.view(np.uint64) for v in (*lines.numbers.values(), *lines.dates.values())]
    key = np.zeros(len(lines), np.uint64)
    for values in columns:
        key = (key ^ values) * MIXER
        key ^= key >> np.uint64(29)
    _, first, group = np.unique(key, return_index=True, return_inverse=True)
    like = first[group]
    again = like != np.arange(len(lines))
    for values in columns:  # two rows that differ may have one key
        again &= values == values[like]
    if "line" in lines.names:
        export.keep(table, ~again, "a repeated row")
    elif again.any():
        export.notes.append(
            f"{counted(int(again.sum()), 'row')} of {table} equal to another one: counted, as "
            "nothing numbers the lines."
        )


def _lines(export: Export, since: int, until: int, fates: Mapping[str, Floats]) -> LineHistory:
    lines = export.tables["lines"]
    time = lines.dates["ordered"] - since
    group = classes_of_lines(export)
    units, product = lines.numbers["units"], export.products_of("lines")
    site = export.sites_of("lines")
    whole = fates["shipped"] >= units - 1e-9
    served = np.where(whole & np.isfinite(fates["last"]), fates["last"], np.nan)
    order = np.flatnonzero((time >= 0) & (time < until + 1 - since))
    order = order[np.argsort(time[order], kind="stable")]
    still = (time < 0) & (fates["shipped"] + fates["taken"] < units - 1e-9)
    if count := int((still & (fates["unknown"] == 0)).sum()):
        export.notes.append(
            f"{counted(count, 'line')} from before the first day with no shipment or cancellation "
            "of the rest: if still open, the book lacks them (an earlier `since` takes them in)."
        )
    export.keep("lines", time >= 0, "ordered before the first day, and open then")
    late = export.tables["lines"].dates["ordered"] - since >= until + 1 - since
    export.keep("lines", ~late, "ordered after the last day")
    if not len(order):
        raise InputError(f"{lines.place}: expected orders between the first and last day")
    group = only_used(export, group, order)
    # a number that is used again, as those of tills and of each year, is that of another order
    days, number = round(float(time.max())) + 2, lines.names["order"]
    key = number.codes[order] * days + time[order].astype(np.int64)
    of, place = np.unique(key, return_inverse=True)
    export.orders = [number.texts[code] for code in (of // days).tolist()]
    who = lines.names["customer"].codes if "customer" in lines.names else np.full(len(lines), -1)
    return LineHistory(
        order=place,
        customer=who[order],
        product=product[order],
        site=site[order],
        customer_class=group[order],
        units=units[order],
        time=time[order],
        at_once=fates["at_once"][order],
        shipped=fates["shipped"][order],
        waited=fates["waited"][order],
        served=served[order],
        cancelled=fates["cancelled"][order],
        cancelled_units=fates["taken"][order],
        waiting=fates["waiting"][order] > 0,
        known=fates["unknown"][order] == 0,
        **{
            name: lines.dates.get(name, np.full(len(lines), np.nan))[order] - since
            for name in ("wanted", "promised")
        },
    )
