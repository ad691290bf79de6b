"""Which source a purchase is bought from, and how many units from each where it is split.

A stock point's `sourcing` rule gives each of its sources a key, and the least one is first; the
`split` rule says how many units each of them gets, one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NONE, Source, Stock, World
from backsim.kernel.features import CANCELS
from backsim.kernel.grid import on_grid
from backsim.kernel.supply.outage_calendar import works_again
from backsim.kernel.supply.pipeline import date_of_arrival, last_expected, to_come
from backsim.kernel.supply.seasons import factor_now

if TYPE_CHECKING:
    from backsim.kernel.interface import source_key, units_from


def choose_source(world: World, stock: Stock, units: int, now: float) -> int:
    """The source of a purchase that is placed now, as an index."""
    source = best_source(world, stock, units, now)
    forget_avoided(world, stock)
    return source


def forget_avoided(world: World, stock: Stock) -> None:
    """A purchase has been placed that could pass a supplier over; the next one does not."""
    if CANCELS:
        world.buyers[stock.index].avoids = NONE


def best_source(world: World, stock: Stock, units: int, now: float) -> int:
    """The source that a purchase would be bought from."""
    node = world.nodes[stock.index]
    best = node.sources_at
    if node.regular > 1:
        least = source_key(world, stock, best, units, now)
        for at in range(best + 1, node.sources_at + node.regular):
            key = source_key(world, stock, at, units, now)
            if key < least:
                best, least = at, key
    return best


def divide(world: World, stock: Stock, units: int, now: float) -> None:
    """Say of each source how many units of a purchase it is to send (`part`), and in which turn.

    Each part is a multiple, and no less than the least purchase: what would be left and is less
    goes along.
    """
    node = world.nodes[stock.index]
    first, end = node.sources_at, node.sources_at + node.regular
    for at in range(first, end):
        world.sources[at].key = source_key(world, stock, at, units, now)
        world.sources[at].turn = 0
    left = units
    for turn in range(1, node.regular + 1):
        at = first_without_turn(world, first, end)
        part = left
        if turn < node.regular and left > 0:
            others = node.regular - turn
            part = units_from(world, stock, at, units, left, others, now)
            part = whole_part(stock, part, left)
        world.sources[at].turn = turn
        world.sources[at].part = part
        left -= part


def first_without_turn(world: World, first: int, end: int) -> int:
    """The source with the least key of those that have not been asked."""
    best = NONE
    for at in range(first, end):
        if world.sources[at].turn == 0:
            if best == NONE or world.sources[at].key < world.sources[best].key:
                best = at
    return best


def whole_part(stock: Stock, units: int, left: int) -> int:
    """The units of a part: what the rule says, as the source accepts it, and no more than there is.

    Rounded down to a multiple; none if that is below the least purchase.
    """
    part = min(max(units, 0), left) // stock.multiple * stock.multiple
    if part < stock.least_order:
        part = 0
    return left if left - part < stock.least_order else part


def in_turn_of(world: World, stock: Stock, turn: int) -> int:
    """The source whose turn it is, once a purchase has been divided."""
    at = world.nodes[stock.index].sources_at
    while world.sources[at].turn != turn:
        at += 1
    return at


# -- what the rules may ask for ------------------------------------------------------------------


def unit_price(world: World, stock: Stock, at: int, units: int, now: float) -> float:
    """Money per unit of a purchase of so many units that is placed now at a source.

    From another site what a unit costs there.
    """
    source, node = world.sources[at], world.nodes[stock.index]
    price = source.price
    for row in range(source.tariffs_at, source.tariffs_end):
        if world.tariffs[row].starts <= now:
            price = source.price * world.tariffs[row].factor
    if source.stock == NONE:
        for row in range(node.breaks_at, node.breaks_end):
            step = world.price_breaks[row]
            if units >= step.units:
                price = step.price + step.paid / units
    return price + source.surcharge


def days_quoted(world: World, stock: Stock, at: int, units: int, now: float) -> float:
    """Days until the date that a source would quote for a purchase placed now.

    A site quotes the way from there, as if it had the units.
    """
    source = world.sources[at]
    supplier = world.suppliers[source.supplier]
    days = source.mean_time * factor_now(supplier)
    date = date_of_arrival(world, stock, supplier, source.stock, units, days, now)
    if supplier.crossing == 0:
        date = max(date, last_expected(world, stock))
    return on_grid(world, date - now)


def days_closed(world: World, at: int, now: float) -> float:
    """Days until a supplier works again, as it has announced; 0 while it works."""
    supplier = world.suppliers[world.sources[at].supplier]
    if supplier.announced == 0:
        return 0.0
    return on_grid(world, works_again(world, supplier, now) - now)


def units_to_come_from(world: World, stock: Stock, at: int) -> int:
    """Units on order from a source."""
    source = world.sources[at]
    units = 0
    index = stock.pipeline_first
    while index != NONE:
        purchase = world.purchases[index]
        if purchase.supplier == source.supplier and purchase.source == source.stock:
            units += to_come(world, index)
        index = purchase.later
    return units


def has_units(world: World, stock: Stock, at: int, units: int) -> int:
    """Whether a source has so many units on hand, 1 or 0.

    A supplier always does, but one where a late purchase has just been withdrawn.
    """
    source = world.sources[at]
    if source.stock != NONE:
        return 1 if world.stocks[source.stock].on_hand >= units else 0
    return 0 if is_avoided(world, stock, source) else 1


def is_avoided(world: World, stock: Stock, source: Source) -> bool:
    """Whether a late purchase has just been withdrawn at a supplier."""
    if CANCELS:
        return world.buyers[stock.index].avoids == source.supplier
    return False


def units_behind(world: World, stock: Stock, at: int, units: int) -> float:
    """Units that a source lacks to its share of all units bought, these included."""
    node, source = world.nodes[stock.index], world.sources[at]
    total = units
    for index in range(node.sources_at, node.sources_at + node.regular):
        total += world.sources[index].bought
    return source.share * total - source.bought
