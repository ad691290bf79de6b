"""What a stock point had to do with: its receipts, its lines, and what waiting costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.features import switches
from backsim.engines.log import Log
from backsim.entities import NEVER
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats


@dataclass(frozen=True, eq=False)
class Window:
    """The time in which costs are counted: [start, end] in days."""

    start: float
    end: float

    def days(self, since: Any, until: Any) -> Floats:
        """How much of [since, until] lies in the window, in days."""
        first, last = np.maximum(since, self.start), np.minimum(until, self.end)
        return np.asarray(np.maximum(0.0, last - first), float)

    def counts(self, ordered: Any) -> Any:
        """Whether an order is one of those whose units are counted."""
        return ordered >= self.start


@dataclass(frozen=True, eq=False)
class History:
    """One stock point in one replication.

    `receipts` units arrive at the times `epochs`, which rise strictly from 0 (the initial stock).
    Lines ask for `units` at `time` and are gone after `until`; where customers are `told` how long
    they will wait, they may also leave sooner or stay longer, nobody knows when.  `group` numbers
    the lines that cost the same; `per_day`, `per_unit` and `margin` are money by group: for a unit
    and day of waiting, for a unit that waits at all, for one that is lost.  `holding` is money per
    unit and day.
    """

    window: Window
    epochs: Floats
    receipts: Floats
    time: Floats
    until: Floats
    units: Floats
    group: Codes
    per_day: Floats
    per_unit: Floats
    margin: Floats
    holding: float
    told: bool = False


def histories(model: Model, log: Log) -> Iterator[History]:
    """The stock points of a replication, one after the other."""
    lines, stocks = log.lines, log.stocks
    window = Window(model.warm_up, model.horizon)
    order = np.argsort(lines["stock"], kind="stable")
    ends = np.searchsorted(lines["stock"][order], np.arange(len(stocks) + 1))
    told = "INFORMS" in switches(model)
    patience = lines["tolerance"][lines["head"]]  # an order's lines leave together
    if told:
        patience = np.where(patience > 0.0, NEVER, patience)
    until = model.on_grid(lines["time"] + patience)
    received, sound = log.receipts
    for point, stock in enumerate(stocks):
        mine = order[ends[point] : ends[point + 1]]
        own = received["stock"] == point
        times = np.concatenate([[0.0], received["arrives"][own]])
        units = np.concatenate([[float(stock["initial"])], sound[own]])
        epochs, place = np.unique(times, return_inverse=True)
        rates = [
            model.costs[name][:, point]
            for name in ("backorder_time", "backorder_unit", "lost_margin")
        ]
        yield History(
            window=window,
            epochs=epochs,
            receipts=np.bincount(place, units, len(epochs)).astype(float),
            time=lines["time"][mine].astype(float),
            until=until[mine],
            units=lines["units"][mine].astype(float),
            group=lines["customer_class"][mine].astype(np.int64),
            per_day=rates[0],
            per_unit=rates[1],
            margin=rates[2],
            holding=float(model.costs["holding"][point]),
            told=told,
        )
