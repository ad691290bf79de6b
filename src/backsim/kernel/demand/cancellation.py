"""A customer gives up; who does not wait, immediately.

Customers who do not wait are served by what can be there at the instant at which they order.  They
are lost immediately, before anything is ordered for them, unless an order placed now arrives now:
from a supplier without a lead time, from a site with units on hand, made of components at hand,
sent over or bought in an emergency.  Then they are there until all of this instant has happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    BY_ORDER,
    CANCELLED,
    LEAVE,
    LOST,
    NONE,
    NOTE_LEAVE,
    NOTE_LOSE,
    WAITING,
    Line,
    Stock,
    Supplier,
    World,
)
from backsim.kernel.calendars import departs, received
from backsim.kernel.demand.queue import dequeue, end_of_order
from backsim.kernel.events import event
from backsim.kernel.features import (
    BATCHES,
    CALENDARS,
    CONSOLIDATES,
    DISRUPTIONS,
    DIVIDES,
    ECHELON,
    EMERGENCY,
    EXPIRES,
    FORECASTS,
    INFORMS,
    KITS,
    NETWORK,
    TRANSFERS,
)
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.network.transfers import units_to_spare
from backsim.kernel.stock.clearing import clear
from backsim.kernel.stock.expiry import take_back_kept
from backsim.kernel.stock.forecasting import miss
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import next_review
from backsim.kernel.stock.shipping import consolidates, release, ship_kept
from backsim.kernel.supply.pipeline import estimates_moved
from backsim.kernel.supply.purchasing import emergency_position, lot
from backsim.kernel.supply.receiving import withdraw_purchases
from backsim.kernel.supply.source_choice import best_source, divide, in_turn_of

if TYPE_CHECKING:
    from backsim.kernel.interface import reorder_units, schedule


@event(LEAVE, subject="lines", unless="INFORMS")
def end_tolerance(world: World, head: int, now: float) -> None:
    """The customer's tolerance is over: what has not been shipped is cancelled.

    Of a customer who does not wait at all it is lost (`turn_away`).
    """
    line = world.lines[head]
    if line.lines_open > 0:
        leave(world, head, now, CANCELLED if line.tolerance > 0.0 else LOST)


def leave(world: World, head: int, now: float, status: int) -> None:
    """The customer gives up every line of the order that is not shipped; then others are served.

    What has been kept for the rest of the order ships: only the rest is given up.
    """
    last = end_of_order(world, head)
    if CONSOLIDATES and consolidates(world, world.lines[head]):
        ship_kept(world, head, now)
    for index in range(head, last):
        if world.lines[index].status == WAITING:
            give_up(world, world.lines[index], index, now, status)
    world.lines[head].lines_open = 0
    for index in range(head, last):
        if world.lines[index].left > 0:
            clear(world, world.stocks[world.lines[index].stock], now)
            if INFORMS:
                estimates_moved(world, world.stocks[world.lines[index].stock], now)


def give_up(world: World, line: Line, index: int, now: float, status: int) -> None:
    """One line leaves the queue; units reserved for it are free again."""
    stock = world.stocks[line.stock]
    settle(stock, now)
    if line.open > 0:
        dequeue(world, stock, index)
    elif BATCHES:
        release(world, stock, index)
    line.status = status
    line.closed = now
    drop(world, stock, index, line.open + line.reserved, now)


def drop(world: World, stock: Stock, index: int, units: int, now: float) -> None:
    """Units of a line are no longer wanted: first those that it waits for, then those kept for it.

    The line stands where it belongs already; whatever its status says becomes of them.
    """
    line = world.lines[index]
    lost = line.status == LOST
    waited = min(units, line.open)
    kept = units - waited
    stock.backlog -= waited
    stock.reserved -= kept
    stock.on_hand += kept
    line.open -= waited
    line.reserved -= kept
    line.left += units
    if FORECASTS and lost:
        miss(world, stock, units)
    if ECHELON:
        raise_position(world, stock, units)
    note(world, now, NOTE_LOSE if lost else NOTE_LEAVE, index, stock, units)
    if EXPIRES:
        take_back_kept(world, stock, kept, now)
    if not lost and stock.withdraw != 0:
        withdraw_purchases(world, stock, units, now)


def turn_away(world: World, head: int, last: int, now: float) -> None:
    """A customer who does not wait is lost, but for the lines that can be served at this instant.

    An order that ships whole is lost when one of its lines cannot be.
    """
    stays = goes = False
    for index in range(head, last):
        if world.lines[index].status == WAITING:
            if comes_now(world, world.stocks[world.lines[index].stock], now):
                stays = True
            else:
                goes = True
    whole = world.classes[world.lines[head].customer_class].shipment == BY_ORDER
    if not stays or (goes and whole):
        leave(world, head, now, LOST)
        return
    if goes:
        lose_lines(world, head, last, now)
    schedule(world, now, LEAVE, head)


def lose_lines(world: World, head: int, last: int, now: float) -> None:
    """The lines that cannot be served at this instant are lost."""
    for index in range(head, last):
        line = world.lines[index]
        if line.status == WAITING and not comes_now(world, world.stocks[line.stock], now):
            give_up(world, line, index, now, LOST)
            world.lines[head].lines_open -= 1
            clear(world, world.stocks[line.stock], now)


def comes_now(world: World, stock: Stock, now: float) -> bool:
    """Whether something that is ordered now for a stock point is there at this instant."""
    if CALENDARS and received(world, stock, now) > now:
        return False
    if TRANSFERS and is_sent_over(world, stock, now):
        return True
    if stock.review_period > 0.0 and next_review(world, stock) != now:
        return False
    if EMERGENCY and is_bought_at_once(world, stock, now):
        return True
    if not NETWORK:
        supplier = world.suppliers[stock.supplier]
        return stock.mean_lead_time == 0.0 and is_prompt(supplier, stock, now)
    units = reorder_units(world, stock, now)
    units = lot(world, stock, units, now) if units > 0 else 0
    return units > 0 and source_is_prompt(world, stock, units, now)


def is_prompt(supplier: Supplier, stock: Stock, now: float) -> bool:
    """Whether a supplier dispatches immediately, and nothing is in front of what it sends."""
    if supplier.servers > 0 or supplier.late_share > 0.0 or (DISRUPTIONS and supplier.down != 0):
        return False
    return supplier.crossing != 0 or stock.last_arrival <= now


def source_is_prompt(world: World, stock: Stock, units: int, now: float) -> bool:
    """Whether units of a source that would be chosen are there at this instant."""
    if DIVIDES and world.nodes[stock.index].divides != 0:
        divide(world, stock, units, now)
        for turn in range(1, world.nodes[stock.index].regular + 1):
            at = in_turn_of(world, stock, turn)
            part = world.sources[at].part
            if part > 0 and sends_now(world, stock, at, part, now):
                return True
        return False
    return sends_now(world, stock, best_source(world, stock, units, now), units, now)


def sends_now(world: World, stock: Stock, at: int, units: int, now: float) -> bool:
    """Whether units of a source are there at this instant."""
    node = world.nodes[stock.index]
    source = world.sources[at]
    if source.mean_time > 0.0 or not is_prompt(world.suppliers[source.supplier], stock, now):
        return False
    if source.stock != NONE:
        if CALENDARS and departs(world, world.stocks[source.stock], now) > now:
            return False
        return is_at_hand(world, source.stock, 1)
    if KITS and node.components > 0 and world.classes[node.makes_as].kits != 0:
        units = 1  # what starts is what there is
    for row in range(node.components_at, node.components_at + node.components):
        part = world.components[row]
        if not is_at_hand(world, part.stock, units * part.units):
            return False
    return True


def is_at_hand(world: World, index: int, units: int) -> bool:
    """Whether a stock point has units on hand, or gets whatever it orders at this instant."""
    return world.stocks[index].on_hand >= units or world.nodes[index].prompt != 0


def is_sent_over(world: World, stock: Stock, now: float) -> bool:
    """Whether another site of the level has all that is missing, a way of no time away."""
    node = world.nodes[stock.index]
    for at in range(node.transfers_at, node.transfers_at + node.transfers):
        source = world.sources[at]
        spare = units_to_spare(world.stocks[source.stock], source.keep)
        if CALENDARS and departs(world, world.stocks[source.stock], now) > now:
            continue
        if source.mean_time == 0.0 and spare > 0 and spare >= stock.backlog:
            return True
    return False


def is_bought_at_once(world: World, stock: Stock, now: float) -> bool:
    """Whether the emergency source is asked, and has no lead time."""
    buyer = world.buyers[stock.index]
    if buyer.emergency == NONE or buyer.soon > 0.0:
        return False
    supplier = world.suppliers[world.sources[buyer.emergency].supplier]
    if supplier.servers > 0 or supplier.late_share > 0.0 or (DISRUPTIONS and supplier.down != 0):
        return False
    return emergency_position(world, stock, now) <= buyer.level
