"""What a search has cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backsim.search.worlds import Phase


@dataclass(frozen=True)
class Spending:
    """What a search has cost."""

    replications: Mapping[Phase, int]
    seconds: float
    points: int
    """Policies that were tried."""
    known: int = 0
    """Replications that an earlier run of the same search had played already."""

    @property
    def total(self) -> int:
        """All replications."""
        return sum(self.replications.values())
