"""What stock points hold, await and owe, on average over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.results.metrics.averages import Stocks
from backsim.results.metrics.registry import LESS, NEITHER, NETWORK, STOCK, metric
from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@metric("units", better=LESS, group=STOCK, tables=("product", "site"))
def mean_on_hand(m: Sums) -> Floats:
    """Units free to ship, time average."""
    return m.fold_stock(m.of(Stocks).average("on_hand_days"))


@metric("units", better=LESS, group=STOCK)
def mean_reserved(m: Sums) -> Floats:
    """Units reserved for incomplete orders, time average."""
    return m.fold_stock(m.of(Stocks).average("reserved_days"))


@metric("units", better=LESS, group=STOCK, tables=("product", "site"), always=True)
def mean_backlog(m: Sums) -> Floats:
    """Units that customers wait for, time average."""
    return m.fold(m.backlog)


@metric("units", better=LESS, group=STOCK)
def stock_units(m: Sums) -> Floats:
    """Units in stock: on hand, reserved and in transit from another site, time average."""
    return m.fold_stock(m.of(Stocks).owned)


@metric("units", better=NEITHER, group=STOCK)
def mean_on_order(m: Sums) -> Floats:
    """Units purchased and not yet received, time average."""
    return m.fold_stock(m.of(Stocks).average("on_order_days"))


@metric("units", better=NEITHER, group=NETWORK, tables=("site",))
def mean_in_transit(m: Sums) -> Floats:
    """Units on their way from another site, time average."""
    stocks = m.of(Stocks)
    return m.nothing if stocks.between is None else m.fold_stock(stocks.in_transit)


@metric("units", better=LESS, group=NETWORK, tables=("site",))
def mean_site_backlog(m: Sums) -> Floats:
    """Units that other sites wait for, time average."""
    between = m.of(Stocks).between
    return m.nothing if between is None else m.fold_stock(between.waiting / m.days)


@metric("units", better=NEITHER, group=STOCK)
def mean_net_stock(m: Sums) -> Floats:
    """Units on hand minus units not yet allotted to waiting lines, time average."""
    return m.fold_stock(m.of(Stocks).average("net_days"))


@metric("units", better=NEITHER, group=STOCK)
def stock_at_receipt(m: Sums) -> Floats:
    """On hand less backlog just before a purchase arrives, mean over arrivals: the safety stock."""
    ended = m.of(Stocks).finished
    return m.fold_stock(ended["receipt_units"]) / m.fold_stock(ended["receipts"])


@metric("units", better=NEITHER, group=STOCK)
def sd_net_stock(m: Sums) -> Floats:
    """Standard deviation over time of units on hand minus backlog (mean over stock points)."""
    stocks = m.of(Stocks)
    net = stocks.average("net_days")
    variance = np.maximum(stocks.average("net_squared_days") - net**2, 0.0)
    return m.fold_stock(np.sqrt(variance), mean=True)
