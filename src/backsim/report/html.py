"""The page of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.errors import counted
from backsim.files import write_text
from backsim.present.html import Section, page
from backsim.report.captions import Captions
from backsim.report.figures import Page
from backsim.report.finding import finding
from backsim.report.objective import study_warnings
from backsim.report.regret import regret_table
from backsim.report.sections import sections
from backsim.report.shortnames import Named, named
from backsim.report.tables import tables
from backsim.study.analysis import rank
from backsim.study.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup


def write_report(study: Study, file: str | Path, bounds: pd.DataFrame | None = None) -> Path:
    """Write the page, with `bounds` (`Study.bound`) each policy's regret too.

    Raises InputError for too few replications, or a file that cannot be.
    """
    path = Path(file)
    text = render(study, bounds)
    write_text(path, text)
    return path


def render(
    study: Study,
    bounds: pd.DataFrame | None = None,
    *,
    told: str = "",
    answer: str = "",
    first: Sequence[Section] = (),
) -> str:
    """The page as text, with sections that come `first`.

    `told` and `answer` are what it says in place of its finding and the answer of its summary.
    """
    experiment, short = study.experiment, named(study)
    return page(
        title=experiment.heading,
        facts=_facts(study),
        finding=told or _emphasised(finding(short.study, _mark)),
        sections=[*first, *_sections(short, bounds, answer)],
        question=experiment.question,
        warnings=study_warnings(study),
        explicit=told_provenance(study),
    )


MOST_BYTES = 250_000


def told_provenance(study: Study) -> dict[str, Any]:
    """The experiment and its scenarios in explicit form.

    Where the scenarios of all policies are long, that of the first one, and where that is too,
    none: the settings say how the others differ, and the study's file has them all.
    """
    told = dict(study.provenance)
    if len(json.dumps(told)) > MOST_BYTES and "scenarios" in told:
        first = next(iter(told["scenarios"]))
        told["scenarios"] = {first: told["scenarios"][first]}
    if len(json.dumps(told)) > MOST_BYTES:
        told = {k: v for k, v in told.items() if k not in ("scenario", "scenarios")}
    return told


_NAME = "\ue000", "\ue001"


def _mark(name: str) -> str:
    """A policy's name between marks that no one else writes."""
    return f"{_NAME[0]}{''.join(c for c in name if c not in _NAME)}{_NAME[1]}"


def _emphasised(text: str) -> Markup:
    """Words with the marked names in bold, everything escaped."""
    from markupsafe import Markup, escape

    marked = str(escape(text)).replace(_NAME[0], "<strong><bdi>")
    return Markup(marked.replace(_NAME[1], "</bdi></strong>"))


def _facts(study: Study) -> str:
    """The experiment in a line."""
    counts = sorted({e.count for e in rank(study).estimates})
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    model = study.policies[0].model
    return (
        f"{counted(len(study.policies), 'policy', 'policies')}, {number} replications each, "
        f"{model.scenario.time_unit} {model.warm_up:.10g} to {model.horizon:.10g} counted"
    )


def _sections(short: Named, bounds: pd.DataFrame | None, answer: str) -> list[Section]:
    """What there is to show, in the order in which it is read."""
    study, bounds = short.study, short.bounds(bounds)
    ranking = rank(study)
    by_name = {table.name: table for table in tables(study)}
    if short.full:  # what the short names stand for is read with the ranking
        by_name["legend"] = replace(by_name.pop("settings"), name="legend", title="Policies")
    if bounds is not None:
        by_name["regret"] = regret_table(study, ranking, bounds)
    legend = short.legend(ranking.order[0], ranking.reference)
    return sections(Page(study, ranking, Captions(study, ranking), bounds, legend, answer), by_name)


__all__ = ["render", "write_report"]
