"""What each policy costs, by kind of cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.report.figures.bars import MONEY, stacked
from backsim.report.figures.registry import figure
from backsim.report.words import label, unit_of
from backsim.results.metrics import parts_of
from backsim.results.spec import MetricSpec
from backsim.study.analysis import present
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _lacks(study: Study) -> str:
    return (
        ""
        if present(study, parts_of("cost.total"))
        else "expected a scenario with costs, got none above 0"
    )


@figure("costs", "costs", "Mean over replications.", lacks=_lacks)
def costs(study: Study, ax: Axes | None = None) -> Axes:
    """What each policy costs a day, by kind of cost.  Raises InputError when nothing costs."""
    names = present(study, parts_of("cost.total"))
    axis = f"cost ({unit_of(study, MONEY)})"
    return stacked(study, names, axis, ax, lambda name: label(MetricSpec(name)))
