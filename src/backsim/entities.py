"""The entities of the kernel: each field declared once, with its type and unit.

The interpreted engine uses the slotted classes as they are; the compiled engine uses numpy records
made from the same declarations (`dtype`).  Indices point into the tables of `World`; ``NONE`` (-1)
points nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, get_type_hints

import numpy as np

from backsim.quantities import (
    Code,
    Count,
    Level,
    Portion,
    Price,
    Rate,
    Time,
    TotalUnits,
    Unit,
    UnitDays,
    Units,
)

NONE = -1
NEVER = float("inf")
UNREACHED = -(2**62)  # a level that no stock falls to
UNLIMITED = 2**31 - 1  # lines that may wait at a stock point

# Kinds of event, in the order in which they run at the same time; at most 127.
SUPPLY = 0  # a supplier's server has finished a purchase; or a supplier goes down or recovers
ARRIVAL = 10  # a purchase arrives, then clearing
CLEARING = 15  # waiting lines are served in a batch
DECISION = 16  # a program decides over the waiting lines of its desk
FORECAST = 20  # a forecast is updated
REACH = 25  # a purchase reaches the site that it is ordered from
REVIEW = 30  # periodic review, before the demand of that instant
ANNOUNCE = 35  # an order becomes known before it is wanted
ORDER = 40  # a customer orders, then continuous review
LATE_FORECAST = 45  # a forecast is updated, after the demand of that instant
LATE_REVIEW = 50  # periodic review, after the demand of that instant
MESSAGE = 60  # a supplier says when a purchase comes, or the buyer hears of it
REACT = 62  # the buyer looks at the purchases under way
REVISE = 65  # estimates may have moved: who is to be told?
NOTICE = 70  # a customer is told how long to wait
LEAVE = 80  # a customer's tolerance ends, or a promise and its grace
INQUIRY = 90  # a customer asks

MOST_LEVELS = 2**14 - 1
"""Levels of a network that are told apart; the schedule of events has so much room for them."""

# What became of a line.
EXPECTED, WAITING, SHIPPED, CANCELLED, LOST, SUBSTITUTED = 0, 1, 2, 3, 4, 5
LINE_STATUS = ("expected", "waiting", "shipped", "cancelled", "lost", "substituted")

# Where a purchase is.
QUEUED, IN_SERVICE, UNDER_WAY, RECEIVED, WITHDRAWN = 0, 1, 2, 3, 4
PURCHASE_STATUS = ("queued", "in service", "under way", "received", "withdrawn")

# When a supplier says more of a purchase than the date it quoted.
NO_MESSAGE, EXACT, AT_DUE, ON_DELAY, EVERY = 0, 1, 2, 3, 4
MESSAGES = ("never", "exact", "at_due", "on_delay", "every")

# What a message event is about, beside its purchase: its subject is SORTS x purchase + sort.
SAYS, HEARS = 0, 1
SORTS = 4

# How a customer class wants its orders shipped.
BY_UNIT, BY_LINE, BY_ORDER = 0, 1, 2
SHIPMENT = ("partial", "line", "order")

# What a line that cannot be filled whole does to those behind it.
STRICT, SKIP, PARTIAL = 0, 1, 2
OVERTAKING = ("strict", "skip", "partial")

# How units are split among waiting lines.
UNSHARED, PROPORTIONAL, MAX_MIN = 0, 1, 2
SHARING = ("none", "proportional", "max_min")

# Why a customer cancelled.
NO_NOTICE, TOLD_TOO_LONG, PROMISE_BROKEN, GAVE_UP = 0, 1, 2, 3
CAUSES = ("no_notice", "told_too_long", "promise_broken", "gave_up")

# What passes between the seller and a customer who waits.
TOLD, REVISED, ASKED = 0, 1, 2
NOTICES = ("estimate", "revision", "inquiry")

# What the trace notes, beside the event kinds' own doings.
NOTES = (
    *("order", "ship", "wait", "lose", "leave", "purchase", "receive", "withdraw", "reserve"),
    *("tell", "ask"),
    *("release", "expect", "reject", "substitute", "reroute", "expedite"),
)
(
    NOTE_ORDER,
    NOTE_SHIP,
    NOTE_WAIT,
    NOTE_LOSE,
    NOTE_LEAVE,
    NOTE_PURCHASE,
    NOTE_RECEIVE,
    NOTE_WITHDRAW,
    NOTE_RESERVE,
    NOTE_TELL,
    NOTE_ASK,
    NOTE_RELEASE,
    NOTE_EXPECT,
    NOTE_REJECT,
    NOTE_SUBSTITUTE,
    NOTE_REROUTE,
    NOTE_EXPEDITE,
) = range(len(NOTES))
PURCHASE_NOTES = (
    *(NOTE_PURCHASE, NOTE_RECEIVE, NOTE_WITHDRAW, NOTE_EXPECT, NOTE_REJECT, NOTE_EXPEDITE),
)
"""Those of purchases; all others are about lines."""


@dataclass(slots=True)
class Line:
    """A line of a customer's order.  The first six fields come from the tape.

    An order's lines stand one after the other; ``head`` is the index of the first, which also
    keeps ``lines_open``, the number of the order's lines not yet filled.
    """

    time: Time = 0.0
    due: Time = 0.0
    tolerance: Time = NEVER
    key: Time = 0.0  # place in the queue, least first
    closed: Time = NEVER  # when it was shipped whole, cancelled or lost
    units: Units = 0
    stock: Code = 0
    customer_class: Code = 0
    head: Code = NONE
    open: Units = 0  # not yet filled
    reserved: Units = 0  # filled, kept back until the order is whole
    shipped: Units = 0
    filled: Units = 0  # shipped from stock, at the moment of ordering
    left: Units = 0  # cancelled or lost, or a substitute was taken
    lines_open: Code = 0
    child: Code = NONE
    sibling: Code = NONE
    previous: Code = NONE
    status: Code = EXPECTED
    contact: Code = NONE  # of an order's first line: what passes while it waits


TAPE_FIELDS = ("time", "due", "tolerance", "units", "stock", "customer_class", "head")


@dataclass(slots=True)
class Contact:
    """What an order that waits has been told, and what its customer does about it."""

    told: Time = NEVER  # the last notice
    first_told: Time = NEVER
    first_promise: Time = NEVER
    promise: Time = NEVER  # the date last told
    believed: Time = NEVER  # the estimate last told, or when the wait began
    notice_at: Time = NEVER  # the next notice planned
    leave_at: Time = NEVER  # the end of the tolerance, or of the promise and its grace
    ask_at: Time = NEVER  # the next inquiry
    tolerance: Time = NEVER  # the longest promised wait that the customer accepts
    patience: Time = NEVER  # the longest wait without a promise
    grace: Time = 0.0
    forgives: Code = 0  # broken promises that the customer forgives
    broken: Code = 0
    notices: Code = 0
    inquiries: Code = 0
    blind: Code = 1  # no promise stands
    cause: Code = NO_NOTICE  # why the customer cancelled
    head: Code = NONE


@dataclass(slots=True)
class Notice:
    """A notice to a customer, or a customer's inquiry."""

    time: Time = 0.0
    promise: Time = NEVER  # the date told; never, when there was none
    what: Code = TOLD
    head: Code = NONE


