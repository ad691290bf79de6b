"""Networks: where a stock point buys, and what is in its echelon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import NEVER, NONE, Purchase, Stock, World
from backsim.kernel.features import NETWORK, SEASONS, TRANSFERS

if TYPE_CHECKING:
    from backsim.kernel.interface import draw_lead_time, draw_service


MOST_UNITS = 2_000_000_000
"""A line can ask for no more."""


def most_units(world: World, stock: Stock, source: int, units: int) -> int:
    """The units of a purchase, no more than an order line at a site can ask for."""
    node = world.nodes[stock.index]
    if world.sources[source].stock != NONE:
        units = min(units, MOST_UNITS)
    for at in range(node.components_at, node.components_at + node.components):
        units = min(units, MOST_UNITS // world.components[at].units)
    return units


def buy_from(world: World, stock: Stock, purchase: Purchase, at: int) -> None:
    """A purchase goes to a source."""
    source = world.sources[at]
    source.bought += purchase.units
    purchase.source = source.stock
    purchase.supplier = source.supplier
    purchase.lead_time = draw_lead_time(world, stock, source.lane)
    if world.suppliers[source.supplier].servers > 0:
        purchase.service = draw_service(world, stock, source.lane)


def from_a_site(world: World, purchase: Purchase) -> bool:
    """Whether a purchase becomes an order at a site: for the product, or for its components."""
    return purchase.source != NONE or world.nodes[purchase.stock].components > 0


def components_ready(world: World, purchase: Purchase, now: float) -> float:
    """When the last of the components that a purchase still lacks is thought to be there."""
    ready = now
    components = world.nodes[purchase.stock].components
    if purchase.line != NONE and purchase.sent == NEVER:
        for index in range(purchase.line, purchase.line + components):
            if world.lines[index].open > 0:
                request = world.requests[index - world.totals[0].customer_lines]
                ready = max(ready, request.ready)
    return ready


def is_transfer(world: World, purchase: Purchase) -> bool:
    """Whether another site of the level has sent these units (`network.transfers`)."""
    node = world.nodes[purchase.stock]
    return node.transfers > 0 and purchase.supplier == world.sources[node.transfers_at].supplier


def source_of(world: World, purchase: Purchase) -> int:
    """The source of its stock point that a purchase is ordered from, as an index.

    For a transfer the way from the site that has sent it.
    """
    node = world.nodes[purchase.stock]
    found = NONE
    if TRANSFERS:
        found = source_among(world, purchase, node.transfers_at, node.transfers)
    if found == NONE:
        found = source_among(world, purchase, node.sources_at, node.sources)
    return found if found != NONE else node.sources_at


def source_among(world: World, purchase: Purchase, first: int, count: int) -> int:
    """The one of these sources that a purchase is ordered from, or NONE."""
    for at in range(first, first + count):
        source = world.sources[at]
        if source.stock == purchase.source and source.supplier == purchase.supplier:
            return at
    return NONE


def mean_lead_time(world: World, stock: Stock, purchase: Purchase) -> float:
    """The mean lead time of a purchase, from its own source, in the season of its placing."""
    days = stock.mean_lead_time
    if NETWORK:
        days = world.sources[source_of(world, purchase)].mean_time
    return days * purchase.factor if SEASONS else days


def echelon_position(world: World, stock: Stock) -> int:
    """The inventory position of a stock point and of all that it supplies, in units of its own.

    Source: Clark and Scarf, Management Science 6 (1960) 475-490.
    """
    return world.nodes[stock.index].echelon


def raise_position(world: World, stock: Stock, units: int) -> None:
    """Units come into a stock point's position from outside (or leave it, if negative).

    They change the echelon of everything that supplies it, directly or not.
    """
    node = world.nodes[stock.index]
    node.echelon += units
    for index in range(node.ancestors_at, node.ancestors_at + node.ancestors):
        ancestor = world.ancestors[index]
        world.nodes[ancestor.stock].echelon += units * ancestor.units


def raise_echelon(world: World, stock: Stock, source: int, units: int) -> None:
    """A stock point buys units from `source` (NONE: a supplier), or takes that back.

    What it buys from its own first source or makes from components was in the echelons above it
    already.
    """
    if is_first_source(world, stock, source) and (
        source != NONE or world.nodes[stock.index].components > 0
    ):
        world.nodes[stock.index].echelon += units
    else:
        raise_position(world, stock, units)


def is_first_source(world: World, stock: Stock, place: int) -> bool:
    """Whether a stock point buys from the stock point `place` before all others."""
    return world.sources[world.nodes[stock.index].sources_at].stock == place
