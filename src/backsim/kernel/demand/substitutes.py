"""A substitute for a customer in a hurry: another product, from stock, in place of one that is out.

A substitute is offered when it can fill all that is open of a line.  The customer who takes it is
served at once, and the line is closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import BY_ORDER, NONE, NOTE_SUBSTITUTE, SUBSTITUTED, Line, Stock, World
from backsim.kernel.demand.fulfilment import units_free
from backsim.kernel.demand.queue import dequeue, end_of_order
from backsim.kernel.features import CONSOLIDATES, DECIDES, ECHELON, EXPIRES, INFORMS
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.clearing import clear
from backsim.kernel.stock.lots import pick
from backsim.kernel.stock.lp_clearing import needs_no_decision
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import review_after_demand
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import accepts_substitute, new_substitution


def offer_substitutes(world: World, head: int, late: int, now: float) -> None:
    """Offer what there is for every line of an order that waits.

    `late` is 1 when a promise slips, 0 when the customer orders; a stock point's policy says when
    it offers.
    """
    for index in range(head, end_of_order(world, head)):
        line = world.lines[index]
        stock = world.stocks[line.stock]
        wants = line.open > 0 and line.reserved == 0
        if wants and (stock.offers_late if late != 0 else stock.offers_early) != 0:
            option = first_option(world, stock, line, now)
            if option != NONE and accepts_substitute(world, index):
                substitute(world, stock, index, option, now)


def first_option(world: World, stock: Stock, line: Line, now: float) -> int:
    """The first substitute that can fill all that is open of a line; NONE if none can."""
    customer = world.classes[line.customer_class]
    if customer.shipment == BY_ORDER or (CONSOLIDATES and customer.consolidates > 0.0):
        return NONE
    for option in range(stock.options_at, stock.options_end):
        other = world.stocks[world.options[option].stock]
        if DECIDES and world.allocation_groups[other.index].first != NONE:
            if not needs_no_decision(world, other, line):
                continue
        if line.open <= units_free(world, other, line, now):
            return option
    return NONE


def substitute(world: World, stock: Stock, index: int, option: int, now: float) -> None:
    """The customer takes a substitute for all that is open of a line."""
    line = world.lines[index]
    other = world.stocks[world.options[option].stock]
    settle(stock, now)
    settle(other, now)
    dequeue(world, stock, index)
    units = line.open
    stock.backlog -= units
    other.on_hand -= units
    if EXPIRES:
        pick(world, other, line, units, False, now)
    line.open = 0
    line.left += units
    line.status = SUBSTITUTED
    line.closed = now
    world.lines[line.head].lines_open -= 1
    row = new_substitution(world)
    world.substitutions[row].time = now
    world.substitutions[row].line = index
    world.substitutions[row].stock = other.index
    world.substitutions[row].discount = world.options[option].discount
    world.substitutions[row].units = units
    note(world, now, NOTE_SUBSTITUTE, index, other, units)
    if ECHELON:
        raise_position(world, stock, units)
        raise_position(world, other, -units)
    clear(world, stock, now)  # it may have stood in the way of others
    review_after_demand(world, other, now)
    if INFORMS:
        estimates_moved(world, stock, now)
        estimates_moved(world, other, now)
