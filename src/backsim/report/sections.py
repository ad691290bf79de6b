"""The sections of the page, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backsim.present.html import Section
from backsim.present.table import Table
from backsim.report.captions import BEYOND
from backsim.report.figures import FIGURES, Page
from backsim.report.figures.intervals import money_of
from backsim.report.figures.style import is_cut
from backsim.report.management import Facts, summary
from backsim.report.svg import inline_svg
from backsim.report.words import label


@dataclass(frozen=True)
class Plan:
    """What a section holds where the study has it; its figures name it themselves."""

    name: str
    title: str | Callable[[Page], str]
    tables: tuple[str, ...] = ()
    """Names of the study's tables."""
    words: Callable[[Page], Sequence[str]] = lambda page: ()
    facts: Callable[[Page], Facts] = lambda page: ()
    otherwise: str = ""
    """The title where its first table is not there."""


def _if_several(words: Callable[[Page], str]) -> Callable[[Page], Sequence[str]]:
    return lambda page: [words(page)] if len(page.study.policies) > 1 else []


SECTIONS: dict[str, Plan] = {}
"""By name, in the order in which the page shows them."""


def section(plan: Plan, before: str = "") -> None:
    """Register a section of the page, as the last one or before another."""
    names = [name for name in SECTIONS if name != plan.name]
    names.insert(names.index(before) if before else len(names), plan.name)
    plans = {**SECTIONS, plan.name: plan}
    SECTIONS.clear()
    SECTIONS.update({name: plans[name] for name in names})


for _plan in (
    Plan("summary", "Summary", facts=lambda p: summary(p.study, p.ranking, p.legend, p.answer)),
    Plan("ranking", "Ranking", ("ranking", "legend", "best"), lambda page: [page.text.ranking()]),
    Plan(
        "differences",
        "Differences from the reference",
        ("differences",),
        _if_several(lambda page: page.text.differences()),
    ),
    Plan("costs", "Costs", ("costs", "yearly")),
    Plan(
        "regret",
        "Regret in hindsight",
        ("regret",),
        lambda page: [] if page.bounds is None else [page.text.regret()],
    ),
    Plan("pareto", lambda page: f"Service against {label(money_of(page.study))}"),
    Plan("waits", "How long customers wait", ("classes",)),
    Plan("course", "Stock and backlog over time"),
    Plan("sites", "Stock and backlog by site", ("sites",)),
    Plan("products", "Service and stock by product", ("products",)),
    Plan("reorder_levels", "Levels, today and proposed", ("reorder_levels",)),
    Plan("promises", "Promises", ("promises",)),
    Plan("cancellations", "Cancellations", ("cancellations",)),
    Plan(
        "effects",
        "Sensitivity to each factor",
        ("effects", "screening", "settings"),
        otherwise="What each policy sets",
    ),
    Plan("method", "Method", words=lambda page: page.text.method()),
    Plan("provenance", "Provenance", ("provenance",)),
):
    section(_plan)


def sections(
    page: Page, tables: Mapping[str, Table], names: Collection[str] = SECTIONS
) -> list[Section]:
    """Those that have something to show, of all or of some."""
    drawn: list[str] = []
    made = []
    for plan in (plan for plan in SECTIONS.values() if plan.name in names):
        there = tuple(tables[name] for name in plan.tables if name in tables)
        named = bool(plan.tables) and plan.tables[0] in tables
        title = plan.title if isinstance(plan.title, str) else plan.title(page)
        title = title if named or not plan.otherwise else plan.otherwise
        words, figures = tuple(plan.words(page)), tuple(_drawn(page, plan.name, drawn))
        facts = plan.facts(page)
        if words or figures or there or facts:
            words = tuple(text for text in words if text)
            made.append(Section(plan.name, title, words, figures, there, facts))
    return made


def _drawn(page: Page, section: str, drawn: list[str]) -> Iterator[tuple[str, str]]:
    """(svg, caption) of each figure of a section; the names of all are different."""
    here = [figure for figure in FIGURES.values() if figure.section == section]
    for figure in sorted(here, key=lambda figure: figure.order):
        for drawing in figure.on_page(page):
            ax = figure.draw(page.study, **drawing.options)
            name = f"f{len(drawn)}"
            drawn.append(name)
            caption = f"{drawing.caption} {BEYOND}".strip() if is_cut(ax) else drawing.caption
            yield inline_svg(ax.figure, name, drawing.title), caption


__all__ = ["SECTIONS", "Plan", "Section", "section", "sections"]
