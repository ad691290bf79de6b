"""Stock points, and what they expect of demand."""

from __future__ import annotations

from dataclasses import dataclass

from backsim.entities.codes import NEVER, NONE, UNBOUNDED, UNLIMITED, UNSHARED
from backsim.quantities import (
    Code,
    Count,
    Level,
    Periods,
    Portion,
    Price,
    Probability,
    SquaredUnitDays,
    SquaredUnits,
    Time,
    TotalUnits,
    UnitDays,
    Units,
    UnitsPerDay,
)


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
    net_squared_days: SquaredUnitDays = 0.0
    shelf_life: Time = NEVER
    review_start: Time = 0.0
    review_period: Time = 0.0  # 0: continuous review; on dates: until the next one
    clearing_start: Time = 0.0
    clearing_period: Time = 0.0  # 0: clearing at each arrival
    last_arrival: Time = 0.0
    revised: Time = -1.0  # when the promises here were last looked through
    mean_lead_time: Time = 0.0
    last_delay: Time = 0.0  # the wait of the last customer served who had to wait
    quantile_step: Time = 1.0  # of the table of arrival quantiles: days, or mean services
    price: Price = 0.0
    on_hand: TotalUnits = 0
    reserved: TotalUnits = 0
    on_order: TotalUnits = 0
    good_on_order: TotalUnits = 0  # those thought to be fit for use, where suppliers do more
    backlog: TotalUnits = 0
    announced: TotalUnits = 0  # of orders that are known and not yet wanted
    received: TotalUnits = 0
    expired: TotalUnits = 0
    returned: TotalUnits = 0  # by customers, or repaired, and put on hand
    initial: TotalUnits = 0
    oldest: Code = NONE  # lot of which something is left; and the last that came
    newest: Code = NONE
    queue: Code = NONE  # the waiting line to serve first
    waiting: Code = 0  # lines waiting
    standing: Code = NONE  # the root of the tree of those, where it is asked where they stand
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
    sourcing: Code = 0
    sourcing_at: Code = 0
    split: Code = 0
    split_at: Code = 0
    quantiles_at: Code = 0
    quantiles: Code = 2
    least_order: TotalUnits = 1
    multiple: TotalUnits = 1  # purchases are multiples of it
    joint_next: Code = NONE  # the next of the stock points that order together, in a circle
    joining: Code = 0  # asked whether it joins another one's purchase
    most_stock: TotalUnits = UNBOUNDED  # of the position after a purchase
    backlog_limit: Code = UNLIMITED  # lines that may wait
    backlog_units: TotalUnits = UNBOUNDED  # units that may
    receipts: Count = 0  # arrivals of purchases, from the end of the warm-up on
    short_receipts: Count = 0  # those before which a line had to wait or was lost
    receipt_units: TotalUnits = 0  # on hand less backlog just before each of them, added up
    short: Code = 0  # since the last arrival a line had to wait or was lost
    receiving_at: Code = 0  # calendars: the closures in which nothing is received
    receiving_end: Code = 0
    departures_at: Code = 0  # in which the next departure is waited for
    departures_end: Code = 0
    dates_at: Code = NONE  # the dates of its reviews
    dates_end: Code = 0


@dataclass(slots=True)
class Lot:
    """Units that were received together, and expire together."""

    expires: Time = NEVER
    stock: Code = 0
    units: TotalUnits = 0  # on hand
    kept: TotalUnits = 0  # for lines
    expired: TotalUnits = 0
    older: Code = NONE  # the lot that came before it
    newer: Code = NONE


@dataclass(slots=True)
class Change:
    """The rules of a stock point from a time on."""

    stock: Code = 0
    reorder: Code = 0
    reorder_at: Code = 0
    priority: Code = 0
    priority_at: Code = 0
    rationing: Code = 0
    rationing_at: Code = 0


@dataclass(slots=True)
class Recall:
    """The recall of a product at a stock point, and what it took there; a row for each of these."""

    time: Time = NEVER  # no recall
    since: Time = NEVER  # what was shipped to customers from then on comes back
    days: Time = 0.0  # of a repair
    mends: Portion = 0.0  # share of the units of the stock point that are repaired
    back: Time = NEVER  # when they are in stock again
    stock: Code = 0
    units: TotalUnits = 0  # taken: on hand, or kept for lines
    to_repair: TotalUnits = 0  # of these; the rest is scrapped
    repaired: TotalUnits = 0  # to stock again


@dataclass(slots=True)
class Forecast:
    """What a stock point expects of demand, from the demand of the periods that have ended."""

    mean: Level = 0.0  # units of the coming period
    squared_error: SquaredUnits = 0.0  # of the forecasts one period ahead, smoothed
    smoothing: Portion = 0.0  # weight of the latest squared error
    every: Time = 0.0  # length of a period
    first: Time = 0.0  # end of the first
    level: Level = 0.0  # what the methods remember
    trend: Level = 0.0
    size: Level = 0.0
    interval: Periods = 0.0
    probability: Probability = 0.0
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
class AllocationGroup:
    """Where a program decides over the lines that wait at a stock point, or at several of a site.

    As many rows as there are stock points; what belongs to the whole group stands in its first one.
    """

    first: Code = NONE  # the first stock point of the group; NONE where no program decides
    following: Code = NONE  # the next one of the group
    whole: Code = 0  # orders get all of their lines at once, or none
    asked: Code = 0  # a decision is due
    capacity: UnitsPerDay = 0.0  # that may leave; 0: no limit
    day: Count = -1  # the day that `sent` is about
    sent: TotalUnits = 0  # units that have left in that day
    planned: Count = -1  # the day at whose start there is to be a decision


@dataclass(slots=True)
class Share:
    """A line that waits while units on hand are split, and what it gets (`stock.sharing`)."""

    line: Code = NONE
    whole: Code = 0  # it cannot use a part of its units
    open: TotalUnits = 0
    held: TotalUnits = 0  # units on hand that are held back from it
    units: TotalUnits = 0  # its share, rounded down
    remainder: Count = -1  # what rounding has taken from it; -1 for those that do not take part


@dataclass(slots=True)
class Standing:
    """Where a line stands in the queue, in a tree of those that wait (`kernel.demand.standing`)."""

    line: Code = NONE
    left: Code = NONE  # the root of those before it, of those below it
    right: Code = NONE
    above: Code = NONE
    before: Code = NONE  # the one that is served just before it
    behind: Code = NONE
    lines: Count = 0  # it and all below it
    units: TotalUnits = 0  # open, of these


@dataclass(slots=True)
class Allocation:
    """A line that waits for a decision, and the units that it is to get."""

    line: Code = NONE
    units: Units = 0
