"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from backsim.present.table import Block, Equation, Heading, Listing, Table


def grid(
    heads: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()
) -> list[str]:
    """A table from cells that are Markdown already; the columns `right` go to the right."""
    rule = ["---:" if place in right else "---" for place in range(len(heads))]
    return [f"| {' | '.join(heads)} |", f"|{'|'.join(rule)}|",
            *(f"| {' | '.join(row)} |" for row in rows)]  # fmt: skip


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    plain = escape(" ".join(text.split()), quote=False)
    for sign in "\\`*_|[]~#":
        plain = plain.replace(sign, f"\\{sign}")
    return plain


def table_lines(table: Table) -> list[str]:
    """A table with all its columns and rows, its title above and its note below."""
    rows: list[list[str]] = []
    group = ""
    for place, texts in enumerate(table.texts()):
        if table.groups and table.groups[place] != group:
            group = table.groups[place]
            rows.append([f"**{escaped(group)}**", *[""] * (len(table.columns) - 1)])
        rows.append(
            [
                f"${text}$" if column.kind == "formula" and text else escaped(text)
                for column, text in zip(table.columns, texts, strict=True)
            ]
        )
    right = [place for place in range(len(table.columns)) if table.numeric(place)]
    lines = [f"### {escaped(table.title)}", ""] if table.title else []
    lines += grid([escaped(column.heading) for column in table.columns], rows, right)
    return [*lines, "", escaped(table.note)] if table.note else lines


def document(title: str, blocks: Iterable[Block]) -> str:
    """A heading, and below it paragraphs, tables, headings and formulas."""
    parts = [f"## {escaped(title)}"] if title else []
    return "\n\n".join([*parts, *map(_shown, blocks)]) + "\n"


def _shown(block: Block) -> str:
    if isinstance(block, Table):
        return "\n".join(table_lines(block))
    if isinstance(block, Heading):
        return f"### {escaped(block.text)}"
    if isinstance(block, Listing):
        return f"```{block.language}\n{block.text}\n```"
    return f"$$\n{block.tex}\n$$" if isinstance(block, Equation) else escaped(block)
