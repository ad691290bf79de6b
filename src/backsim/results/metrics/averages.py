"""Time averages of the stock points, and what sites order from each other."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.between import BetweenSites, between_sites
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Stocks:
    """Time averages by stock point."""

    def __init__(self, m: Sums) -> None:
        self.m = m

    @cached_property
    def finished(self) -> Any:
        """The stock points with their integrals brought up to the horizon."""
        stocks = self.m.log.stocks.copy()
        rest = self.m.model.horizon - np.maximum(stocks["since"], self.m.model.warm_up)
        net = stocks["on_hand"] - stocks["backlog"]
        stocks["on_hand_days"] += rest * stocks["on_hand"]
        stocks["reserved_days"] += rest * stocks["reserved"]
        stocks["on_order_days"] += rest * stocks["on_order"]
        stocks["ready_days"] += rest * (stocks["on_hand"] > 0)
        stocks["clear_days"] += rest * (stocks["backlog"] == 0)
        stocks["net_days"] += rest * net
        stocks["net_squared_days"] += rest * net**2
        return stocks

    def average(self, integral: str) -> Floats:
        """The time average of which a stock point keeps that integral."""
        found: Floats = self.finished[integral] / self.m.days
        return found

    @cached_property
    def held(self) -> Floats:
        """Units on hand and reserved."""
        stocks = self.finished
        found: Floats = (stocks["on_hand_days"] + stocks["reserved_days"]) / self.m.days
        return found

    @cached_property
    def between(self) -> BetweenSites | None:
        """What sites order from each other; None where they do not."""
        log = self.m.log
        return between_sites(self.m.model, log) if len(log.site_lines) else None

    @cached_property
    def in_transit(self) -> Floats:
        """Units on their way from another site."""
        if self.between is None:
            return np.zeros(self.m.shape[1])
        return self.between.transit / self.m.days

    @property
    def owned(self) -> Floats:
        """Units on hand, reserved, and on their way from another site."""
        found: Floats = self.held + self.in_transit
        return found
