"""An estimate with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

LEVEL = 0.95
Z = 1.959963984540054
"""The quantile of the normal distribution for 95 % on both sides."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float

    @staticmethod
    def of_log(value: float, error: float) -> Interval:
        """Of something positive, whose logarithm has that standard error."""
        if not math.isfinite(error):
            return Interval(value, 0.0, math.inf)
        factor = math.exp(min(Z * error, 700.0))
        return Interval(value, value / factor, value * factor)

    def holds(self, truth: float) -> bool:
        """Whether a value lies in the interval."""
        return self.low <= truth <= self.high

    def times(self, factor: float) -> Interval:
        """The interval of so many times as much."""
        return Interval(self.value * factor, self.low * factor, self.high * factor)

    def to_list(self) -> list[Any]:
        """[value, low, high]; None where there is no bound."""
        return [x if math.isfinite(x) else None for x in (self.value, self.low, self.high)]
