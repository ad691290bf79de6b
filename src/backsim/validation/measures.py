"""What sources measure and the run's own metrics do not say: one small function each.

`@measure` registers a function under its name.  A file of known answers asks for it by that name,
`metric: second_moment_of_wait`, or with an argument, `metric: {wait_above: 2.5}`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backsim.entities import LOST, SHIPPED
from backsim.streams.generators import generator
from backsim.streams.supply import outages
from backsim.validation.case import MEASURES, Look, measure

__all__ = ["MEASURES"]  # the register, which this module fills

# -- waits -----------------------------------------------------------------------------------------


@measure(share=True)
def wait_above(look: Look, days: float) -> float:
    """Share of the units shipped that waited longer than a number of days."""
    wait, units = look.waits
    return float(units[wait > days].sum()) / look.shipped


@measure()
def second_moment_of_wait(look: Look) -> float:
    """Mean square of the wait per unit shipped; immediate shipment counts 0."""
    wait, units = look.waits
    return float(wait**2 @ units) / look.shipped


def _found_waiting(look: Look) -> tuple[Any, Any]:
    """(backlog found, days waited) of each late order; unit sizes, first come first served."""
    lines, time = look.run.log.lines, look.run.log.column("time")
    delayed = np.flatnonzero(lines["filled"] == 0)
    served = np.sort(look.run.log.shipments["time"])
    found = np.arange(len(delayed)) - np.searchsorted(served, time[delayed], "right")
    count = (lines["status"][delayed] == SHIPPED) & (time[delayed] >= look.start)
    return found[count], (lines["closed"] - time)[delayed][count]


@measure()
def error_of_queue_length(look: Look) -> float:
    """Mean square error of k + 1 service times as a forecast of the wait behind k others."""
    found, wait = look.of(_found_waiting)
    service = float(look.capacity["service"]["exponential"]["mean"])
    return float(((wait - (found + 1) * service) ** 2).mean())


@measure()
def error_of_constant(look: Look) -> float:
    """Mean square error of the mean wait as a forecast.

    The square of the mean is taken from two halves: their product has no bias, a square has.
    """
    wait = look.of(_found_waiting)[1]
    one, other = np.array_split(wait, 2)
    return float((wait**2).mean() - one.mean() * other.mean())


@measure()
def error_ratio(look: Look) -> tuple[float, float]:
    """Mean square error of the forecast by queue length / that of the mean wait."""
    return look.of(error_of_queue_length), look.of(error_of_constant)


def _quotes(look: Look) -> tuple[Any, Any]:
    """(order lines, days first told) of the customers who were told."""
    log = look.run.log
    contacts = log.contacts[log.lines["time"][log.contacts["head"]] >= look.start]
    return contacts["head"], contacts["first_promise"] - contacts["first_told"]


@measure()
def mean_quote(look: Look) -> float:
    """Mean of the waits that customers are told first."""
    return float(_quotes(look)[1].mean())


@measure()
def quote_behind(look: Look, others: int) -> float:
    """Mean of the waits first told to customers who find this many waiting; unit sizes."""
    log, (heads, waits) = look.run.log, _quotes(look)
    served = np.sort(log.shipments["time"])
    delayed = np.flatnonzero(log.lines["filled"] == 0)
    waiting = np.searchsorted(delayed, heads) - np.searchsorted(
        served, log.lines["time"][heads], "right"
    )
    return float(waits[waiting == others].mean())


# -- what becomes of orders ------------------------------------------------------------------------


@measure(share=True)
def blocked(look: Look) -> float:
    """Share of orders that find as many waiting as may wait; unit sizes, one class."""
    lines, time = look.run.log.lines, look.run.log.column("time")
    waits = (lines["filled"] == 0) & (lines["status"] != LOST)
    ended = np.sort(lines["closed"][waits])
    joined = np.cumsum(waits) - waits
    found = joined - np.searchsorted(ended, time, "right")
    full = (found >= look.stock["backlog_limit"]) & (lines["status"] == LOST)
    return float(full[time >= look.start].mean())


@measure()
def units_filled_at_once(look: Look) -> float:
    """Units shipped at the moment of ordering."""
    return float(look.run.log.lines["filled"].sum())


@measure()
def deliveries(look: Look) -> dict[str, list[float]]:
    """Days of delivery of each unit, by class."""
    log, names = look.run.log, look.run.model.classes
    found: dict[str, list[float]] = {name: [] for name in names}
    for line in log.lines:
        found[names[line["customer_class"]]] += [float(line["time"])] * int(line["filled"])
    for shipment in log.shipments:
        name = names[log.lines[shipment["line"]]["customer_class"]]
        found[name] += [float(shipment["time"])] * int(shipment["units"])
    return found


@measure()
def cancelled_classes(look: Look) -> list[str]:
    """Classes whose customers left before everything was shipped."""
    left = look.run.log.lines["left"] > 0
    return [look.run.model.classes[code] for code in look.run.log.lines["customer_class"][left]]


# -- stock and backlog -----------------------------------------------------------------------------


@measure()
def largest_backlog(look: Look) -> float:
    """The most units that wait at any moment; unit sizes, first come first served."""
    lines = look.run.log.lines
    ordered = lines["time"][lines["filled"] == 0]
    served = np.sort(look.run.log.shipments["time"])
    waiting = np.arange(1, len(ordered) + 1) - np.searchsorted(served, ordered, "left")
    return float(waiting[ordered >= look.start].max(initial=0))


@measure()
def final_on_hand(look: Look) -> float:
    """Units on hand at the horizon."""
    return float(look.run.log.stocks["on_hand"][0])


def _shortfalls(look: Look) -> Any:
    """What the position lacks of the level S after each review."""
    run, log = look.run, look.run.log
    period = look.stock["review"]["period"]
    reviews = np.arange(np.ceil(look.start / period), np.floor(run.model.horizon / period)) * period
    bought = np.r_[0, np.cumsum(log.purchases["units"])]
    sold = np.r_[0, np.cumsum(log.lines["units"])]
    start = int(log.stocks["initial"][0])
    purchased = bought[np.searchsorted(log.purchases["placed"], reviews, "right")]
    ordered = sold[np.searchsorted(log.column("time"), reviews, "left")]
    return int(look.stock["reorder"]["S"]) - (start + purchased - ordered)


@measure()
def mean_shortfall(look: Look) -> float:
    """Mean of what the inventory position lacks of the base stock after each review."""
    return float(_shortfalls(look).mean())


@measure(share=True)
def no_shortfall(look: Look) -> float:
    """Share of reviews after which the inventory position is the base stock."""
    return float((_shortfalls(look) == 0).mean())


# -- supply ----------------------------------------------------------------------------------------


@measure()
def mean_lead_time(look: Look) -> float:
    """Mean days from purchase to arrival."""
    return float((look.purchased("arrives") - look.purchased("placed")).mean())


@measure()
def purchases_outstanding(look: Look) -> float:
    """Mean number of purchases on order."""
    rows = look.run.log.purchases
    until = rows["arrives"].clip(max=look.run.model.horizon)
    return float((until - rows["placed"].clip(min=look.start)).clip(min=0).sum()) / look.days


@measure(share=True)
def nothing_on_order(look: Look) -> float:
    """Share of time with no purchase on order."""
    arrives, placed = look.run.log.purchases["arrives"], look.run.log.purchases["placed"]
    under_way = np.isfinite(arrives) & (arrives > placed)
    covered = np.r_[look.start, arrives[under_way].clip(min=look.start)]
    covered = np.maximum.accumulate(covered)
    placed = np.r_[placed[under_way], look.run.model.horizon].clip(min=look.start)
    return float((placed - covered).clip(min=0).sum()) / look.days


@measure(share=True)
def server_utilisation(look: Look) -> float:
    """Share of time that a server of the supplier works."""
    rows = look.run.log.purchases
    done = rows["arrives"] - rows["lead_time"]
    start = (done - rows["service"]).clip(min=look.start)
    served = np.isfinite(done)
    work = (done.clip(max=look.run.model.horizon) - start)[served].clip(min=0).sum()
    return float(work) / look.days / float(look.capacity["servers"])


def _busy_servers(look: Look) -> float:
    """Mean number of busy servers where each server is a unit of base stock."""
    return float(look.capacity["servers"] - look.get("mean_on_hand"))


@measure(share=True)
def utilisation_of_queue(look: Look) -> float:
    """Share of time that a server works where each server is a unit of base stock."""
    return _busy_servers(look) / float(look.capacity["servers"])


@measure()
def customers_in_system(look: Look) -> float:
    """Mean number of customers waiting or in service where each server is a unit of base stock."""
    return look.get("mean_backlog") + _busy_servers(look)


@measure()
def mean_held(look: Look) -> float:
    """Mean units that the supplier has not dispatched: ordered, less those on their way.

    By Little's law those on their way are the units purchased per day times the mean lead time.
    """
    days = float(look.purchased("lead_time").mean())
    moving = look.get("units_per_purchase") * look.get("purchases_per_day") * days
    return look.get("mean_on_order") - moving


@measure(share=True)
def availability(look: Look) -> float:
    """Share of time in which the supplier is not down."""
    run = look.run

    def stream(name: str) -> Callable[[], np.random.Generator]:
        return lambda: generator(run.seed, run.replication, name)

    down = outages(run.model, stream)[0].clip(look.start, run.model.horizon)
    return 1.0 - float((down[:, 1] - down[:, 0]).sum()) / look.days
