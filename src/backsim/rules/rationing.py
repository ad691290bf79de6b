"""Rationing rules: stock held back for more important classes."""

from __future__ import annotations

from backsim.quantities import Days, Levels
from backsim.rules.families import rationing


@rationing
def none() -> int:
    """No rationing: any class may take the last unit."""
    return 0


@rationing
def critical_level(levels: Levels) -> int:
    """A unit goes to a class only if the stock on hand, with that unit, is above the class's level.

    `levels: {silver: 3}` keeps the last 3 units from silver; classes not named have level 0.
    Source: Ha, Management Science 43 (1997) 1093-1103; de Vericourt, Karaesmen and Dallery,
    Management Science 48 (2002) 1486-1501.
    """
    return levels


@rationing
def critical_level_until_arrival(levels: Levels, until_arrival: float, days: Days) -> int:
    """Critical levels that hold only while the next purchase is more than `days` away.

    There is no point in holding units back once more arrive; `levels` are as in `critical_level`.
    The rule is asked at arrivals, orders and cancellations, not when the day comes.
    Source: Teunter and Klein Haneveld, European Journal of Operational Research 190 (2008) 156-178.
    """
    return levels if until_arrival > days else 0
