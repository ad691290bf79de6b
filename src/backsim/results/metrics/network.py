"""How sites serve each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.results.metrics.averages import Stocks
from backsim.results.metrics.purchases import Purchases
from backsim.results.metrics.registry import LESS, MORE, NEITHER, NETWORK, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("share", better=MORE, group=NETWORK, tables=("site",))
def site_fill_rate(m: Sums) -> Floats:
    """Units shipped at the moment of a site's order, or of its components' / units so ordered."""
    found = m.of(Stocks).between
    return m.nothing if found is None else m.fold_stock(found.at_once) / m.fold_stock(found.units)


@metric("units per day", better=NEITHER, group=NETWORK, tables=("site",))
def transferred_per_day(m: Sums) -> Floats:
    """Units transferred from other sites of the same level."""
    purchases = m.of(Purchases)
    return m.fold_stock(purchases.transferred) if purchases.transfers else m.nothing


@metric("days", better=LESS, group=NETWORK, tables=("site",))
def mean_site_wait(m: Sums) -> Floats:
    """Days from a site's order to shipment per unit shipped."""
    found = m.of(Stocks).between
    return m.nothing if found is None else m.fold_stock(found.waited) / m.fold_stock(found.sent)
