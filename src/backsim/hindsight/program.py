"""Clearing with all receipts and orders known: a flow of units through time, as a linear program.

Units on hand pass from one receipt to the next.  A line takes units when it orders, or at a later
receipt while its customer stays.  What it costs depends only on the line and on when it ships, and
a unit ships best as soon as the line and the unit are both there: so no clearing rule, whether it
holds back, overtakes or guesses right, does better than the optimum.  The matrix is that of a
network, so that the optimum is in whole units.
Source: Ahuja, Magnanti and Orlin, Network Flows (1993), theorem 11.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation import highs
from backsim.allocation.program import INF, Builder, Entries, Program
from backsim.allocation.solution import Effort
from backsim.hindsight.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]


def least_cost(history: History) -> float:
    """The least that holding, waiting and losing could have cost in the window: money."""
    held = history.window.days(history.epochs, INF) @ history.receipts
    fixed = history.holding * float(held) + float(_left_alone(history) @ history.units)
    if not len(history.time):
        return fixed
    found = highs.solve(_program(history, fixed), Effort(ties=False))
    return float(found.objective)


def _left_alone(history: History) -> Floats:
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


def _to_the_end(history: History) -> Floats:
    """Money per unit of each patient line that waits till the end."""
    window, group = history.window, history.group
    cost = history.per_day[group] * window.days(history.time, INF)
    return np.asarray(cost + np.where(window.counts(history.time), history.per_unit[group], 0.0))


def _shipped(history: History, line: Codes, when: Floats) -> Floats:
    """Money per unit that ships at a time, against the unit that stays on hand for ever."""
    window, time = history.window, history.time[line]
    group = history.group[line]
    cost = history.per_day[group] * window.days(time, when)
    cost += np.where(window.counts(time) & (when > time), history.per_unit[group], 0.0)
    return np.asarray(cost - history.holding * window.days(when, INF), float)


def _program(history: History, fixed: float) -> Program:
    """What each unit saves, over leaving its line alone."""
    line, epoch, when = _chances(history)
    saves = _shipped(history, line, when) - _left_alone(history)[line]
    useful = saves < 0.0  # none of the others is in an optimum
    line, epoch, saves = line[useful], epoch[useful], saves[useful]
    builder, every, epochs = Builder(), np.arange(int(useful.sum())), len(history.epochs)
    patient = _pools(history)
    builder.add_columns("ships", saves, INF, False, np.zeros(len(saves)))
    kept = builder.add_columns("kept", np.zeros(epochs), INF, False, np.zeros(epochs))
    step = np.arange(epochs)
    on_hand: list[Entries] = [
        (epoch, every, 1.0),
        (step, kept + step, 1.0),
        (step[1:], kept + step[:-1], -1.0),
    ]
    asked: list[Entries] = [(line, every, 1.0)]
    for group in np.unique(history.group[patient]).tolist():
        own = np.flatnonzero(patient & (history.group == group))
        on_hand_of, asked_of = _pool(builder, history, group, own)
        on_hand += on_hand_of
        asked += asked_of
    builder.add_rows("on hand", epochs, -INF, history.receipts, on_hand)
    builder.add_rows("asked", len(history.time), -INF, history.units, asked)
    return builder.program(fixed)


def _first_epoch(history: History) -> Codes:
    """The last receipt before each line's order, or at its time: whose units it finds on hand."""
    return np.searchsorted(history.epochs, history.time, "right") - 1


def _pools(history: History) -> NDArray[np.bool_]:
    """Lines whose customers stay to the end: those of one group may change places."""
    return np.asarray(history.until >= history.window.end)


def _chances(history: History) -> tuple[Codes, Codes, Floats]:
    """(line, receipt, time): when each line may ship.

    A patient line is here only with the moment of its order; later it is served from its pool.
    """
    first = _first_epoch(history)
    last = np.searchsorted(history.epochs, np.minimum(history.until, history.window.end), "right")
    last = np.where(_pools(history), first + 1, np.maximum(last, first + 1))
    counts = last - first
    line = np.repeat(np.arange(len(first)), counts)
    epoch = np.arange(len(line)) - np.repeat(np.cumsum(counts) - counts, counts) + first[line]
    return line, epoch, np.maximum(history.epochs[epoch], history.time[line])


def _pool(
    builder: Builder, history: History, group: int, own: Codes
) -> tuple[list[Entries], list[Entries]]:
    """The waiting lines of a group, which cost the same and stay: from receipt to receipt.

    A line joins the pool before the first receipt after its order, at the cost of waiting to the
    end; a unit that is served from the pool at a receipt saves its waiting from there on.
    """
    window, epochs = history.window, history.epochs
    following = _first_epoch(history)[own] + 1
    own, following = own[following < len(epochs)], following[following < len(epochs)]
    reached = np.arange(len(epochs))
    saves = -(history.per_day[group] + history.holding) * window.days(epochs, INF)
    name = f"pool {group}"
    waits = (_to_the_end(history) - _left_alone(history))[own]
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
