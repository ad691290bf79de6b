"""SimPy's environment, with events at exact times and in the kernel's order."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL

from backsim.kernel.grid import to_grid

FIRST_PRIORITY = 2
"""Above SimPy's own URGENT and NORMAL: a process beside the model acts before the model does."""
LEVEL_BITS = 14
"""Of a priority, for the level; what is above them is the kind (`entities.MOST_LEVELS`)."""


class Clock(simpy.Environment):
    """A SimPy environment whose events can be put at an exact time of a grid of `ticks` a day.

    SimPy schedules by delay, and now + (t - now) is not always t.
    """

    def __init__(self, ticks: float) -> None:
        super().__init__()
        self.ticks = ticks

    def schedule(self, event: simpy.Event, priority: int = NORMAL, delay: float = 0) -> None:
        """SimPy's own: what a process waits for happens on the grid too."""
        time = to_grid(self._now + delay, self.ticks)
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    def schedule_at(self, event: simpy.Event, time: float, kind: int, level: int = 0) -> None:
        """Let an event happen at `time`; at the same time, those of lower kind and level first."""
        priority = FIRST_PRIORITY + (kind << LEVEL_BITS) + level
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    def at(self, time: float, kind: int) -> simpy.Event:
        """An event that happens at `time`, for a process to wait for."""
        event = simpy.Event(self)
        event._ok, event._value = True, None
        self.schedule_at(event, time, kind)
        return event


class Due(simpy.Event):
    """Something the kernel has scheduled."""

    __slots__ = ("kind", "subject")

    def __init__(self, clock: Clock, fire: Callable[[Any], None], kind: int, subject: int) -> None:
        self.env = clock
        self.callbacks = [fire]
        self._ok, self._value = True, None
        self.kind, self.subject = kind, subject
