"""A run of a scenario of known answers, as measures see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from backsim.validation.case import Case

if TYPE_CHECKING:
    from backsim.results.run import Run


@dataclass(frozen=True)
class Look:
    """A run, and the case that it played."""

    run: Run
    case: Case

    def get(self, name: str) -> float:
        """One of the run's own metrics."""
        return float(self.run.metrics[name])

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

    @cached_property
    def purchases(self) -> Any:
        """The purchases that were placed while it counted and have arrived."""
        rows = self.run.log.purchases
        come = rows["arrives"] <= self.run.model.horizon
        return rows[(rows["placed"] >= self.start) & come]

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
