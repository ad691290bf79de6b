"""Units of measure: how many of those in which stock is counted each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from backsim.tables.values import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

FACTOR = "factor"
"""The column of numbers that tells it for each row of order lines and of purchases."""


@dataclass(frozen=True, slots=True)
class Units:
    """What the product master says: by product, and by product and other unit."""

    base: Mapping[int, str] = field(default_factory=dict)
    factors: Mapping[tuple[int, str], float] = field(default_factory=dict)

    def of(self, product: Codes, unit: Coded) -> Floats:
        """Stock units in the unit of each row; nan: not known."""
        count = len(unit.texts)
        known, place = np.unique(product * count + unit.codes, return_inverse=True)
        pairs = [divmod(pair, count) for pair in known.tolist()]
        return np.array([self._of(code, unit.texts[k]) for code, k in pairs], float)[place]

    def _of(self, product: int, unit: str) -> float:
        if not unit or product not in self.base or unit == self.base[product]:
            return 1.0
        return self.factors.get((product, unit), float("nan"))
