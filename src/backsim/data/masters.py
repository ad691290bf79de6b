"""Purchases, counted stock, and what the masters say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.data.export import Export
from backsim.data.history import Masters, PurchaseHistory, StockHistory
from backsim.data.reading import Data, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]


def purchases_of(export: Export, since: int, until: int) -> PurchaseHistory:
    """Purchases in order of time; those received after the last day are open."""
    data = export.tables.get("purchases")
    nothing, nobody = np.empty(0), np.empty(0, np.int64)
    export.suppliers = ["supplier"]
    if data is None:
        empty = PurchaseHistory(nobody, nobody, nobody, nothing, nothing, nothing, nothing)
        return empty
    placed, units = data.dates["ordered"] - since, data.numbers["units"]
    supplier = np.zeros(len(data), np.int64)
    if "supplier" in data.names:
        export.suppliers = [text or "unknown" for text in data.names["supplier"].texts]
        supplier = data.names["supplier"].codes
    received = _received(export, data) - since
    site = export.sites_of("purchases")
    confirmed = data.dates.get("confirmed", np.full(len(data), np.nan)) - since
    reasons = {
        "no date": np.isnan(placed),
        "no units": ~(units > 0),
        "received before it was ordered": received < placed,
        "ordered after the last day": placed >= until + 1 - since,
        "received before the first day": received < 0,
    }
    kept = np.ones(len(data), bool)
    for reason, wrong in reasons.items():
        export.keep("purchases", ~wrong[kept], reason)
        kept &= ~wrong
    received = np.where(received >= until + 1 - since, np.nan, received)
    order = np.flatnonzero(kept)
    order = order[np.argsort(placed[order], kind="stable")]
    used = np.bincount(supplier[order], minlength=len(export.suppliers)) > 0
    export.suppliers = [n for n, there in zip(export.suppliers, used, strict=True) if there]
    return PurchaseHistory(
        product=data.codes["product"][order],
        site=site[order],
        supplier=(np.cumsum(used) - 1)[supplier[order]],
        units=units[order],
        placed=placed[order],
        confirmed=confirmed[order],
        received=received[order],
    )


def _received(export: Export, data: Data) -> Floats:
    """When each purchase had arrived whole: its own date, or that of its last receipt."""
    receipts = export.tables.get("receipts")
    if receipts is None or "purchase" not in data.names:
        return data.dates.get("received", np.full(len(data), np.nan))
    tables = [data, receipts]
    _, key = distinct([t.names["purchase"] for t in tables])
    if all("line" in t.names for t in tables):
        texts, line = distinct([t.names["line"] for t in tables])
        key = [k * (len(texts) + 1) + n for k, n in zip(key, line, strict=True)]
    known, place = np.unique(key[0], return_inverse=True)
    where = np.searchsorted(known, key[1])
    where[where == len(known)] = 0
    mine = known[where] == key[1]
    export.keep("receipts", mine, "of no purchase")
    last, came = np.full(len(known), -np.inf), np.zeros(len(known))
    np.maximum.at(last, where[mine], np.nan_to_num(receipts.dates["received"][mine], nan=-np.inf))
    np.add.at(came, where[mine], receipts.numbers["units"][mine])
    whole = came[place] >= data.numbers["units"] - 1e-9
    return np.where(whole & np.isfinite(last[place]), last[place], np.nan)


def stock_of(export: Export, since: int) -> StockHistory:
    """Units counted, in days from `since`."""
    data = export.tables.get("stock")
    nobody = np.empty(0, np.int64)
    if data is None:
        return StockHistory(nobody, nobody, np.empty(0), np.empty(0))
    site = export.sites_of("stock")
    day, units = data.dates["day"] - since, data.numbers["units"]
    kept = (data.codes["product"] >= 0) & (site >= 0) & ~np.isnan(day) & ~np.isnan(units)
    export.keep("stock", kept, "of nothing that was sold or bought, or without a day")
    return StockHistory(data.codes["product"][kept], site[kept], day[kept], units[kept])


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
        for n in ("reorder_point", "up_to", "least_order", "multiple")
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
