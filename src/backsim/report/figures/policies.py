"""Figures that compare policies by a number: ranking, differences, sensitivity, Pareto front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.report.figures.labels import name_points
from backsim.report.figures.style import (
    BLUE,
    FAINT,
    GREY,
    GROUND,
    INK,
    PALETTE,
    VERMILION,
    cut_off,
    few_ticks,
    marked,
    name_across,
    name_rows,
    new_axes,
    rows_height,
    text,
    wrapped,
)
from backsim.report.subject import as_study
from backsim.report.words import label, percent, unit_of, with_unit
from backsim.results.spec import MetricSpec, parse_metric
from backsim.statistics import Difference, Estimate
from backsim.study.analysis import (
    Ranking,
    against,
    estimates,
    main_metric,
    rank,
)
from backsim.study.effects import main_effects
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spec_of(study: Study, metric: str | MetricSpec | None) -> MetricSpec:
    """A metric as it was given, by its text, or that of the objective."""
    if isinstance(metric, MetricSpec):
        return metric
    if metric is not None:
        from backsim.results.metrics import views_of

        return parse_metric(metric, [v for p in study.policies for v in views_of(p.model)])
    objective = study.experiment.objective
    return objective.metric if objective else main_metric(study)


def ranking(study: Study, ax: Axes | None = None, metric: str | MetricSpec | None = None) -> Axes:
    """Every policy's mean with its interval, best on top; those that break a constraint hollow.

    `metric` such as `fill_rate[gold]`, by default that of the objective.
    Raises InputError for fewer than 2 policies or replications.
    """
    as_study(study, "ranking", several=True)
    found = rank(study, spec_of(study, metric))
    ax = new_axes(ax, rows_height(len(found.order)))
    some = [found.estimates[i] for i in found.order]
    colours = [_colour(found, i) for i in found.order]
    hollow = [i not in found.feasible for i in found.order]
    _intervals(ax, range(len(some)), some, colours, hollow, cut=some[0].mean)
    ax.axvline(found.estimates[found.reference].mean, color=GREY, linewidth=0.8, linestyle=":")
    name_rows(ax, [_marked(study, found, i) for i in found.order])
    name_across(ax, f"{with_unit(study, found.spec)}, {_level(study)} interval")
    few_ticks(ax)
    return ax


def differences(
    study: Study,
    ax: Axes | None = None,
    metric: str | MetricSpec | None = None,
    reference: str | None = None,
) -> Axes:
    """Every other policy less the reference, paired; what crosses the line is not distinguishable.

    The intervals hold together (Bonferroni).  Raises InputError for fewer than 2 policies or pairs.
    """
    as_study(study, "differences", several=True)
    spec = spec_of(study, metric)
    found = rank(study, spec)
    base = found.reference if reference is None else study.place(reference)
    compared = against(study, spec, base)
    rows = [i for i in found.order if i in compared]
    if not rows:
        raise InputError("differences: expected at least 2 pairs of replications, got fewer")
    ax = new_axes(ax, rows_height(len(rows)))
    ax.axvline(0, color=INK, linewidth=0.9)
    better = -1 if found.sense == "minimise" else 1
    some = [compared[i] for i in rows]
    colours = [
        GREY if not d.significant else BLUE if d.mean * better > 0 else VERMILION for d in some
    ]
    _intervals(ax, range(len(rows)), some, colours, cut=0.0)
    name_rows(ax, [study.policies[i].name for i in rows])
    name_across(ax, f"{with_unit(study, spec)}, policy less {study.policies[base].name[:30]}")
    few_ticks(ax)
    return ax


def sensitivity(
    study: Study, ax: Axes | None = None, metric: str | MetricSpec | None = None
) -> Axes:
    """How far each level of each factor moves the mean over all policies, with intervals.

    Raises InputError for an experiment without factors.
    """
    spec = spec_of(as_study(study, "sensitivity", several=True), metric)
    effects = main_effects(study, spec)
    if not effects:
        raise InputError("sensitivity: expected an experiment with a factor of 2 levels, got none")
    factors = list(dict.fromkeys(e.factor for e in effects))
    ax = new_axes(ax, rows_height(len(effects) + len(factors)))
    ax.axvline(0, color=INK, linewidth=0.9)
    names, row = [], 0
    ticks = []
    for number, factor in enumerate(factors):
        inside = [e for e in effects if e.factor == factor]
        middle = [e.estimate.mean for e in inside]
        rows = range(row, row + len(inside))
        colour = PALETTE[number % len(PALETTE)]
        if inside[0].numeric:
            ax.plot(middle, rows, color=FAINT, linewidth=2, zorder=1)
        _intervals(ax, rows, [e.estimate for e in inside], [colour] * len(inside))
        names += [_level_of(_short(factor, factors), e.level) for e in inside]
        ticks += list(rows)
        row += len(inside) + 1
    name_rows(ax, names)
    ax.set_yticks(ticks, [text(name) for name in names])
    ax.set_ylim(row - 1.5, -0.5)
    name_across(ax, f"effect on {with_unit(study, spec)}")
    few_ticks(ax)
    return ax


def _short(factor: str, factors: list[str]) -> str:
    """The last part of a path, where that says which factor it is."""
    last = factor.rsplit(".", 1)[-1]
    return last if [f.rsplit(".", 1)[-1] for f in factors].count(last) == 1 else factor


def _level_of(factor: str, level: str) -> str:
    """`s = 20`; some levels say it themselves."""
    return level if level.startswith(f"{factor}=") else f"{factor} = {level}"


def pareto(
    study: Study,
    ax: Axes | None = None,
    x: str | MetricSpec = "cost.total",
    y: str | MetricSpec = "fill_rate",
) -> Axes:
    """Two metrics against each other; the line joins policies that none beats in both.

    Raises InputError for an unknown metric.
    """
    study = as_study(study)
    specs = spec_of(study, x), spec_of(study, y)
    found = [estimates(study, spec) for spec in specs]
    means = np.array([[e.mean for e in one] for one in found])
    ax = new_axes(ax, 3.9)
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
    ax.scatter(means[0], means[1], s=32, c=faces, edgecolors=colours, linewidths=1.5, zorder=3)
    ax.set_xlabel(wrapped(_towards(study, specs[0])))
    ax.set_ylabel(wrapped(_towards(study, specs[1]), 34))
    few_ticks(ax)
    few_ticks(ax, "y")
    ax.margins(0.12, 0.16)
    cut_off(ax, means[0], low[0], high[0], means[1])
    name_points(ax, study, means, list(dict.fromkeys([reference, *order])))
    return ax


def efficient(means: np.ndarray, senses: list[str]) -> list[int]:
    """Places of the systems that no other beats in one metric while as good in the other."""
    good = means * np.array([[1.0 if sense == "maximise" else -1.0] for sense in senses])
    found = []
    for i in np.flatnonzero(~np.isnan(good).any(axis=0)):
        beaten = (good >= good[:, [i]]).all(axis=0) & (good > good[:, [i]]).any(axis=0)
        if not beaten.any():
            found.append(int(i))
    return found


def _towards(study: Study, spec: MetricSpec) -> str:
    arrow = "more" if spec.sense == "maximise" else "less"
    return f"{label(spec)} ({unit_of(study, spec.unit)}; {arrow} is better)"


def _intervals(
    ax: Axes,
    rows: Sequence[int],
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


def _colour(found: Ranking, policy: int) -> str:
    return BLUE if policy in found.candidates or policy == found.best else GREY


def _marked(study: Study, found: Ranking, policy: int) -> str:
    name = study.policies[policy].name
    return marked(name, policy == found.reference)


def _level(study: Study) -> str:
    return percent(study.experiment.confidence)


__all__ = ["differences", "pareto", "ranking", "sensitivity"]
