"""The register of measures: what a run says beside its own metrics, by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backsim.validation.look import Look

Function = Callable[[Look], Any]
"""A number of a run; or two, when their means over runs are to be divided by each other."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A registered measure.

    `share` says that it is a probability or a share, between 0 and 1; `argument` what else it needs
    to know ("" for nothing).
    """

    name: str
    function: Callable[..., Any]
    share: bool
    argument: str

    @property
    def is_number(self) -> bool:
        """It yields a number, or two whose means are divided; not a list or a mapping."""
        return inspect.signature(self.function).return_annotation in NUMBERS

    @property
    def meaning(self) -> str:
        """Its definition."""
        return (inspect.getdoc(self.function) or "").split("\n\n")[0]


NUMBERS = ("float", "tuple[float, float]")
"""What measures of a number return, as it is annotated."""
MEASURES: dict[str, Measure] = {}


def measure(*, share: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of a look, and of one argument if it has a second parameter."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        argument = [*inspect.signature(function).parameters, ""][1]
        MEASURES[name] = Measure(name, function, share, argument)
        return function

    return register
