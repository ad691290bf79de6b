"""What sites order from each other: how it is served, and what is on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Columns, Log
from backsim.entities import NONE
from backsim.scenario.model import Model
from backsim.scenario.network.lanes import TRANSFERRED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BetweenSites:
    """Sums by stock point: those that supply, and for `transit` those that receive."""

    units: Floats
    """Units that sites ordered while it counted."""
    at_once: Floats
    """Of these, units that set out from stock at the moment of ordering."""
    sent: Floats
    """Of these, units that have set out."""
    waited: Floats
    """Days that the units sent have waited, all together."""
    waiting: Floats
    """Unit-days of waiting while it counted, whenever ordered."""
    transit: Floats
    """Unit-days on the way while it counted, transfers too."""


def between_sites(model: Model, log: Log) -> BetweenSites:
    """What sites ordered from each other.

    An order may be sent in parts, and what is made of components be started in parts; each counts.
    Transfers, which ask only for what is there, count as units on their way alone.
    """
    size = len(model.stock_points)
    bought, used = bought_from_sites(log), components_used(log)
    place = np.r_[bought["source"], used.place]
    ordered = np.r_[bought["placed"], used.ordered]
    sent = np.r_[bought["sent"], used.sent]
    units = np.r_[bought["units"], used.units]

    def total(weights: Any, where: Any = place) -> Floats:
        return np.bincount(where, weights, size).astype(float)

    asked = np.r_[~transfers_of(model, bought), np.ones(len(used.units), bool)]
    counts = units * (ordered >= model.warm_up) * asked
    gone = sent < model.horizon
    days = np.where(gone, sent - ordered, 0.0)
    arrives = bought["arrives"]
    lines, of = log.ordered_by_sites, _purchase_of(log)
    from_stock = (
        lines["filled"] * (lines["time"] >= model.warm_up) * ~transfers_of(model, log.bought)[of]
    )
    return BetweenSites(
        total(counts),
        total(from_stock, lines["stock"]),
        total(counts * gone),
        total(counts * days),
        total(units * _overlap(model, ordered, sent)),
        total(bought["units"] * _overlap(model, bought["sent"], arrives), bought["stock"]),
    )


def units_as_placed(purchases: Any) -> Any:
    """Units of each purchase as it was placed; 0 for the parts that others have become."""
    units, part_of = purchases["units"].astype(np.int64), purchases["part_of"]
    parts = part_of != NONE
    if parts.any():
        units += np.bincount(part_of[parts], units[parts], len(units)).astype(np.int64)
        units[parts] = 0
    return units


def transfers_of(model: Model, purchases: Any) -> Any:
    """Which purchases are units sent by other sites of the level."""
    return purchases["supplier"] == len(model.suppliers) + TRANSFERRED


def bought_from_sites(log: Log) -> Columns:
    """The purchases that have reached another site."""
    purchases = log.bought
    return purchases.compress((purchases["source"] != NONE) & (purchases["line"] != NONE))


@dataclass(frozen=True, slots=True, eq=False)
class Used:
    """Units of components that went, or are to go, into what is made: by start and component."""

    place: Any
    """Stock points of the components."""
    ordered: Any
    """When they were ordered."""
    sent: Any
    """When making started; never, where it has not."""
    units: Any


def components_used(log: Log) -> Used:
    """What goes into what is made.  A purchase may start in parts, each with its own components."""
    purchases = log.bought
    parts = log.ordered_by_sites.compress(purchases["source"][_purchase_of(log)] == NONE)
    made = purchases.compress((purchases["source"] == NONE) & (purchases["line"] != NONE))
    order = np.argsort(made["line"], kind="stable")
    heads, units = made["line"][order], made["units"][order].astype(np.int64)
    first, last = (np.searchsorted(heads, parts["head"], side) for side in ("left", "right"))
    total = np.r_[0, np.cumsum(units)]
    made_in_all = np.maximum(1, total[last] - total[first])
    starts = last - first
    line = np.repeat(np.arange(len(parts)), starts)
    start = np.arange(len(line)) + np.repeat(last - np.cumsum(starts), starts)
    sent = made["sent"][order][start]
    used = parts["units"][line].astype(np.int64) * units[start] // made_in_all[line]
    return Used(parts["stock"][line], parts["time"][line], sent, used)


def _purchase_of(log: Log) -> Any:
    """For each site line the purchase that it is for.

    A purchase knows its first line; the lines of one order stand together.
    """
    first = np.full(len(log.site_lines), NONE)
    purchases = log.bought
    rows = np.flatnonzero((purchases["line"] != NONE) & (purchases["part_of"] == NONE))
    first[purchases["line"][rows] - len(log.lines)] = rows
    return first[log.ordered_by_sites["head"] - len(log.lines)]


def _overlap(model: Model, start: Any, end: Any) -> Any:
    """Days between start and end that count; NEVER is after all days."""
    window = model.warm_up, model.horizon
    return end.clip(*window) - start.clip(*window)
