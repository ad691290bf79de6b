"""How much is ordered and shipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.results.metrics.orders import Orders
from backsim.results.metrics.registry import DEMAND, MORE, NEITHER, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("per day", better=NEITHER, group=DEMAND)
def orders_per_day(m: Sums) -> Floats:
    """Orders placed."""
    return m.of(Orders).count / m.days


@metric("units per day", better=NEITHER, group=DEMAND, tables=("class", "site"))
def units_per_day(m: Sums) -> Floats:
    """Units ordered."""
    return m.all_ordered / m.days


@metric("units per day", better=MORE, group=DEMAND)
def shipped_per_day(m: Sums) -> Floats:
    """Units shipped, of those ordered."""
    return m.all_shipped / m.days
