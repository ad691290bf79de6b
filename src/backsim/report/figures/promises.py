"""Promises kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.report.figures.bars import order_of, row_names
from backsim.report.figures.registry import figure
from backsim.report.figures.style import (
    BLUE,
    GROUND,
    ORANGE,
    in_percent,
    legend,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.study.analysis import means, present
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _lacks(study: Study) -> str:
    return "" if present(study, ["promise_kept"]) else "expected promises to customers, got none"


@figure("promises", "promises", lacks=_lacks)
def promises(study: Study, ax: Axes | None = None) -> Axes:
    """Share of promises kept.  Raises InputError when nothing was promised."""
    order = order_of(study)
    kept = means(study.array("promise_kept"))
    ax = new_axes(ax, rows_height(len(order), 1.2))
    ax.barh(range(len(order)), kept[order], color=BLUE, height=0.66, label="kept")
    ax.barh(
        range(len(order)), 1 - kept[order], left=kept[order], color=ORANGE, height=0.66,
        label="not kept", hatch="////", edgecolor=GROUND, linewidth=0,
    )  # fmt: skip
    name_rows(ax, row_names(study, order))
    ax.set_xlim(0, 1)
    name_across(ax, "% of promised lines")
    in_percent(ax.xaxis)
    legend(ax)
    return ax
