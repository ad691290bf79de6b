"""Units on hand over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backsim.report.figures.paths import over_time, where_any
from backsim.report.figures.registry import figure
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@figure("course", order=0, on_page=where_any("stock"))
def stock(study: Study, ax: Axes | None = None, policies: Sequence[str] | None = None) -> Axes:
    """Units on hand over time: the mean over replications, and a band that holds 80 % of them.

    `policies` by name; by default the best, the reference and the next in order, 3 in all.
    """
    return over_time(study, "stock", "stock on hand (units)", ax, policies)
