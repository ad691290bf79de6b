"""Whether lines of a class leave in parts, whole, or with all lines of their order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backsim.data.history import History

ENOUGH = 50
"""Lines, or orders, that could have left in parts, from which something is said."""
RARE = 0.005
"""Share that left in parts up to which none does."""


@dataclass(frozen=True, slots=True)
class Shipping:
    """How lines of a class leave, as `shipment` of a scenario says it."""

    shipment: str
    """partial, line or order."""
    could: int
    parts: int
    """Lines of several units that could not be filled whole at once, and those of them of which a
    part left then."""


def shipping_by_class(history: History) -> list[Shipping]:
    """How each class is served; in parts where nothing else is known."""
    return [_of_class(history, code) for code in range(len(history.classes))]


def _of_class(history: History, code: int) -> Shipping:
    lines = history.lines
    mine = (lines.customer_class == code) & lines.known
    waited = mine & (lines.at_once < lines.units - 1e-9) & (lines.units > 1)
    parts = int((waited & (lines.at_once > 0)).sum())
    could = int(waited.sum())
    if could < ENOUGH or parts > RARE * could:
        return Shipping("partial", could, parts)
    return Shipping("order" if _whole_orders(history, mine) else "line", could, parts)


def _whole_orders(history: History, mine: np.ndarray) -> bool:
    """Whether all lines of an order leave together, of orders of which some line waited."""
    lines = history.lines
    rows = np.flatnonzero(mine & ~np.isnan(lines.served))
    _, place, count = np.unique(lines.order[rows], return_inverse=True, return_counts=True)
    day = np.floor(lines.served[rows])
    first, last = np.full(len(count), np.inf), np.full(len(count), -np.inf)
    np.minimum.at(first, place, day)
    np.maximum.at(last, place, day)
    waited = np.zeros(len(count), bool)
    waited[place[lines.at_once[rows] < lines.units[rows] - 1e-9]] = True
    several = waited & (count > 1)
    return int(several.sum()) >= ENOUGH and bool((last > first)[several].mean() <= RARE)
