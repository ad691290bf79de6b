"""The policy in use at each stock point: levels, review days, smallest purchase and multiple."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.fit.byday import bought as bought_by_day
from backsim.data.fit.byday import positions
from backsim.data.fit.calendars import Calendars
from backsim.data.history import History, Moment, usual_supplier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

MINIMUM = 3
"""Purchases of a stock point below which they tell no levels."""
SETTLED = 60
"""Days at the start that are left out: orders from before are still open then."""


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
    agrees: float
    """Share of the purchases that bring the position to the level of the master, within a multiple;
    nan: no master has levels, or no stock is known."""


def policy_in_use(history: History, calendars: Calendars) -> PolicyInUse:
    """What purchases say of the policy."""
    shape = (len(history.products), len(history.sites))
    bought = history.purchases
    nothing = np.full(shape, np.nan)
    place = bought.product * shape[1] + bought.site
    count = np.bincount(place, minlength=nothing.size).reshape(shape)
    quantity = np.bincount(place, bought.units, nothing.size).reshape(shape)
    least, multiple = multiples(history)
    trigger, top, steady, agrees = nothing.copy(), nothing.copy(), np.zeros(shape, bool), np.nan
    known = before_orders(history)
    if known is not None:
        trigger, top, steady, agrees = _levels(history, known, multiple, calendars)
    return PolicyInUse(
        trigger=trigger,
        top=top,
        steady=steady,
        purchases=count,
        mean_quantity=np.where(count > 0, quantity / np.maximum(count, 1), np.nan),
        least=least,
        multiple=multiple,
        agrees=agrees,
    )


def multiples(history: History) -> tuple[Floats, Floats]:
    """(smallest purchase, common divisor of the purchases), by product and site; nan: none."""
    shape = (len(history.products), len(history.sites))
    least, multiple = np.full(shape, np.nan), np.full(shape, np.nan)
    bought = history.purchases
    place = bought.product * shape[1] + bought.site
    order = np.argsort(place, kind="stable")
    step = history.smallest[bought.product[order]]
    units = np.rint(bought.units[order] / step).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, np.diff(place[order]) != 0]) if len(order) else order
    if not len(starts):
        return least, multiple
    codes, counts = place[order][starts], np.diff(np.r_[starts, len(order)])
    step = step[starts]
    least.flat[codes] = np.minimum.reduceat(units, starts) * step
    divisors = np.maximum(np.gcd.reduceat(units, starts), 1)
    multiple.flat[codes] = np.where(counts >= MINIMUM, divisors, 1) * step
    return least, multiple


def before_orders(history: History) -> Floats | None:
    """The position that purchases of each day see, these included; None: not known.

    At the day's end, or where purchases are placed in the morning, before its orders.
    """
    known = positions(history)
    return None if known is None else seen(known, bought_by_day(history), history.within_day.placed)


def seen(known: Floats, placed: Floats, moment: Moment) -> Floats:
    """Of positions at midnights, those that purchases of a moment of the day see, with them."""
    if moment == "evening":
        return known
    before = np.roll(known, 1, axis=1)
    before[:, 0] = np.nan
    return before + placed


def _levels(
    history: History, position: Floats, multiple: Floats, calendars: Calendars
) -> tuple[Floats, Floats, NDArray[np.bool_], float]:
    """(trigger, top, steady, agreement with the master), by product and site."""
    sites = len(history.sites)
    shape = (len(history.products), sites)
    trigger, top = np.full(shape, np.nan), np.full(shape, np.nan)
    steady = np.zeros(shape, bool)
    placed = bought_by_day(history)
    from_day = SETTLED if history.days > 3 * SETTLED else 0
    weekday = (np.arange(position.shape[1]) + history.first.weekday()) % 7
    late = np.arange(position.shape[1]) >= from_day
    reviews = [late & np.isin(weekday, one.weekdays) for one in calendars.by_supplier]
    supplier = usual_supplier(history)
    hits = total = 0
    master = history.masters.up_to
    for row in range(len(position)):
        review = reviews[supplier[row // sites]]
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
