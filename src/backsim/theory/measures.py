"""What the records measure and the run's own metrics do not say: one small function each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.entities import LOST, SHIPPED
from backsim.streams.generators import generator
from backsim.streams.supply import outages
from backsim.theory.case import Case

if TYPE_CHECKING:
    from backsim.results.run import Run

Measure = Callable[["Look"], Any]
"""A number of a run; or two, when their means over runs are to be divided by each other."""


@dataclass(frozen=True)
class Look:
    """A run, looked at as a whole or for one customer class."""

    run: Run
    case: Case
    customer_class: str = ""

    def get(self, name: str) -> float:
        """One of the run's own metrics."""
        return self.run.metrics.get(
            name, "class" if self.customer_class else "", self.customer_class
        )

    @property
    def start(self) -> float:
        """When counting starts."""
        return self.run.model.warm_up

    @property
    def days(self) -> float:
        """How long it lasts."""
        return self.run.model.horizon - self.start

    @cached_property
    def waits(self) -> tuple[Any, Any]:
        """(days, units) of the shipments that came late, of the lines that count."""
        shipments = self.run.log.shipments
        ordered = self.run.log.column("time")[shipments["line"]]
        late = ordered >= self.start
        return (shipments["time"] - ordered)[late], shipments["units"][late]

    @property
    def shipped(self) -> float:
        """Units shipped, of the lines that count."""
        return self.get("shipped_per_day") * self.days

    @cached_property
    def purchases(self) -> Any:
        """The purchases that were placed while it counted and have arrived."""
        rows = self.run.log.purchases
        come = rows["arrives"] <= self.run.model.horizon
        return rows[(rows["placed"] >= self.start) & come]


def wait_above(look: Look, days: float) -> float:
    """Share of the units shipped that waited longer."""
    wait, units = look.waits
    return float(units[wait > days].sum()) / look.shipped


def second_moment(look: Look) -> float:
    """Mean square of the wait per unit shipped; at once counts 0."""
    wait, units = look.waits
    return float(wait**2 @ units) / look.shipped


def variance_of_net_stock(look: Look) -> float:
    """Variance over time of on hand less backlog."""
    return look.get("sd_net_stock") ** 2


def largest_backlog(look: Look) -> float:
    """The most units that wait at any moment; unit sizes, first come first served."""
    lines = look.run.log.lines
    ordered = lines["time"][lines["filled"] == 0]
    served = np.sort(look.run.log.shipments["time"])
    waiting = np.arange(1, len(ordered) + 1) - np.searchsorted(served, ordered, "left")
    return float(waiting[ordered >= look.start].max(initial=0))


def position(look: Look) -> float:
    """Mean inventory position."""
    return look.get("mean_net_stock") + look.get("mean_on_order")


def lead_time(look: Look) -> float:
    """Mean days from purchase to arrival."""
    return float((look.purchases["arrives"] - look.purchases["placed"]).mean())


def outstanding(look: Look) -> float:
    """Mean number of purchases on order."""
    rows = look.run.log.purchases
    until = rows["arrives"].clip(max=look.run.model.horizon)
    return float((until - rows["placed"].clip(min=look.start)).clip(min=0).sum()) / look.days


def nothing_on_order(look: Look) -> float:
    """Share of time with no purchase on order: the gaps between the times of all of them."""
    rows = look.run.log.purchases
    rows = rows[np.isfinite(rows["arrives"]) & (rows["arrives"] > rows["placed"])]
    covered = np.maximum.accumulate(np.r_[look.start, rows["arrives"].clip(min=look.start)])
    placed = np.r_[rows["placed"], look.run.model.horizon].clip(min=look.start)
    return float((placed - covered).clip(min=0).sum()) / look.days


def busy(look: Look) -> float:
    """Share of time that a server works."""
    rows = look.run.log.purchases
    done = rows["arrives"] - rows["lead_time"]
    start = (done - rows["service"]).clip(min=look.start)
    served = np.isfinite(done)
    work = (done.clip(max=look.run.model.horizon) - start)[served].clip(min=0).sum()
    capacity = look.case.scenario["suppliers"]["maker"]["capacity"]
    return float(work) / look.days / float(capacity["servers"])


def batches(look: Look) -> float:
    """Batches of Q purchased per day."""
    rule = look.case.scenario["policy"]["reorder"]
    return look.get("purchases_per_day") * look.get("units_per_purchase") / float(rule["Q"])


def served_late(look: Look) -> float:
    """Share of units that were shipped after a wait, or still wait."""
    return 1.0 - look.get("fill_rate") - look.get("cancel_rate") - look.get("lost_rate")


def per_order(look: Look) -> float:
    """Mean time in the queue, of all customers, however it ended (Little's law)."""
    return look.get("mean_backlog") / look.get("units_per_day")


def busy_servers(look: Look) -> float:
    """Mean number of busy servers of a queue."""
    return look.case.facts["servers"] - look.get("mean_on_hand")


