"""Purchases placed while it counted, and what buyers did about their suppliers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import NONE
from backsim.results.between import transfers_of, units_as_placed
from backsim.results.metrics.sums import Sums
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Counted = tuple[Floats, Floats]
    """Purchases and their units, by stock point."""


class Purchases:
    """Purchases and transfers per day, by stock point."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.transfers = any(point.asks_for_units for point in m.model.scenario.stock)
        """Whether a stock point may send for units of other sites of the level."""
        purchases, size = m.log.bought, m.shape[1]
        placed = purchases.compress(purchases["placed"] >= m.model.warm_up)
        sent = transfers_of(m.model, placed)
        units = placed["units"][sent]
        self.transferred = np.bincount(placed["stock"][sent], units, size) / m.days
        """Units sent for."""
        placed = placed.compress(~sent)
        whole = placed["part_of"] == NONE  # not the parts that a site ships one by one
        self.count = np.bincount(placed["stock"][whole], minlength=size) / m.days
        """Purchases."""
        led = placed["stock"][whole & (placed["joined"] == NONE)]  # they lead, or are alone
        self.led = np.bincount(led, minlength=size) / m.days
        """Purchases, those placed together once."""
        self.units = np.bincount(placed["stock"], placed["units"], size) / m.days
        """Units ordered, from suppliers and other sites."""
        bought = placed.compress(placed["source"] == NONE)
        self.bought = np.bincount(bought["stock"], bought["units"], size) / m.days
        """Of these, units bought from suppliers."""

    @cached_property
    def surcharges(self) -> Floats:
        """Money for units bought where or when they cost more; not per day, but in all."""
        model, purchases = self.m.model, self.m.log.bought
        points = model.scenario.stock
        found = np.zeros(len(points))
        for lane in model.lanes:
            if lane.surcharge or lane.price_factors:
                only = len(points[lane.stock].supplier) == 1
                rows = (purchases["placed"] >= model.warm_up) & (purchases["stock"] == lane.stock)
                rows &= only | (purchases["supplier"] == lane.supplier)
                extra = lane.surcharge * purchases["units"][rows].sum()
                if lane.price_factors:
                    factors = model.price_factors(lane, purchases["placed"][rows])
                    price = model.costs["purchase"][lane.stock]
                    extra += price * ((factors - 1.0) * purchases["units"][rows]).sum()
                found[lane.stock] += extra
        return found

    @cached_property
    def discounts(self) -> Floats:
        """Money that price breaks save on what is bought; not per day, but in all."""
        rows, found = self.m.log.purchases, np.zeros(self.m.shape[1])
        counts = (rows["placed"] >= self.m.model.warm_up) & (rows["source"] == NONE)
        whole = units_as_placed(rows)
        for index, breaks in self.m.model.costs.breaks.items():
            units = whole[counts & (rows["stock"] == index)]
            found[index] = (breaks.price * units - breaks.charge(units)).sum()
        return found

    @cached_property
    def at_sites(self) -> Floats:
        """Units on order, time average, that are still stock of other sites or components."""
        model, rows, points = self.m.model, self.m.log.bought, self.m.model.scenario.stock
        inside = any(p.made_from or any(s.site is not None for s in p.supplier) for p in points)
        if not inside and not self.transfers:
            return np.zeros(self.m.shape[1])
        made = np.array([bool(point.made_from) for point in points])[rows["stock"]]
        from_site = rows["source"] != NONE
        end = np.where(
            made & ~from_site, np.minimum(rows["sent"], rows["arrives"]), rows["arrives"]
        )
        window = model.warm_up, model.horizon
        here = made | from_site
        days = (end.clip(*window) - rows["placed"].clip(*window))[here]
        weights = rows["units"][here] * days
        return np.bincount(rows["stock"][here], weights, self.m.shape[1]) / self.m.days


class Reactions:
    """What buyers did while it counted; None where they never do such a thing."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        self.points = m.model.scenario.stock

    @cached_property
    def expedited(self) -> Counted | None:
        """Expedited purchases and their units."""
        if not any(point.expedites for point in self.points):
            return None
        deliveries = self.m.log.deliveries
        return self._count(self._within(deliveries["expedited_at"]), deliveries["expedited"])

    @cached_property
    def withdrawn(self) -> Counted | None:
        """Late purchases withdrawn, and their units."""
        if all(point.cancels_after is None for point in self.points):
            return None
        deliveries = self.m.log.deliveries
        return self._count(self._within(deliveries["cancelled_at"]), deliveries["withdrawn"])

    @cached_property
    def emergency(self) -> Counted | None:
        """Purchases from emergency sources, and their units."""
        urgent = _emergency_suppliers(self.m.model)
        if not (urgent != NONE).any():
            return None
        purchases = self.m.log.purchases
        rows = (purchases["placed"] >= self.m.model.warm_up) & (purchases["supplier"] != NONE)
        rows &= purchases["supplier"] == urgent[purchases["stock"]]
        return self._count(rows, purchases["units"])

    def _count(self, rows: Any, units: Any) -> Counted:
        place, size = self.m.log.purchases["stock"][rows], self.m.shape[1]
        return (
            np.bincount(place, minlength=size).astype(float),
            np.bincount(place, units[rows], size).astype(float),
        )

    def _within(self, times: Any) -> Any:
        return (times >= self.m.model.warm_up) & (times < self.m.model.horizon)


def _emergency_suppliers(model: Model) -> Any:
    """The supplier that each stock point asks in emergencies; NONE where there is none."""
    found = np.full(len(model.stock_points), NONE)
    for lane in model.lanes:
        if lane.emergency is not None:
            found[lane.stock] = lane.supplier
    return found
