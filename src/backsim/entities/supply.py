"""Suppliers, purchases and what becomes of them, and how stock points react."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import NEVER, NO_MESSAGE, NONE, QUEUED, UNREACHED
from backsim.quantities import Code, Count, Number, Portion, Price, Time, TotalUnits


@dataclass(slots=True)
class Supplier:
    """Where purchases go.  ``servers`` 0 is an unlimited pipeline."""

    mean_service: Time = 0.0  # of a purchase, or of a unit
    variation: Number = 0.0  # squared coefficient of variation of services, at most 1
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
    held: Code = NONE  # without crossing, those that are done before an earlier one, a list
    messages: Code = NO_MESSAGE
    lag: Time = 0.0  # from saying to hearing
    period: Time = NEVER  # between messages
    error: Portion = 0.0  # the largest error of a message, of the time that is left
    learns: Portion = 0.0  # part of the way to arrival at which a delay is known
    late_share: Portion = 0.0
    parts: Code = 1  # deliveries that a purchase comes in
    part_days: Time = 0.0  # between them
    mean_yield: Portion = 1.0  # of the units of a purchase, those fit for use
    down: Code = 0
    announced: Code = 0
    down_since: Time = 0.0
    mean_down: Time = 0.0
    joint: Code = 0  # purchases of a site and an instant are one order
    order: Code = NONE  # the last such order, by its first purchase
    least_value: Price = 0.0  # of an order
    container: Price = 0.0  # which orders fill; 0: none
    outage: Code = 0  # the present or next outage
    outages_end: Code = 0
    known_at: Code = 0  # closures: the planned outages and closed days, of which all know
    known_end: Code = 0
    factor: Number = 1.0  # of lead times, at present
    calendar: Code = 0  # whether it has days on which it is closed
    working: Code = 0  # times on the way count only while it is not down


@dataclass(slots=True)
class Season:
    """From a time on, the lead times of a supplier are multiplied by a factor."""

    factor: Number = 1.0
    supplier: Code = 0


@dataclass(slots=True)
class Server:
    """A server of a limited supplier whose messages are exact."""

    free: Time = 0.0  # when it has done all that is now in the queue


@dataclass(slots=True)
class Outage:
    """A time in which a supplier is down, or a site receives or ships nothing."""

    starts: Time = 0.0
    ends: Time = 0.0
    breaks: Time = NEVER  # of suppliers: from when on it is one that nobody foresaw


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
    factor: Number = 1.0  # of its lead time, which has been multiplied by it
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
class PurchaseOutcome:
    """What the tape holds for a purchase: the first fields of its `Delivery`."""

    luck: Portion = 1.0
    delay: Time = 0.0
    error: Portion = 0.5
    sound: Portion = 1.0


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
    counts_all: Code = 0  # whatever is on order is compared with the level
    looks: Code = 0  # a look at the purchases is due
    cancelled: Time = -1.0  # when purchases were last withdrawn
