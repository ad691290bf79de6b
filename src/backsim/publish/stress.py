"""The STRESS-DES checklist of a study: what a report of a discrete-event simulation has to say.

Each item is a function of the study that fills it, from scenario, experiment and provenance, and
says what only the author can add.

Source: Monks, Currie, Onggo, Robinson, Kunc and Taylor, "Strengthening the reporting of empirical
simulation studies: Introducing the STRESS guidelines", Journal of Simulation 13 (2019) 55-67.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from backsim.present.table import Block, Column, Heading, Listing, Table
from backsim.publish.study import Written

Status = Literal["filled", "in part", "the author"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a study says to an item, and what only the author can add."""

    text: str
    author: str = ""
    diagram: str = ""
    """A drawing to show, in the language of Mermaid."""

    @property
    def status(self) -> Status:
        """Whether the item is filled: whole, in part, or by the author alone."""
        if not self.text:
            return "the author"
        return "in part" if self.author else "filled"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the checklist."""

    number: str
    section: str
    name: str
    fill: Callable[[Written], Answer]


ITEMS: list[Item] = []
"""The items, in the order of the checklist."""

Fill = Callable[[Written], Answer]


def item(number: str, section: str, name: str) -> Callable[[Fill], Fill]:
    """Declare what fills an item of the checklist (the decorator)."""

    def declare(fill: Fill) -> Fill:
        ITEMS.append(Item(number, section, name, fill))
        return fill

    return declare


def checklist(study: Written) -> list[tuple[Item, Answer]]:
    """Every item with what the study says to it."""
    from backsim.publish import stress_items  # noqa: F401 (it declares the items)

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