TRAITS: dict[str, str] = {
    **{"told": "f8", "grace": "f8", "forgives": "i4", "gaps": "f8"},
    "accepts": "i4",
}
"""What a customer brings to a conversation, with its type; on the tape where a class needs it.

`told`: the longest promised wait accepted, days; `grace`: days beyond a promise; `forgives`: broken
promises forgiven; `gaps`: standard exponential times between inquiries, a row an order;
`accepts`: 1 for those who take a substitute.
"""


@dataclass(slots=True)
class Stock:
    """A stock point: a product at a site."""

    since: Time = 0.0  # the integrals below are complete up to here
    on_hand_days: UnitDays = 0.0
    reserved_days: UnitDays = 0.0
    on_order_days: UnitDays = 0.0
    ready_days: Time = 0.0  # time with on_hand > 0
    clear_days: Time = 0.0  # time with no backlog
    net_days: UnitDays = 0.0
    net_squared_days: UnitDays = 0.0
    review_start: Time = 0.0
    review_period: Time = 0.0  # 0: continuous review
    clearing_start: Time = 0.0
    clearing_period: Time = 0.0  # 0: clearing at each arrival
    last_arrival: Time = 0.0
    revised: Time = -1.0  # when the promises here were last looked through
    mean_lead_time: Time = 0.0
    quantile_step: Time = 1.0  # of the table of arrival quantiles: days, or mean services
    price: Price = 0.0
    on_hand: TotalUnits = 0
    reserved: TotalUnits = 0
    on_order: TotalUnits = 0
    backlog: TotalUnits = 0
    announced: TotalUnits = 0  # of orders that are known and not yet wanted
    received: TotalUnits = 0
    initial: TotalUnits = 0
    queue: Code = NONE  # the waiting line to serve first
    waiting: Code = 0  # lines waiting
    index: Code = 0
    product: Code = 0
    site: Code = 0
    supplier: Code = 0
    overtaking: Code = 0
    sharing: Code = UNSHARED
    between: Code = 1  # new lines may take units on hand between batch runs
    reallocates: Code = 0  # batch runs take back what is kept for lines
    offers_early: Code = 0  # substitutes, when a customer orders
    offers_late: Code = 0  # when a promise slips
    options_at: Code = 0  # this stock point's substitutes
    options_end: Code = 0
    kept: Code = NONE  # there, a line with all its units kept for it
    receiving: Code = 0  # units that have just arrived are being given out
    withdraw: Code = 0
    reviews: Count = 0
    clearings: Count = 0
    purchases: Count = 0
    last_purchase: Code = NONE
    pipeline_first: Code = NONE  # purchases under way, in order of their expected dates
    pipeline_last: Code = NONE
    draws_at: Count = 0  # compiled engine: this stock point's block in the tables of draws
    draws_end: Count = 0
    reorder: Code = 0
    reorder_at: Code = 0
    priority: Code = 0
    priority_at: Code = 0
    rationing: Code = 0
    rationing_at: Code = 0
    forecast: Code = 0
    forecast_at: Code = 0
    forecast_row: Code = NONE  # its row in the table of forecasts
    notice: Code = 0  # a bit for each rule
    notice_at: Code = 0
    estimate: Code = 0
    estimate_at: Code = 0
    quantiles_at: Code = 0
    quantiles: Code = 2
    least_order: TotalUnits = 1
    multiple: TotalUnits = 1  # purchases are multiples of it
    joint_next: Code = NONE  # the next of the stock points that order together, in a circle
    joining: Code = 0  # asked whether it joins another one's purchase
    backlog_limit: Code = UNLIMITED  # lines that may wait


