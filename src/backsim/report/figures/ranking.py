"""The ranking of the policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.report.captions import Captions
from backsim.report.figures.intervals import level_of, measured_along, show_intervals, spec_of
from backsim.report.figures.registry import figure
from backsim.report.figures.style import (
    BLUE,
    GREY,
    few_ticks,
    marked,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.report.words import with_unit
from backsim.results.spec import MetricSpec
from backsim.study.analysis import Ranking, rank
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@figure("ranking", "ranking", Captions.marks, several=True)
def ranking(study: Study, ax: Axes | None = None, metric: str | MetricSpec | None = None) -> Axes:
    """Every policy's mean with its interval, best on top; those that break a constraint hollow.

    `metric` such as `fill_rate[gold]`, by default that of the objective.
    Raises InputError for fewer than 2 policies or replications.
    """
    found = rank(study, spec_of(study, metric))
    ax = new_axes(ax, rows_height(len(found.order)))
    measured_along(ax.xaxis, found.spec)
    some = [found.estimates[i] for i in found.order]
    colours = [_colour(found, i) for i in found.order]
    hollow = [i not in found.feasible for i in found.order]
    show_intervals(ax, range(len(some)), some, colours, hollow, cut=some[0].mean)
    ax.axvline(found.estimates[found.reference].mean, color=GREY, linewidth=0.8, linestyle=":")
    name_rows(ax, [_marked(study, found, i) for i in found.order])
    name_across(ax, f"{with_unit(study, found.spec)}, {level_of(study)} interval")
    few_ticks(ax)
    return ax


def _colour(found: Ranking, policy: int) -> str:
    return BLUE if policy in found.candidates or policy == found.best else GREY


def _marked(study: Study, found: Ranking, policy: int) -> str:
    name = study.policies[policy].name
    return marked(name, policy == found.reference)
