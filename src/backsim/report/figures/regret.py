"""The bound in hindsight, and what each policy costs beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backsim.report.figures.bars import MONEY, order_of, row_names
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import (
    BLUE,
    GREY,
    GROUND,
    few_ticks,
    legend,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.report.words import unit_of
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def _with_bounds(page: Page) -> Iterator[Drawing]:
    """Where the bounds are known."""
    if page.bounds is not None:
        yield Drawing("regret", "Mean over replications.", {"bounds": page.bounds})


@figure("regret", on_page=_with_bounds)
def regret(study: Study, bounds: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """What the best clearing would have cost, and what each policy costs beyond it.

    `bounds` is what `Study.bound` gives.
    """
    names = [policy.name for policy in study.policies]
    known = bounds.groupby("policy")[["bound", "regret"]].mean()
    order = [i for i in order_of(study) if names[i] in known.index]
    parts = {name: known[name].loc[[names[i] for i in order]].to_numpy() for name in known}
    ax = new_axes(ax, rows_height(len(order), 1.2))
    rows = range(len(order))
    ax.barh(rows, parts["bound"], color=GREY, height=0.66, label="bound")
    ax.barh(
        rows, parts["regret"], left=parts["bound"], color=BLUE, height=0.66, label="regret",
        hatch="////", edgecolor=GROUND, linewidth=0,
    )  # fmt: skip
    name_rows(ax, row_names(study, order))
    name_across(ax, f"cost ({unit_of(study, MONEY)})")
    few_ticks(ax)
    legend(ax)
    return ax
