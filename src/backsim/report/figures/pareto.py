"""Two metrics against each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from backsim.report.figures.intervals import measured_along, money_of, spec_of
from backsim.report.figures.labels import name_points
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import BLUE, GREY, GROUND, cut_off, few_ticks, new_axes, wrapped
from backsim.report.words import label, shown_unit
from backsim.results.spec import MetricSpec
from backsim.study.analysis import efficient, estimates
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SERVICE = "fill_rate"


def _of_several(page: Page) -> Iterator[Drawing]:
    """Where there are policies to choose among, and they differ in both."""
    money = money_of(page.study)
    means = [
        {e.mean for e in estimates(page.study, spec)}
        for spec in (money, spec_of(page.study, SERVICE))
    ]
    if all(len(different) > 1 for different in means):
        line = "Blue: policies that no other beats on both axes; a line joins them."
        title = f"service against {label(money)}"
        yield Drawing(title, f"{line} {page.text.interval()}", {"x": money})


@figure("pareto", on_page=_of_several)
def pareto(
    study: Study,
    ax: Axes | None = None,
    x: str | MetricSpec | None = None,
    y: str | MetricSpec = SERVICE,
) -> Axes:
    """Two metrics against each other; the line joins policies that none beats in both.

    Without `x` it is the study's objective where that is money, else total cost.

    Raises InputError for an unknown metric.
    """
    specs = money_of(study) if x is None else spec_of(study, x), spec_of(study, y)
    found = [estimates(study, spec) for spec in specs]
    means = np.array([[e.mean for e in one] for one in found])
    ax = new_axes(ax, 3.9)
    measured_along(ax.xaxis, specs[0])
    measured_along(ax.yaxis, specs[1])
    front = efficient(means, [spec.sense for spec in specs])
    order = sorted(front, key=lambda i: means[0, i])
    ax.plot(*means[:, order], color=BLUE, linewidth=1, alpha=0.6, zorder=1)
    reference = study.place(study.experiment.reference or study.policies[0].name)
    widths = np.nan_to_num([[e.half_width for e in one] for one in found])
    colours = [BLUE if i in front else GREY for i in range(means.shape[1])]
    low, high = means - widths, means + widths
    ax.hlines(means[1], low[0], high[0], colors=colours, linewidth=1.2, alpha=0.45)
    ax.vlines(means[0], low[1], high[1], colors=colours, linewidth=1.2, alpha=0.45)
    faces = [c if i != reference else GROUND for i, c in enumerate(colours)]
    last = sorted(range(means.shape[1]), key=lambda i: i == reference)  # above one at its place
    ax.scatter(
        means[0, last],
        means[1, last],
        s=32,
        c=[faces[i] for i in last],
        edgecolors=[colours[i] for i in last],
        linewidths=1.5,
        zorder=3,
    )
    ax.set_xlabel(wrapped(_towards(study, specs[0])))
    ax.set_ylabel(wrapped(_towards(study, specs[1]), 34))
    few_ticks(ax)
    few_ticks(ax, "y")
    ax.margins(0.12, 0.16)
    names = [policy.name for policy in study.policies]
    cut_off(ax, means[0], low[0], high[0], means[1], names=names)
    cut_off(ax, means[1], low[1], high[1], means[0], upright=True, names=names)
    name_points(ax, study, means, list(dict.fromkeys([reference, *order])))
    return ax


def _towards(study: Study, spec: MetricSpec) -> str:
    arrow = "more" if spec.sense == "maximise" else "less"
    return f"{label(spec)} ({shown_unit(study, spec)}; {arrow} is better)"
