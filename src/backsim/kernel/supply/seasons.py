"""Lead times by season: from given days on they are multiplied by a factor.

A purchase has the factor of the day on which it is placed, also in what is thought of its way.
"""

from __future__ import annotations

from backsim.entities import NONE, SEASON, Purchase, Supplier, World
from backsim.kernel.events import event
from backsim.kernel.features import SEASONS
from backsim.kernel.grid import on_grid


@event(SEASON, subject="seasons", feature="SEASONS")
def begin_season(world: World, index: int, now: float) -> None:
    """Purchases that are placed from now on take longer, or less long."""
    season = world.seasons[index]
    world.suppliers[season.supplier].factor = season.factor


def stretch(world: World, supplier: Supplier, purchase: Purchase) -> None:
    """A purchase is being placed: its lead time is that of the season."""
    if SEASONS:
        purchase.factor = supplier.factor
        purchase.lead_time = on_grid(world, purchase.lead_time * supplier.factor)


def factor_now(supplier: Supplier) -> float:
    """What the lead time of a purchase would be multiplied by that is placed now."""
    return supplier.factor if SEASONS else 1.0


def factor_of(world: World, supplier: Supplier, index: int) -> float:
    """What the lead time of a purchase is multiplied by; of one placed now (NONE)."""
    if not SEASONS:
        return 1.0
    if index == NONE:
        return supplier.factor
    return world.purchases[index].factor
