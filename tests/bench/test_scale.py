"""How the cost of an order grows with the work: exponents near 0, or what is stated is wrong.

Each curve multiplies one size and keeps the others.  Its exponent is the slope of log(time per
order) over log(size), by least squares: 0 is flat, 1 would be quadratic in all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.bench.figures import FIGURES, aim

import backsim
from backsim.experiment.work import Job, plan_work
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

pytestmark = pytest.mark.bench
MOST = 0.25
"""The exponent of a cost that grows with the logarithm, over the sizes here and with caches."""
MOVING = 1.0
"""The exponent where every line that waits is looked at again, in a clearing or when dates move."""
ORDERS = 300_000
ROUNDS = 2


def model(
    orders: float = ORDERS,
    products: int = 1,
    sites: int = 1,
    waiting: float = 0.0,
    priority: Any = "class_priority",
    **policy: Any,
) -> Model:
    """A scenario of two classes with so many orders, products and sites.

    `waiting` order lines wait on average: no stock is kept, and a lead time is that long.
    `policy` says what else the policy is.
    """
    horizon = 100.0
    rate = orders / horizon
    names, places = [f"p{i}" for i in range(products)], [f"s{i}" for i in range(sites)]
    per_point = orders / horizon / products / sites
    level = 0 if waiting else max(1, round(4 * per_point + 4 * per_point**0.5))
    classes = {
        name: {
            "priority": place,
            "demand": {"arrivals": {"poisson": {"rate": rate / 2}}, "products": names}
            | ({"sites": places} if sites > 1 else {}),
        }
        for place, name in enumerate(("gold", "silver"), 1)
    }
    return from_dict(
        {
            "horizon": horizon,
            "products": names,
            **({"sites": places} if sites > 1 else {}),
            "suppliers": {"acme": {"lead_time": waiting / rate if waiting else 4.0}},
            "customers": classes,
            "policy": {
                "reorder": {"rule": "base_stock", "S": level},
                "priority": priority,
                **policy,
            },
        },
        name="scale",
    )


def nanoseconds(made: Model) -> float:
    """Processor time per order, of drawing, playing, ledger and metrics."""
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        run = backsim.simulate(made, seed=1, engine="compiled")
        assert 0 <= run.metrics["fill_rate"] <= 1
        found.append((time.process_time() - started) / run.log.orders * 1e9)
    return min(found)


def exponent(
    what: str, sizes: list[int], cost: Callable[[int], float], unit: str, most: float = MOST
) -> None:
    """Measure a curve, print it, and compare its exponent with the most that is allowed."""
    costs = [cost(size) for size in sizes]
    curve = ", ".join(f"{size:,}: {c:,.0f}" for size, c in zip(sizes, costs, strict=True))
    FIGURES.append(f"{what} ({unit}): {curve}")
    slope = float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])
    aim(f"exponent of {unit} over {what}", slope, "", least=-2.0, most=most)


PER_ORDER = "ns per order"
APART = {"rule": "urgency_ageing", "rate": {"gold": 0.1, "silver": 0.2}}
"""Classes that overtake each other while they wait."""
CURVES: dict[str, tuple[list[int], Callable[[int], Model]]] = {
    "orders": ([10_000, 100_000, 1_000_000, 10_000_000], lambda n: model(orders=n)),
    "products, 100 orders each": (
        [100, 1_000, 10_000],
        lambda n: model(orders=100 * n, products=n),
    ),
    "waiting lines": ([10, 1_000, 100_000], lambda n: model(waiting=n)),
    "waiting lines, which age": (
        [10, 1_000, 100_000],
        lambda n: model(waiting=n, priority="urgency_ageing"),
    ),
    "waiting lines, which overtake": (
        [10, 1_000, 100_000],
        lambda n: model(waiting=n, priority=APART),
    ),
    "waiting lines, by slack": (
        [10, 1_000, 100_000],
        lambda n: model(waiting=n, priority={"rule": "weighted_slack", "weight": {"gold": 3}}),
    ),
    "waiting lines, told a date": (
        [10, 1_000, 100_000],
        lambda n: model(waiting=n, notice="at_order", estimate="mean_lead_time", review=1),
    ),
    "waiting lines, told when dates are moving": (
        [10, 100, 1_000],
        lambda n: model(orders=50_000, waiting=n, notice="on_change", estimate="quoted"),
    ),
    "waiting lines, moving shares": (
        [10, 100, 1_000],
        lambda n: model(orders=50_000, waiting=n, sharing="proportional"),
    ),
    "sites": ([1, 10, 100, 200], lambda n: model(sites=n)),
}


@pytest.mark.parametrize("what", CURVES)
def test_time_per_order(what: str) -> None:
    sizes, make = CURVES[what]
    backsim.simulate(make(sizes[0]), seed=1, engine="compiled")  # compiles
    most = MOVING if "moving" in what else MOST
    exponent(what, sizes, lambda size: nanoseconds(make(size)), PER_ORDER, most)


def test_a_million_lines_wait() -> None:
    """Twice as many orders as wait, so that half of them are cleared."""
    few, many = model(waiting=1_000, orders=2e6), model(waiting=1_000_000, orders=2e6)
    backsim.simulate(few, seed=1, engine="compiled")
    sizes = {1_000: few, 1_000_000: many}
    exponent("a million waiting lines", list(sizes), lambda n: nanoseconds(sizes[n]), PER_ORDER)


def test_time_per_policy() -> None:
    """Drawing once and playing 10 to 1,000 policies: the time of each."""
    one = model(orders=2_000)
    other = model(orders=2_000, priority="fcfs")

    def cost(count: int) -> float:
        models: list[Any] = [one, other] * (count // 2)
        work = plan_work(models, 1, "compiled", 1)
        job = Job(0, tuple(range(count)))
        list(work.play(Job(0, (0, 1))))  # compiles
        started = time.process_time()
        assert sum(1 for _ in work.play(job)) == count
        return (time.process_time() - started) / count * 1e6

    exponent("policies", [10, 100, 1_000], cost, "microseconds per policy")


def test_time_to_read_a_name() -> None:
    """Loading a scenario of 100 to 10,000 products: the time of each."""

    def cost(count: int) -> float:
        started = time.process_time()
        model(orders=1_000, products=count)
        return (time.process_time() - started) / count * 1e6

    cost(10)
    exponent("products", [100, 1_000, 10_000], cost, "microseconds of loading per product")
