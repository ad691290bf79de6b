"""The book of the day after an export: what `backsim outlook` and `backsim allocate` read."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backsim.data.calibrate import Calibration
from backsim.data.today import open_lines, open_purchases, said

FOLDER = "book"
Row = Mapping[str, Any]


def book(found: Calibration, opening: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    """The rows of each file of the book; empty where no stock was counted, or nothing is open.

    `opening` is `opening_rows`, which has the stock.
    """
    stock, lines = _stock(found, opening["stock"]), list(_lines(found))
    if not stock or not lines:
        return {}
    today = found.history.last + datetime.timedelta(days=1)
    settings: list[Row] = [{"name": "today", "value": today.isoformat()}]
    inbound = list(_inbound(found))
    return {"lines": lines, "stock": stock, "inbound": inbound, "settings": settings}


def _lines(found: Calibration) -> Iterator[Row]:
    """Open order lines; due as the customer wants them, or as their class is to be served."""
    history, lines = found.history, found.history.lines
    rows, left = open_lines(history)
    seen: Counter[str] = Counter()
    who = len(history.customers) > 0
    for i in rows.tolist():
        order, code = history.orders[lines.order[i]], lines.customer_class[i]
        seen[order] += 1
        wanted = lines.wanted[i]
        if math.isnan(wanted):
            wanted = np.floor(lines.time[i]) + history.masters.due_days[code]
        yield {
            "id": f"{order}-{seen[order]}",
            "product": history.products[lines.product[i]],
            "units": said(left[i], history.smallest[lines.product[i]]),
            "class": history.classes[code],
            "site": history.sites[lines.site[i]],
            "order": order,
            **({"customer": history.customers[lines.customer[i]] or order} if who else {}),
            "ordered": _day(found, lines.time[i]),
            "due": _day(found, wanted),
            "promised": _day(found, lines.promised[i]),
        }


def _stock(found: Calibration, rows: list[Row]) -> list[Row]:
    """Units on hand; 0 where none were counted, as what is ordered has to be listed."""
    known = {(row["product"], row["site"]) for row in rows}
    history = found.history
    nothing: list[Row] = [
        {"product": product, "site": site, "units": 0}
        for product in history.products
        for site in history.sites
        if (product, site) not in known
    ]
    return [*rows, *nothing] if rows else []


def _inbound(found: Calibration) -> Iterator[Row]:
    """Purchases under way: on the day confirmed, or the mean lead time after they were placed."""
    history, bought, placed = found.history, found.history.purchases, found.history.placed
    seen: Counter[str] = Counter()
    for i in open_purchases(history).tolist():
        number = history.numbers[bought.number[i]] or "purchase"
        seen[number] += 1
        arrives = bought.confirmed[i]
        if math.isnan(arrives):
            arrives = placed[i] + found.lead_times[bought.supplier[i]].mean_days
        yield {
            "id": f"{number}-{seen[number]}",
            "product": history.products[bought.product[i]],
            "units": said(bought.left[i], history.smallest[bought.product[i]]),
            "arrives": _day(found, arrives),
            "site": history.sites[bought.site[i]],
            "ordered": _day(found, placed[i]),
        }


def _day(found: Calibration, day: float) -> str:
    """A day of the history as a date; "" for none."""
    if math.isnan(day):
        return ""
    return (found.history.first + datetime.timedelta(days=math.floor(day))).isoformat()
