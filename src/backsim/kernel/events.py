"""The one place where an event's kind becomes a call."""

from __future__ import annotations

from backsim.entities import (
    ANNOUNCE,
    ARRIVAL,
    CLEARING,
    DECISION,
    FORECAST,
    INQUIRY,
    LATE_FORECAST,
    LATE_REVIEW,
    LEAVE,
    MESSAGE,
    NOTICE,
    ORDER,
    REACH,
    REACT,
    REVIEW,
    REVISE,
    SUPPLY,
    World,
)
from backsim.kernel.communication.customer_contact import end_patience, inquire, send_notice
from backsim.kernel.communication.promise_dates import revise
from backsim.kernel.demand.advance_orders import announce
from backsim.kernel.demand.cancellation import end_tolerance
from backsim.kernel.demand.orders import customer_order
from backsim.kernel.features import (
    ANNOUNCES,
    BATCHES,
    DECIDES,
    DELIVERIES,
    DISRUPTIONS,
    FORECASTS,
    INFORMS,
    NETWORK,
    REACTS,
)
from backsim.kernel.network.internal_orders import reach_site
from backsim.kernel.stock.clearing import clear_batch
from backsim.kernel.stock.forecasting import end_period
from backsim.kernel.stock.lp_clearing import decide
from backsim.kernel.stock.review import review_periodically
from backsim.kernel.supply.reactions import react
from backsim.kernel.supply.receiving import receive
from backsim.kernel.supply.service import change_state, end_service
from backsim.kernel.supply.supplier_messages import message


def handle(world: World, kind: int, subject: int, now: float) -> None:
    """Let what is due at `now` happen.  `subject` is an index into the table the kind is about."""
    if kind == ORDER:
        customer_order(world, subject, now)
    elif kind == ARRIVAL:
        receive(world, subject, now)
    elif kind == LEAVE:
        if INFORMS:
            end_patience(world, subject, now)
        else:
            end_tolerance(world, subject, now)
    elif DISRUPTIONS and kind == SUPPLY and subject < 0:
        change_state(world, -1 - subject, now)
    elif kind == SUPPLY:
        end_service(world, subject, now)
    elif DELIVERIES and kind == MESSAGE:
        message(world, subject, now)
    elif ANNOUNCES and kind == ANNOUNCE:
        announce(world, subject, now)
    elif REACTS and kind == REACT:
        react(world, world.stocks[subject], now)
    elif kind == REVIEW or kind == LATE_REVIEW:
        review_periodically(world, world.stocks[subject], kind, now)
    elif kind == REACH:
        if NETWORK:
            reach_site(world, subject, now)
    elif kind == FORECAST or kind == LATE_FORECAST:
        if FORECASTS:
            end_period(world, subject, kind, now)
    elif kind == CLEARING:
        if BATCHES:
            clear_batch(world, subject, now)
    elif kind == DECISION:
        if DECIDES:
            decide(world, subject, now)
    elif INFORMS:
        if kind == NOTICE:
            send_notice(world, subject, now)
        elif kind == REVISE:
            revise(world, world.stocks[subject], now)
        elif kind == INQUIRY:
            inquire(world, subject, now)
