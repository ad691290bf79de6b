"""`one_product.yaml` in SimPy, written by hand for this one model, with a record per order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import simpy

RATES, PATIENCES = (4.0, 6.0), (3.0, 6.0)
LEAD_TIME, REORDER, UP_TO, WARM_UP = 6.0, 60, 120, 1000.0


@dataclass(slots=True)
class Order:
    """An order, and what became of it."""

    time: float
    tolerance: float
    customer: int
    status: str = "waiting"
    closed: float = 0.0
    filled: bool = False


class Shop:
    """Two classes of customers with priorities and patience, one product, (s, S)."""

    def __init__(self, env: simpy.Environment, seed: int) -> None:
        self.env, self.rng = env, np.random.default_rng(seed)
        self.on_hand, self.on_order, self.backlog = UP_TO, 0, 0
        self.orders: list[Order] = []
        self.queue: list[tuple[int, int, Order]] = []
        self.held, self.since = 0.0, WARM_UP
        for customer in range(len(RATES)):
            env.process(self.customers(customer))

    def customers(self, customer: int) -> Iterator[simpy.Event]:
        """Orders of a class, whose draws come a thousand at a time."""
        while True:
            gaps = self.rng.exponential(1 / RATES[customer], 1000).tolist()
            tolerances = self.rng.exponential(PATIENCES[customer], 1000).tolist()
            for gap, tolerance in zip(gaps, tolerances, strict=True):
                yield self.env.timeout(gap)
                self.order(Order(self.env.now, tolerance, customer))

    def settle(self) -> None:
        """Bring the integral of stock up to date."""
        now = self.env.now
        if now > self.since:
            self.held += self.on_hand * (now - self.since)
            self.since = now

    def order(self, order: Order) -> None:
        """Ship from stock, or let the customer wait; then review."""
        self.settle()
        self.orders.append(order)
        if self.on_hand:
            self.on_hand -= 1
            order.status, order.closed, order.filled = "shipped", order.time, True
        else:
            self.backlog += 1
            heapq.heappush(self.queue, (order.customer, len(self.orders), order))
            self.env.process(self.patience(order))
        position = self.on_hand + self.on_order - self.backlog
        if position <= REORDER:
            self.env.process(self.purchase(UP_TO - position))

    def patience(self, order: Order) -> Iterator[simpy.Event]:
        """A customer who waits leaves in the end."""
        yield self.env.timeout(order.tolerance)
        if order.status == "waiting":
            order.status, order.closed = "cancelled", self.env.now
            self.backlog -= 1

    def purchase(self, units: int) -> Iterator[simpy.Event]:
        """Units come, and those who wait are served, the first class first."""
        self.on_order += units
        yield self.env.timeout(self.rng.gamma(4.0, LEAD_TIME / 4.0))
        self.settle()
        self.on_order -= units
        self.on_hand += units
        while self.on_hand and self.queue:
            order = heapq.heappop(self.queue)[2]
            if order.status == "waiting":
                order.status, order.closed = "shipped", self.env.now
                self.on_hand -= 1
                self.backlog -= 1


def play(days: float, seed: int) -> tuple[int, float, float, float]:
    """(orders, share shipped at once, share that left, mean stock on hand) of a run."""
    env = simpy.Environment()
    shop = Shop(env, seed)
    env.run(until=days)
    shop.settle()
    counted = [order for order in shop.orders if order.time >= WARM_UP]
    return (
        len(shop.orders),
        sum(order.filled for order in counted) / len(counted),
        sum(order.status == "cancelled" for order in counted) / len(counted),
        shop.held / (days - WARM_UP),
    )
