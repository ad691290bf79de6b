"""Orders and purchases from before the start."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.initial_state.calendars import received
from backsim.entities import (
    ARRIVAL,
    AT_DUE,
    EVERY,
    EXACT,
    MESSAGE,
    NONE,
    ON_DELAY,
    OPENING,
    SAYS,
    SORTS,
    UNDER_WAY,
    Delivery,
    OpenOrder,
    Purchase,
    Stock,
    Supplier,
)
from backsim.errors import TapeError
from backsim.kernel.supply.pipeline import comes_by_several_ways, delivers_in_sequence
from backsim.scenario.opening import before_start, expected_date, open_orders, under_way

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.engines.initial_state.start import Setup
    from backsim.scenario.model import Model
    from backsim.scenario.schema import Inbound
    from backsim.streams import Tape

UNKNOWN = float("nan")


def add_open_orders(setup: Setup, model: Model, tape: Tape) -> None:
    """The open orders of a tape, each with the promise that was given; they are served at 0.

    Raises TapeError: the tape was drawn for other ones.
    """
    orders = open_orders(model)
    before = int(np.searchsorted(tape.columns["time"], 0.0))
    heads = np.unique(tape.columns["head"][:before]).tolist()
    coming = sum(len(point.inbound) for point in model.scenario.stock)
    if len(heads) != len(orders) or len(tape.arrivals) != coming:
        raise TapeError(
            "this tape was drawn for another model: other orders are open at its start, "
            "or other purchases under way"
        )
    for order, head in zip(orders, heads, strict=True):
        row = OpenOrder(head=head)
        if order.promised is not None:
            row.promise = model.on_grid(order.promised)
            row.told = before_start(model, order.told_at)
        setup.events.append((0.0, OPENING, len(setup.open_orders)))
        setup.open_orders.append(row)


def add_purchases(
    setup: Setup, model: Model, stock: Stock, arrivals: NDArray[np.float64] | None
) -> None:
    """The purchases that are under way to a stock point; they have set out."""
    coming = under_way(model, stock.index)
    first = len(setup.purchases)
    for number, inbound in enumerate(coming, first):
        expected = model.on_grid(expected_date(model, inbound, model.lanes[stock.index]))
        arrives = expected if arrivals is None else float(arrivals[number])
        expected, arrives = (received(setup, stock, date) for date in (expected, arrives))
        supplier = setup.suppliers[stock.supplier]
        if supplier.messages == EXACT and inbound.expected is None:
            expected = arrives  # it has said so when the purchase set out
        stock.on_order += inbound.units
        stock.good_on_order += inbound.units
        stock.last_arrival = max(stock.last_arrival, arrives)
        setup.events.append((arrives, ARRIVAL, number))
        setup.purchases.append(
            Purchase(
                placed=UNKNOWN if inbound.age is None else model.on_grid(-inbound.age),
                quoted=expected,
                expected=expected,
                arrives=arrives,
                units=inbound.units,
                stock=stock.index,
                status=UNDER_WAY,
                before=stock.last_purchase,
            )
        )
        if "DELIVERIES" in setup.switches:  # it is one part, and all of it is fit for use
            delivery = Delivery(ordered=inbound.units, parts=supplier.parts - 1)
            setup.deliveries.append(delivery)
            _await_messages(setup, supplier, inbound, number)
        stock.last_purchase = number
    _fill_pipeline(setup, stock, first)


def _await_messages(setup: Setup, supplier: Supplier, inbound: Inbound, number: int) -> None:
    """When the supplier says more of a purchase than the date that it is expected on.

    Where nobody knows when it was placed, the supplier speaks as if that were at the start.
    """
    purchase, delivery = setup.purchases[number], setup.deliveries[number]
    age = inbound.age or 0.0
    subject = SORTS * number + SAYS
    if purchase.arrives == purchase.expected:  # there is nothing to say
        return
    if supplier.messages == AT_DUE:
        setup.events.append((max(0.0, purchase.expected), MESSAGE, subject))
    elif supplier.messages == EXACT:
        setup.events.append((0.0, MESSAGE, subject))
    elif supplier.messages == EVERY:
        delivery.messages = math.floor(age / supplier.period)
        following = (delivery.messages + 1) * supplier.period - age
        setup.events.append((following, MESSAGE, subject))
    elif supplier.messages == ON_DELAY:
        learnt = supplier.learns * (purchase.arrives + age) - age
        if purchase.arrives > purchase.expected:
            setup.events.append((max(0.0, learnt), MESSAGE, subject))


def _fill_pipeline(setup: Setup, stock: Stock, first: int) -> None:
    """Link a stock point's purchases, the last ones added, as `kernel.supply.pipeline` has them."""
    purchases = setup.purchases
    rows = list(range(first, len(purchases)))
    if not _in_sequence(setup, stock):
        rows.sort(key=lambda row: purchases[row].expected)
    for earlier, later in pairwise([NONE, *rows, NONE]):
        if earlier == NONE:
            stock.pipeline_first = later
        else:
            purchases[earlier].later = later
        if later == NONE:
            stock.pipeline_last = earlier
        else:
            purchases[later].earlier = earlier


def _in_sequence(setup: Setup, stock: Stock) -> bool:
    """Whether purchases arrive in the order in which they are placed."""
    if setup.nodes and comes_by_several_ways(setup, stock):
        return False
    return delivers_in_sequence(setup.suppliers[stock.supplier])
