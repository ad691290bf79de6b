"""A run of a scenario of known answers, as measures see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics import Sums
from backsim.validation.case import Case

if TYPE_CHECKING:
    from backsim.results.run import Run


@dataclass(frozen=True)
class Look:
    """A run, and the case that it played."""

    run: Run
    case: Case

    def get(self, name: str, dimension: str = "", member: str = "") -> float:
        """One of the run's own metrics; the others are not reckoned."""
        place = self._sums.views.index((dimension, member))
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(self._sums[name][place])

    @cached_property
    def _sums(self) -> Sums:
        return Sums(self.run.model, self.run.log)

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
