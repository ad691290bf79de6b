"""An item of the STRESS-DES checklist, and the register of them.

Each item is a function of the study that fills it, from scenario, experiment and provenance, and
says what only the author can add.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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


Fill = Callable[[Written], Answer]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the checklist."""

    number: str
    section: str
    name: str
    fill: Fill


ITEMS: list[Item] = []
"""The items, in the order of the checklist."""


def item(number: str, section: str, name: str) -> Callable[[Fill], Fill]:
    """Declare what fills an item of the checklist (the decorator)."""

    def declare(fill: Fill) -> Fill:
        ITEMS.append(Item(number, section, name, fill))
        return fill

    return declare
