"""What customers sent back, of what was ordered in the window."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.registry import LESS, NEITHER, SERVICE, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Returned:
    """Units that came back of lines that count."""

    def __init__(self, m: Sums) -> None:
        self.m = m
        scenario = m.model.scenario
        self.recalls = [product.recall for product in scenario.products.values()]
        self.possible = any(c.returns is not None for c in scenario.customers.values())
        self.possible |= any(r is not None and r.within is not None for r in self.recalls)

    @cached_property
    def rows(self) -> Any:
        """What came back and what was repaired, one row each."""
        rows = self.m.log.returns
        return rows.compress(rows["line"] >= self.m.first)

    def units(self, name: str) -> Floats:
        """Units: `units` that came back, `restocked`, `to_repair`, `repaired`."""
        return self.m.total(self.m.group[self.rows["line"]], self.rows[name])

    @property
    def scrapped(self) -> Floats:
        """Units that came back and are of no more use."""
        return self.units("units") - self.units("restocked") - self.units("to_repair")

    @property
    def in_stock_again(self) -> Floats:
        """Units that were put on hand again."""
        return self.units("restocked") + self.units("repaired")

    @property
    def refunds(self) -> Floats:
        """Money paid back for what came back, at the price of its order."""
        lines = self.rows["line"]
        product = self.m.product[self.m.log.column("stock")[lines]]
        prices = self.m.model.prices(product, self.m.time[lines])
        customers = self.m.model.scenario.customers.values()
        shares = np.array([c.returns.refund if c.returns else 0.0 for c in customers])
        recalled = np.array([r.refund if r is not None else 0.0 for r in self.recalls])
        share = np.where(
            self.rows["recalled"] == 1,
            recalled[product],
            shares[self.m.log.column("customer_class")[lines]],
        )
        return self.m.total(self.m.group[lines], share * prices * self.rows["units"])


@metric("share", better=NEITHER, group=SERVICE)
def return_rate(m: Sums) -> Floats:
    """Units that customers sent back / units shipped."""
    returned = m.of(Returned)
    return m.fold(returned.units("units")) / m.all_shipped if returned.possible else m.nothing


@metric("share", better=LESS, group=SERVICE)
def scrap_rate(m: Sums) -> Floats:
    """Units sent back and scrapped / units shipped."""
    returned = m.of(Returned)
    return m.fold(returned.scrapped) / m.all_shipped if returned.possible else m.nothing
