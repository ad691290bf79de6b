"""Which site serves an order: the one where it is placed, or another that has the units.

An order goes to the first site of its customers' list that can fill it at once, or each of its
lines does.  If there is none, several may serve the units of a line, and the rest waits where it
was placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    NONE,
    NOTE_REROUTE,
    ONE_SITE,
    SKIP,
    SPLIT_FEWEST,
    SPLIT_LINES,
    Line,
    Stock,
    World,
)
from backsim.kernel.demand.advance_orders import become_known, is_announced
from backsim.kernel.features import ANNOUNCES, BATCHES, DECIDES, ECHELON, EXPIRES
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.clearing import serves_new
from backsim.kernel.stock.lots import may_have, pick
from backsim.kernel.stock.lp_clearing import needs_no_decision
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.shipping import ship

if TYPE_CHECKING:
    from backsim.kernel.interface import new_reroute, new_split, rationing_moves


def choose_sites(world: World, head: int, last: int, now: float) -> None:
    """Decide who serves the lines head, ..., last - 1 of an order."""
    customer = world.classes[world.lines[head].customer_class]
    if customer.choices == 0:
        return
    if customer.splits != ONE_SITE:
        for index in range(head, last):
            route(world, index, index + 1, now)
    else:
        route(world, head, last, now)


def route(world: World, first: int, last: int, now: float) -> None:
    """Let the first site that has all units of these lines serve them together."""
    if has_all(world, first, last, NONE, now):
        return
    customer = world.classes[world.lines[first].customer_class]
    home = world.stocks[world.lines[first].stock].site
    at = customer.choices_at + home * customer.choices
    for choice in range(at, at + customer.choices):
        site = world.choices[choice]
        if site != NONE and has_all(world, first, last, site, now):
            for index in range(first, last):
                reroute(world, index, site, now)
            return


def reroute(world: World, index: int, site: int, now: float) -> None:
    """Another site serves a line."""
    line = world.lines[index]
    row = new_reroute(world)
    world.reroutes[row].line = index
    world.reroutes[row].stock = line.stock
    note(world, now, NOTE_REROUTE, index, world.stocks[line.stock], line.units)
    place = place_of(world, line, site)
    if ANNOUNCES and is_announced(world, line):  # known at one, wanted at the other
        become_known(world, world.stocks[line.stock], -line.units)
        become_known(world, world.stocks[place], line.units)
    line.stock = place


def fetch(world: World, index: int, now: float) -> None:
    """Further sites serve what a line's own has not: each what it has, in order, until it is whole.

    No single site has all of it (`route`).  For the fewest parts the next site is the first that
    has the rest, or else the one that has most: so no other choice of sites is smaller.
    """
    line = world.lines[index]
    customer = world.classes[line.customer_class]
    if customer.splits < SPLIT_LINES:
        return
    at = customer.choices_at + world.stocks[line.stock].site * customer.choices
    if customer.splits == SPLIT_FEWEST:
        place = fullest(world, line, at, customer.choices, now)
        while place != NONE and line.open > 0:
            stock = world.stocks[place]
            serve_from(world, stock, index, min(sendable(world, stock, line, now), line.open), now)
            place = fullest(world, line, at, customer.choices, now)
        return
    for choice in range(at, at + customer.choices):
        site = world.choices[choice]
        place = place_of(world, line, site) if site != NONE else NONE
        if place != NONE and line.open > 0:
            stock = world.stocks[place]
            units = sendable(world, stock, line, now)
            if units > 0:
                serve_from(world, stock, index, min(units, line.open), now)


def fullest(world: World, line: Line, at: int, choices: int, now: float) -> int:
    """The first stock point that has all that is open of a line, or that with most; NONE: none."""
    found = NONE
    most = 0
    for choice in range(at, at + choices):
        site = world.choices[choice]
        place = place_of(world, line, site) if site != NONE else NONE
        if place != NONE and place != line.stock:
            units = min(sendable(world, world.stocks[place], line, now), line.open)
            if units > most:
                found, most = place, units
    return found


def sendable(world: World, stock: Stock, line: Line, now: float) -> int:
    """Units that a further site may send of a line at once."""
    if DECIDES and world.allocation_groups[stock.index].first != NONE:
        if not needs_no_decision(world, stock, line):
            return 0
    return units_free(world, stock, line, now)


def serve_from(world: World, stock: Stock, index: int, units: int, now: float) -> None:
    """A further site serves units of a line, from stock."""
    line = world.lines[index]
    settle(stock, now)
    row = world.splits[new_split(world)]
    row.line = index
    row.stock = stock.index
    row.units = units
    stock.on_hand -= units
    if EXPIRES:
        pick(world, stock, line, units, False, now)
    line.open -= units
    if line.open == 0:
        world.lines[line.head].lines_open -= 1
    if ECHELON:  # these units are asked of this site, not of the line's own
        raise_position(world, world.stocks[line.stock], units)
        raise_position(world, stock, -units)
    ship(world, stock, line, index, units, now)


def place_of(world: World, line: Line, site: int) -> int:
    """The stock point of a line's product at a site, or its own (NONE); NONE if there is none."""
    if site == NONE:
        return line.stock
    return world.places[world.stocks[line.stock].product * world.totals[0].sites + site]


def has_all(world: World, first: int, last: int, site: int, now: float) -> bool:
    """Whether a site can fill all these lines at once; NONE stands for each line's own."""
    for index in range(first, last):
        line = world.lines[index]
        place = place_of(world, line, site)
        if place == NONE:
            return False
        units = line.units
        for other in range(first, index):  # the same product twice
            if place_of(world, world.lines[other], site) == place:
                units += world.lines[other].units
        if units > units_free(world, world.stocks[place], line, now):
            return False
    return True


def units_free(world: World, stock: Stock, line: Line, now: float) -> int:
    """Units that a line would get at a stock point at once; none where others wait for them."""
    if BATCHES and stock.clearing_period > 0.0:
        if not serves_new(stock):
            return 0
    elif stock.waiting > 0 and (stock.overtaking != SKIP or rationing_moves(stock)):
        return 0
    return may_have(world, stock, line, now)
