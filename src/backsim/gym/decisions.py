"""What an agent decides: when, from what it sees, among which actions, and what an action does.

A decision is due before an event of the kernel.  The engine stops there; the agent's action is
written where the scenario's rule looks for it (a parameter, a priority), and the event happens.
When it is due, what is seen and what an action does is code of the kernel (`kernel.agents`); here
stands how large and how it is called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backsim.errors import InputError
from backsim.kernel.agents.looking import SLOTS
from backsim.scenario.model import Model

Floats = NDArray[np.float32]
Mask = NDArray[np.int8]


class Decision(Protocol):
    """A kind of decision, for one model."""

    name: str
    actions: int
    width: float
    """Days of a slot in which units under way are seen."""
    features: tuple[str, ...]
    """What the numbers of an observation are."""

    def __init__(self, model: Model, most: int | None) -> None: ...

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """What of the scenario is set so that the agent decides."""


def _slot_names(width: float) -> tuple[str, ...]:
    return (
        *(f"due_in_{width * (i + 1):g}_days" for i in range(SLOTS - 1)),
        "due_later",
    )


def _places(model: Model) -> tuple[str, ...]:
    """One number per stock point, 1 for the one decided about; none where there is only one."""
    points = [f"{product}@{site}" for product, site in model.stock_points]
    return tuple(points) if len(points) > 1 else ()


class Reorder:
    """How many units to order at a review: an action is that number."""

    name = "reorder"

    def __init__(self, model: Model, most: int | None) -> None:
        points = model.scenario.stock
        self.actions = 1 + (most if most is not None else max(1, *(p.initial for p in points), 1))
        self.width = max((p.periodic and p.periodic.period) or 1.0 for p in points)
        own = ("on_hand", "backlog", "on_order", "days_left")
        self.features = (*own, *_slot_names(self.width), *_places(model))

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


class Priority:
    """Which customer class is served first when stock arrives: an action is the class's place."""

    name = "priority"
    width = 1.0

    def __init__(self, model: Model, most: int | None) -> None:
        if len(model.classes) < 2:
            raise InputError("backsim.gym: priority: expected 2 customer classes or more, got 1")
        self.actions = len(model.classes)
        each = [f"{what}_{name}" for name in model.classes for what in ("lines", "units", "days")]
        self.features = ("arriving", "on_hand", "on_order", *each, *_places(model))

    @staticmethod
    def changes(model: Model) -> Mapping[str, Any]:
        """Classes by priority, which the agent sets."""
        return {f"stock.{i}.priority": "class_priority" for i in range(len(model.scenario.stock))}


class Promise:
    """Which date a customer who has to wait is promised: an action is the days from now."""

    name = "promise"

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


DECISIONS: dict[str, type[Decision]] = {kind.name: kind for kind in (Reorder, Priority, Promise)}
"""What an agent may decide, by name."""
