"""What rules may ask for beyond the line: its order, its customer, the queue, everything else."""

from __future__ import annotations

from typing import Any

import pytest

import backsim
from backsim import estimate, notice, priority, rationing, reorder
from backsim.entities import NEVER
from backsim.quantities import Days, Level, PerClass
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def shop(orders: list[Any], inbound: list[tuple[float, int]], **policy: Any) -> Model:
    """One product, nothing on hand; what comes is under way already."""
    return from_dict(
        {
            "horizon": 30,
            "products": ["mug", "plate"],
            "suppliers": {"maker": {"lead_time": 9}},
            "customers": {
                "all": {
                    "informed": {"broken": {"leaves": 0}},
                    "demand": {
                        "orders": [
                            {
                                "time": time,
                                "lines": lines if isinstance(lines, dict) else {"mug": lines},
                            }
                            for time, lines in orders
                        ]
                    },
                }
            },
            "stock": [
                {
                    "products": ["mug"],
                    "initial": 0,
                    "inbound": [{"arrives": day, "units": units} for day, units in inbound],
                },
                {"products": ["plate"], "initial": 0},
            ],
            "policy": {"reorder": "none", **policy},
        }
    )


def promises(model: Model) -> list[float]:
    return backsim.simulate(model, seed=1, engine="simpy").log.notices["promise"].tolist()


def test_a_customer_is_told_the_wait_of_the_last_one_served() -> None:
    orders = [(1, 1), (2, 1), (5, 1), (9, 1)]
    model = shop(orders, [(4, 1), (8, 1)], notice="at_order", estimate="last_wait")
    # Nobody has been served yet; nobody; one who waited 3 days; one who waited 6.
    assert promises(model) == [1, 2, 8, 15]


def test_an_estimate_may_go_by_the_queue_and_the_customer_class() -> None:
    @estimate
    def by_place(
        now: float, lines_before: int, units_before: int, days: PerClass[Days] = 1.0
    ) -> float:
        """So many days for each line before, and a tenth for each unit."""
        return now + days * lines_before + 0.1 * units_before

    orders = [(1, 4), (2, 5), (3, 1)]
    use = {"rule": "by_place", "days": {"all": 10}}
    model = shop(orders, [], notice="at_order", estimate=use)
    assert promises(model) == [1, 2 + 10 + 0.4, 3 + 20 + 0.9]


def test_a_priority_rule_sees_the_whole_order() -> None:
    @priority
    def smallest_order(order_open: int, order_units: int) -> float:
        """The order of least units first; of those, whatever still waits of it."""
        return 100 * order_units + order_open

    orders = [(1, {"mug": 1, "plate": 6}), (2, {"mug": 3}), (3, {"mug": 2})]
    log = backsim.simulate(
        shop(orders, [(5, 2), (6, 3), (7, 1)], priority="smallest_order"), seed=1, engine="simpy"
    ).log
    assert log.shipments["line"].tolist() == [3, 2, 0]


def test_a_reorder_rule_sees_other_products() -> None:
    @reorder
    def goes_along(position: int, world: Any, stock: Any, S: Level) -> int:
        """Up to S, and what all other stock points lack."""
        lacking = 0
        for at in range(len(world.stocks)):
            if at != stock.index:
                lacking += world.stocks[at].backlog
        return int(S) + lacking - position

    use = {"rule": "goes_along", "S": 2}
    model = shop([(1, 3), (2, {"plate": 1})], [], reorder=use)
    bought = backsim.simulate(model, seed=1, engine="simpy").log.purchases
    assert bought["units"][bought["stock"] == 1].tolist() == [2, 4]


def everything() -> Model:
    """A rule of each family asks for what lies beyond its line."""

    @reorder
    def sees_backlog(position: int, world: Any, stock: Any, S: Level) -> int:
        return int(S) + world.stocks[0].backlog // 2 - position

    @priority
    def sees_order(order_open: int, order_units: int, world: Any, customer: Any) -> float:
        return customer.priority * order_units + order_open / (1.0 + world.stocks[0].on_order)

    @rationing
    def sees_customer(customer: Any, world: Any) -> int:
        return 1 if customer.priority > 1 and world.stocks[0].backlog > 2 else 0

    @notice
    def sees_size(ordered: float, told: float, order_units: int, stock: Any, world: Any) -> float:
        late = 1.0 if order_units > 2 and stock.waiting > 1 else 0.0
        return ordered + late if told == NEVER else NEVER

    @estimate
    def sees_queue(
        now: float, lines_before: int, last_delay: float, order_open: int, customer: Any, line: Any
    ) -> float:
        return now + last_delay + 0.5 * lines_before + 0.1 * order_open * customer.priority

    demand = {
        "arrivals": {"poisson": {"rate": 2}},
        "products": ["mug", "plate"],
        "lines": {"discrete": {"values": [1, 2]}},
        "size": {"geometric": {"mean": 2}},
    }
    told = {"tolerance": {"exponential": {"mean": 6}}}
    return from_dict(
        {
            "horizon": 60,
            "products": ["mug", "plate"],
            "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 0.5}}}},
            "customers": {
                "gold": {"priority": 1, "demand": demand},
                "silver": {"priority": 2, "demand": demand, "informed": told},
            },
            "policy": {
                "reorder": {"rule": "sees_backlog", "S": 12},
                "priority": "sees_order",
                "rationing": "sees_customer",
                "notice": "sees_size",
                "estimate": "sees_queue",
                "review": 1,
            },
            "stock": [{"products": ["mug", "plate"], "initial": 12}],
        }
    )


@pytest.mark.slow
def test_both_engines_show_rules_the_same() -> None:
    """The rules are compiled with a kernel of their own."""
    model = everything()
    one, other = (backsim.simulate(model, seed=4, engine=e) for e in ("simpy", "compiled"))
    assert one.log.equals(other.log)
    assert len(one.log.notices) > 10
    assert one.log.stocks["last_delay"].min() > 0
