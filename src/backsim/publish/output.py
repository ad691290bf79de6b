"""A document as rows, for programs: a row per paragraph, formula and row of a table."""

from __future__ import annotations

from collections.abc import Iterable

from backsim.present.table import Block, Equation, Heading, Listing, Table


def rows_of(blocks: Iterable[Block]) -> list[dict[str, str]]:
    """(section, kind, text) of each block; the cells of a table's row with bars between them."""
    found, section = [], ""
    for block in blocks:
        if isinstance(block, Heading):
            section = block.text
        else:
            found += [{"section": section, "kind": k, "text": text} for k, text in _texts(block)]
    return found


def _texts(block: str | Table | Equation | Listing) -> list[tuple[str, str]]:
    if isinstance(block, Table):
        return [(block.name, " | ".join(texts)) for texts in block.texts()]
    if isinstance(block, Listing):
        return [("listing", block.text)]
    return [("formula", block.tex) if isinstance(block, Equation) else ("text", block)]