@dataclass(slots=True)
class Forecast:
    """What a stock point expects of demand, from the demand of the periods that have ended."""

    mean: Level = 0.0  # units of the coming period
    squared_error: Level = 0.0  # of the forecasts one period ahead, smoothed; units squared
    smoothing: Level = 0.0  # weight of the latest squared error
    every: Time = 0.0  # length of a period
    first: Time = 0.0  # end of the first
    level: Level = 0.0  # what the methods remember
    trend: Level = 0.0
    size: Level = 0.0
    interval: Level = 0.0
    probability: Level = 0.0
    since: Count = 0  # periods since the last one with demand
    periods: Count = 0  # that have ended
    seen: TotalUnits = 0  # demand of the current period so far
    observed_at: Count = 0  # its block in the table of observations
    stock: Code = 0
    censored: Code = 0  # sales lost at once are not seen


@dataclass(slots=True)
class Observation:
    """A period that has ended at a stock point: what was asked for, and what was forecast."""

    forecast: Level = 0.0
    units: TotalUnits = 0


@dataclass(slots=True)
class CustomerClass:
    """Customers who share demand, priority and tolerance."""

    priority: Code = 1
    shipment: Code = BY_UNIT
    inquiry_rate: Time = 0.0
    shrinks: Time = 1.0  # the tolerance, at each broken promise
    most_inquiries: Code = 0
    site: Code = NONE  # the site whose purchases these are; NONE: customers
    announced: Time = 0.0  # days before they are wanted that orders are known
    choices_at: Code = 0  # the sites that serve in place of the first one, then of the second, ...
    choices: Code = 0  # so many for each of them
    splits: Code = 1  # the lines of an order may be served from different sites


