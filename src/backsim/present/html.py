"""A page: one file that needs nothing else, for a screen, a phone and paper."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from backsim.present.numbers import PLUS_MINUS, Interval
from backsim.present.table import Cell, Table, cell_text

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True)
class Section:
    """A part of the page: a heading, words, figures and tables."""

    name: str
    title: str
    words: tuple[str, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    """(svg, caption) of each figure."""
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """(term, what there is to say of it): a list of definitions."""


def page(
    *,
    title: str,
    facts: str,
    finding: str,
    sections: Sequence[Section],
    question: str = "",
    warnings: Sequence[str] = (),
    explicit: Mapping[str, Any] | None = None,
    panel: str = "",
    more_style: str = "",
    more_script: str = "",
    connects: bool = False,
) -> str:
    """The page as text: what it says first, then its sections; `explicit` is in it as JSON.

    `panel` is HTML that comes before the sections, with a style and a script of its own; with
    `connects` the script may ask the server that the page is from.
    """
    folder = files("backsim.present") / "page"
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    scripts = [text for text in (script, more_script) if text]
    return template("backsim.present", "page.html").render(
        title=title,
        question=question,
        finding=finding,
        warnings=warnings,
        facts=facts,
        sections=sections,
        style=style + more_style,
        scripts=scripts,
        digests=[base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts],
        explicit=None if explicit is None else embedded(explicit),
        panel=panel,
        connects=connects,
    )


def embedded(value: Any) -> str:
    """A value as JSON within a page, where no text of it ends the script."""
    return json.dumps(value).replace("<", "\\u003c")


def fragment(sections: Sequence[Section]) -> str:
    """Sections as they stand on a page."""
    return str(template("backsim.present", "parts.html").module.parts(sections))  # type: ignore[attr-defined]


@cache
def template(package: str, name: str) -> Template:
    """A template of a package's folder `page`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package, "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"cell": cell_text, "key": sort_key, "tight": _tight}
    return environment.get_template(name)


def sort_key(cell: Cell) -> str:
    """What a column is sorted by: the number, or the text; nothing sorts last."""
    if isinstance(cell, str):
        return cell
    value = cell.mean if isinstance(cell, Interval) else cell
    return "" if value is None or math.isnan(value) else repr(float(value))


def _tight(text: str) -> str:
    """No line ends between a number and its unit or interval."""
    for sign in (" %", f" {PLUS_MINUS} "):
        text = text.replace(sign, sign.replace(" ", "\N{NO-BREAK SPACE}"))
    return text
