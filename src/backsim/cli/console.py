"""Where the command line writes: results on standard output, remarks on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, TextIO

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
        _print(text, sys.stderr)


def tell(text: str) -> None:
    """A result in words, on standard output."""
    _print(text, sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    """On a terminal no wider than it is; in a pipe, as it is."""
    lines = text.split("\n")
    print(*(map(_folded, lines) if stream.isatty() else lines), sep="\n", file=stream)


def _folded(line: str) -> str:
    """A line broken at blanks, no wider than the terminal; what follows is set in."""
    import textwrap

    within = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line, get_terminal_size().columns, subsequent_indent=within,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


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
