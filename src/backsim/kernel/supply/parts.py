"""Purchases that come in parts: which part brings a unit, and when.

The parts of all purchases of a stock point come in order of their dates: a later part of one may
come behind the first of the next.
"""

from __future__ import annotations

from backsim.entities import NEVER, NONE, Stock, World
from backsim.kernel.calendars import arrival
from backsim.kernel.features import DELIVERIES, NETWORK
from backsim.kernel.supply.pipeline import good_units, supplier_of, to_come


def comes_in_parts(world: World, stock: Stock) -> bool:
    """Whether a supplier of a stock point delivers purchases in parts."""
    if not DELIVERIES:
        return False
    if NETWORK:
        node = world.nodes[stock.index]
        for at in range(node.sources_at, node.sources_at + node.sources):
            if world.suppliers[world.sources[at].supplier].parts > 1:
                return True
        return False
    return world.suppliers[stock.supplier].parts > 1


def has_begun_to_come(world: World, purchase: int) -> bool:
    """Whether a part of a purchase has arrived."""
    if DELIVERIES:
        return world.deliveries[purchase].received + world.deliveries[purchase].rejected > 0
    return False


def parts_to_come(world: World, purchase: int) -> int:
    """Parts of a purchase that are still to come: no more than units."""
    supplier = world.suppliers[supplier_of(world, world.purchases[purchase])]
    left = max(1, supplier.parts - world.deliveries[purchase].parts)
    return min(left, to_come(world, purchase))


def units_of_part(world: World, purchase: int, part: int) -> int:
    """Units of a part that is still to come, numbered from 0: the larger parts come first."""
    if not DELIVERIES:
        return to_come(world, purchase)
    parts = parts_to_come(world, purchase)
    units = to_come(world, purchase)
    return units // parts + (1 if part < units % parts else 0)


def good_units_of_part(world: World, purchase: int, part: int) -> int:
    """Units of a part that are thought to be good."""
    before = 0
    for earlier in range(part):
        before += units_of_part(world, purchase, earlier)
    return good_units(world, purchase, before, units_of_part(world, purchase, part))


def date_of_part(world: World, purchase: int, part: int, date: float) -> float:
    """When a part comes if the first of those that are still to come does on a date."""
    row = world.purchases[purchase]
    supplier = world.suppliers[supplier_of(world, row)]
    for _ in range(part):
        date = arrival(world, world.stocks[row.stock], supplier, date, supplier.part_days)
    return date


def units_by(world: World, purchase: int, date: float) -> int:
    """Units of a purchase that are expected by a date."""
    comes = world.purchases[purchase].expected
    if comes > date:
        return 0
    if not DELIVERIES:
        return to_come(world, purchase)
    units = 0
    for part in range(parts_to_come(world, purchase)):
        if date_of_part(world, purchase, part, comes) <= date:
            units += units_of_part(world, purchase, part)
    return units


def part_behind(
    world: World, stock: Stock, last: tuple[float, int, int], now: float
) -> tuple[float, int, int]:
    """(date, purchase, part): what comes behind a part; NONE for the purchase if nothing does.

    Purchases come no earlier than those in front of them in the pipeline.
    """
    found = (NEVER, NONE, 0)
    first = now
    at = stock.pipeline_first
    while at != NONE and first <= found[0]:
        first = max(first, world.purchases[at].expected)
        date = first
        for part in range(parts_to_come(world, at)):
            date = first if part == 0 else date_of_part(world, at, 1, date)
            if (date, at, part) > last and (found[1] == NONE or (date, at, part) < found):
                found = (date, at, part)
        at = world.purchases[at].later
    return found