@dataclass(slots=True)
class Supplier:
    """Where purchases go.  ``servers`` 0 is an unlimited pipeline."""

    mean_service: Time = 0.0  # of a purchase, or of a unit
    servers: Code = 0
    busy: Code = 0
    work_entered: Count = 0  # purchases, or their units, that came
    work_queued: Count = 0  # purchases, or their units, in the queue
    work_begun: Count = 0  # and in service
    first: Code = NONE  # queue of purchases
    last: Code = NONE
    crossing: Code = 1
    per_unit: Code = 0  # service time is per unit
    servers_at: Code = 0  # its servers in the table of servers
    in_service: Code = NONE  # the purchases that servers work on, a list
    messages: Code = NO_MESSAGE
    lag: Time = 0.0  # from saying to hearing
    period: Time = NEVER  # between messages
    error: Portion = 0.0  # the largest error of a message, of the time that is left
    learns: Portion = 0.0  # part of the way to arrival at which a delay is known
    late_share: Portion = 0.0
    parts: Code = 1  # deliveries that a purchase comes in
    part_days: Time = 0.0  # between them
    down: Code = 0
    announced: Code = 0
    planned: Code = 0  # the ends of its outages are known
    down_since: Time = 0.0
    mean_down: Time = 0.0
    joint: Code = 0  # purchases of a site and an instant are one order
    order: Code = NONE  # the last such order, by its first purchase
    outage: Code = 0  # the present or next outage
    outages_end: Code = 0


@dataclass(slots=True)
class Purchase:
    """A replenishment order, with three dates: quoted when it was placed, expected now, actual.

    ``quoted`` and ``expected`` are NEVER in models that need no dates (`kernel.supply.pipeline`).
    """

    placed: Time = 0.0
    quoted: Time = NEVER
    expected: Time = NEVER
    arrives: Time = NEVER
    lead_time: Time = 0.0
    service: Time = 0.0
    units: TotalUnits = 0  # a backlog may exceed what one line can ask for
    stock: Code = 0
    status: Code = QUEUED
    next: Code = NONE  # behind it in the supplier's queue
    before: Code = NONE  # the stock point's purchase before it
    joined: Code = NONE  # the purchase with which it was placed, where another one led
    elsewhere: Code = NONE  # joint orders: another site's of the same instant, before this one
    earlier: Code = NONE  # its neighbours in the stock point's pipeline
    later: Code = NONE
    sent: Time = NEVER  # networks: when its units set out, or its components were complete
    source: Code = NONE  # networks: the stock point that it is ordered from
    supplier: Code = NONE  # networks: the supplier that it is ordered from
    line: Code = NONE  # networks: its order line there; the first of its components' lines
    part_of: Code = NONE  # networks: the purchase that these units are a part of


@dataclass(slots=True)
class Node:
    """What a stock point is in a network; as many rows as there are stock points."""

    sources_at: Code = 0  # its sources, in order of preference, one for emergencies last
    sources: Code = 0
    regular: Code = 0  # those of them that its reorder rule buys from
    components_at: Code = 0  # what a unit is made from
    components: Code = 0
    makes_as: Code = NONE  # the class of its orders for components
    ancestors_at: Code = 0  # the stock points that it is supplied from, near ones first
    ancestors: Code = 0
    level: Code = 0  # sites between it and the last customer, at most
    by_echelon: Code = 0  # its reorder rule asks for the echelon position
    prompt: Code = 0  # whatever it orders is there at the same instant
    echelon: TotalUnits = 0  # its own inventory position and those of all it supplies
    transfers_at: Code = 0  # who may send it units of theirs, among the sources
    transfers: Code = 0
    transfer_level: Units = 0  # units that are to be here, or on their way from those
    transferring: TotalUnits = 0  # on their way from those
    transferred: Count = 0  # transfers so far


