"""What the SimPy engine says of its tables while a linear program decides over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backsim.engines.log import records
from backsim.engines.simpy_ports import LiveWorld
from backsim.entities import ELEMENTS, NONE


class LiveTables:
    """The tables of a live world, for a decision (`lp_solver.Tables`)."""

    def __init__(self, world: LiveWorld) -> None:
        self.world = world

    def rows(self, name: str, indices: Sequence[int]) -> Any:
        """Rows of a table as records."""
        table = getattr(self.world, name)
        return records(ELEMENTS[name], [table[index] for index in indices])

    def pipeline(self, first: int) -> list[int]:
        """The purchases under way from one on, in order of their expected dates."""
        found = []
        while first != NONE:
            found.append(first)
            first = self.world.purchases[first].later
        return found
