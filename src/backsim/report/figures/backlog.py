"""Units that customers wait for over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backsim.report.figures.paths import over_time, where_any
from backsim.report.figures.registry import figure
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@figure("course", order=1, on_page=where_any("backlog"))
def backlog(study: Study, ax: Axes | None = None, policies: Sequence[str] | None = None) -> Axes:
    """Units that customers wait for over time, drawn as `stock`."""
    return over_time(study, "backlog", "backlog (units)", ax, policies)