def shortfalls(look: Look) -> Any:
    """What is missing to the level S after each review."""
    run, log = look.run, look.run.log
    period = look.case.facts["period"]
    reviews = np.arange(np.ceil(look.start / period), np.floor(run.model.horizon / period)) * period
    bought = np.r_[0, np.cumsum(log.purchases["units"])]
    sold = np.r_[0, np.cumsum(log.lines["units"])]
    start = int(log.stocks["initial"][0])
    purchased = bought[np.searchsorted(log.purchases["placed"], reviews, "right")]
    ordered = sold[np.searchsorted(log.column("time"), reviews, "left")]
    return look.case.scenario["policy"]["reorder"]["S"] - (start + purchased - ordered)


def found_waiting(look: Look) -> tuple[Any, Any]:
    """(backlog found, days waited) of each late order; unit sizes, first come first served."""
    lines, time = look.run.log.lines, look.run.log.column("time")
    delayed = np.flatnonzero(lines["filled"] == 0)
    served = np.sort(look.run.log.shipments["time"])
    found = np.arange(len(delayed)) - np.searchsorted(served, time[delayed], "right")
    count = (lines["status"][delayed] == SHIPPED) & (time[delayed] >= look.start)
    return found[count], (lines["closed"] - time)[delayed][count]


def blocked(look: Look) -> float:
    """Share of the orders that find as many waiting as may wait; unit sizes, one class."""
    lines, time = look.run.log.lines, look.run.log.column("time")
    waits = (lines["filled"] == 0) & (lines["status"] != LOST)
    ended = np.sort(lines["closed"][waits])
    joined = np.cumsum(waits) - waits
    found = joined - np.searchsorted(ended, time, "right")
    full = (found >= look.case.scenario["policy"]["backlog_limit"]) & (lines["status"] == LOST)
    return float(full[time >= look.start].mean())


def balking(look: Look) -> float:
    """Share of the orders that do not join the queue though there is room."""
    full = blocked(look) if "backlog_limit" in look.case.scenario["policy"] else 0.0
    return look.get("lost_rate") + look.get("cancel.told_too_long") - full


def joining(look: Look) -> float:
    """Share of the units not filled at once whose customers stay when they hear the wait."""
    return 1.0 - look.get("cancel.told_too_long") / (1.0 - look.get("fill_rate"))


def quote(look: Look, found: int | None = None) -> float:
    """Mean of the waits first told, of all or of those who found so many waiting; unit sizes."""
    log = look.run.log
    contacts = log.contacts[log.lines["time"][log.contacts["head"]] >= look.start]
    heads, waits = contacts["head"], contacts["first_promise"] - contacts["first_told"]
    if found is None:
        return float(waits.mean())
    served = np.sort(log.shipments["time"])
    delayed = np.flatnonzero(log.lines["filled"] == 0)
    waiting = np.searchsorted(delayed, heads) - np.searchsorted(
        served, log.lines["time"][heads], "right"
    )
    return float(waits[waiting == found].mean())


def service_mean(look: Look) -> float:
    """Mean service time of the supplier's exponential server."""
    service = look.case.scenario["suppliers"]["maker"]["capacity"]["service"]
    return float(service["exponential"]["mean"])


def error_of_queue_length(look: Look) -> float:
    """Mean square error of (k + 1) service times as a forecast, k found waiting."""
    found, wait = found_waiting(look)
    return float(((wait - (found + 1) * service_mean(look)) ** 2).mean())


def error_of_constant(look: Look) -> float:
    """Mean square error of the mean wait as a forecast.

    The square of the mean is taken from two halves: their product has no bias, a square has.
    """
    wait = found_waiting(look)[1]
    one, other = np.array_split(wait, 2)
    return float((wait**2).mean() - one.mean() * other.mean())


def bullwhip(look: Look) -> tuple[float, float]:
    """Variance of the units purchased a period, and that of the demand."""
    log = look.run.log
    purchased = log.purchases["units"][log.purchases["placed"] >= look.start]
    demanded = log.column("units")[log.column("time") >= look.start]
    return float(purchased.var()), float(demanded.var())


def held(look: Look) -> float:
    """Mean units that the supplier has not dispatched: ordered, less those on their way.

    By Little's law those on their way are the units purchased a day times the mean lead time.
    """
    days = float(look.purchases["lead_time"].mean())
    moving = look.get("units_per_purchase") * look.get("purchases_per_day") * days
    return look.get("mean_on_order") - moving


def availability(look: Look) -> float:
    """Share of time in which the supplier is not down."""
    run = look.run

    def stream(name: str) -> Callable[[], np.random.Generator]:
        return lambda: generator(run.seed, run.replication, name)

    down = outages(run.model, stream)[0].clip(look.start, run.model.horizon)
    return 1.0 - float((down[:, 1] - down[:, 0]).sum()) / look.days


def value(look: Look) -> float:
    """Value of the units shipped, per period."""
    names = look.run.model.classes
    shipped = [look.run.metrics.get("shipped_per_day", "class", name) for name in names]
    return sum(look.case.facts[name] * units for name, units in zip(names, shipped, strict=True))


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


def gone(look: Look) -> list[str]:
    """Classes whose customers left before all was shipped."""
    left = look.run.log.lines["left"] > 0
    return [look.run.model.classes[code] for code in look.run.log.lines["customer_class"][left]]
