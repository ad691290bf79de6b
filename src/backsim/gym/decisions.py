"""What an agent decides: when, from what it sees, among which actions, and what an action does.

A decision is due before an event of the kernel.  The engine stops there; the agent's action is
written where the scenario's rule looks for it (a parameter, a priority), and the event happens.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backsim.engines.simpy import Live
from backsim.engines.simpy_clock import Due
from backsim.entities import ARRIVAL, CLEARING, LATE_REVIEW, NONE, NOTICE, REVIEW, Stock
from backsim.errors import InputError
from backsim.scenario.model import Model

Floats = NDArray[np.float32]
Mask = NDArray[np.int8]

SLOTS = 8
"""Numbers in an observation for the units under way, by when they are expected."""


class Decision(Protocol):
    """A kind of decision, for one model."""

    actions: int
    features: tuple[str, ...]
    """What the numbers of an observation are."""

    def __init__(self, model: Model, most: int | None) -> None: ...

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """What of the scenario is set so that the agent decides."""

    def due(self, live: Live, event: Due, now: float) -> bool:
        """Whether the agent decides before an event."""

    def observe(self, live: Live, event: Due, now: float) -> list[float]:
        """What the agent sees."""

    def mask(self, live: Live, event: Due, now: float) -> Mask:
        """1 for each action that is legal."""

    def act(self, live: Live, event: Due, action: int) -> None:
        """Write the action where the rule looks for it."""


def _slots(live: Live, stock: Stock, now: float, width: float) -> list[float]:
    """Units under way, by the slot of time in which they are expected; the last holds the rest."""
    found = [0.0] * SLOTS
    at = stock.pipeline_first
    purchases = live.world.purchases
    while at != NONE:
        purchase = purchases[at]
        place = min(SLOTS - 1, max(0, int((purchase.expected - now) / width)))
        found[place] += purchase.units
        at = purchase.later
    return found


def _slot_names(width: float) -> tuple[str, ...]:
    return (
        *(f"due_in_{width * (i + 1):g}_days" for i in range(SLOTS - 1)),
        "due_later",
    )


def _places(model: Model) -> tuple[str, ...]:
    """One number per stock point, 1 for the one decided about; none where there is only one."""
    points = [f"{product}@{site}" for product, site in model.stock_points]
    return tuple(points) if len(points) > 1 else ()


def _place(live: Live, index: int) -> list[float]:
    count = len(live.world.stocks)
    return [float(i == index) for i in range(count)] if count > 1 else []


class Reorder:
    """How many units to order at a review: an action is that number."""

    def __init__(self, model: Model, most: int | None) -> None:
        points = model.scenario.stock
        self.actions = 1 + (most if most is not None else max(1, *(p.initial for p in points), 1))
        self.width = max((p.periodic and p.periodic.period) or 1.0 for p in points)
        own = ("on_hand", "backlog", "on_order", "days_left")
        self.features = (*own, *_slot_names(self.width), *_places(model))
        units = np.arange(self.actions)
        self.masks: list[Mask] = []
        for point in points:
            legal = (units % point.multiple == 0) & (units >= point.least_order)
            legal[0] = True
            self.masks.append(legal.astype(np.int8))

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """A constant order, whose units the agent sets; a review every day unless it is periodic.

        What a stock point says itself is changed there.
        """
        changes: dict[str, Any] = {}
        for index, point in enumerate(model.scenario.stock):
            changes[f"stock.{index}.reorder"] = {"rule": "constant_order", "Q": 1}
            if point.periodic is None:
                changes[f"stock.{index}.review"] = 1
        return changes

    def due(self, live: Live, event: Due, now: float) -> bool:
        """Before each review."""
        return event.kind in (REVIEW, LATE_REVIEW)

    def observe(self, live: Live, event: Due, now: float) -> list[float]:
        """Stock, backlog, what is under way and until when."""
        stock = live.world.stocks[event.subject]
        own = [float(stock.on_hand), float(stock.backlog), float(stock.on_order)]
        slots = _slots(live, stock, now, self.width)
        return [*own, live.model.horizon - now, *slots, *_place(live, stock.index)]

    def mask(self, live: Live, event: Due, now: float) -> Mask:
        """None, or a multiple of the order multiple from the least order on."""
        return self.masks[event.subject].copy()

    def act(self, live: Live, event: Due, action: int) -> None:
        """The units are the parameter of the rule."""
        stock = live.world.stocks[event.subject]
        live.world.params[stock.reorder_at] = float(action)


class Priority:
    """Which customer class is served first when stock arrives: an action is the class's place."""

    def __init__(self, model: Model, most: int | None) -> None:
        if len(model.classes) < 2:
            raise InputError("backsim.gym: priority: expected 2 customer classes or more, got 1")
        self.actions = len(model.classes)
        each = [f"{what}_{name}" for name in model.classes for what in ("lines", "units", "days")]
        self.features = ("arriving", "on_hand", "on_order", *each, *_places(model))

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """Classes by priority, in a queue that is put in order at each clearing."""
        rule = {"rule": "urgency_ageing", "rate": 0}
        return {f"stock.{i}.priority": rule for i in range(len(model.scenario.stock))}

    def stock(self, live: Live, event: Due) -> tuple[Stock, int]:
        """The stock point that an event is about, and the units that arrive."""
        if event.kind == CLEARING:
            return live.world.stocks[event.subject], 0
        purchase = live.world.purchases[event.subject]
        return live.world.stocks[purchase.stock], purchase.units

    def due(self, live: Live, event: Due, now: float) -> bool:
        """Before units arrive, or a batch run, where lines of several classes wait."""
        if event.kind not in (ARRIVAL, CLEARING):
            return False
        stock, units = self.stock(live, event)
        if stock.waiting < 2 or stock.on_hand + units == 0:
            return False
        classes = (line.customer_class for line in self.waiting(live, stock))
        first = next(classes, None)
        return any(one != first for one in classes)

    def waiting(self, live: Live, stock: Stock) -> Iterator[Any]:
        """The lines that wait."""
        at, lines = stock.queue, live.world.lines
        while at != NONE:
            line = lines[at]
            yield line
            at = line.child if line.child != NONE else live.ask("after", at)

    def observe(self, live: Live, event: Due, now: float) -> list[float]:
        """What arrives, and what waits by class: lines, units, days since the first order."""
        stock, units = self.stock(live, event)
        numbers = [[0.0, 0.0, 0.0] for _ in range(self.actions)]
        for line in self.waiting(live, stock):
            mine = numbers[line.customer_class]
            mine[0] += 1
            mine[1] += line.open
            mine[2] = max(mine[2], now - line.time)
        each = [number for mine in numbers for number in mine]
        own = [float(units), float(stock.on_hand), float(stock.on_order)]
        return [*own, *each, *_place(live, stock.index)]

    def mask(self, live: Live, event: Due, now: float) -> Mask:
        """The classes that wait."""
        stock, _ = self.stock(live, event)
        legal = np.zeros(self.actions, np.int8)
        for line in self.waiting(live, stock):
            legal[line.customer_class] = 1
        return legal

    def act(self, live: Live, event: Due, action: int) -> None:
        """The class has priority 0; all others 1, and are served by time of order."""
        for code, customer in enumerate(live.world.classes):
            customer.priority = int(code != action)


