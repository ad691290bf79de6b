"""Stock points under an echelon rule: what they start with, and whether it can be counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from backsim.quantities import LARGEST_STOCK
from backsim.scenario.demand.rates import Pair
from backsim.scenario.network.network import Network
from backsim.scenario.schema import ResolvedPoint

MOST_COUNTED = 2**61
"""Units in an echelon's position, with room for what is added to them."""


def fill_echelons(
    network: Network, points: dict[Pair, ResolvedPoint], given: Collection[Pair]
) -> None:
    """What others start with is missing to the level already, unless the start is `given`."""
    for pair in network.order():  # `points` has them in this order too
        if points[pair].asks("ECHELON") and pair not in given:
            below = sum(
                units * _start(points[other])
                for other in points
                if (units := network.ancestors(other).get(pair, 0))
            )
            start = max(0, points[pair].initial - below)
            points[pair] = points[pair].model_copy(update={"initial": start})


def uncounted(
    network: Network,
    points: Mapping[Pair, ResolvedPoint],
    demand: Mapping[Pair, float],
    horizon: float,
) -> Iterator[tuple[Pair, str, int]]:
    """Units are counted in those of what is supplied, in 64 bits: where they are too many.

    Yields (stock point, what was expected of it, units found).
    """
    if not any(point.asks("ECHELON") for point in points.values()):
        return
    for pair, point in points.items():
        moved = max(LARGEST_STOCK, _start(point), demand[pair] * horizon)
        for (product, site), units in network.ancestors(pair).items():
            if units * moved > MOST_COUNTED:
                expected = (
                    f"at most {MOST_COUNTED / moved:,.0f} units of {product} at {site} in one "
                    f"of {pair[0]} at {pair[1]}, for an echelon's position"
                )
                yield pair, expected, units


def _start(point: ResolvedPoint) -> int:
    """Units that a stock point has at the start, those under way included."""
    return point.initial + sum(inbound.units for inbound in point.inbound)
