"""Differences from the reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backsim.errors import InputError
from backsim.report.figures.intervals import measured_along, show_intervals, spec_of
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    few_ticks,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.report.words import with_unit
from backsim.results.spec import MetricSpec
from backsim.study.analysis import against, rank, wanted, why_unranked
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 4
"""Metrics whose differences the page draws."""


def _told_apart(page: Page) -> Iterator[Drawing]:
    """Of the ranking's metric, and the next that differ at all."""
    study, ranking = page.study, page.ranking
    specs = [ranking.spec, *(s for s in wanted(study) if s != ranking.spec)]
    differ = [
        spec
        for spec in specs
        if any(d.mean or d.sd for d in against(study, spec, ranking.reference).values())
    ]
    for spec in differ[:MOST]:
        if not why_unranked(study, spec):
            yield Drawing(f"differences in {spec.metric}", "", {"metric": spec})


@figure("differences", on_page=_told_apart, several=True)
def differences(
    study: Study,
    ax: Axes | None = None,
    metric: str | MetricSpec | None = None,
    reference: str | None = None,
) -> Axes:
    """Every other policy less the reference, paired; what crosses the line is not distinguishable.

    The intervals hold together (Bonferroni).  Raises InputError for fewer than 2 policies or pairs.
    """
    spec = spec_of(study, metric)
    found = rank(study, spec)
    base = found.reference if reference is None else study.place(reference)
    compared = against(study, spec, base)
    rows = [i for i in found.order if i in compared]
    if not rows:
        raise InputError("differences: expected at least 2 pairs of replications, got fewer")
    ax = new_axes(ax, rows_height(len(rows)))
    measured_along(ax.xaxis, spec)
    ax.axvline(0, color=INK, linewidth=0.9)
    better = -1 if found.sense == "minimise" else 1
    some = [compared[i] for i in rows]
    colours = [
        GREY if not d.significant else BLUE if d.mean * better > 0 else VERMILION for d in some
    ]
    show_intervals(ax, range(len(rows)), some, colours, cut=0.0)
    name_rows(ax, [study.policies[i].name for i in rows])
    name_across(ax, f"{with_unit(study, spec)}, policy less {study.policies[base].name[:30]}")
    few_ticks(ax)
    return ax
