"""A customer orders: each line takes what it may, the rest waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.entities import (
    LEAVE,
    LOST,
    NEVER,
    NONE,
    NOTE_ORDER,
    NOTE_WAIT,
    ORDER,
    SKIP,
    WAITING,
    World,
)
from backsim.kernel.communication.customer_contact import begin_contact
from backsim.kernel.demand.advance_orders import is_announced, want
from backsim.kernel.demand.cancellation import leave, turn_away
from backsim.kernel.demand.changed_quantities import adds_in_vain, plan_reductions
from backsim.kernel.demand.fulfilment import choose_sites, fetch
from backsim.kernel.demand.goodwill import stays_away
from backsim.kernel.demand.opening import carry_over
from backsim.kernel.demand.queue import end_of_order, enqueue
from backsim.kernel.demand.substitutes import offer_substitutes
from backsim.kernel.events import event
from backsim.kernel.features import (
    AMENDS,
    ANNOUNCES,
    BATCHES,
    DECIDES,
    ECHELON,
    FORECASTS,
    GOODWILL,
    INFORMS,
    LIMITS,
    OPENS,
    ROUTES,
    SUBSTITUTES,
)
from backsim.kernel.grid import on_grid
from backsim.kernel.log import note
from backsim.kernel.network.sourcing import raise_position
from backsim.kernel.stock.clearing import clear, servable, serves_new
from backsim.kernel.stock.forecasting import observe
from backsim.kernel.stock.lots import may_have
from backsim.kernel.stock.lp_clearing import is_asked, needs_no_decision
from backsim.kernel.stock.position import settle
from backsim.kernel.stock.review import review_after_demand
from backsim.kernel.stock.shipping import take
from backsim.kernel.supply.pipeline import estimates_moved

if TYPE_CHECKING:
    from backsim.kernel.interface import rationing_moves, schedule


@event(ORDER, subject="lines")
def customer_order(world: World, head: int, now: float) -> None:
    """An order arrives: each line takes what it may; the rest waits, or is lost."""
    if OPENS and now < 0.0:
        carry_over(world, head, now)
        return
    if AMENDS and adds_in_vain(world, head):
        return
    if GOODWILL and stays_away(world, head, now):
        return
    last = end_of_order(world, head)
    order = world.lines[head]
    order.lines_open = last - head
    fetched = len(world.splits)
    if ROUTES:
        choose_sites(world, head, last, now)
    for index in range(head, last):
        request(world, index, now)
        if ECHELON:
            line = world.lines[index]
            if not (ANNOUNCES and is_announced(world, line)):
                raise_position(world, world.stocks[line.stock], -line.units)
    if SUBSTITUTES and order.lines_open > 0:
        offer_substitutes(world, head, 0, now)
    if order.lines_open > 0:
        if DECIDES and order.tolerance <= 0.0 and is_asked(world, head):
            pass  # who does not wait is lost after the decision
        elif LIMITS and is_full(world, head, last):
            leave(world, head, now, LOST)
        elif order.tolerance <= 0.0:
            turn_away(world, head, last, now)
        elif not INFORMS and order.tolerance != NEVER:
            schedule(world, on_grid(world, now + order.tolerance), LEAVE, head)
        if AMENDS and order.tolerance > 0.0 and order.lines_open > 0:
            plan_reductions(world, head, last, now)
    for index in range(head, last):
        stock = world.stocks[world.lines[index].stock]
        review_after_demand(world, stock, now)
    if ROUTES:
        for row in range(fetched, len(world.splits)):
            stock = world.stocks[world.splits[row].stock]
            review_after_demand(world, stock, now)
            if INFORMS:
                estimates_moved(world, stock, now)
    if INFORMS and order.lines_open > 0 and order.tolerance > 0.0:
        begin_contact(world, head, now)
        for index in range(head, last):
            estimates_moved(world, world.stocks[world.lines[index].stock], now)


def request(world: World, index: int, now: float) -> None:
    """One line asks for its units; what it cannot have now joins the queue."""
    line = world.lines[index]
    stock = world.stocks[line.stock]
    settle(stock, now)
    line.open = line.units
    line.status = WAITING
    if ANNOUNCES:
        want(world, stock, line)
    if FORECASTS:
        observe(world, stock, line.units)
    note(world, now, NOTE_ORDER, index, stock, line.units)
    # Whoever waits beside stock on hand may not have it: a line that blocks nobody asks for itself.
    alone = stock.waiting == 0 or (stock.overtaking == SKIP and not rationing_moves(stock))
    if BATCHES and stock.clearing_period > 0.0:
        alone = serves_new(stock)
    if DECIDES and world.allocation_groups[stock.index].first != NONE:
        alone = alone and needs_no_decision(world, stock, line)
    if stock.on_hand > 0 and alone:
        units = servable(world, stock, line, may_have(world, stock, line, now))
        if units > 0:
            take(world, stock, line, index, units, now)
    if ROUTES and line.open > 0:
        fetch(world, index, now)
    if line.open > 0:
        stock.short = 1
        stock.backlog += line.open
        enqueue(world, stock, index, now)
        if not alone:
            clear(world, stock, now)
        if line.open > 0:
            note(world, now, NOTE_WAIT, index, stock, line.open)


def is_full(world: World, head: int, last: int) -> bool:
    """Whether a line head, ..., last - 1 of an order waits where too much waits with it."""
    for index in range(head, last):
        line = world.lines[index]
        stock = world.stocks[line.stock]
        if line.open > 0:
            if stock.waiting > stock.backlog_limit or stock.backlog > stock.backlog_units:
                return True
    return False
