"""The page of a search: the answer, what is around it, and the study of its figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import capitalized, listed
from backsim.files import write_text
from backsim.present.html import Section
from backsim.present.numbers import number, percent
from backsim.present.table import Cell, Column, Table
from backsim.report.figures.surface import along, surface, swings
from backsim.report.html import render
from backsim.report.svg import inline_svg
from backsim.report.words import label, with_unit
from backsim.scenario.timeunit import per_year
from backsim.scenario.yamlfile import show
from backsim.search.search import Search, finding
from backsim.search.shape import Changed, Shape, Slice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ITEMS = 200
"""Items that the page lists, those with the most demand."""


def write_page(found: Search, file: Path) -> Path:
    """Write the page, one file that needs nothing else.  Raises InputError."""
    assert found.figures is not None
    told, answer = finding(found), _open_answer(found)
    write_text(file, render(found.figures, told=told, answer=answer, first=[*sections(found)]))
    return file


def sections(found: Search) -> Iterator[Section]:
    """What the page shows before the study."""
    title = "The answer" if found.promised else "The policy found"
    yield Section("answer", title, words=tuple(_yearly(found)), tables=(_answer(found),))
    if found.problem.items is not None:
        yield Section("levels", "Levels", tables=(_levels(found),))
    if found.shape is not None:
        pages = _Pages(found, found.shape)
        if found.shape.slices:
            yield pages.surface()
        if found.shape.changed:
            yield pages.sensitivity()


def _open_answer(found: Search) -> str:
    """What to do where nothing can be promised; else the figures tell."""
    if found.promised:
        return ""
    if found.best is None:
        return "No policy that was tried can be recommended: the finding says why."
    doubts = [] if found.choice.decided else ["other policies may be better"]
    if not all(kept.surely for kept in found.kept):
        doubts.append("it is not certain that it satisfies the constraints")
    return f"'{found.best.name}' is the best so far, but nothing is promised: {listed(doubts)}."


def _yearly(found: Search) -> Iterator[str]:
    """What the answer saves in a year, with its interval."""
    saved, scenario = found.saving, found.problem.present.scenario
    years = per_year(scenario.time_unit)
    if (
        saved is None
        or saved.same
        or years is None
        or "per day" not in found.objective.declared.unit
    ):
        return
    money = f" {scenario.currency}" if scenario.currency else ""
    low, high = sorted(abs(years) * np.array([saved.low, saved.high]) * -found.problem.sign)
    level = percent(found.problem.asked.confidence)
    side = "better" if saved.mean * found.problem.sign < 0 else "worse"
    amount = number(abs(saved.mean) * years, saved.half_width * years)
    what = "answer" if found.promised else "policy found"
    begin, end = ("The", "") if saved.significant else ("That the", " may be chance")
    yield (
        f"{begin} {what} is {amount}{money} per year {side} than today{end} ({level} interval of "
        f"what it gains: {low:,.0f} to {high:,.0f})."
    )


def _answer(found: Search) -> Table:
    """What the policy found sets, beside what is set today."""
    policy = found.best or found.nearest
    settings = {} if policy is None else policy.settings
    rows = tuple((path, show(value)) for path, value in settings.items())
    return Table("answer", "", (Column("field", kind="text"), Column("value", kind="text")), rows)


def _levels(found: Search) -> Table:
    rows = found.levels.sort_values("demand", ascending=False).head(MOST_ITEMS)
    columns = tuple(
        Column(str(name), kind="text" if name in ("product", "site", "group") else "")
        for name in rows.columns
    )
    cells = tuple(tuple(row) for row in rows.itertuples(index=False))
    note = "levels.csv has all items." if len(found.levels) > MOST_ITEMS else ""
    return Table("levels", "", columns, cells, note)


class _Pages:
    """The sections of a shape."""

    def __init__(self, found: Search, shape: Shape) -> None:
        assert found.figures is not None
        self.found, self.shape, self.space = found, shape, found.problem.space
        self.level = percent(found.problem.asked.confidence)
        self.metric = with_unit(found.figures, found.objective)

    def surface(self) -> Section:
        """A figure for every pair of numbers."""
        figures = []
        for i, one in enumerate(self.shape.slices):
            axes = self._drawn(one)
            names = " and ".join(self.space.axes[a].label for a in one.axes)
            caption = (
                f"Difference of {label(self.found.objective)} from the answer over {names}, all "
                f"else as in the answer; {one.apart[0].count} replications of each policy, paired"
            )
            caption += "; '?' where it may be chance" if len(one.axes) > 1 else ""
            if any(one.violates):
                marked = "crossed out" if len(one.axes) > 1 else "marked by a cross"
                caption += f"; {marked} where a constraint is violated"
            figures.append(
                (inline_svg(axes.figure, f"surface{i}", "around the answer"), f"{caption}.")
            )
        words = ("A flat surface is forgiving: levels near the answer are hardly worse.",)
        return Section("surface", "Around the answer", words, tuple(figures))

    def _drawn(self, one: Slice) -> Axes:
        amounts = np.array(
            [[self.space.axes[a].amount(p[a]) for a in one.axes] for p in one.points]
        )
        apart = np.array([e.mean for e in one.apart])
        widths = np.nan_to_num([e.half_width for e in one.apart])
        assert self.found.point is not None
        best = [self.space.axes[a].amount(self.found.point[a]) for a in one.axes]
        labels = [self.space.axes[a].label for a in one.axes]
        if len(one.axes) == 1:
            names = labels[0], self.metric
            return along(amounts[:, 0].tolist(), apart, widths, best[0], names, one.violates)
        sign = self.found.problem.sign
        return surface(amounts, apart, widths, best, labels, one.violates, sign)

    def sensitivity(self) -> Section:
        """What each parameter of the scenario does to the answer."""
        by_name: dict[str, list[Changed]] = {}
        for one in self.shape.changed:
            by_name.setdefault(one.variation.what, []).append(one)
        base = self.shape.cost.mean  # may be less than both ends: each bar begins there
        ends = {n: [base, *(c.cost.mean for c in both)] for n, both in by_name.items()}
        order = sorted(ends, key=lambda name: max(ends[name]) - min(ends[name]), reverse=True)
        order = [name for name in order if self._acts(by_name[name])]
        idle = [name for name in by_name if name not in order]
        objective = label(self.found.objective)
        none = f"No effect on {objective}: {listed(idle, len(idle))}." if idle else ""
        title, name = "Sensitivity", "sensitivity_of_answer"
        if not order:
            return Section(name, title, (none,))
        low, high = (np.array([f(ends[name]) for name in order]) for f in (min, max))
        axes = swings(order, low, high, base, f"{self.metric} of the answer")
        caption = (
            f"{capitalized(objective)} of the answer where one parameter of the scenario is a "
            "fifth less or a fifth more; the line is the scenario as it is."
        )
        figure = (inline_svg(axes.figure, "swings", "sensitivity"), caption)
        changed = [self._row(one) for name in order for one in by_name[name]]
        table = Table(
            "sensitivity",
            "",
            (
                Column("scenario", kind="text", keep=True),
                Column("the answer", self.metric),
                Column("a better policy", kind="text"),
                Column("difference", self.metric),
            ),
            (("as it is", self.shape.cost, "", None), *changed),
            "Better policies are sought a few steps from the answer; one is named only where the "
            f"difference is beyond chance ({self.level}, each by itself). Levels do not follow the "
            "change: each stays as many units as in the scenario as it is.",
        )
        return Section(name, title, (none,) if none else (), (figure,), (table,))

    def _acts(self, both: list[Changed]) -> bool:
        """Whether a parameter changes the objective of the answer, or which policy is better."""
        same = [np.isclose(c.cost.mean, self.shape.cost.mean, rtol=1e-12, atol=0) for c in both]
        return not all(same) or any(map(self._is_better, both))

    def _is_better(self, one: Changed) -> bool:
        """Whether the policy found next to the answer is better beyond chance."""
        return one.better != self.found.point and abs(one.saving.mean) > one.saving.half_width

    def _row(self, one: Changed) -> tuple[Cell, ...]:
        better = self._is_better(one)
        name = self.space.name(one.better) if better else "none known"
        broken = " (the answer violates a constraint)" if one.violates else ""
        return one.variation.name, one.cost, f"{name}{broken}", one.saving if better else None
