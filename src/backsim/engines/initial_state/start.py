"""What a run starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.link import Key, kernel_key
from backsim.engines.log import records
from backsim.entities import ELEMENTS, LATE_REVIEW, REVIEW, World, dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.rules import Rule


class Setup(World):
    """The tables at time 0, the rules in use by code, and the first events."""

    __slots__ = (
        *("arrays", "events", "lane_owners", "periods", "rules", "site_classes", "switches"),
        *("ticks", "uses"),
    )

    def __init__(self, ticks: float, rules: dict[str, list[Rule]], switches: set[str]) -> None:
        super().__init__(quantiles=[0.0, 0.0])
        self.ticks = ticks
        """Ticks of a day (`kernel.grid`)."""
        self.rules = rules
        self.switches = switches
        """The parts of the kernel that the model needs (`kernel.features`)."""
        self.arrays: dict[str, NDArray[Any]] = {}
        """Tables that are made as records."""
        self.periods = 0
        """Rows of the table of observations."""
        self.events: list[tuple[float, int, int]] = []
        """(time, kind, subject), in order of sequence."""
        self.lane_owners: list[int] = []
        """The stock point of each pair of streams of lead and service times."""
        self.uses: dict[tuple[str, str | int], tuple[int, list[float]]] = {}
        """(family, a use of its rules) -> the code of the rules, and their parameters.

        A use is known by what it says and by its object.
        """
        self.site_classes: frozenset[int] = frozenset()
        """The codes of the classes that sites order as."""

    def records(self, name: str) -> NDArray[Any]:
        """A table, as records of its entity or as numbers."""
        if name in self.arrays:
            return self.arrays[name]
        rows, kind = getattr(self, name), dtype(ELEMENTS[name])
        return records(ELEMENTS[name], rows) if kind.names else np.array(rows, kind)

    def objects(self, name: str) -> list[Any]:
        """A table, as objects of its entity or as numbers."""
        if name not in self.arrays:
            return list(getattr(self, name))
        entity = ELEMENTS[name]
        return [entity(*row) for row in self.arrays[name].tolist()]

    def level(self, kind: int, subject: int) -> int:
        """Who comes first of events of the same kind and time: for reviews, who is downstream."""
        return self.nodes[subject].level if self.nodes and kind in (REVIEW, LATE_REVIEW) else 0

    @property
    def key(self) -> Key:
        """What the kernel is linked from."""
        return self.key_of(False)

    def key_of(self, record: bool) -> Key:
        """The same, where an event log is kept or not."""
        return kernel_key(self.rules, self.switches | ({"RECORDS"} if record else set()))
