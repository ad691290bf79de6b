r"""Tables and documents as LaTeX: to be taken into a paper with `\input`.

Asks for the packages amsmath, booktabs and longtable; the file may be in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable

from backsim.present.numbers import PLUS_MINUS
from backsim.present.table import Block, Column, Equation, Heading, Listing, Table

PACKAGES = "% needs \\usepackage{amsmath,booktabs,longtable}"

SIGNS = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    PLUS_MINUS: r"$\pm$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}
"""What LaTeX would take for something else, and how it is written."""

WIDEST = 0.9
"""Share of the width of a line that the columns of prose of a table have together."""


def escaped(text: str) -> str:
    """Text that LaTeX shows as it is, on one line."""
    return "".join(SIGNS.get(sign, sign) for sign in " ".join(text.split()))


def document(title: str, blocks: Iterable[Block]) -> str:
    """A section, and below it paragraphs, tables, headings and formulas."""
    parts = [f"\\section*{{{escaped(title)}}}"] if title else []
    return "\n\n".join([PACKAGES, *parts, *map(_shown, blocks)]) + "\n"


def table_lines(table: Table) -> list[str]:
    """A table that may go on over pages, its title as its caption and its note below."""
    shape = "".join(_shape(table, place) for place in range(len(table.columns)))
    lines = [f"\\begin{{longtable}}{{{shape}}}"]
    if table.title:
        lines.append(f"\\caption{{{escaped(table.title)}}}\\\\")
    heads = _row(escaped(column.heading) for column in table.columns)
    lines += ["\\toprule", heads, "\\midrule", "\\endhead"]
    group = ""
    for place, texts in enumerate(table.texts()):
        if table.groups and table.groups[place] != group:
            group = table.groups[place]
            bold = f"\\textbf{{{escaped(group)}}}"
            lines.append(f"\\multicolumn{{{len(texts)}}}{{l}}{{{bold}}} \\\\")
        lines.append(_row(map(_cell, table.columns, texts)))
    lines += ["\\bottomrule", "\\end{longtable}"]
    return [*lines, escaped(table.note)] if table.note else lines


def _shown(block: Block) -> str:
    if isinstance(block, Table):
        return "\n".join(table_lines(block))
    if isinstance(block, Heading):
        return f"\\subsection*{{{escaped(block.text)}}}"
    if isinstance(block, Listing):
        return f"\\begin{{verbatim}}\n{block.text}\n\\end{{verbatim}}"
    return f"\\[\n{block.tex}\n\\]" if isinstance(block, Equation) else escaped(block)


def _shape(table: Table, place: int) -> str:
    """How a column is set: prose in lines of their own, numbers to the right."""
    if table.columns[place].kind == "prose":
        prose = sum(column.kind == "prose" for column in table.columns)
        share = WIDEST / max(prose, len(table.columns) / 2)
        return f"p{{{share:.2f}\\linewidth}}"
    return "r" if table.numeric(place) else "l"


def _cell(column: Column, text: str) -> str:
    return f"${text}$" if column.kind == "formula" and text else escaped(text)


def _row(cells: Iterable[str]) -> str:
    """A row; a bracket at its start is no argument of the line before."""
    texts = [f"{{}}{cell}" if cell.startswith("[") else cell for cell in cells]
    return " & ".join(texts) + " \\\\"
