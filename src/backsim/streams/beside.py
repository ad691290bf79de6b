"""What customers beside the tape bring along: those who order through `Live.order`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from backsim.entities import TRAITS
from backsim.scenario.model import Model
from backsim.streams.generators import generator
from backsim.streams.orders import DemandDraw


class Customer(NamedTuple):
    """A customer of a class, drawn."""

    due_in: float
    """Days."""
    tolerance: float
    """Days; infinite for those who wait as long as it takes."""
    traits: Mapping[str, Any]
    """What differs from the defaults, by the names of `entities.TRAITS`."""


class Beside:
    """Customers of a class beside the tape, one after the other, from streams of their own.

    They shift no number on the tape.
    """

    def __init__(self, model: Model, name: str, seed: int, replication: int) -> None:
        @cache
        def stream(what: str) -> np.random.Generator:
            return generator(seed, replication, f"beside/{what}")

        code, customer = model.classes.index(name), model.scenario.customers[name]
        self._draw = DemandDraw(model, name, customer, code, 0, lambda what: lambda: stream(what))

    def next(self) -> Customer:
        """The next customer."""
        found = self._draw.columns(np.zeros(1), None, 1)
        traits = {name: values[0] for name, values in found.items() if name in TRAITS}
        return Customer(float(found["due"][0]), float(found["tolerance"][0]), traits)