class Promise:
    """Which date a customer who has to wait is promised: an action is the days from now."""

    def __init__(self, model: Model, most: int | None) -> None:
        longest = max(lane.time.moments()[0] for lane in model.lanes)
        self.actions = 1 + (most if most is not None else max(1, math.ceil(4 * longest)))
        self.width = max(1.0, longest / 4)
        own = ("units", "units_before", "on_hand", "on_order", "days_expected")
        classes = tuple(f"class_{name}" for name in model.classes)
        self.features = (*own, *_slot_names(self.width), *classes, *_places(model))

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """One notice at the order, with a date that the agent sets."""
        changes: dict[str, Any] = {}
        for index in range(len(model.scenario.stock)):
            changes[f"stock.{index}.notice"] = "at_order"
            changes[f"stock.{index}.estimate"] = {"rule": "fixed", "days": 0}
        return changes

    def due(self, live: Live, event: Due, now: float) -> bool:
        """Before a customer who has to wait is told."""
        if event.kind != NOTICE:
            return False
        contact = live.world.contacts[event.subject]
        open_lines = live.world.lines[contact.head].lines_open
        return contact.notice_at == now and contact.told != now and open_lines > 0

    def observe(self, live: Live, event: Due, now: float) -> list[float]:
        """The first line that waits: its units, those before it, and when they are expected."""
        world = live.world
        head = world.contacts[event.subject].head
        index = head
        while world.lines[index].open == 0:
            index += 1
        line = world.lines[index]
        stock = world.stocks[line.stock]
        before = live.ask("units_before", stock, index)
        purchase = live.ask("cover", stock, before + line.open)
        days = stock.mean_lead_time
        if purchase != NONE:
            days = max(0.0, world.purchases[purchase].expected - now)
        own = [line.open, before, stock.on_hand, stock.on_order, min(days, 1e6)]
        code = [float(i == line.customer_class) for i in range(len(live.model.classes))]
        slots = _slots(live, stock, now, self.width)
        return [*map(float, own), *slots, *code, *_place(live, stock.index)]

    def mask(self, live: Live, event: Due, now: float) -> Mask:
        """Every date may be promised."""
        return np.ones(self.actions, np.int8)

    def act(self, live: Live, event: Due, action: int) -> None:
        """The days are the parameter of the rule, at each stock point of the order."""
        for stock in live.world.stocks:
            live.world.params[stock.estimate_at] = float(action)


DECISIONS: dict[str, type[Decision]] = {
    "reorder": Reorder,
    "priority": Priority,
    "promise": Promise,
}
"""What an agent may decide, by name."""
