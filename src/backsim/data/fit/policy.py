"""The policy in use at each stock point: levels, review days, smallest purchase and multiple."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

MINIMUM = 3
"""Purchases of a stock point below which they tell no levels."""
SETTLED = 60
"""Days at the start that are left out: orders from before are still open then."""
REGULAR = 0.02
"""Share of purchases on a weekday below which it is no day of review."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyInUse:
    """By product and site; nan: not known.

    `trigger` and `top` are from purchases and positions: it is ordered at or below the one, up to
    the other.  `steady` says that purchases are of one quantity (r, nQ) rather than up to a level.
    """

    trigger: Floats
    top: Floats
    steady: NDArray[np.bool_]
    purchases: Codes
    mean_quantity: Floats
    least: Floats
    multiple: Floats
    review_days: tuple[int, ...]
    """Weekdays on which it is ordered, 0 for Monday."""
    agrees: float
    """Share of the purchases that bring the position to the level of the master, within a multiple;
    nan: no master has levels, or no stock is known."""


def policy_in_use(history: History) -> PolicyInUse:
    """What purchases say of the policy."""
    shape = (len(history.products), len(history.sites))
    bought = history.purchases
    nothing = np.full(shape, np.nan)
    place = bought.product * shape[1] + bought.site
    count = np.bincount(place, minlength=nothing.size).reshape(shape)
    quantity = np.bincount(place, bought.units, nothing.size).reshape(shape)
    least, multiple = nothing.copy(), nothing.copy()
    for code in np.unique(place):
        units = np.rint(bought.units[place == code]).astype(np.int64)
        least.flat[code] = units.min()
        multiple.flat[code] = max(1, int(np.gcd.reduce(units))) if len(units) >= MINIMUM else 1
    trigger, top, steady, agrees = nothing.copy(), nothing.copy(), np.zeros(shape, bool), np.nan
    positions = _positions(history)
    if positions is not None:
        trigger, top, steady, agrees = _levels(history, positions, multiple)
    return PolicyInUse(
        trigger=trigger,
        top=top,
        steady=steady,
        purchases=count,
        mean_quantity=np.where(count > 0, quantity / np.maximum(count, 1), np.nan),
        least=least,
        multiple=multiple,
        review_days=_review_days(history),
        agrees=agrees,
    )


def _review_days(history: History) -> tuple[int, ...]:
    bought = history.purchases
    if not len(bought):
        return tuple(range(7))
    weekday = (np.floor(bought.placed).astype(int) + history.first.weekday()) % 7
    share = np.bincount(weekday, minlength=7) / len(weekday)
    return tuple(int(day) for day in np.flatnonzero(share >= REGULAR))


def by_day(history: History, product: Codes, site: Codes, time: Floats, units: Floats) -> Floats:
    """Units by stock point (product x site) and day of the history."""
    days = round(history.days)
    inside = (time >= 0) & (time < days) & (product >= 0) & (site >= 0)
    row = product[inside] * len(history.sites) + site[inside]
    key = row * days + time[inside].astype(np.int64)
    size = len(history.products) * len(history.sites) * days
    return np.bincount(key, units[inside], size).reshape(-1, days).astype(float)


def _positions(history: History) -> Floats | None:
    """The inventory position at the end of each day, purchases of the day included; None: unknown.

    What customers asked for and cancelled and what was bought move it; counted stock says where it
    is, again at each count, as returns and corrections move it too.
    """
    stock, lines, bought = history.stock, history.lines, history.purchases
    if not len(stock.day):
        return None
    days = round(history.days)
    asked = by_day(history, lines.product, lines.site, lines.time, lines.units)
    gone = np.nan_to_num(lines.cancelled, nan=-1.0)
    back = by_day(history, lines.product, lines.site, gone, lines.cancelled_units)
    placed = by_day(history, bought.product, bought.site, bought.placed, bought.units)
    early = bought.placed < 0
    came = np.nan_to_num(bought.received, nan=-1.0)
    received = by_day(history, bought.product, bought.site, came, bought.units)
    flow = np.cumsum(placed - asked + back, axis=1)
    before = np.zeros(len(flow))
    np.add.at(
        before, (bought.product * len(history.sites) + bought.site)[early], bought.units[early]
    )
    on_order = before[:, None] + np.cumsum(placed - received, axis=1)
    sent = history.sent
    shipped = by_day(history, sent.product, sent.site, sent.time, sent.units)
    backlog = np.cumsum(asked - back - shipped, axis=1)
    backlog = np.maximum(backlog, 0.0)
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
    known = np.where(np.isnan(offset), 0, np.arange(days))
    np.maximum.accumulate(known, axis=1, out=known)
    return np.asarray(flow + np.take_along_axis(offset, known, axis=1))


def _levels(
    history: History, position: Floats, multiple: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_], float]:
    """(trigger, top, steady, agreement with the master), by product and site."""
    bought, sites = history.purchases, len(history.sites)
    shape = (len(history.products), sites)
    trigger, top = np.full(shape, np.nan), np.full(shape, np.nan)
    steady = np.zeros(shape, bool)
    placed = by_day(history, bought.product, bought.site, bought.placed, bought.units)
    from_day = SETTLED if history.days > 3 * SETTLED else 0
    review = np.zeros(position.shape[1], bool)
    weekday = (np.arange(position.shape[1]) + history.first.weekday()) % 7
    review[np.isin(weekday, _review_days(history))] = True
    review[:from_day] = False
    hits = total = 0
    master = history.masters.up_to
    for row in range(len(position)):
        ordered = (placed[row] > 0) & review
        after = position[row][ordered]
        if ordered.sum() < MINIMUM or np.isnan(after).any():
            continue
        i, j = divmod(row, sites)
        quantity = placed[row][ordered]
        counts = np.unique(np.rint(quantity), return_counts=True)[1]
        steady[i, j] = counts.max() > 0.9 * counts.sum()
        top[i, j] = np.median(after)
        before, quiet = after - quantity, position[row][review & ~ordered]
        trigger[i, j] = _threshold(before, quiet)
        if not np.isnan(master[i, j]):
            hits += int(
                (
                    np.abs(after - master[i, j]) <= max(1.0, np.nan_to_num(multiple[i, j], nan=1.0))
                ).sum()
            )
            total += len(after)
    return trigger, top, steady, hits / total if total else np.nan


def _threshold(ordering: Floats, quiet: Floats) -> float:
    """The level that best tells days with a purchase (at or below it) from days without."""
    quiet = quiet[~np.isnan(quiet)]
    levels = np.unique(ordering)
    wrong = (len(ordering) - np.searchsorted(np.sort(ordering), levels, "right")) + np.searchsorted(
        np.sort(quiet), levels, "right"
    )
    return float(levels[int(np.argmin(wrong))])
