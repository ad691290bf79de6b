"""How unequal waits are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.registry import LESS, WAITING, metric
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.waits import waits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("index", better=LESS, group=WAITING)
def fairness(m: Sums) -> Floats:
    """Gini index of the waits per unit: 0 when all wait equally long."""
    return m.of(waits_of).gini


@metric("ratio", better=LESS, group=WAITING)
def wait_ratio(m: Sums) -> Floats:
    """Longest mean wait of a class / shortest."""
    by_class = m.of(waits_of).mean[1 : 1 + m.shape[0]]
    known = m.shape[0] > 1 and by_class.min() > 0
    found = m.nothing.copy()
    found[0] = by_class.max() / by_class.min() if known else np.nan
    return found
