"""Is a system overloaded?  Then its averages say how long the run was, and little else.

It is called overloaded when its backlog grows through the window and customers are left waiting:

- the mean backlog of the window's second half exceeds that of the first by more than half of the
  mean backlog (a backlog that grows evenly from nothing: by all of it);
- and at least 5 % of the units ordered in the window still wait at its end; or at least 1 %, and
  chance does not explain the growth (3 replications or more, one-sided t test at 1 %).

In a stable system, with a window of many waits, the share that still waits is far below 5 % and the
mean growth is 0, so that at most 1 % of them are called overloaded; those are called so with better
reason that start empty and are still filling up.

Without growth, 5 % still waiting are worth saying too: so many waits are known in part only.
"""

from __future__ import annotations

import math
from enum import StrEnum

from backsim.statistics import Estimate
from backsim.statistics.checks import student

GROWTH = "backlog_growth"
BACKLOG = "mean_backlog"
WAITING = "still_waiting_rate"
"""The metrics that say it."""

LEAST_GROWTH = 0.5
LEAST_WAITING, MUCH_WAITING = 0.01, 0.05
ERROR = 0.01
ENOUGH = 3


class Load(StrEnum):
    """What the end of the window looks like."""

    fine = "fine"
    unfinished = "unfinished"
    """Many customers still wait."""
    overloaded = "overloaded"


def load_of(growth: Estimate, backlog: Estimate, waiting: Estimate) -> Load:
    """Judge a system by the means of `backlog_growth`, `mean_backlog`, `still_waiting_rate`."""
    if not waiting.count or not growth.count:
        return Load.fine
    if growth.mean > LEAST_GROWTH * backlog.mean:
        sure = growth.count >= ENOUGH and growth.mean > _width(growth)
        if waiting.mean >= MUCH_WAITING or (sure and waiting.mean >= LEAST_WAITING):
            return Load.overloaded
    return Load.unfinished if waiting.mean >= MUCH_WAITING else Load.fine


def _width(growth: Estimate) -> float:
    """Of the one-sided interval of its mean."""
    return student(1.0 - ERROR, growth.count - 1) * growth.sd / math.sqrt(growth.count)


def halves(growth: Estimate, backlog: Estimate) -> tuple[float, float]:
    """Mean backlog in the first half of the window, and in the second."""
    return backlog.mean - growth.mean / 2, backlog.mean + growth.mean / 2
