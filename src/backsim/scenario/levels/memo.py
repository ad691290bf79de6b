"""Stock points that were worked out for a model, for those that are made from it with changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backsim.scenario.demand.rates import Pair
from backsim.scenario.schema import ResolvedPoint

Worked = tuple[tuple[Any, ...], ResolvedPoint]
"""What a stock point was worked out from, and what it is."""


@dataclass(frozen=True, slots=True)
class Memo:
    """Stock points with what they were worked out from, apart from what all of them have."""

    before: Mapping[Pair, Worked] = field(default_factory=dict)
    """Those of a model that differs from this one only in what stands with each of them."""
    now: dict[Pair, Worked] = field(default_factory=dict)
    """Those of this model; not those whose levels depend on more than mean demand."""

    def point(
        self,
        pair: Pair,
        given: tuple[Any, ...],
        explicit: Callable[[], tuple[ResolvedPoint, bool]],
    ) -> ResolvedPoint:
        """A stock point as it was worked out from the same before, or else as it is now.

        `explicit` works it out, and says whether it depends on nothing but what is `given`.
        """
        known = self.before.get(pair)
        found, lasts = (known[1], True) if known and known[0] == given else explicit()
        if lasts:
            self.now[pair] = given, found
        return found
