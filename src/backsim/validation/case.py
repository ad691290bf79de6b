"""A scenario of known answers, a run of it as measures see it, and the register of measures."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.results.metrics import Sums
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from backsim.results.run import Run


Found = TypeVar("Found")


@dataclass(frozen=True)
class Case:
    """A scenario as its file states it.

    `random` says whether replications differ; `cycle` is the time in days by whole numbers of which
    a run may be shorter (0: its length matters); `lead_times`, where they are given, are replayed
    instead of drawn.
    """

    scenario: Mapping[str, Any]
    folder: Path
    random: bool = True
    cycle: float = 1.0
    lead_times: Sequence[float] = field(default=(), repr=False)

    @cached_property
    def key(self) -> str:
        """What tells one case from another."""
        return json.dumps(self.scenario, sort_keys=True)

    @cached_property
    def model(self) -> Model:
        """The resolved scenario.  Raises FileError."""
        return from_dict(self.scenario, name="known answer", folder=self.folder)

    @cached_property
    def explicit(self) -> dict[str, Any]:
        """The scenario with every default filled in, as plain values."""
        return self.model.to_dict()

    def shorter(self, share: float) -> Case:
        """The same with this share of the time, if its length does not matter."""
        if not self.random or not self.cycle:
            return self
        times = {
            name: self.cycle * math.ceil(share * self.scenario.get(name, 0.0) / self.cycle)
            for name in ("warm_up", "horizon")
        }
        return replace(self, scenario={**self.scenario, **times})


@dataclass(frozen=True)
class Look:
    """A run, and the case that it played."""

    run: Run
    case: Case
    _made: dict[Callable[[Look], Any], Any] = field(default_factory=dict, repr=False, compare=False)

    def get(self, name: str, dimension: str = "", member: str = "") -> float:
        """One of the run's own metrics; the others are not reckoned."""
        place = self._sums.views.index((dimension, member))
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(self._sums[name][place])

    @cached_property
    def _sums(self) -> Sums:
        return Sums(self.run.model, self.run.log)

    def of(self, kind: Callable[[Look], Found]) -> Found:
        """More of this run, `kind(self)`; reckoned once, whichever measures ask."""
        if kind not in self._made:
            self._made[kind] = kind(self)
        found: Found = self._made[kind]
        return found

    @property
    def start(self) -> float:
        """When counting starts."""
        return self.run.model.warm_up

    @property
    def days(self) -> float:
        """How long it lasts."""
        return self.run.model.horizon - self.start

    @cached_property
    def waits(self) -> tuple[Any, Any]:
        """(days, units) of the shipments that came late, of the lines that count."""
        shipments = self.run.log.shipments
        ordered = self.run.log.column("time")[shipments["line"]]
        late = ordered >= self.start
        return (shipments["time"] - ordered)[late], shipments["units"][late]

    @property
    def shipped(self) -> float:
        """Units shipped, of the lines that count."""
        return self.get("shipped_per_day") * self.days

    def purchased(self, field: str) -> Any:
        """A field of the purchases that were placed while it counted and have arrived."""
        return self.run.log.purchases[field][self._arrived]

    @cached_property
    def _arrived(self) -> Any:
        rows = self.run.log.purchases
        return (rows["placed"] >= self.start) & (rows["arrives"] <= self.run.model.horizon)

    @property
    def stock(self) -> Any:
        """The explicit form of the only stock point."""
        (stock,) = self.case.explicit["stock"]
        return stock

    @property
    def capacity(self) -> Any:
        """The explicit form of the only supplier's capacity."""
        (supplier,) = self.case.explicit["suppliers"].values()
        return supplier["capacity"]


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
