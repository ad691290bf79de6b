"""Days on which a stock point could sell, and whether sales stop when it cannot.

Where orders that meet no stock are not written down, sales are demand only while there is stock:
the rate is lines per day in stock, not per day.  Source: Nahmias, Management Science 40 (1994)
1107-1117, on demand seen through sales.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.fit.byday import on_hand
from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 20.0
"""Lines that would be expected on days without stock before anything is said."""
STOPPED = 0.5
"""Share of them below which sales are taken to stop without stock."""


@dataclass(frozen=True, slots=True, eq=False)
class StockOuts:
    """What stock history says of demand that was not seen."""

    in_stock: Floats
    """Share of the days with stock, by product and site; 1 where it is not known."""
    censored: tuple[bool, ...]
    """By class: whether its orders stop where there is no stock."""

    def weights(self, history: History) -> Floats:
        """How many lines each line stands for."""
        lines = history.lines
        share = np.maximum(self.in_stock[lines.product, lines.site], 0.05)
        stopped = np.array(self.censored, bool)[lines.customer_class]
        return np.where(stopped, 1 / share, 1.0)


def stock_outs(history: History) -> StockOuts:
    """The share of the days in stock, and the classes whose demand is censored by the others."""
    shape = (len(history.products), len(history.sites))
    exposure = _exposure(history)
    if exposure is None:
        return StockOuts(np.ones(shape), (False,) * len(history.classes))
    share = exposure.mean(axis=1).reshape(shape)
    lines = history.lines
    row = lines.product * shape[1] + lines.site
    day = np.minimum(lines.time.astype(np.int64), exposure.shape[1] - 1)
    out = exposure[row, day] == 0.0
    days_out = (exposure == 0.0).sum(axis=1) / exposure.shape[1]
    stopped = []
    for code in range(len(history.classes)):
        mine = lines.customer_class == code
        within = np.bincount(row[mine & ~out], minlength=len(days_out))
        expected = float((within * days_out / np.maximum(1 - days_out, 0.05)).sum())
        seen = int((mine & out).sum())
        stopped.append(expected >= ENOUGH and seen < STOPPED * expected)
    return StockOuts(share, tuple(stopped))


def _exposure(history: History) -> Floats | None:
    """The part of each day with stock, by stock point and day; None: stock is not known.

    Units on hand are those counted last, and what came and left since.  On the day on which they
    run out there was stock until the last shipment; on the day of a receipt, from it on.
    """
    sent, came = history.sent, history.came
    known = on_hand(history) if len(sent.time) else None
    if known is None:
        return None
    days = round(history.days)
    start, end = known[:, :-1], known[:, 1:]
    ran_out, came_back = (start > 0.5) & (end < 0.5), (start < 0.5) & (end > 0.5)
    part = np.where((start < 0.5) & (end < 0.5), 0.0, 1.0)
    part[ran_out] = _moment(history, sent.product, sent.site, sent.time, days, True)[ran_out]
    if history.exact:
        first = _moment(history, came.product, came.site, came.time, days, False)
        part[came_back] = 1 - first[came_back]
    elif history.within_day.received == "evening":
        part[came_back] = 0.0
    return np.where(np.isnan(start) | np.isnan(end), 1.0, part)


def _moment(
    history: History,
    product: NDArray[np.int64],
    site: NDArray[np.int64],
    time: Floats,
    days: int,
    latest: bool,
) -> Floats:
    """The part of the day at which the last (or first) movement was; the middle, without times."""
    found = (
        np.zeros((len(history.products) * len(history.sites), days))
        if latest
        else np.ones((len(history.products) * len(history.sites), days))
    )
    if not history.exact:
        return np.full_like(found, 0.5)
    inside = (time >= 0) & (time < days)
    row = (product * len(history.sites) + site)[inside]
    day = time[inside].astype(np.int64)
    (np.maximum if latest else np.minimum).at(found, (row, day), time[inside] - day)
    return found
