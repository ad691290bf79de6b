"""How far each level of each factor moves the mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backsim.errors import InputError
from backsim.report.figures.intervals import measured_along, show_intervals, spec_of
from backsim.report.figures.registry import Drawing, Page, figure
from backsim.report.figures.style import (
    FAINT,
    INK,
    PALETTE,
    few_ticks,
    name_across,
    name_rows,
    new_axes,
    rows_height,
    text,
)
from backsim.report.words import with_unit
from backsim.results.spec import MetricSpec
from backsim.study.effects import main_effects
from backsim.study.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _of_factors(page: Page) -> Iterator[Drawing]:
    """Where the experiment has factors."""
    if main_effects(page.study, page.ranking.spec):
        yield Drawing("sensitivity", page.text.effects())


@figure("effects", on_page=_of_factors, several=True)
def sensitivity(
    study: Study, ax: Axes | None = None, metric: str | MetricSpec | None = None
) -> Axes:
    """How far each level of each factor moves the mean over all policies, with intervals.

    Raises InputError for an experiment without factors.
    """
    spec = spec_of(study, metric)
    effects = main_effects(study, spec)
    if not effects:
        raise InputError("sensitivity: expected an experiment with a factor of 2 levels, got none")
    factors = list(dict.fromkeys(e.factor for e in effects))
    ax = new_axes(ax, rows_height(len(effects) + len(factors)))
    measured_along(ax.xaxis, spec)
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
        show_intervals(ax, rows, [e.estimate for e in inside], [colour] * len(inside))
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
