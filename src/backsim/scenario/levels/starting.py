"""The position at the start: where purchases and orders come in lots, only some others are met."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backsim.scenario.demand.rates import Pair
from backsim.scenario.opening import site_of
from backsim.scenario.schema import Opening, Scenario
from backsim.scenario.schema.rule_use import Cover


@dataclass(frozen=True)
class Start:
    """What there is before the first order: `on_hand` (None: what the rule's level lacks) ..."""

    on_hand: int | None = None
    under_way: int = 0
    open: int = 0
    """Units of orders from before the start."""

    def position(self, level: int) -> int:
        """The inventory position, where the rule fills an empty stock point up to the level."""
        on_hand = max(0, level - self.under_way) if self.on_hand is None else self.on_hand
        return on_hand + self.under_way - self.open


AT_THE_LEVEL = Start()
"""Nothing is under way, and nobody waits."""


def starting_position(
    scenario: Scenario, pair: Pair, values: Mapping[str, Any], rate: float
) -> Start:
    """What a stock point has at the start; `rate` is its mean demand in units a day."""
    given = values["initial"]
    if isinstance(given, Cover):
        given = math.ceil(given.days * rate - 1e-9)
    waiting = sum(
        int(order.lines.get(pair[0], 0))
        for order in (scenario.opening or Opening()).orders
        if site_of(scenario, order) == pair[1]
    )
    return Start(
        None if given is None else int(given),
        sum(int(inbound.units) for inbound in values["inbound"]),
        waiting,
    )
