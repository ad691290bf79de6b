"""Units by stock point and day: what moved, what was on hand, and the inventory position.

Every array has a row per product and site and a column per day of the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


def by_day(history: History, product: Codes, site: Codes, time: Floats, units: Floats) -> Floats:
    """Units that move on each day of the history."""
    days = round(history.days)
    inside = (time >= 0) & (time < days) & (product >= 0) & (site >= 0)
    row = product[inside] * len(history.sites) + site[inside]
    key = row * days + time[inside].astype(np.int64)
    size = len(history.products) * len(history.sites) * days
    return np.bincount(key, units[inside], size).reshape(-1, days).astype(float)


def ordered(history: History) -> Floats:
    """Units that customers ordered."""
    lines = history.lines
    return by_day(history, lines.product, lines.site, lines.time, lines.units)


def bought(history: History) -> Floats:
    """Units of purchases, on the day that is noted."""
    b = history.purchases
    return by_day(history, b.product, b.site, b.placed, b.units)


def received(history: History) -> Floats:
    """Units that came, on the day that is noted."""
    came = history.came
    return by_day(history, came.product, came.site, came.time, came.units)


def shipped(history: History) -> Floats:
    """Units that left for customers."""
    sent = history.sent
    return by_day(history, sent.product, sent.site, sent.time, sent.units)


def on_hand(history: History) -> Floats | None:
    """Units on hand at the midnights of the history, the first and last too; None: not known.

    Those counted last, and what came and left since; nan before the first count.
    """
    stock = history.stock
    if not len(stock.day):
        return None
    days = round(history.days)
    moved = np.cumsum(received(history) - shipped(history), axis=1)
    before = np.concatenate([np.zeros((len(moved), 1)), moved], axis=1)
    offset = np.full((len(moved), days + 1), np.nan)
    row, day = stock.product * len(history.sites) + stock.site, stock.day.astype(int) + 1
    inside = (day >= 0) & (day <= days)
    offset[row[inside], day[inside]] = stock.units[inside] - before[row[inside], day[inside]]
    return before + _since(offset)


def positions(history: History) -> Floats | None:
    """The inventory position at the end of each day, its purchases included; None: not known.

    What customers asked for and cancelled and what was bought and will come move it; counted stock
    says where it is, again at each count, as returns and corrections move it too.
    """
    stock, lines, purchases = history.stock, history.lines, history.purchases
    if not len(stock.day):
        return None
    asked, came = ordered(history), received(history)
    placed = bought(history) - by_day(
        history, purchases.product, purchases.site, purchases.received, purchases.left
    )
    gone = np.nan_to_num(lines.cancelled, nan=-1.0)
    back = by_day(history, lines.product, lines.site, gone, lines.cancelled_units)
    flow = np.cumsum(placed - asked + back, axis=1)
    early = purchases.placed < 0
    before = np.zeros(len(flow))
    place = purchases.product * len(history.sites) + purchases.site
    np.add.at(before, place[early], purchases.units[early])
    on_order = before[:, None] + np.cumsum(placed - came, axis=1)
    backlog = np.maximum(np.cumsum(asked - back - shipped(history), axis=1), 0.0)
    days = flow.shape[1]
    offset = np.full((len(flow), days), np.nan)
    row = stock.product * len(history.sites) + stock.site
    inside = (stock.day >= 0) & (stock.day < days)
    r, d = row[inside], stock.day[inside].astype(int)
    offset[r, d] = stock.units[inside] + on_order[r, d] - backlog[r, d] - flow[r, d]
    start = np.flatnonzero(stock.day < 0)
    first = np.full(len(flow), np.nan)
    latest = start[np.argsort(stock.day[start], kind="stable")]
    first[row[latest]] = stock.units[latest]
    offset[:, 0] = np.where(np.isnan(offset[:, 0]), first + before, offset[:, 0])
    return np.asarray(flow + _since(offset))


def _since(offset: Floats) -> Floats:
    """On each day the last value that is known; nan before the first."""
    known = np.where(np.isnan(offset), 0, np.arange(offset.shape[1]))
    np.maximum.accumulate(known, axis=1, out=known)
    return np.asarray(np.take_along_axis(offset, known, axis=1))
