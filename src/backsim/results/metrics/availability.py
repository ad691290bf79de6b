"""How often stock is there when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.results.metrics.averages import Stocks
from backsim.results.metrics.orders import Orders
from backsim.results.metrics.prices import AtPrices
from backsim.results.metrics.registry import MORE, SERVICE, STOCK, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("share", better=MORE, group=SERVICE, tables=("class", "product", "site"), always=True)
def fill_rate(m: Sums) -> Floats:
    """Units shipped at the moment of ordering / units ordered."""
    return 1.0 - m.per_ordered(m.missing)


@metric("share", better=MORE, group=SERVICE)
def order_fill_rate(m: Sums) -> Floats:
    """Orders shipped whole at the moment of ordering / orders."""
    orders = m.of(Orders)
    return orders.filled / orders.count


@metric("share", better=MORE, group=SERVICE)
def line_fill_rate(m: Sums) -> Floats:
    """Order lines shipped whole at the moment of ordering / order lines."""
    lines = m.fold(m.lines)
    return (lines - m.fold(m.total(m.later_group))) / lines


@metric("share", better=MORE, group=SERVICE, at_prices=True)
def value_fill_rate(m: Sums) -> Floats:
    """Units shipped at the moment of ordering / units ordered, both at their prices.

    Where prices change, at those of the day of the order.
    """
    priced = m.of(AtPrices)
    missing = priced.of_rest(m.rest["units"] - m.rest["filled"])
    return 1.0 - m.fold(missing) / m.fold(priced.ordered)


@metric("share", better=MORE, group=SERVICE)
def cycle_service(m: Sums) -> Floats:
    """Replenishment cycles in which no line had to wait or was lost / cycles.

    A cycle ends when a purchase arrives.  Source: Silver, Pyke and Thomas (2017), section 6.6 (P1).
    """
    ended = m.of(Stocks).finished
    return 1.0 - m.fold_stock(ended["short_receipts"]) / m.fold_stock(ended["receipts"])


@metric("share", better=MORE, group=STOCK)
def ready_rate(m: Sums) -> Floats:
    """Share of time with stock on hand (mean over stock points)."""
    return m.fold_stock(m.of(Stocks).average("ready_days"), mean=True)


@metric("share", better=MORE, group=STOCK)
def clear_rate(m: Sums) -> Floats:
    """Share of time without a backlog (mean over stock points)."""
    return m.fold_stock(m.of(Stocks).average("clear_days"), mean=True)
