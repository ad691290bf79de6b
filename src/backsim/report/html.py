"""The page: one file that needs nothing else, for a screen, a phone and paper."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from backsim.files import write_text
from backsim.present.numbers import PAGE_PLUS_MINUS
from backsim.present.table import Cell, cell_text
from backsim.report.captions import Captions
from backsim.report.figures import Page
from backsim.report.finding import finding
from backsim.report.objective import objective_warnings
from backsim.report.regret import regret_table
from backsim.report.sections import Section, sections
from backsim.report.tables import tables
from backsim.statistics import Difference, Estimate
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
    page = render(study, bounds)
    write_text(path, lambda stream: stream.write(page))
    return path


def render(study: Study, bounds: pd.DataFrame | None = None) -> str:
    """The page as text."""
    experiment = study.experiment
    return page(
        title=experiment.title or experiment.name,
        question=experiment.question,
        finding=_emphasised(finding(study, PAGE_PLUS_MINUS, _mark)),
        warnings=objective_warnings(study),
        facts=_facts(study),
        sections=_sections(study, bounds),
        provenance=provenance_block(study),
    )


def page(
    *,
    title: str,
    finding: str | Markup,
    facts: str,
    sections: Sequence[Section],
    question: str = "",
    warnings: Sequence[str] = (),
    provenance: str = "{}",
) -> str:
    """A page of a finding and sections, as text: what studies and data are shown in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("backsim.report") / "page"
    script = (folder / "page.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("backsim.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": partial(cell_text, sign=PAGE_PLUS_MINUS),
        "key": sort_key,
        "tight": _tight,
    }
    return environment.get_template("page.html").render(
        title=title,
        question=question,
        finding=finding,
        warnings=warnings,
        facts=facts,
        sections=sections,
        style=(folder / "page.css").read_text(encoding="utf-8"),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        provenance=provenance,
    )


MOST_BYTES = 250_000


def provenance_block(study: Study) -> str:
    """The experiment and its scenarios in explicit form, as JSON that cannot end its element.

    Where the scenarios of all policies are long, that of the first one, and where that is too,
    none: the settings say how the others differ, and the study's file has them all.
    """
    told = dict(study.provenance)
    text = json.dumps(told)
    if len(text) > MOST_BYTES and "scenarios" in told:
        first = next(iter(told["scenarios"]))
        told["scenarios"] = {first: told["scenarios"][first]}
        text = json.dumps(told)
    if len(text) > MOST_BYTES:
        text = json.dumps({k: v for k, v in told.items() if k not in ("scenario", "scenarios")})
    return text.replace("<", "\\u003c")


def sort_key(cell: Cell) -> str:
    """What a column is sorted by: the number, or the text; nothing sorts last."""
    if isinstance(cell, str):
        return cell
    value = cell.mean if isinstance(cell, Estimate | Difference) else cell
    return "" if value is None or math.isnan(value) else repr(float(value))


_NAME = "\ue000", "\ue001"


def _mark(name: str) -> str:
    """A policy's name between marks that no one else writes."""
    return f"{_NAME[0]}{''.join(c for c in name if c not in _NAME)}{_NAME[1]}"


def _emphasised(text: str) -> Markup:
    """Words with the marked names in bold, everything escaped."""
    from markupsafe import Markup, escape

    page = str(escape(text)).replace(_NAME[0], "<strong><bdi>")
    return Markup(page.replace(_NAME[1], "</bdi></strong>"))


def _tight(text: str) -> str:
    """No line ends between a number and its unit or interval."""
    for sign in (" %", f" {PAGE_PLUS_MINUS} "):
        text = text.replace(sign, sign.replace(" ", "\N{NO-BREAK SPACE}"))
    return text


def _facts(study: Study) -> str:
    """The experiment in a line."""
    counts = sorted({e.count for e in rank(study).estimates})
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    model = study.policies[0].model
    many = "policy" if len(study.policies) == 1 else "policies"
    return (
        f"{len(study.policies)} {many}, {number} replications each, "
        f"{model.scenario.time_unit} {model.warm_up:g} to {model.horizon:g} counted"
    )


def _sections(study: Study, bounds: pd.DataFrame | None) -> list[Section]:
    """What there is to show, in the order in which it is read."""
    ranking = rank(study)
    by_name = {table.name: table for table in tables(study)}
    if bounds is not None:
        by_name["regret"] = regret_table(study, ranking, bounds)
    return sections(Page(study, ranking, Captions(study, ranking), bounds), by_name)


__all__ = ["page", "render", "write_report"]
