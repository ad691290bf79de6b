"""Law and Kelton's inventory program: its random numbers, in the order in which it draws them.

Source: Law, Simulation Modeling and Analysis (2015), section 1.5 and appendix 7A (generator).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from backsim.theory.laws import number
from backsim.theory.records import Answer, Unsupported

MULTIPLIER, MODULUS, SEED = 630360016, 2147483647, 1973272912
POLICIES = (
    *((20, 40), (20, 60), (20, 80), (20, 100)),
    *((40, 60), (40, 80), (40, 100), (60, 80), (60, 100)),
)
"""(s, S) in the order of the book's table; the random numbers run on from one to the next."""

CUT_OFFS = (0.167, 0.5, 0.833, 1.0)
"""The program's distribution function of the demand size."""

World = tuple[list[dict[str, Any]], list[float]]


def uniforms() -> Iterator[float]:
    """The stream of the generator."""
    z = SEED
    while True:
        z = MULTIPLIER * z % MODULUS
        yield (z >> 7 | 1) / 2**24


def trace_world(model: Answer) -> World:
    """The orders (time, units) and lead times of one policy of the table."""
    stream = uniforms()
    wanted = int(number(model["s"])), int(number(model["S"]))
    for policy in POLICIES:
        world = _play(stream, model, *policy)
        if policy == wanted:
            return world
    raise Unsupported(f"the policy {wanted}, which is not in the table")


def _play(stream: Iterator[float], model: Answer, s: int, S: int) -> World:
    """What the program draws for one policy: which draw is whose depends on when it orders."""
    mean = 1.0 / number(model["demand"]["rate"])
    lag = model["lead_time"]
    level, end = int(number(model["initial_inventory"])), number(model["horizon"])
    time = -mean * math.log(next(stream))
    orders: list[dict[str, Any]] = []
    lead_times: list[float] = []
    for month in range(int(end)):
        ordered = S - level if level < s else 0
        if ordered:
            lead_times.append(lag["low"] + next(stream) * (lag["high"] - lag["low"]))
        while time < month + 1:
            u = next(stream)
            units = next(i for i, top in enumerate(CUT_OFFS, 1) if u < top)
            orders.append({"time": time, "lines": {"item": units}})
            level -= units
            time += -mean * math.log(next(stream))
        level += ordered  # it arrives before the next review
    return orders, lead_times
