"""The STRESS-DES checklist of a study: what a report of a discrete-event simulation has to say.

Source: Monks, Currie, Onggo, Robinson, Kunc and Taylor, "Strengthening the reporting of empirical
simulation studies: Introducing the STRESS guidelines", Journal of Simulation 13 (2019) 55-67.
"""

from __future__ import annotations

from collections.abc import Iterator

from backsim.present.table import Block, Column, Heading, Listing, Table
from backsim.publish import stress_items  # noqa: F401 (it declares the items)
from backsim.publish.stress_register import ITEMS, Answer, Item
from backsim.publish.study import Written


def checklist(study: Written) -> list[tuple[Item, Answer]]:
    """Every item with what the study says to it."""
    return [(one, one.fill(study)) for one in ITEMS]


def blocks(found: list[tuple[Item, Answer]]) -> Iterator[Block]:
    """The checklist to be read: how much is filled, the items, and what is left to the author."""
    filled = sum(answer.status == "filled" for _, answer in found)
    yield f"{filled} of {len(found)} items of STRESS-DES are filled."
    columns = (
        Column("item", kind="text", keep=True),
        Column("status", kind="text", keep=True),
        Column("what the study says", kind="prose", keep=True),
    )
    rows = tuple((f"{i.number} {i.name}", a.status, a.text) for i, a in found)
    groups = tuple(i.section for i, _ in found)
    yield Table("stress", "Checklist", columns, rows, groups=groups)
    for one, answer in found:
        if answer.diagram:
            yield Heading(f"{one.number} {one.name}")
            yield Listing(answer.diagram, "mermaid")
    heads = (Column("item", kind="text"), Column("what only the author can say", kind="prose"))
    rest = tuple((f"{i.number} {i.name}", a.author) for i, a in found if a.author)
    yield Table("author", "Left to the author", heads, rest)
