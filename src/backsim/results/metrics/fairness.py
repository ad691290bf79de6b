"""How unequal waits are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.registry import LESS, WAITING, metric
from backsim.results.metrics.sums import Sums
from backsim.results.metrics.waits import Waits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("Gini index", better=LESS, group=WAITING, label="Gini index of waits")
def fairness(m: Sums) -> Floats:
    """Gini index of waits per unit (units still waiting are censored): 0 if all wait equally."""
    return m.of(Waits).each(lambda curve: curve.gini)


@metric("ratio", better=LESS, group=WAITING)
def wait_ratio(m: Sums) -> Floats:
    """Longest mean wait of a class / shortest mean wait of a class."""
    by_class = m.of(Waits).mean[1 : 1 + m.shape[0]]
    by_class = by_class[~np.isnan(by_class)]  # without classes that ordered nothing
    known = len(by_class) > 1 and by_class.min() > 0
    found = m.nothing.copy()
    found[0] = by_class.max() / by_class.min() if known else np.nan
    return found
