"""The rates by which the kernel charges costs as they arise (`kernel.agents.cost`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from backsim.entities import COUNTED
from backsim.errors import InputError
from backsim.scenario.costtable import NAMES
from backsim.scenario.model import Model


def rates(model: Model) -> Iterator[float]:
    """Each cost that is counted, by class and stock point."""
    shape = len(model.classes), len(model.stock_points)
    for name in COUNTED:
        yield from np.broadcast_to(model.costs[name], shape).ravel().tolist()


def check(model: Model) -> None:
    """Raise InputError for costs that are not known as soon as they arise."""
    costs = model.costs
    if costs.breaks:
        raise InputError("backsim.gym: price_breaks: expected none, as the reward knows none")
    others = [name for name in NAMES if name not in COUNTED and np.any(costs[name])]
    if others:
        raise InputError(
            f"backsim.gym: costs.{others[0]}: expected 0, as the reward does not count it; it "
            f"counts {', '.join(COUNTED)}"
        )
