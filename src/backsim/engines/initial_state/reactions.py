"""How stock points react to their suppliers, at time 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, UNREACHED, Buyer
from backsim.scenario.model import Model
from backsim.scenario.schema import ResolvedPoint

if TYPE_CHECKING:
    from backsim.engines.initial_state.start import Setup


def add_buyers(setup: Setup, model: Model) -> None:
    """A row for each stock point, where any of them reacts."""
    if "REACTS" in setup.switches:
        setup.buyers += [
            _buyer(setup, index, point) for index, point in enumerate(model.scenario.stock)
        ]


def _buyer(setup: Setup, index: int, point: ResolvedPoint) -> Buyer:
    row, expedite = Buyer(), point.expedites
    if expedite is not None:
        row.expedite_days = expedite.days
        row.expedite_late = NEVER if expedite.late is None else expedite.late
        row.expedite_level = UNREACHED if expedite.level is None else expedite.level
    if point.cancels_after is not None:
        row.cancel_late = float(point.cancels_after)
    for source in point.supplier:
        plan = source.emergency
        if plan is not None:
            node = setup.nodes[index]
            row.emergency = node.sources_at + node.sources - 1
            row.level, row.up_to = int(plan.level), int(plan.up_to)  # type: ignore[arg-type]
            row.soon = setup.sources[row.emergency].mean_time
            row.counts_all = int(plan.counts == "all")
    return row