@dataclass(slots=True)
class Source:
    """Where a stock point may buy: another stock point of the product, or a supplier."""

    share: Time = 0.0  # of the units; 0: by preference
    draws_at: Count = 0  # compiled engine: its block in the tables of draws
    bought: TotalUnits = 0
    stock: Code = NONE
    supplier: Code = NONE
    customer_class: Code = NONE  # as whom it orders from a stock point
    lane: Code = 0  # its streams on the tape
    mean_time: Time = 0.0  # from there, without any wait
    keep: Units = 0  # transfers: units on hand that the stock point keeps for itself


@dataclass(slots=True)
class Buyer:
    """How a stock point reacts to its suppliers.

    A row for each stock point in models in which any of them does, else none.
    """

    expedite_days: Time = 0.0  # by which a purchase is brought forward; 0: never
    expedite_late: Time = NEVER  # days late at which it is
    expedite_level: TotalUnits = UNREACHED  # on hand less backlog at which it is
    cancel_late: Time = NEVER  # days late at which a purchase that waits is withdrawn
    avoids: Code = NONE  # the supplier of one withdrawn, which the next purchase passes over
    emergency: Code = NONE  # a source for emergencies
    level: TotalUnits = UNREACHED  # on hand and soon to come, less backlog, when it is asked
    up_to: TotalUnits = 0
    soon: Time = 0.0  # its mean lead time
    looks: Code = 0  # a look at the purchases is due
    cancelled: Time = -1.0  # when purchases were last withdrawn


@dataclass(slots=True)
class Component:
    """What goes into each unit of a product that is made at a site."""

    stock: Code = 0
    units: Units = 1


@dataclass(slots=True)
class Ancestor:
    """A stock point that supplies another one, directly or not, and its units in each of these."""

    stock: Code = 0
    units: TotalUnits = 1


@dataclass(slots=True)
class Request:
    """What a site's order line is for.  As many rows as there are lines after the customers'."""

    purchase: Code = NONE


@dataclass(slots=True)
class Delivery:
    """What belongs to a purchase only in models whose suppliers do more than deliver on time.

    Row k of the table belongs to purchase k.
    """

    luck: Portion = 1.0  # late where it is below the supplier's share
    delay: Time = 0.0  # days late, unknown when the date is quoted
    error: Portion = 0.5  # 0 to 1: from the earliest to the latest that messages may say
    sound: Portion = 1.0  # share of the units that are fit for use
    began: Time = NEVER  # start of service
    ends: Time = NEVER  # end of service
    ahead: Count = 0  # work that came to the supplier before it
    told: Time = NEVER  # said by the supplier, not yet heard
    messages: Count = 0
    ordered: TotalUnits = 0
    withdrawn: TotalUnits = 0
    received: TotalUnits = 0
    rejected: TotalUnits = 0
    expedited: TotalUnits = 0
    expedited_at: Time = NEVER
    cancelled_at: Time = NEVER  # withdrawn, as it was late
    parts: Code = 0  # received


@dataclass(slots=True)
class Fate:
    """What the tape holds for a purchase: the first fields of its `Delivery`."""

    luck: Portion = 1.0
    delay: Time = 0.0
    error: Portion = 0.5
    sound: Portion = 1.0


@dataclass(slots=True)
class Server:
    """A server of a limited supplier whose messages are exact."""

    free: Time = 0.0  # when it has done all that is now in the queue


@dataclass(slots=True)
class Announcement:
    """A line that becomes known before it is wanted."""

    time: Time = 0.0
    stock: Code = 0
    units: Units = 0


@dataclass(slots=True)
class Outage:
    """A time in which a supplier is down."""

    starts: Time = 0.0
    ends: Time = 0.0


@dataclass(slots=True)
class Shipment:
    """Units of a line that were shipped after a wait, or of what arrived at the same instant."""

    time: Time = 0.0
    line: Code = 0
    units: Units = 0


@dataclass(slots=True)
class Option:
    """A substitute that may be offered: from which stock point, and how much cheaper."""

    discount: Price = 0.0
    stock: Code = 0


