"""What a buyer did about its suppliers: purchases expedited, withdrawn, bought in an emergency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.entities import NONE
from backsim.scenario.model import Model
from backsim.scenario.reactions import Expedite, cancels, emergency_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REACTIONS: dict[str, tuple[str, str]] = {
    "expedited_per_day": ("per day", "purchases brought forward"),
    "withdrawn_late_per_day": ("per day", "late purchases withdrawn"),
    "emergency_per_day": ("per day", "purchases from emergency sources"),
    "emergency_share": ("share", "units bought from emergency sources / units purchased"),
}
"""name -> (unit, definition)"""


@dataclass(frozen=True, slots=True)
class Reactions:
    """Sums by stock point of what happened while it counted; nothing where none reacts."""

    expedited: tuple[Floats, Floats] | None
    """Purchases brought forward, and their units."""
    withdrawn: tuple[Floats, Floats] | None
    """Late purchases withdrawn, and their units."""
    emergency: tuple[Floats, Floats] | None
    """Purchases from emergency sources, and their units."""


def reactions(model: Model, log: Log) -> Reactions:
    """What the buyers of a run did."""
    points = model.scenario.stock
    size = len(points)
    purchases, deliveries = log.purchases, log.deliveries

    def count(rows: Any, units: Any) -> tuple[Floats, Floats]:
        place = purchases["stock"][rows]
        return (
            np.bincount(place, minlength=size).astype(float),
            np.bincount(place, units[rows], size).astype(float),
        )

    expedited = withdrawn = emergency = None
    if any(isinstance(point.expedite, Expedite) for point in points):
        rows = _within(model, deliveries["expedited_at"])
        expedited = count(rows, deliveries["expedited"])
    if any(cancels(point) for point in points):
        rows = _within(model, deliveries["cancelled_at"])
        withdrawn = count(rows, deliveries["withdrawn"])
    urgent = _emergency_suppliers(model)
    if (urgent != NONE).any():
        rows = (purchases["placed"] >= model.warm_up) & (purchases["supplier"] != NONE)
        rows &= purchases["supplier"] == urgent[purchases["stock"]]
        emergency = count(rows, purchases["units"])
    return Reactions(expedited, withdrawn, emergency)


def surcharges(model: Model, log: Log) -> Floats:
    """Money for units bought where they cost more, by stock point."""
    points = model.scenario.stock
    purchases = log.purchases
    found = np.zeros(len(points))
    for index, point in enumerate(points):
        for source in point.supplier or ():
            if extra := getattr(source, "surcharge", 0.0):
                code = model.suppliers.index(source.supplier)  # type: ignore[union-attr]
                only = len(point.supplier or ()) == 1
                rows = (purchases["placed"] >= model.warm_up) & (purchases["stock"] == index)
                rows &= only | (purchases["supplier"] == code)
                found[index] += extra * purchases["units"][rows].sum()
    return found


def _within(model: Model, times: Any) -> Any:
    return (times >= model.warm_up) & (times <= model.horizon)


def _emergency_suppliers(model: Model) -> Any:
    """The supplier that each stock point asks in emergencies; NONE where there is none."""
    found = np.full(len(model.stock_points), NONE)
    for index, point in enumerate(model.scenario.stock):
        for source in point.supplier or ():
            if emergency_of(source) is not None:
                found[index] = model.suppliers.index(source.supplier)  # type: ignore[union-attr]
    return found


__all__ = ["REACTIONS", "Reactions", "reactions", "surcharges"]
