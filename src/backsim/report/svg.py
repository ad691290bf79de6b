"""A figure as a piece of a page: text as text, colours by name, ids of its own, nothing outside."""

from __future__ import annotations

import re
import warnings
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsim.report.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

VARIABLES = {
    style.INK: "--ink",
    style.FAINT: "--faint",
    style.GROUND: "--ground",
    style.GREY: "--grey",
    style.BLUE: "--blue",
    style.ORANGE: "--orange",
    style.GREEN: "--green",
    style.VERMILION: "--vermilion",
    style.SKY: "--sky",
    style.PINK: "--pink",
    style.YELLOW: "--yellow",
}
"""Colour -> the page's variable, which is lighter or darker on a dark ground."""

_TAG = re.compile(r"<[^>]*>")
_SAID_BY_PAGE = re.compile(r" font-family: [^;\"]*;?| transform=\"rotate\(-0 [^)]*\)\"")
"""What the page has for all its text, and turns by nothing."""
_PLACES = re.compile(r' (?:d|x|y|transform)="[^"]*"')
_LONG = re.compile(r"\d+\.\d{3,}")
_LONE = re.compile(r"<g> (<use [^>]*>) </g>")
"""A mark in a group of its own."""
_COLOUR = re.compile("|".join(VARIABLES), re.IGNORECASE)


def inline_svg(figure: Figure | SubFigure, name: str, title: str) -> str:
    """A figure as an <svg> element for a page; `name` makes its ids unique, `title` describes it.

    `name` is the page's own word, not a user's.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from backsim.report.renderer import draw

    whole = figure.get_figure(root=True)
    assert isinstance(whole, Figure)

    for ground in (whole.patch, *(ax.patch for ax in figure.axes)):
        ground.set_visible(False)
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": name}
    with mpl.rc_context(settings), warnings.catch_warnings():
        # The browser draws the text; what matplotlib's own font lacks only makes its widths rough.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        body = draw(whole)
    body = body[body.index("<svg") :]
    view = re.search(r'viewBox="([\d. ]+)"', body)
    assert view is not None
    body = body[body.index(">") + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", body, flags=re.DOTALL)
    body = _TAG.sub(lambda match: _own(match.group(), name), body)
    body = _LONE.sub(r"\1", " ".join(body.split()))
    shown = f'role="img" aria-label="{escape(title)}" class="figure"'
    return f'<svg viewBox="{view.group(1)}" {shown}>{body}'


def write_svg(ax: Axes, file: Path) -> None:
    """Write a figure to a file of its own; the same figure makes the same file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    whole = ax.get_figure(root=True)
    assert isinstance(whole, Figure)
    settings: Any = {"svg.hashsalt": file.name}
    with mpl.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        whole.savefig(file, metadata={"Date": None})


def _own(tag: str, name: str) -> str:
    """A tag with the page's colours and ids; text between tags is left alone."""
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', tag)
    tag = tag.replace("url(#", f"url(#{name}-")
    tag = _SAID_BY_PAGE.sub("", tag)
    tag = _PLACES.sub(lambda match: _LONG.sub(_rounded, match.group()), tag)
    return _COLOUR.sub(lambda match: f"var({VARIABLES[match.group().lower()]})", tag)


def _rounded(number: re.Match[str]) -> str:
    """A number of points, to a hundredth."""
    return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
