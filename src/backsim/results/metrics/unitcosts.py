"""What a unit costs, by stock point: the weighted average of what was bought."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NONE
from backsim.results.between import transfers_of, units_as_placed
from backsim.results.metrics.sums import Sums
from backsim.scenario.network.valuation import unit_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def average_costs(m: Sums) -> Floats:
    """Money per unit in stock, by stock point.

    Where sources differ in what they charge, prices have breaks, or a part of what is sent is
    rejected, it is the average by units over the stock at the start (at the cost of the first
    source) and all purchases of the run.
    Source: IAS 2, paragraphs 25 and 27 (the weighted average cost formula, over the period).
    """
    return np.array(unit_costs(m.model, _Bought(m).average))


class _Bought:
    """What came from which source, to weigh their costs by."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.rejects = bool(len(m.log.deliveries)) and bool(m.log.deliveries["rejected"].any())

    @cached_property
    def by_stock(self) -> tuple[Any, Any, Any, Any]:
        """Purchases by stock point, units placed and units that are sound, and where each ends."""
        log = self.m.log
        purchases: Any = log.purchases
        rows = np.flatnonzero(~transfers_of(self.m.model, purchases))
        rows = rows[np.argsort(purchases["stock"][rows], kind="stable")]
        placed = units_as_placed(purchases)[rows]
        purchases = purchases.take(rows)
        sound = purchases["units"]
        if self.rejects:
            sound = sound - log.deliveries["rejected"][rows]
        ends = np.searchsorted(purchases["stock"], np.arange(self.m.shape[1] + 1))
        return purchases, placed, sound, ends

    def average(self, index: int, costs: list[float]) -> float:
        """What a sound unit costs, given what each source charges for a unit."""
        breaks = self.m.model.costs.breaks.get(index)
        model = self.m.model
        bought = [lane for lane in model.lanes if lane.stock == index and not lane.transfer]
        dated = any(lane.price_factors for lane in bought)
        plain = len(set(costs)) == 1 and breaks is None and not dated
        if plain and not self.rejects:
            return costs[0]
        purchases, placed, sound, ends = self.by_stock
        rows = slice(ends[index], ends[index + 1])
        purchases, sound = purchases[rows], sound[rows]
        units = purchases["units"]
        if plain and sound.sum() == units.sum():
            return costs[0]
        initial = int(self.m.log.stocks["initial"][index])
        whole = initial + int(sound.sum())
        if whole <= 0:
            return costs[0]
        charged = np.full(len(units), costs[0])  # inbound purchases name no source
        for lane, cost in zip(bought, costs, strict=True):
            from_site = lane.place is not None
            code = lane.place if from_site else lane.supplier
            own = np.full(len(units), len(costs) == 1)
            own |= purchases["source" if from_site else "supplier"] == code
            charged[own] = cost
            if lane.price_factors:
                factors = model.price_factors(lane, purchases["placed"][own])
                charged[own] += model.costs["purchase"][index] * (factors - 1.0)
        paid = (units * charged).sum()
        if breaks is not None:
            own = placed[rows][purchases["source"] == NONE]
            paid -= (breaks.price * own - breaks.charge(own)).sum()
        return float((initial * costs[0] + paid) / whole)
