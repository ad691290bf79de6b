"""Clearing with all receipts and orders known: a flow of units through time, as a linear program.

Units on hand pass from one receipt to the next.  A line takes units when it orders, or at a later
receipt while its customer stays.  What it costs depends only on the line and on when it ships, and
a unit ships best as soon as the line and the unit are both there: so no clearing rule, whether it
holds back, overtakes or guesses right, does better than the optimum.  The matrix is that of a
network, so that the optimum is in whole units.
Source: Ahuja, Magnanti and Orlin, Network Flows (1993), theorem 11.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.solver import highs
from backsim.allocation.solver.program import INF, Builder, Effort, Entries, Program, spans
from backsim.engines.features import switches
from backsim.engines.log import Log
from backsim.entities import NEVER
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Flags, Floats


@dataclass(frozen=True, eq=False)
class Window:
    """The time in which costs are counted: [start, end] in days."""

    start: float
    end: float

    def days(self, since: Any, until: Any) -> Floats:
        """How much of [since, until] lies in the window, in days."""
        first, last = np.maximum(since, self.start), np.minimum(until, self.end)
        return np.asarray(np.maximum(0.0, last - first), float)

    def counts(self, ordered: Any) -> Any:
        """Whether an order is one of those whose units are counted."""
        return ordered >= self.start


@dataclass(frozen=True, eq=False)
class History:
    """One stock point in one replication.

    `receipts` units arrive at the times `epochs`, which rise strictly from 0 (the initial stock).
    Lines ask for `units` at `time` (below 0: they waited at the start) and are gone after `until`;
    where customers are `told` how long they will wait, they may also leave sooner or stay longer,
    nobody knows when.  `group` numbers the lines that cost the same; `per_day`, `per_unit` and
    `margin` are money by group: for a unit and day of waiting, for a unit that waits at all, for
    one that is lost.  `shipment` is what shipments cost at least for each unit of a line that is
    shipped; `holding` is money per unit and day.
    """

    window: Window
    epochs: Floats
    receipts: Floats
    time: Floats
    until: Floats
    units: Floats
    group: Codes
    per_day: Floats
    per_unit: Floats
    margin: Floats
    shipment: Floats
    holding: float
    told: bool = False


def histories(model: Model, log: Log) -> Iterator[History]:
    """The stock points of a replication, one after the other."""
    lines, stocks = log.lines, log.stocks
    window = Window(model.warm_up, model.horizon)
    order = np.argsort(lines["stock"], kind="stable")
    ends = np.searchsorted(lines["stock"][order], np.arange(len(stocks) + 1))
    told = "INFORMS" in switches(model)
    patience = lines["tolerance"][lines["head"]]  # an order's lines leave together
    if told:
        patience = np.where(patience > 0.0, NEVER, patience)
    until = model.on_grid(lines["time"] + patience)
    received, sound = log.receipts
    shipment = _shipments(model, log, window)
    for point, stock in enumerate(stocks):
        mine = order[ends[point] : ends[point + 1]]
        own = received["stock"] == point
        times = np.concatenate([[0.0], received["arrives"][own]])
        units = np.concatenate([[float(stock["initial"])], sound[own]])
        epochs, place = np.unique(times, return_inverse=True)
        rates = [
            model.costs[name][:, point]
            for name in ("backorder_time", "backorder_unit", "lost_margin")
        ]
        yield History(
            window=window,
            epochs=epochs,
            receipts=np.bincount(place, units, len(epochs)).astype(float),
            time=lines["time"][mine].astype(float),
            until=until[mine],
            units=lines["units"][mine].astype(float),
            group=lines["customer_class"][mine].astype(np.int64),
            per_day=rates[0],
            per_unit=rates[1],
            margin=rates[2],
            shipment=shipment[mine],
            holding=float(model.costs["holding"][point]),
            told=told,
        )


def _shipments(model: Model, log: Log, window: Window) -> Floats:
    """What shipments cost at least for each unit of a line that is shipped: money.

    What of an order is shipped takes a shipment or more.  So its shipments cost no less than the
    cheapest one that any of its lines may be in, times the share of its units that are shipped: at
    most 1 of all of them, and less than one shipment of a part.
    """
    lines, rates = log.lines, model.costs["shipment"]
    if not rates.any():
        return np.zeros(len(lines))
    head = lines["head"]
    least = np.full(len(lines), INF)
    np.minimum.at(least, head, rates[lines["customer_class"], lines["stock"]])
    units = np.bincount(head, lines["units"], len(lines))
    return np.where(window.counts(lines["time"]), least[head] / units[head], 0.0)


def least_cost(history: History) -> float:
    """The least that holding, waiting and losing could have cost in the window: money."""
    fixed = fixed_cost(history)
    if not len(history.time):
        return fixed
    found = highs.solve(program(history, fixed), Effort(ties=False))
    return float(found.objective)


def fixed_cost(history: History) -> float:
    """What it costs to keep every unit and to leave every line alone: money."""
    held = history.window.days(history.epochs, INF) @ history.receipts
    return history.holding * float(held) + float(left_alone(history) @ history.units)


def columns(history: History) -> int:
    """About how many columns the program has."""
    first, last = _reach(history)
    pools = len(np.unique(history.group[patient(history)]))
    return int((last - first).sum()) + (2 * pools + 1) * len(history.epochs)


def left_alone(history: History) -> Floats:
    """Money per unit of each line that gets nothing.

    Customers who are told dates leave at once or stay to the end here, whatever costs less: what
    they do costs no less than that.
    """
    window, group = history.window, history.group
    counted = window.counts(history.time)
    waits = history.until > history.time
    gone = history.until < window.end
    margin = np.where(counted, history.margin[group], 0.0)
    cost = history.per_day[group] * window.days(history.time, history.until)
    if history.told:
        cost = np.where(waits, np.minimum(cost, margin), cost)
    cost += np.where(counted & waits, history.per_unit[group], 0.0)
    cost += np.where(gone, margin, 0.0)
    return np.asarray(cost, float)


def to_the_end(history: History) -> Floats:
    """Money per unit of each patient line that is served as the end comes."""
    window, group = history.window, history.group
    cost = history.per_day[group] * window.days(history.time, INF) + history.shipment
    return np.asarray(cost + np.where(window.counts(history.time), history.per_unit[group], 0.0))


def shipped(history: History, line: Codes, when: Floats) -> Floats:
    """Money per unit that ships at a time, against the unit that stays on hand for ever."""
    window, time = history.window, history.time[line]
    group = history.group[line]
    cost = history.per_day[group] * window.days(time, when) + history.shipment[line]
    cost += np.where(window.counts(time) & (when > time), history.per_unit[group], 0.0)
    return np.asarray(cost - history.holding * window.days(when, INF), float)


def program(history: History, fixed: float, chosen: Flags | None = None) -> Program:
    """What each unit saves, over leaving its line alone.

    With `chosen`, only some of the `useful` pairs of line and receipt.
    """
    line, epoch, saves = useful(history)
    if chosen is not None:
        line, epoch, saves = line[chosen], epoch[chosen], saves[chosen]
    builder, every, epochs = Builder(), np.arange(len(saves)), len(history.epochs)
    stays = patient(history)
    builder.add_columns("ships", saves, INF, False, np.zeros(len(saves)))
    kept = builder.add_columns("kept", np.zeros(epochs), INF, False, np.zeros(epochs))
    step = np.arange(epochs)
    on_hand: list[Entries] = [
        (epoch, every, 1.0),
        (step, kept + step, 1.0),
        (step[1:], kept + step[:-1], -1.0),
    ]
    asked: list[Entries] = [(line, every, 1.0)]
    for group in np.unique(history.group[stays]).tolist():
        own = np.flatnonzero(stays & (history.group == group))
        on_hand_of, asked_of = _pool(builder, history, group, own)
        on_hand += on_hand_of
        asked += asked_of
    builder.add_rows("on hand", epochs, -INF, history.receipts, on_hand)
    builder.add_rows("asked", len(history.time), -INF, history.units, asked)
    return builder.program(fixed)


def useful(history: History) -> tuple[Codes, Codes, Floats]:
    """(line, receipt, what a unit costs over leaving the line alone), where that is below 0.

    None of the others is in an optimum.
    """
    line, epoch, when = chances(history)
    saves = shipped(history, line, when) - left_alone(history)[line]
    useful = saves < 0.0
    return line[useful], epoch[useful], saves[useful]


def first_epoch(history: History) -> Codes:
    """The last receipt before each line's order, or at its time: whose units it finds on hand.

    Where a history begins with lines that wait, the first receipt.
    """
    return np.maximum(0, np.searchsorted(history.epochs, history.time, "right") - 1)


def patient(history: History) -> Flags:
    """Lines whose customers stay to the end: those of one group may change places."""
    return np.asarray(history.until >= history.window.end)


def _reach(history: History) -> tuple[Codes, Codes]:
    """The receipts that may serve each line one by one: from, to."""
    first = first_epoch(history)
    last = np.searchsorted(history.epochs, np.minimum(history.until, history.window.end), "right")
    return first, np.where(patient(history), first + 1, np.maximum(last, first + 1))


def chances(history: History) -> tuple[Codes, Codes, Floats]:
    """(line, receipt, time): when each line may ship.

    A patient line is here only with the moment of its order; later it is served from its pool.
    """
    first, last = _reach(history)
    counts = last - first
    line = np.repeat(np.arange(len(first)), counts)
    epoch = spans(first, counts)
    return line, epoch, np.maximum(history.epochs[epoch], history.time[line])


def _pool(
    builder: Builder, history: History, group: int, own: Codes
) -> tuple[list[Entries], list[Entries]]:
    """The waiting lines of a group, which cost the same and stay: from receipt to receipt.

    A line joins the pool before the first receipt after its order, at the cost of waiting to the
    end; a unit that is served from the pool at a receipt saves its waiting from there on.
    """
    epochs = history.epochs
    own, following = _joining(history, own)
    reached, saves = np.arange(len(epochs)), saves_of_pool(history, group)
    name = f"pool {group}"
    waits = (to_the_end(history) - left_alone(history))[own]
    joins = builder.add_columns(f"{name} joins", waits, INF, False, np.zeros(len(own)))
    serves = builder.add_columns(f"{name} serves", saves, INF, False, np.zeros(len(epochs)))
    stays = builder.add_columns(
        f"{name} stays", np.zeros(len(epochs)), INF, False, np.zeros(len(epochs))
    )
    flow: list[Entries] = [
        (following, joins + np.arange(len(own)), -1.0),
        (reached, serves + reached, 1.0),
        (reached, stays + reached, 1.0),
        (reached[1:], stays + reached[:-1], -1.0),
    ]
    builder.add_rows(name, len(epochs), 0.0, 0.0, flow)
    on_hand: list[Entries] = [(reached, serves + reached, 1.0)]
    return on_hand, [(own, joins + np.arange(len(own)), 1.0)]


def _joining(history: History, own: Codes) -> tuple[Codes, Codes]:
    """Those of a group's lines that may wait for a receipt, and the first one they wait for."""
    following = first_epoch(history)[own] + 1
    reached = following < len(history.epochs)
    return own[reached], following[reached]


def saves_of_pool(history: History, group: int) -> Floats:
    """Money per unit that is served from a group's pool at each receipt, instead of never; <= 0."""
    per_day = float(history.per_day[group]) + history.holding
    return np.asarray(-per_day * history.window.days(history.epochs, INF))
