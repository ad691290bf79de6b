"""The levels found, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backsim.scenario.demand.rates import mean_demand
from backsim.search.items.items import Items

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[Any]


def table_of_levels(items: Items, levels: Ints) -> pd.DataFrame:
    """A row for each item: product, site, group, level found, and mean demand per day."""
    import pandas as pd

    points, products = items.base.stock_points, items.base.scenario.products
    demand = mean_demand(items.base.scenario, items.base.traces)
    return pd.DataFrame(
        {
            "product": [product for product, _ in points],
            "site": [site for _, site in points],
            "group": [products[product].group or "" for product, _ in points],
            items.parameter: levels,
            "demand": [demand.get(pair, 0.0) for pair in points],
        }
    )
