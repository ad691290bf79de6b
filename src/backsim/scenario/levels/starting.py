"""The position at the start: where purchases and orders come in lots, only some others are met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from backsim.scenario.demand.rates import Pair
from backsim.scenario.opening import site_of
from backsim.scenario.schema import Opening, Scenario


@dataclass(frozen=True)
class Start:
    """What there is before the first order: `given` on hand (None: what the level lacks) ..."""

    given: int | None = None
    under_way: int = 0
    open: int = 0
    """Units of orders from before the start."""

    def on_hand(self, level: int) -> int:
        """The units there, where the rule fills an empty stock point up to the level."""
        return max(0, level - self.under_way) if self.given is None else self.given

    def position(self, level: int) -> int:
        """The inventory position."""
        return self.on_hand(level) + self.under_way - self.open


AT_THE_LEVEL = Start()
"""Nothing is under way, and nobody waits."""


def open_units(scenario: Scenario) -> Counter[Pair]:
    """The units that customers wait for at the start, by stock point."""
    found: Counter[Pair] = Counter()
    for order in (scenario.opening or Opening()).orders:
        site = site_of(scenario, order)
        for product, units in order.lines.items():
            found[product, site] += int(units)
    return found
