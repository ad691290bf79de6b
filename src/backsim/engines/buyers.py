"""How stock points react to their suppliers, at time 0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backsim.entities import NEVER, UNREACHED, Buyer
from backsim.scenario.model import Model
from backsim.scenario.reactions import Expedite, cancels, emergency_of
from backsim.scenario.schema import StockPoint

if TYPE_CHECKING:
    from backsim.engines.setup import Setup


def reactions(points: Iterable[StockPoint]) -> set[str]:
    """The parts of the kernel with which stock points react to their suppliers."""
    needed = set()
    for point in points:
        if isinstance(point.expedite, Expedite):
            needed |= {"REACTS", "EXPEDITES", "DELIVERIES", "PIPELINE"}
        if cancels(point):
            needed |= {"REACTS", "CANCELS", "DELIVERIES", "PIPELINE"}
        if any(emergency_of(source) for source in point.supplier or ()):
            needed |= {"REACTS", "EMERGENCY", "PIPELINE"}
    return needed


def add_buyers(setup: Setup, model: Model) -> None:
    """A row for each stock point, where any of them reacts."""
    if "REACTS" in setup.switches:
        setup.buyers += [
            _buyer(setup, index, point) for index, point in enumerate(model.scenario.stock)
        ]


def _buyer(setup: Setup, index: int, point: StockPoint) -> Buyer:
    row = Buyer()
    if isinstance(point.expedite, Expedite):
        row.expedite_days = point.expedite.days
        row.expedite_late = NEVER if point.expedite.late is None else point.expedite.late
        row.expedite_level = UNREACHED if point.expedite.level is None else point.expedite.level
    if cancels(point):
        row.cancel_late = float(point.cancel_late)  # type: ignore[arg-type]
    for source in point.supplier or ():
        plan = emergency_of(source)
        if plan is not None:
            node = setup.nodes[index]
            row.emergency = node.sources_at + node.sources - 1
            row.level, row.up_to = int(plan.level), int(plan.up_to)  # type: ignore[arg-type]
            row.soon = setup.sources[row.emergency].mean_time
    return row
