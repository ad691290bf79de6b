"""What a unit costs, by stock point: the weighted average of what was bought."""

from __future__ import annotations

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
        purchases: Any = m.log.purchases
        rows = np.flatnonzero(~transfers_of(m.model, purchases))
        rows = rows[np.argsort(purchases["stock"][rows], kind="stable")]
        self.purchases = purchases.take(rows)
        self.placed = units_as_placed(purchases)[rows]
        self.sound = self.purchases["units"]
        if len(m.log.deliveries):
            self.sound = self.sound - m.log.deliveries["rejected"][rows]
        self.ends = np.searchsorted(self.purchases["stock"], np.arange(m.shape[1] + 1))

    def average(self, index: int, costs: list[float]) -> float:
        """What a sound unit costs, given what each source charges for a unit."""
        rows = slice(self.ends[index], self.ends[index + 1])
        purchases, sound = self.purchases[rows], self.sound[rows]
        units = purchases["units"]
        breaks = self.m.model.costs.breaks.get(index)
        if len(set(costs)) == 1 and sound.sum() == units.sum() and breaks is None:
            return costs[0]
        initial = int(self.m.log.stocks["initial"][index])
        whole = initial + int(sound.sum())
        if whole <= 0:
            return costs[0]
        charged = np.full(len(units), costs[0])  # inbound purchases name no source
        bought = [lane for lane in self.m.model.lanes if lane.stock == index and not lane.transfer]
        for lane, cost in zip(bought, costs, strict=True) if len(costs) > 1 else ():
            from_site = lane.place is not None
            code = lane.place if from_site else lane.supplier
            charged[purchases["source" if from_site else "supplier"] == code] = cost
        paid = (units * charged).sum()
        if breaks is not None:
            own = self.placed[rows][purchases["source"] == NONE]
            paid -= (breaks.price * own - breaks.charge(own)).sum()
        return float((initial * costs[0] + paid) / whole)
