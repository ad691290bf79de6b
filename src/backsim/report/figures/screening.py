"""Which factors matter: elementary effects, or shares of the variance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from backsim.report.figures.intervals import measured_along, show_intervals, spec_of
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import (
    BLUE,
    ORANGE,
    few_ticks,
    legend,
    name_across,
    name_rows,
    new_axes,
    rows_height,
)
from backsim.report.words import label, with_unit
from backsim.results.spec import MetricSpec
from backsim.statistics.screening import Elementary, Indices
from backsim.study.screened import screened
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _of_designs(page: Page) -> Iterator[Drawing]:
    """Where the experiment has such a design."""
    if screened(page.study, page.ranking.spec):
        yield Drawing("which factors matter", page.text.screening())


@figure(
    "effects",
    on_page=_of_designs,
    lacks=lambda s: "" if s.experiment.screening else "expected a design morris or sobol_indices",
    order=-1,
)
def screening(study: Study, ax: Axes | None = None, metric: str | MetricSpec | None = None) -> Axes:
    """How much each factor matters, the most important on top, with intervals.

    Raises InputError for an experiment whose design is neither `morris` nor `sobol_indices`.
    """
    spec = spec_of(study, metric)
    found = screened(study, spec)
    ax = new_axes(ax, rows_height(len(found)))
    strongest = sorted(found, key=lambda name: -_strength(found[name]))
    places = np.arange(len(strongest))
    shares = [one for one in map(found.get, strongest) if isinstance(one, Indices)]
    effects = [one for one in map(found.get, strongest) if isinstance(one, Elementary)]
    if shares:
        colours = [BLUE] * len(shares), [ORANGE] * len(shares)
        show_intervals(ax, (places - 0.12).tolist(), [one.total for one in shares], colours[0])
        show_intervals(ax, (places + 0.12).tolist(), [one.first for one in shares], colours[1])
        ax.plot([], [], "o", color=BLUE, label="with all others (ST)")
        ax.plot([], [], "o", color=ORANGE, label="alone (S1)")
        legend(ax)
        across = f"share of the variance of {label(spec)}"
    else:
        measured_along(ax.xaxis, spec)
        show_intervals(
            ax, places.tolist(), [one.strength for one in effects], [BLUE] * len(effects)
        )
        across = f"mean absolute effect of the whole range on {with_unit(study, spec)}"
    name_rows(ax, strongest)
    ax.set_xlim(left=min(0.0, ax.get_xlim()[0]))
    name_across(ax, across)
    few_ticks(ax)
    return ax


def _strength(found: Elementary | Indices) -> float:
    return (found.total if isinstance(found, Indices) else found.strength).mean
