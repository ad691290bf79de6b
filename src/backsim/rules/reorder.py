"""Reorder rules: when and how much to order."""

from __future__ import annotations

import math

from backsim.quantities import Level, PositiveUnits
from backsim.rules.registry import above, reorder


@reorder
def none() -> int:
    """Never order; only the purchases already under way arrive."""
    return 0


@reorder
def base_stock(position: int, S: Level) -> int:
    """Order what is missing to the level S, whenever anything is.

    Source: Zipkin, Foundations of Inventory Management (2000), section 6.2.
    """
    return math.floor(S) - position


@reorder
def capped_base_stock(position: int, S: Level, cap: PositiveUnits) -> int:
    """Order what is missing to the level S, but no more than `cap` at once.

    Source: Federgruen and Zipkin, Mathematics of Operations Research 11 (1986) 193-207.
    """
    return min(math.floor(S) - position, int(cap))


@reorder
@above("S", "s")
def s_S(position: int, s: Level, S: Level) -> int:
    """Order up to S when the inventory position is at or below s.

    Source: Scarf, "The optimality of (S, s) policies in the dynamic inventory problem" (1960).
    """
    return math.floor(S) - position if position <= s else 0


@reorder
def r_nQ(position: int, r: Level, Q: PositiveUnits) -> int:
    """When the position is at or below r, order the least multiple of Q that brings it above r.

    Source: Zheng and Chen, Naval Research Logistics 39 (1992) 707-728.
    """
    return (int((r - position) // Q) + 1) * int(Q) if position <= r else 0
