"""The tables of an export while they are cleaned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backsim.data.mapping import Mapping, Rules
from backsim.data.reading import Data
from backsim.data.units import Units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(eq=False)
class Export:
    """The tables, what was noted of them, and the lists of names that they share.

    A row that is left out is counted with its reason.
    """

    mapping: Mapping
    tables: dict[str, Data]
    notes: list[str] = field(default_factory=list)
    products: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    suppliers: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=lambda: [""])
    units: Units = field(default_factory=Units)
    cut_off: int | None = None
    """The hour from which orders leave on the next working day, where that is known."""

    @property
    def rules(self) -> Rules:
        """By which rows are left out."""
        return self.mapping.rules

    def keep(self, table: str, kept: NDArray[np.bool_], reason: str) -> None:
        """Keep some rows of a table."""
        self.tables[table] = self.tables[table].take(kept, reason)

    def products_of(self, table: str) -> NDArray[np.int64]:
        """The products of a table's rows, by their place on the list."""
        return self.tables[table].codes["product"]

    def sites_of(self, table: str) -> NDArray[np.int64]:
        """The sites of a table's rows, by their place on the list; -1: none of them."""
        return self.tables[table].codes["site"]
