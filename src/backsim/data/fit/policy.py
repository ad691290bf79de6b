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
STEADY = 0.9
"""Share of the purchases of one quantity above which that is a lot."""


@dataclass(frozen=True, slots=True, eq=False)
class PolicyInUse:
    """By product and site; nan: not known.

    `trigger` and `top` are from purchases and positions: it is ordered at or below the one, up to
    the other or, of lots, by one lot.
    """

    trigger: Floats
    top: Floats
    lot: Floats
    """The quantity of nearly all purchases: they are lots (r, nQ) rather than up to a level."""
    purchases: Codes
    mean_quantity: Floats
    least: Floats
    """The smallest purchase, where several are as small."""
    multiple: Floats
    """Common divisor of the purchases; of lots it tells nothing."""
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
    trigger, top, lot, agrees = nothing.copy(), nothing.copy(), nothing.copy(), np.nan
    known = before_orders(history)
    if known is not None:
        trigger, top, lot, agrees = _levels(history, known, least, multiple, calendars)
    planned = history.masters.up_to - history.masters.reorder_point
    told_by_lot = ~np.isnan(lot) & ~(np.abs(planned - lot) > 0)
    return PolicyInUse(
        trigger=trigger,
        top=top,
        lot=lot,
        purchases=count,
        mean_quantity=np.where(count > 0, quantity / np.maximum(count, 1), np.nan),
        least=least,
        multiple=np.where(told_by_lot, np.nan, multiple),
        agrees=agrees,
    )


def multiples(history: History) -> tuple[Floats, Floats]:
    """(smallest purchase, common divisor of the purchases), by product and site; nan: not known."""
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
    smallest = np.minimum.reduceat(units, starts)
    as_small = np.add.reduceat(units == np.repeat(smallest, counts), starts, dtype=np.int64)
    least.flat[codes] = np.where(as_small >= MINIMUM, smallest * step, np.nan)
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
    history: History, position: Floats, least: Floats, multiple: Floats, calendars: Calendars
) -> tuple[Floats, Floats, Floats, float]:
    """(trigger, top, lot, agreement with the master), by product and site."""
    sites = len(history.sites)
    shape = (len(history.products), sites)
    trigger, top, lot = (np.full(shape, np.nan) for _ in range(3))
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
        step = history.smallest[i]
        values, counts = np.unique(np.rint(quantity / step), return_counts=True)
        before, quiet = after - quantity, position[row][review & ~ordered]
        trigger[i, j] = _threshold(before, quiet)
        spare = (np.nan_to_num(multiple[i, j], nan=step) - step) / 2
        larger = quantity > least[i, j] + step / 2  # a least order goes beyond the level
        upto = after[larger] if larger.sum() >= MINIMUM else after
        top[i, j] = max(np.median(upto) - spare, trigger[i, j] + step)
        if counts.max() > STEADY * counts.sum():
            lot[i, j] = values[counts.argmax()] * step
            top[i, j] = trigger[i, j] + lot[i, j]
        if not np.isnan(master[i, j]):
            hits += int(
                (
                    np.abs(after - master[i, j]) <= max(1.0, np.nan_to_num(multiple[i, j], nan=1.0))
                ).sum()
            )
            total += len(after)
    return trigger, top, lot, hits / total if total else np.nan


def _threshold(ordering: Floats, quiet: Floats) -> float:
    """The level that best tells days with a purchase (at or below it) from days without."""
    quiet = quiet[~np.isnan(quiet)]
    levels = np.unique(ordering)
    wrong = (len(ordering) - np.searchsorted(np.sort(ordering), levels, "right")) + np.searchsorted(
        np.sort(quiet), levels, "right"
    )
    return float(levels[int(np.argmin(wrong))])
