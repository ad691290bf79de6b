"""Where the command line writes: results on standard output, remarks on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsim.present.table import Block


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


@dataclass(frozen=True)
class Found:
    """What a command has found, as each format wants it; made only when asked for."""

    title: str
    blocks: Callable[[], Iterable[Block]]
    """Paragraphs and tables, to be read: on the console, in Markdown and in LaTeX."""
    rows: Callable[[], Iterable[Mapping[str, Any]]]
    """Of CSV."""
    values: Callable[[], Any]
    """Of JSON."""
    most: int | None = None
    """Rows of a table that the console shows; the other formats show all."""
    names: Sequence[str] = ()
    """The fields of CSV, said where there may be no row."""


quiet = False
"""Whether remarks and progress are left out (`--quiet`)."""


def say(text: str) -> None:
    """A remark about the results, on standard error, unless it is to be quiet."""
    if not quiet:
        print(text, file=sys.stderr)


def show(found: Found, format: Format) -> None:
    """Print what has been found, in the format that was asked for."""
    if format is Format.json:
        from backsim.present.records import to_json

        print(to_json(found.values()))
    elif format is Format.csv:
        from backsim.present.records import write_csv

        write_csv(found.rows(), sys.stdout, found.names)
    elif format is Format.markdown:
        from backsim.present import markdown

        print(markdown.document(found.title, found.blocks()), end="")
    elif format is Format.latex:
        from backsim.present import latex

        print(latex.document(found.title, found.blocks()), end="")
    else:
        display(found.title, found.blocks(), found.most)


def display(title: str, blocks: Iterable[Block], most: int | None = None) -> None:
    """Print paragraphs and tables for a reader: no wider than a terminal; in a pipe, whole."""
    from backsim.present import console
    from backsim.present.numbers import ASCII_PLUS_MINUS, PLUS_MINUS

    terminal = sys.stdout.isatty()
    plain = not terminal or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    medium = console.Medium(
        width=get_terminal_size().columns if terminal else None,
        bold=str if plain else lambda text: f"\x1b[1m{text}\x1b[0m",
        most=most,
    )
    text = console.document(title, blocks, medium)
    try:
        print(text, end="")
    except UnicodeEncodeError:  # a terminal of old
        print(text.replace(PLUS_MINUS, ASCII_PLUS_MINUS), end="")
