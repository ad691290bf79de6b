"""Whether purchases and receipts of a day count before its orders or after them.

Dates that have only a day do not say it, and half a day of lead time changes the fill rate by some
points.  What the export tells otherwise does: the level that purchases bring the position to is
the same each time only if the right orders are counted with it, and orders for what was out of
stock leave on the day of a receipt only if that came before them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.fit.byday import bought, on_hand, positions, received
from backsim.data.fit.policy import MINIMUM, multiples, seen
from backsim.data.history import History, Moment, WithinDay
from backsim.data.mapping import Mapping
from backsim.present.numbers import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 30
"""Purchases, or orders, from which something is said."""
CLEAR = 0.05
"""Share of the purchases by which one way must explain more than the other."""
MOMENTS: tuple[Moment, Moment] = ("evening", "morning")


def in_order(history: History, mapping: Mapping) -> History:
    """The history with the order of events that the mapping says, or that fits best."""
    if history.exact or not len(history.purchases):
        return history
    said = mapping.within_day
    placed, about_placed = _placed(history)
    received, about_received = _received(history)
    if said.placed is not None:
        placed, about_placed = said.placed, f"Purchases count as placed in the {said.placed}."
    if said.received is not None:
        received, about_received = said.received, f"Receipts are there in the {said.received}."
    words = (f"{about_placed} {about_received}",)
    return replace(history, within_day=WithinDay(placed, received, words))


def _placed(history: History) -> tuple[Moment, str]:
    """By how many purchases bring the position to its usual level."""
    nothing = "Purchases count as placed in the evening: nothing tells it."
    known = positions(history)
    if known is None:
        return "evening", nothing
    placed, multiple = bought(history), multiples(history)[1].ravel()
    found = [_at_level(seen(known, placed, moment), placed, multiple) for moment in MOMENTS]
    count = found[0][1]
    share = [hits / max(total, 1) for hits, total in found]
    if count < ENOUGH or abs(share[0] - share[1]) < CLEAR:
        return "evening", nothing
    chosen = int(share[1] > share[0])
    most, rest = (percent(round(share[k], 2)) for k in (chosen, 1 - chosen))
    return MOMENTS[chosen], (
        f"Purchases count as placed in the {MOMENTS[chosen]}: so {most} of {count:,} bring the "
        f"position to its usual level, in the {MOMENTS[1 - chosen]} {rest}."
    )


def _at_level(known: Floats, placed: Floats, multiple: Floats) -> tuple[int, int]:
    """(purchases to within a multiple of the median level of their stock point, all purchases)."""
    hits = total = 0
    for row in np.flatnonzero((placed > 0).sum(axis=1) >= MINIMUM).tolist():
        after = known[row][placed[row] > 0]
        after = after[~np.isnan(after)]
        if len(after) >= MINIMUM:
            hits += int((np.abs(after - np.median(after)) < multiple[row]).sum())
            total += len(after)
    return hits, total


def _received(history: History) -> tuple[Moment, str]:
    """By how many orders for what was out of stock, and came on that day, left on that day."""
    known = on_hand(history)
    nothing = "Receipts are there in the morning: nothing tells it."
    if known is None:
        return "morning", nothing
    back = (known[:, :-1] < 0.5) & (known[:, 1:] > 0.5) & (received(history) > 0)
    lines = history.lines
    row = lines.product * len(history.sites) + lines.site
    of = back[row, np.minimum(lines.time.astype(np.int64), back.shape[1] - 1)] & lines.known
    count = int(of.sum())
    if count < ENOUGH:
        return "morning", nothing
    share = float((lines.at_once >= lines.units - 1e-9)[of].mean())
    moment: Moment = "morning" if share >= 0.5 else "evening"
    return moment, (
        f"Receipts are there in the {moment}: of {count:,} orders for what was out of stock and "
        f"came on that day, {percent(round(share, 2))} left on that day."
    )
