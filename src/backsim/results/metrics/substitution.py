"""Substitutes taken in place of what was ordered.

A substitute counts for the class, product and site of the line in whose place it was taken.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Substitution:
    """Substitutes taken in place of lines that count."""

    def __init__(self, m: Sums) -> None:
        self.m = m

    @cached_property
    def taken(self) -> Any:
        """The substitutes."""
        rows = self.m.log.substitutions
        return rows.compress(rows["line"] >= self.m.first)

    @cached_property
    def units(self) -> Floats:
        """Units in whose place a substitute was taken."""
        return self.by_line(self.taken["units"])

    @cached_property
    def at_once(self) -> Floats:
        """Those of them that nobody waited for."""
        rows = self.taken
        early = rows["time"] == self.m.time[rows["line"]]
        return self.by_line(np.where(early, rows["units"], 0))

    @property
    def sales(self) -> Floats:
        """Money for substitutes, at their own prices."""
        product = self.m.product[self.taken["stock"]]
        prices = self.m.model.prices(product, self.taken["time"])
        return self.by_line(prices * self.taken["units"])

    @property
    def discounts(self) -> Floats:
        """Money that substitutes were sold below their prices."""
        return self.by_line(self.taken["discount"] * self.taken["units"])

    def by_line(self, units: Any) -> Floats:
        """Sums of a figure of each substitute taken."""
        return self.m.total(self.m.group[self.taken["line"]], units)
