"""Means with their intervals, a row each: what several figures of policies are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.present.numbers import percent
from backsim.report.figures.style import GROUND, cut_off, in_percent
from backsim.results.metrics.money import MONEY
from backsim.results.spec import MetricSpec, parse_metric
from backsim.statistics import Difference, Estimate
from backsim.study.analysis import main_metric
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def spec_of(study: Study, metric: str | MetricSpec | None) -> MetricSpec:
    """A metric as it was given, by its text, or that of the objective."""
    if isinstance(metric, MetricSpec):
        return metric
    if metric is not None:
        return parse_metric(metric, study.views)
    objective = study.experiment.objective
    return objective.metric if objective else main_metric(study)


def money_of(study: Study) -> MetricSpec:
    """The money that a study is about: its objective where that is money, else total cost.

    Total cost counts purchases, so that under another objective a policy that buys less, and sells
    less, would look cheap.
    """
    objective = study.experiment.objective
    if objective is not None and objective.metric.unit == MONEY:
        return objective.metric
    return spec_of(study, "cost.total")


def measured_along(axis: Axis, spec: MetricSpec) -> None:
    """The numbers of an axis of a metric: shares in percent."""
    if spec.is_share:
        in_percent(axis)


def show_intervals(
    ax: Axes,
    rows: Sequence[float],
    found: Sequence[Estimate | Difference],
    colours: list[str],
    hollow: Sequence[bool] = (),
    cut: float | None = None,
) -> None:
    """Means with their intervals, a row each; outliers are cut if a number to show is given."""
    means = np.array([one.mean for one in found])
    widths = np.nan_to_num([one.half_width for one in found])
    ax.hlines(rows, means - widths, means + widths, colors=colours, linewidth=2)
    faces = [
        GROUND if empty else colour
        for colour, empty in zip(colours, hollow or [False] * len(colours), strict=True)
    ]
    ax.scatter(means, rows, s=32, c=faces, edgecolors=colours, linewidths=1.5, zorder=3)
    if cut is not None:
        cut_off(ax, means, np.minimum(means - widths, cut), np.maximum(means + widths, cut))


def level_of(study: Study) -> str:
    """The confidence of the intervals, in words."""
    return percent(study.experiment.confidence)
