"""Counted stock, and what the masters say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.data.export import Export
from backsim.data.history import Masters, StockHistory
from backsim.errors import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]


def stock_of(export: Export, since: int) -> StockHistory:
    """Units counted, in days from `since`: one count per product, site and day.

    Of several rows of the latest moment of a day, the units are added, as stock lies in several
    bins; or the last one counts, in a ledger.
    """
    data = export.tables.get("stock")
    nobody = np.empty(0, np.int64)
    if data is None:
        return StockHistory(nobody, nobody, np.empty(0), np.empty(0))
    site = export.sites_of("stock")
    day, units = data.dates["day"] - since, data.numbers["units"]
    kept = (data.codes["product"] >= 0) & (site >= 0) & ~np.isnan(day) & ~np.isnan(units)
    export.keep("stock", kept, "of nothing that was sold or bought, or without a day")
    day, units = day[kept], units[kept]
    places = np.stack([data.codes["product"][kept], site[kept], np.floor(day).astype(np.int64)])
    (product, site, _), count = np.unique(places, axis=1, return_inverse=True)
    latest = np.full(len(product), -np.inf)
    np.maximum.at(latest, count, day)
    rows = np.flatnonzero(day == latest[count])
    total = np.zeros(len(product))
    if export.mapping.entry("stock").rows == "last":
        total[count[rows]] = units[rows]
    else:
        np.add.at(total, count[rows], units[rows])
        if several := int((np.bincount(count[rows]) > 1).sum()):
            export.notes.append(
                f"{counted(several, 'count')} of stock in several rows for one product, site and "
                "day: their units are added (`rows: last` of the table takes the last row)."
            )
    if below := int((total < 0).sum()):
        export.notes.append(
            f"{counted(below, 'count')} of stock below 0: taken as 0, as open orders are counted "
            "on their own."
        )
    return StockHistory(product, site, latest, np.maximum(total, 0.0))


def masters_of(export: Export) -> Masters:
    """What the masters say; of a price, the price list counts, then the master, then sales."""
    count, places = len(export.products), len(export.sites)
    price, cost = np.full(count, np.nan), np.full(count, np.nan)
    lines = export.tables["lines"]
    if "price" in lines.numbers:
        code, value = lines.codes["product"], lines.numbers["price"]
        good = value > 0
        sums = np.bincount(code[good], value[good], count)
        seen = np.bincount(code[good], minlength=count)
        price = np.where(seen > 0, sums / np.maximum(seen, 1), np.nan)
    by_site = {
        n: np.full((count, places), np.nan)
        for n in ("planned_days", "reorder_point", "up_to", "least_order", "multiple")
    }
    group, supplier = [""] * count, np.full(count, -1)
    for name in ("products", "prices"):
        data = export.tables.get(name)
        if data is None:
            continue
        code = data.codes["product"]
        there = code >= 0
        for target, fld in ((price, "price"), (cost, "cost")):
            if fld in data.numbers:
                value = data.numbers[fld]
                good = there & ~np.isnan(value)
                target[code[good]] = value[good]
        if name == "prices":
            if several := int((np.bincount(code[there], minlength=count) > 1).sum()):
                export.notes.append(
                    f"{counted(several, 'product')} in several rows of prices: the last row counts."
                )
            continue
        site = export.sites_of("products")
        for fld, table in by_site.items():
            if fld not in data.numbers:
                continue
            value = data.numbers[fld]
            for i in np.flatnonzero(there & ~np.isnan(value)).tolist():
                if "site" not in data.names:
                    table[code[i], :] = value[i]
                elif site[i] >= 0:
                    table[code[i], site[i]] = value[i]
        if "group" in data.names:
            for i in np.flatnonzero(there).tolist():
                group[code[i]] = data.names["group"].texts[data.names["group"].codes[i]]
        if "supplier" in data.names:
            known = {text: i for i, text in enumerate(export.suppliers)}
            named = data.names["supplier"]
            to = np.array([known.get(text, -1) for text in named.texts])
            supplier[code[there]] = to[named.codes[there]]
    return Masters(
        price=price,
        cost=cost,
        group=tuple(group),
        supplier=supplier,
        due_days=_due_days(export),
        **by_site,
    )


def _due_days(export: Export) -> Floats:
    data = export.tables.get("customers")
    found = np.full(len(export.classes), np.nan)
    if data is None or not {"customer_class"} <= set(data.names):
        return found
    value = data.numbers.get("due_days")
    if value is None:
        return found
    named = data.names["customer_class"]
    for i, name in enumerate(export.classes):
        mine = np.array([text == name for text in named.texts], bool)[named.codes]
        mine &= ~np.isnan(value)
        if mine.any():
            found[i] = float(np.median(value[mine]))
    return found
