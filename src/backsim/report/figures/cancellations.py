"""Units cancelled and lost, by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.report.figures.bars import stacked
from backsim.report.figures.registry import figure
from backsim.report.figures.style import in_percent
from backsim.report.words import label
from backsim.results.metrics import parts_of
from backsim.results.spec import MetricSpec
from backsim.study.analysis import present
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _names(study: Study) -> list[str]:
    """The causes that there are."""
    names = present(study, parts_of("cancel_rate")) or present(study, ["cancel_rate"])
    return names + present(study, ["lost_rate"])


def _lacks(study: Study) -> str:
    return "" if _names(study) else "expected customers who cancel, got none"


@figure("cancellations", "cancellations", "Mean over replications.", lacks=_lacks)
def cancellations(study: Study, ax: Axes | None = None) -> Axes:
    """Units cancelled by cause and units lost, as shares of the units ordered.

    Raises InputError when nobody cancelled.
    """
    names = _names(study)
    ax = stacked(study, names, "% of the units ordered", ax, _cause)
    in_percent(ax.xaxis)
    return ax


def _cause(name: str) -> str:
    words = {"cancel_rate": "cancelled", "lost_rate": "lost immediately"}
    return words.get(name) or label(MetricSpec(name))
