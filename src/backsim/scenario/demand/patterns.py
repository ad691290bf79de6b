"""Rates that change: season, calendar and trend, as a clock that runs fast and slow.

A renewal process with unit rate in *operational* time becomes one whose rate follows a pattern in
*calendar* time when its times pass through the inverse of the cumulated rate.  Source: Cinlar,
Introduction to Stochastic Processes (1975), section 4.7 (Poisson); Gerhardt and Nelson, INFORMS
Journal on Computing 21 (2009) 630-640 (renewal).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.scenario.schema import Pattern
from backsim.scenario.timeunit import HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Clock:
    """Cumulated rate at the ends of the steps: operational time at calendar time."""

    times: NDArray[np.float64] | None
    cumulated: NDArray[np.float64] | None

    @classmethod
    @lru_cache(maxsize=256)  # a scenario's patterns are the same in every replication
    def of(
        cls, pattern: Pattern, horizon: float, start: datetime.date | None, hour: float = HOUR
    ) -> Clock:
        """The clock of a pattern.  Factors are scaled to a mean of 1; no rate is below 0.

        A trend's rate is held constant for an `hour`, in the scenario's unit of time.
        """
        if pattern == Pattern():
            return cls(None, None)
        edges = _edges(pattern, horizon, hour)
        middles = (edges[1:] + edges[:-1]) / 2
        rate = np.maximum(1.0 + pattern.trend * middles, 0.0)
        if pattern.season is not None:
            factors = _scaled(pattern.season.factors)
            share = np.mod(middles, pattern.season.period) / pattern.season.period
            rate *= factors[(share * len(factors)).astype(int).clip(max=len(factors) - 1)]
        if pattern.weekdays is not None and start is not None:
            day = np.floor(middles).astype(int)
            rate *= _scaled(pattern.weekdays)[(day + start.weekday()) % 7]
        if pattern.months is not None and start is not None:
            dates = np.datetime64(start) + np.floor(middles).astype("timedelta64[D]")
            rate *= _scaled(pattern.months)[dates.astype("datetime64[M]").astype(int) % 12]
        return cls(edges, np.concatenate([[0.0], np.cumsum(rate * np.diff(edges))]))

    def operational(self, time: float) -> float:
        """Cumulated rate up to a calendar time."""
        if self.times is None or self.cumulated is None:
            return time
        return float(np.interp(time, self.times, self.cumulated))

    def calendar(self, operational: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calendar times at which the cumulated rate reaches the given values."""
        if self.times is None or self.cumulated is None:
            return operational
        last = np.searchsorted(self.cumulated, operational, "left")
        last = np.clip(last, 1, len(self.times) - 1)
        low, high = self.cumulated[last - 1], self.cumulated[last]
        share = np.where(
            high > low, (operational - low) / np.where(high > low, high - low, 1.0), 0.0
        )
        times = self.times[last - 1] + share * (self.times[last] - self.times[last - 1])
        return np.asarray(np.maximum.accumulate(times))


def steps(pattern: Pattern, horizon: float, hour: float = HOUR) -> float:
    """About how many steps of constant rate a pattern has."""
    lengths = [hour] if pattern.trend else []
    if pattern.weekdays is not None or pattern.months is not None:
        lengths.append(1.0)
    if pattern.season is not None:
        lengths.append(pattern.season.period / len(pattern.season.factors))
    return sum(horizon / length for length in lengths)


def _edges(pattern: Pattern, horizon: float, hour: float) -> NDArray[np.float64]:
    """Times at which the rate may change."""
    edges: list[Any] = [np.array([0.0, horizon])]
    if pattern.weekdays is not None or pattern.months is not None:
        edges.append(np.arange(0.0, horizon, 1.0))
    if pattern.season is not None:
        edges.append(np.arange(0.0, horizon, pattern.season.period / len(pattern.season.factors)))
    if pattern.trend:
        edges.append(np.arange(0.0, horizon, hour))
    return np.unique(np.concatenate(edges))


def _scaled(factors: tuple[float, ...]) -> NDArray[np.float64]:
    values = np.array(factors)
    return np.asarray(values / values.mean())
