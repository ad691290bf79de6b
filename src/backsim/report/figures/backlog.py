"""Units that customers wait for over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backsim.report.captions import Captions
from backsim.report.figures.paths import over_time
from backsim.report.figures.registry import figure
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@figure("course", "backlog over time", Captions.band, order=1)
def backlog(study: Study, ax: Axes | None = None, policies: Sequence[str] | None = None) -> Axes:
    """Units that customers wait for over time, drawn as `stock`."""
    return over_time(study, "backlog", "backlog (units)", ax, policies)
