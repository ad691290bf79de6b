"""A stock point's books: its position, and its time integrals."""

from __future__ import annotations

from backsim.entities import Stock
from backsim.kernel.features import ANNOUNCES


def inventory_position(stock: Stock) -> int:
    """on_hand + on_order - backlog, less what is announced, in units."""
    if ANNOUNCES:
        return stock.on_hand + stock.on_order - stock.backlog - stock.announced
    return stock.on_hand + stock.on_order - stock.backlog


def settle(stock: Stock, now: float) -> None:
    """Bring the time integrals up to `now`.  Called before anything they depend on changes."""
    days = now - stock.since
    if days > 0.0:  # before the end of the warm-up `since` lies ahead
        net = stock.on_hand - stock.backlog
        stock.on_hand_days += days * stock.on_hand
        stock.reserved_days += days * stock.reserved
        stock.on_order_days += days * stock.on_order
        if stock.on_hand > 0:
            stock.ready_days += days
        if stock.backlog == 0:
            stock.clear_days += days
        stock.net_days += days * net
        stock.net_squared_days += days * net * net
        stock.since = now


def end_cycle(stock: Stock, now: float) -> None:
    """A purchase arrives and ends a replenishment cycle; called after `settle`, before its units.

    Cycles count from the end of the warm-up on, as the integrals do.
    """
    if stock.since <= now:
        stock.receipts += 1
        stock.receipt_units += stock.on_hand - stock.backlog
        if stock.short != 0 or stock.backlog > 0:
            stock.short_receipts += 1
    stock.short = 0
