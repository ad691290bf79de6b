"""Figures of parts that add up: costs and cancellations; and of promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.report.figures.style import (
    BLUE,
    GREY,
    GROUND,
    ORANGE,
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
from backsim.report.subject import as_study
from backsim.report.words import label, unit_of
from backsim.results.metrics import parts_of
from backsim.results.run import Run
from backsim.results.spec import MetricSpec
from backsim.study.analysis import means, present, rank
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
MONEY = "money per day"
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\", "----", "++++")


def costs(study: Study | Run, ax: Axes | None = None) -> Axes:
    """What each policy costs a day, by kind of cost.  Raises InputError when nothing costs."""
    study = as_study(study)
    names = present(study, parts_of("cost.total"))
    if not names:
        raise InputError("costs: expected a scenario with costs, got none above 0")
    return _stacked(
        study, names, f"cost ({unit_of(study, MONEY)})", ax, lambda name: label(MetricSpec(name))
    )


def cancellations(study: Study | Run, ax: Axes | None = None) -> Axes:
    """Units cancelled by cause and units lost, as shares of the units ordered.

    Raises InputError when nobody cancelled.
    """
    study = as_study(study)
    names = present(study, parts_of("cancel_rate")) or present(study, ["cancel_rate"])
    names += present(study, ["lost_rate"])
    if not names:
        raise InputError("cancellations: expected customers who cancel, got none")
    return _stacked(study, names, "share of the units ordered", ax, _cause)


def _cause(name: str) -> str:
    words = {"cancel_rate": "cancelled", "lost_rate": "lost at once"}
    return words.get(name) or label(MetricSpec(name))


def promises(study: Study | Run, ax: Axes | None = None) -> Axes:
    """Share of promises kept.  Raises InputError when nothing was promised."""
    study = as_study(study)
    if not present(study, ["promise_kept"]):
        raise InputError("promises: expected promises to customers, got none")
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
    name_across(ax, "share of promised lines")
    legend(ax)
    return ax


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


def row_names(study: Study, order: list[int]) -> list[str]:
    """The policies' names, with the reference marked."""
    names = [study.policies[i].name for i in order]
    several = len(names) > 1
    return [marked(name, several and name == study.experiment.reference) for name in names]


def order_of(study: Study) -> list[int]:
    """Places of the policies, best first where that can be said."""
    try:
        return list(rank(study).order)
    except InputError:
        return list(range(len(study.policies)))


def _stacked(
    study: Study, names: list[str], axis: str, ax: Axes | None, words: Callable[[str], str]
) -> Axes:
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


__all__ = ["cancellations", "costs", "promises", "regret"]
