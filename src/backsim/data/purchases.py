"""Purchases and their receipts, of which a purchase may have several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.export import Export
from backsim.data.history import Movements, PurchaseHistory
from backsim.data.matching import match, share_out
from backsim.data.naming import all_named, convert_units_like
from backsim.data.reading import Data, distinct
from backsim.errors import InputError, counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


ENOUGH = 20
"""Purchases that came whole from which it is said that the rest of others will not come."""


@dataclass(frozen=True, slots=True, eq=False)
class _Receipts:
    """What arrived: of which purchase (its row), when, and how many units."""

    row: Codes
    time: Floats
    units: Floats


def purchases_of(export: Export, since: int, until: int) -> tuple[PurchaseHistory, Movements]:
    """(purchases in order of time, all receipts); what is received after the last day is open."""
    data = export.tables.get("purchases")
    export.suppliers = ["supplier"]
    if data is None:
        nothing, nobody = np.empty(0), np.empty(0, np.int64)
        places, days = (nobody,) * 3, (nothing,) * 5
        nothing_bought = PurchaseHistory(*places, *days, nobody, nothing, nobody)
        return nothing_bought, Movements(nobody, nobody, nothing, nothing)
    placed, units = data.dates["ordered"] - since, data.numbers["units"]
    supplier = np.zeros(len(data), np.int64)
    if "supplier" in data.names:
        export.suppliers = all_named(data.names["supplier"].texts, "unknown")
        supplier = data.names["supplier"].codes
    number = np.zeros(len(data), np.int64)
    if "purchase" in data.names:
        export.numbers, number = data.names["purchase"].texts, data.names["purchase"].codes
    receipts = _receipts(export, data, since, until)
    if not have_times(export):
        placed = np.floor(placed)
        receipts = replace(receipts, time=np.floor(receipts.time))
    first, received, parts, came = _by_purchase(receipts, units)
    received = _closed(export, placed, received, receipts, until + 1 - since)
    product, site = data.codes["product"], export.sites_of("purchases")
    confirmed = data.dates.get("confirmed", np.full(len(data), np.nan)) - since
    reasons = {
        "no product": product < 0,
        "no date": np.isnan(placed),
        "no units": ~(units > 0),
        "received before it was ordered": first < placed,
        "ordered after the last day": placed >= until + 1 - since,
        "received before the first day": received < 0,
    }
    kept = np.ones(len(data), bool)
    for reason, wrong in reasons.items():
        export.keep("purchases", ~wrong[kept], reason)
        kept &= ~wrong
    order = np.flatnonzero(kept)
    order = order[np.argsort(placed[order], kind="stable")]
    used = np.bincount(supplier[order], minlength=len(export.suppliers)) > 0
    named = [n for n, there in zip(export.suppliers, used, strict=True) if there]
    export.suppliers = named or ["supplier"]
    bought = PurchaseHistory(
        product=product[order],
        site=site[order],
        supplier=(np.cumsum(used) - 1)[supplier[order]],
        units=units[order],
        placed=placed[order],
        confirmed=confirmed[order],
        first=first[order],
        received=received[order],
        parts=parts[order],
        left=np.maximum(units - came, 0.0)[order],
        number=number[order],
    )
    mine = kept[receipts.row]
    row = receipts.row[mine]
    return bought, Movements(product[row], site[row], receipts.time[mine], receipts.units[mine])


def _closed(
    export: Export, placed: Floats, received: Floats, receipts: _Receipts, end: float
) -> Floats:
    """When purchases had arrived, those too whose rest will not come; nan: not yet.

    Nothing more has come of these for longer than any whole purchase took.
    """
    whole = (received - placed)[~np.isnan(received - placed)]
    if len(whole) < ENOUGH:
        return received
    longest = float(whole.max())
    last = np.full(len(received), np.nan)
    np.fmax.at(last, receipts.row, np.where(receipts.units > 0, receipts.time, np.nan))
    is_open = np.isnan(received)
    closed = is_open & (end - last > longest)
    if closed.any():
        export.notes.append(
            f"{counted(int(closed.sum()), 'purchase')} came in part, and nothing more for longer "
            f"than any whole one took ({longest:.0f} days): counted as received."
        )
    forgotten = is_open & np.isnan(last) & (end - placed > longest) & (placed >= 0)
    if forgotten.any():
        export.notes.append(
            f"{counted(int(forgotten.sum()), 'purchase')} under way for longer than any took that "
            f"came ({longest:.0f} days): leave out of the export what was cancelled."
        )
    return np.where(closed, last, received)


def have_times(export: Export) -> bool:
    """Whether purchases and receipts both have a time of day; one alone is of no use."""
    bought, receipts = export.tables.get("purchases"), export.tables.get("receipts")
    if bought is None or not bought.clocked.get("ordered", False):
        return False
    came = bought if receipts is None else receipts
    known = "received" in came.dates and not np.isnan(came.dates["received"]).all()
    return not known or came.clocked["received"]


def _receipts(export: Export, data: Data, since: int, until: int) -> _Receipts:
    """All receipts up to the last day: of a file of their own, or one per purchase."""
    table = export.tables.get("receipts")
    if table is None or "purchase" not in data.names:
        when = data.dates.get("received", np.full(len(data), np.nan)) - since
        row = np.flatnonzero(when < until + 1 - since)
        return _Receipts(row, when[row], data.numbers["units"][row])
    units = table.numbers["units"]
    export.keep(
        "receipts", ~np.isnan(table.dates["received"]) & ~np.isnan(units), "no date or units"
    )
    table = export.tables["receipts"]
    bought, came = _keys(data, table)
    row = match(bought, came)
    export.keep("receipts", row >= 0, "of no purchase")
    row = row[row >= 0]
    row = row[convert_units_like(export, "receipts", "purchases", row)]
    table = export.tables["receipts"]
    when = table.dates["received"] - since
    early = when < until + 1 - since
    export.keep("receipts", early, "after the last day")
    placed, ordered = data.dates["ordered"] - since, data.numbers["units"]
    row, when, units = row[early], when[early], table.numbers["units"][early]
    part, row, units = share_out(bought, ordered, placed, row, units, when)
    return _Receipts(row, when[part], units)


def _keys(data: Data, table: Data) -> tuple[Codes, Codes]:
    """The purchase that rows of purchases and of receipts are about: its number, line or product.

    Raises InputError where one number is of several products and nothing tells which.
    """
    tables = [data, table]
    _, (bought, came) = distinct([t.names["purchase"] for t in tables])
    if all("line" in t.names for t in tables):
        texts, (line, of) = distinct([t.names["line"] for t in tables])
        return bought * (len(texts) + 1) + line, came * (len(texts) + 1) + of
    product, width = data.codes["product"] + 1, int(data.codes["product"].max(initial=0)) + 2
    if "product" in table.codes:
        return bought * width + product, came * width + table.codes["product"] + 1
    if len(np.unique(bought * width + product)) > len(np.unique(bought)):
        raise InputError(
            f"{table.place}: expected the column `line` here and in purchases, or `product`, to "
            "tell which purchase it is about, as some numbers are of several products"
        )
    return bought, came


def _by_purchase(receipts: _Receipts, bought: Floats) -> tuple[Floats, Floats, Codes, Floats]:
    """(first receipt, when all had come, how many, units received) by purchase; nan: not yet.

    What is sent back later, or comes in addition, is no part of the lead time.
    """
    order = np.lexsort((receipts.time, receipts.row))
    row, time, units = receipts.row[order], receipts.time[order], receipts.units[order]
    came = np.bincount(row, units, len(bought)).astype(float)
    total = np.cumsum(units)
    starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]]) if len(row) else row
    total -= np.repeat((total - units)[starts], np.diff(np.r_[starts, len(row)]))
    first, whole = np.full(len(bought), np.inf), np.full(len(bought), np.inf)
    np.minimum.at(first, row[units > 0], time[units > 0])
    enough = total >= bought[row] - 1e-9
    np.minimum.at(whole, row[enough], time[enough])
    parts = np.bincount(row[(units > 0) & (time <= whole[row])], minlength=len(bought))
    first[np.isinf(first)], whole[np.isinf(whole)] = np.nan, np.nan
    return first, whole, parts, came
