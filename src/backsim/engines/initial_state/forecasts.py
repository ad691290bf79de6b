"""The forecasts that a model's stock points start with."""

from __future__ import annotations

from backsim.entities import FORECAST, LATE_FORECAST, Forecast
from backsim.scenario.model import Model
from backsim.scenario.schema import Observation, ResolvedPoint


def first_forecast(
    model: Model, point: ResolvedPoint, stock: int, observed_at: int
) -> tuple[Forecast, int, int]:
    """A stock point's row at the start, the periods that may end, and its events' kind.

    Forecasts are updated before the review of the same instant: before the demand of that instant
    or after it, as the review is.
    """
    seen = point.observe or Observation()
    first = seen.every if seen.first is None else seen.first
    row = Forecast(
        mean=float(seen.mean or 0.0) * seen.every,
        squared_error=float(seen.variance or 0.0) * seen.every,
        smoothing=seen.error_smoothing,
        every=seen.every,
        first=first,
        observed_at=observed_at,
        stock=stock,
        censored=int(seen.censored),
    )
    periods = len(model.moments(first, seen.every)) + 1
    late = point.periodic is not None and point.periodic.after_demand
    return row, periods, LATE_FORECAST if late else FORECAST
