"""Orders that are placed, of those that full goodwill would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.orders import Orders
from backsim.results.metrics.registry import MORE, SERVICE, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("share", better=MORE, group=SERVICE, tables=("class",))
def goodwill(m: Sums) -> Floats:
    """Orders placed / orders that would be placed at full goodwill."""
    if not any(customer.goodwill for customer in m.model.scenario.customers.values()):
        return m.nothing
    classes = m.shape[0]
    away = m.log.classes["not_placed"][:classes].astype(float)
    found = m.nothing.copy()
    placed = m.of(Orders).count[: classes + 1]
    found[: classes + 1] = placed / (placed + np.r_[away.sum(), away])
    return found
