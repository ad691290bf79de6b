"""How good the forecasts were that stock points reordered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.engines.log import Log
from backsim.engines.setup import set_up
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORECASTING: dict[str, tuple[str, str]] = {
    "forecast_error": (
        "share",
        "absolute errors of the forecasts one period ahead / demand of these periods",
    ),
    "forecast_bias": ("share", "forecasts one period ahead less demand / demand of these periods"),
}
"""name -> (unit, definition)"""


def forecast_sums(model: Model, log: Log) -> tuple[Floats, Floats, Floats]:
    """Absolute errors, errors and demand, summed over the periods that end after the warm-up.

    Each of shape (stock points,), in units; 0 where nothing is forecast.
    Source: Kolassa and Schuetz, Foresight 6 (2007) 40-43 (the ratio of sums, also called WAPE).
    """
    sums = np.zeros((3, len(log.stocks)))
    for row in set_up(model).forecasts if len(log.observations) else ():
        ended = int(np.floor((model.horizon - row.first) / row.every)) + 1
        skipped = max(0, int(np.floor((model.warm_up - row.first) / row.every)) + 1)
        periods: Any = log.observations[row.observed_at + skipped : row.observed_at + ended]
        errors = periods["forecast"] - periods["units"]
        sums[:, row.stock] = np.abs(errors).sum(), errors.sum(), periods["units"].sum()
    return sums[0], sums[1], sums[2]
