"""Bars of parts that add up, a row a policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from backsim.report.figures.style import (
    GROUND,
    PALETTE,
    cut_off,
    few_ticks,
    legend,
    marked,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.study.analysis import means, rank, why_unranked
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MONEY = "money per day"
HATCHES = ("", "////", "\\\\\\\\", "----", "xxxx", "||||", "++++")
"""Lines alone: a figure with a hatch of dots is ten times as large."""


def row_names(study: Study, order: list[int]) -> list[str]:
    """The policies' names, with the reference marked."""
    names = [study.policies[i].name for i in order]
    several = len(names) > 1
    return [marked(name, several and name == study.experiment.reference) for name in names]


def order_of(study: Study) -> list[int]:
    """Places of the policies, best first where that can be said."""
    return list(range(len(study.policies)) if why_unranked(study) else rank(study).order)


def stacked(
    study: Study, names: list[str], axis: str, ax: Axes | None, words: Callable[[str], str]
) -> Axes:
    """Values of metrics end to end, the largest first."""
    order = order_of(study)
    # Nothing, where a policy has no such thing.
    parts = {name: np.nan_to_num(means(study.array(name)[order])) for name in names}
    names = sorted(names, key=lambda name: -float(parts[name].sum()))
    lines = -(-len(names) // 2)
    ax = new_axes(ax, rows_height(len(order), 1.0 + 0.22 * lines))
    left = np.zeros(len(order))
    for number, name in enumerate(names):
        values = parts[name]
        ax.barh(
            range(len(order)), values, left=left, height=0.66,
            color=PALETTE[number % len(PALETTE)], label=words(name),
            hatch=HATCHES[number % len(HATCHES)], edgecolor=GROUND, linewidth=0,
        )  # fmt: skip
        left = left + values
    cut_off(ax, left, np.zeros(len(order)), left)
    name_rows(ax, row_names(study, order))
    name_across(ax, axis)
    few_ticks(ax)
    legend(ax)
    return ax
