"""A page: one file that needs nothing else, for a screen, a phone and paper."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from backsim.present.numbers import PLUS_MINUS, Interval
from backsim.present.table import Cell, Table, cell_text


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
) -> str:
    """The page as text: what it says first, then its sections; `explicit` is in it as JSON."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    folder = files("backsim.present") / "page"
    script = (folder / "page.js").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader("backsim.present", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell": cell_text,
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
        explicit=None if explicit is None else json.dumps(explicit).replace("<", "\\u003c"),
    )


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
