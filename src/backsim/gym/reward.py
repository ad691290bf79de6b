"""What a run has cost so far, as it goes on: the reward of an agent is what it adds, negative."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.simpy import Live
from backsim.entities import (
    NEVER,
    NOTE_ASK,
    NOTE_LEAVE,
    NOTE_LOSE,
    NOTE_PURCHASE,
    NOTE_SHIP,
    NOTE_TELL,
    NOTE_WAIT,
)
from backsim.errors import InputError
from backsim.scenario.costtable import NAMES
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNTED = (
    *("holding", "ordering", "ordering_item", "purchase", "backorder_time", "lost_margin"),
    *("notice", "inquiry", "broken_promise"),
)
"""The costs that are known as soon as they arise."""


class Meter:
    """The total cost of a run, from its event log and its integrals, brought up to a time.

    At the horizon it is `cost.total` times the days that are counted.
    """

    def __init__(self, model: Model, live: Live) -> None:
        self.live, self.start = live, model.warm_up
        self.rates: dict[str, list[list[float]]] = {}
        points, classes = len(model.stock_points), len(model.classes)
        for name in COUNTED:
            rate = np.broadcast_to(model.costs[name], (classes, points))
            self.rates[name] = [[float(value) for value in row] for row in rate]
        self.spent = 0.0
        self.read = 0
        self.waiting = 0.0
        """Cost per day of the units that wait now."""
        self.since = 0.0
        self.waits: set[int] = set()
        self.promises: list[tuple[float, int, int]] = []
        self.notices = 0

    def total(self, now: float) -> float:
        """All costs until `now`."""
        world, rates = self.live.world, self.rates
        notes = world.notes
        for place in range(self.read, len(notes)):
            note = notes[place]
            self._wait(note.time)
            what, at, units = note.what, note.stock, note.units
            if what == NOTE_PURCHASE:
                self._pay(note.time, rates["ordering"][0][at] + rates["ordering_item"][0][at])
                self._pay(note.time, units * rates["purchase"][0][at])
                continue
            if what not in MATTERS:
                continue
            line = world.lines[note.subject]
            code = line.customer_class
            if what == NOTE_TELL:
                self._pay(note.time, rates["notice"][code][at])
            elif what == NOTE_ASK:
                self._pay(note.time, rates["inquiry"][code][at])
            elif what == NOTE_WAIT:
                self.waits.add(note.subject)
                self.waiting += units * rates["backorder_time"][code][at]
            elif note.subject in self.waits:  # shipped or given up after a wait
                self.waiting -= units * rates["backorder_time"][code][at]
            if what in (NOTE_LEAVE, NOTE_LOSE):
                self._pay(note.time, units * rates["lost_margin"][code][at])
        self.read = len(notes)
        self._wait(now)
        self._break(now)
        held = 0.0
        for stock in world.stocks:
            days = max(0.0, now - stock.since)
            held += rates["holding"][0][stock.index] * (
                stock.on_hand_days + stock.reserved_days + days * (stock.on_hand + stock.reserved)
            )
        return self.spent + held

    def _pay(self, time: float, money: float) -> None:
        if time >= self.start:
            self.spent += money

    def _wait(self, time: float) -> None:
        """Charge the units that wait until a time."""
        begun = max(self.since, self.start)
        if time > begun:
            self.spent += self.waiting * (time - begun)
        self.since = max(self.since, time)

    def _break(self, now: float) -> None:
        """Charge the promises that have passed and were not kept."""
        world = self.live.world
        for place in range(self.notices, len(world.notices)):
            notice = world.notices[place]
            if notice.promise < NEVER:
                heappush(self.promises, (notice.promise, place, notice.head))
        self.notices = len(world.notices)
        while self.promises and self.promises[0][0] < now:
            promise, place, head = heappop(self.promises)
            line = world.lines[head]
            if line.closed > promise and world.notices[place].time >= self.start:
                stock = line.stock
                self.spent += self.rates["broken_promise"][line.customer_class][stock]


MATTERS = {NOTE_TELL, NOTE_ASK, NOTE_WAIT, NOTE_SHIP, NOTE_LEAVE, NOTE_LOSE}


def check(model: Model) -> None:
    """Raise InputError for costs that the meter does not count."""
    costs = model.costs
    if costs.breaks:
        raise InputError("backsim.gym: price_breaks: expected none, as the reward knows none")
    others = [name for name in NAMES if name not in COUNTED and np.any(costs[name])]
    if others:
        raise InputError(
            f"backsim.gym: costs.{others[0]}: expected 0, as the reward does not count it; it "
            f"counts {', '.join(COUNTED)}"
        )
