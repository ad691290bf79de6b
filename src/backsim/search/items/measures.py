"""Metrics that add up over items, each from its units on hand, its backlog and its units filled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.search.items.shortfall import Levelled, Shortfall

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Told = Shortfall | Levelled
"""What says what was ordered, and what no unit on hand, waiting or filled changes."""


@dataclass(frozen=True)
class Linear:
    """A metric as a sum over items: so much per unit on hand, waiting and filled, and a rest."""

    on_hand: Floats
    backlog: Floats
    filled: Floats
    rest: Floats

    def of(self, at: Levelled) -> float:
        """The metric at some levels."""
        return float(
            self.on_hand @ at.on_hand
            + self.backlog @ at.backlog
            + self.filled @ at.filled
            + self.rest.sum()
        )

    def each(self, at: Levelled) -> Floats:
        """The parts of items that add up to it."""
        return np.asarray(
            self.on_hand * at.on_hand
            + self.backlog * at.backlog
            + self.filled * at.filled
            + self.rest
        )


class Rates:
    """What costs are per unit on hand, and per unit and day of waiting, by item."""

    def __init__(self, model: Model) -> None:
        costs = model.costs
        self.days = model.horizon - model.warm_up
        self.holding = costs["holding"]
        self.waiting, self.waits = costs["backorder_time"], costs["backorder_unit"]

    def unequal(self) -> int | None:
        """The first item whose backorders do not cost the same for every class of customers."""
        found = (np.ptp(self.waiting, axis=0) > 0) | (np.ptp(self.waits, axis=0) > 0)
        return int(np.argmax(found)) if found.any() else None


Parts = tuple[Any, Any, Any, Any]
"""On hand, backlog, filled and the rest, each by item."""
MEASURES: dict[str, Callable[[Told, Rates, Floats], Parts]] = {}
"""The metrics there are: of a run, the rates, and a 1 for each item that counts."""


def _measure(
    name: str,
) -> Callable[[Callable[[Told, Rates, Floats], Parts]], None]:
    def declare(function: Callable[[Told, Rates, Floats], Parts]) -> None:
        MEASURES[name] = function

    return declare


@_measure("fill_rate")
def _fill_rate(run: Told, rates: Rates, here: Floats) -> Parts:
    ordered = here @ run.ordered
    return (0, 0, 1 / ordered, 0) if ordered else (0, 0, 0, 1 / here.sum())


@_measure("mean_wait")
def _mean_wait(run: Told, rates: Rates, here: Floats) -> Parts:
    ordered = here @ run.ordered
    return 0, rates.days / ordered if ordered else 0, 0, 0


@_measure("mean_backlog")
def _mean_backlog(run: Told, rates: Rates, here: Floats) -> Parts:
    return 0, 1, 0, 0


@_measure("mean_on_hand")
def _mean_on_hand(run: Told, rates: Rates, here: Floats) -> Parts:
    return 1, 0, 0, 0


@_measure("cost.holding")
def _holding(run: Told, rates: Rates, here: Floats) -> Parts:
    return rates.holding, 0, 0, 0


@_measure("cost.backorder_time")
def _backorder_time(run: Told, rates: Rates, here: Floats) -> Parts:
    return 0, rates.waiting[0], 0, 0


@_measure("cost.backorder_unit")
def _backorder_unit(run: Told, rates: Rates, here: Floats) -> Parts:
    each = rates.waits[0] / rates.days
    return 0, 0, -each, each * run.ordered


@_measure("cost.total")
def _total(run: Told, rates: Rates, here: Floats) -> Parts:
    each = rates.waits[0] / rates.days
    return rates.holding, rates.waiting[0], -each, each * run.ordered + run.constant


OF_TABLES = ("fill_rate", "mean_backlog", "mean_on_hand", "cost.holding", "cost.total")
"""Those that also hold where not all customers wait, as nothing else is reckoned from them."""


def counted(model: Model, spec: MetricSpec) -> Floats:
    """A 1 for each item that a metric counts."""
    points = model.scenario.stock
    if spec.dimension == "product":
        return np.array([float(p.product == spec.member) for p in points])
    if spec.dimension == "site":
        return np.array([float(p.site == spec.member) for p in points])
    if spec.dimension == "group":
        products = model.scenario.products
        return np.array([float(products[p.product].group == spec.member) for p in points])
    return np.ones(len(points))


def linear(spec: MetricSpec, run: Told, rates: Rates, here: Floats) -> Linear:
    """A metric of a run, as a sum over the items that it counts."""
    parts = MEASURES[spec.metric](run, rates, here)
    return Linear(*(np.asarray(here * part, float) for part in parts))
