"""Units of order lines at their prices."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class AtPrices:
    """Units at their products' prices: where these change, at those of the day of the order.

    By class and stock point.
    """

    def __init__(self, m: Sums) -> None:
        self.m = m

    @cached_property
    def _of_lines(self) -> Any:
        """The price of a unit of each line that counts."""
        product = self.m.product[self.m.log.column("stock")]
        return self.m.model.prices(product[self.m.first :], self.m.time[self.m.first :])

    @cached_property
    def ordered(self) -> Floats:
        """All that was ordered."""
        m = self.m
        if not m.model.has_dated_prices:
            return np.asarray(m.model.costs.prices * m.ordered)
        return m.total(m.group[m.first :], self._of_lines * m.units[m.first :])

    def of_rest(self, units: Any) -> Floats:
        """So many units of each line that was not filled at once (`Sums.rest`)."""
        m = self.m
        if not m.model.has_dated_prices:
            return np.asarray(m.model.costs.prices * m.total(m.later_group, units))
        return m.total(m.later_group, self._of_lines[m.later - m.first] * units)
