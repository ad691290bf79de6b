"""Sourcing rules: from which source a purchase is bought, and how it is split over several."""

from __future__ import annotations

import math

from backsim.quantities import Days, Level, PositiveUnits
from backsim.rules.families import sourcing, split

LAST = 1e9
"""More than any price, lead time or place in a list: what comes after all others."""

# -- which source --------------------------------------------------------------------------------


@sourcing
def as_listed(place: int, ready: int, share: float, behind: float) -> float:
    """The first source of the list that has all units on hand; with shares, the one most behind.

    A supplier always has them, but one where a late purchase has just been withdrawn comes last.
    Where no source has them, the first.  With a `share` of each source it is the source that is
    furthest behind its share of all units bought, these included.
    """
    if share > 0.0:
        return -behind
    return float(place) if ready else LAST + place


@sourcing
def cheapest(price: float) -> float:
    """The source with the lowest price of these units today, surcharge included."""
    return price


@sourcing
def fastest(lead_time: float) -> float:
    """The source that would quote the earliest date today."""
    return lead_time


@sourcing
def cheapest_within(price: float, lead_time: float, days: Days) -> float:
    """The cheapest of the sources that would deliver within `days`; if none would, the fastest."""
    return price if lead_time <= days else LAST + lead_time


@sourcing
def cheapest_unless_urgent(
    price: float, lead_time: float, on_hand: int, backlog: int, level: Level = 0.0
) -> float:
    """The cheapest source; the fastest once on hand minus backlog is at or below `level`.

    Level 0 buys from the fastest source when the stock point has run out.
    """
    return lead_time if on_hand - backlog <= level else price


@sourcing
def least_outstanding(outstanding: int) -> float:
    """The source from which the fewest units are on order."""
    return float(outstanding)


# -- how many units from each --------------------------------------------------------------------


@split
def none(left: int) -> int:
    """No split: all units from the first source that `sourcing` names."""
    return left


@split
def evenly(left: int, others: int) -> int:
    """As many units from each source."""
    return left // (others + 1)


@split
def in_shares(units: int, share: float) -> int:
    """From each source its `share` of the purchase, rounded to whole units."""
    return math.floor(units * share + 0.5)


@split
def at_most(most: PositiveUnits) -> int:
    """At most this many units from one source, the rest from the next: a capacity per purchase."""
    return int(most)