@dataclass(slots=True)
class Substitution:
    """A substitute that was taken for the units open of a line."""

    time: Time = 0.0
    discount: Price = 0.0
    line: Code = 0
    stock: Code = 0  # where it came from
    units: Units = 0


@dataclass(slots=True)
class Reroute:
    """A line that is served from another site than the one where it was ordered."""

    line: Code = 0
    stock: Code = 0  # where it was ordered


@dataclass(slots=True)
class Takeback:
    """Units that were kept for a line, and at a batch run were given to others."""

    time: Time = 0.0
    line: Code = 0
    units: Units = 0


@dataclass(slots=True)
class Desk:
    """Where a program decides over the lines that wait at a stock point, or at several of a site.

    As many rows as there are stock points; what belongs to the whole desk stands in its first one.
    """

    first: Code = NONE  # the first stock point of the desk; NONE where no program decides
    following: Code = NONE  # the next one of the desk
    whole: Code = 0  # orders get all of their lines at once, or none
    asked: Code = 0  # a decision is due
    capacity: Level = 0.0  # units that may leave in a day; 0: no limit
    day: Count = -1  # the day that `sent` is about
    sent: TotalUnits = 0  # units that have left in that day
    planned: Count = -1  # the day at whose start there is to be a decision


@dataclass(slots=True)
class Allotment:
    """A line that waits for a decision, and the units that it is to get."""

    line: Code = NONE
    units: Units = 0


@dataclass(slots=True)
class Note:
    """One thing that happened: a row of the event log."""

    time: Time = 0.0
    what: Code = 0
    subject: Code = 0  # a line, or a purchase
    stock: Code = 0
    units: TotalUnits = 0
    on_hand: TotalUnits = 0
    on_order: TotalUnits = 0
    backlog: TotalUnits = 0


@dataclass(slots=True)
class Totals:
    """One row of figures over all stock points."""

    waiting: Count = 0  # lines in queues, or kept where batch runs take back
    customer_lines: Count = 0  # lines on the tape; those of sites come after them
    ticks: Rate = 1.0  # of a day (`kernel.grid`)
    unsent: Count = 0  # purchases that suppliers have not dispatched
    sites: Count = 1
    allotments: Count = 0  # rows in use, while a decision is made


@dataclass(slots=True)
class World:
    """Everything a run changes: the tables of entities, and the rules' parameters."""

    lines: Sequence[Line]
    stocks: Sequence[Stock]
    classes: Sequence[CustomerClass]
    suppliers: Sequence[Supplier]
    purchases: Sequence[Purchase]
    takebacks: Sequence[Takeback]
    deliveries: Sequence[Delivery]
    servers: Sequence[Server]
    outages: Sequence[Outage]
    announcements: Sequence[Announcement]
    options: Sequence[Option]
    substitutions: Sequence[Substitution]
    totals: Sequence[Totals]
    forecasts: Sequence[Forecast]
    observations: Sequence[Observation]
    params: Sequence[float]
    contacts: Sequence[Contact]
    quantiles: Sequence[float]
    nodes: Sequence[Node]
    sources: Sequence[Source]
    components: Sequence[Component]
    ancestors: Sequence[Ancestor]
    requests: Sequence[Request]
    choices: Sequence[int]
    places: Sequence[int]
    reroutes: Sequence[Reroute]
    desks: Sequence[Desk]
    allotments: Sequence[Allotment]
    buyers: Sequence[Buyer]


@cache
def dtype(entity: type) -> np.dtype[Any]:
    """The numpy record type of an entity, from its annotated fields."""
    hints = get_type_hints(entity, include_extras=True)
    return np.dtype([(f.name, _unit(hints[f.name]).stored) for f in fields(entity)])


def _unit(annotation: Any) -> Unit:
    return next(m for m in annotation.__metadata__ if isinstance(m, Unit))


def blank(entity: type, count: int) -> np.ndarray[Any, Any]:
    """`count` records of an entity, each field at its default."""
    record = np.array([tuple(f.default for f in fields(entity))], dtype(entity))
    return np.repeat(record, count)
