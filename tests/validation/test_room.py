"""Queues with little room, whose answers are known in closed form: a birth and death process.

At most 1 % of right simulations differ in any of the answers that are validated together.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.validation.files import verdicts, write

SERVERS, ROOM, RATE = 3, 4, 4.0
LEAVES, BALKS = 0.3, 0.2


def stock_point(
    customer: dict[str, Any], supplier: dict[str, Any], policy: dict[str, Any], rate: float
) -> dict[str, Any]:
    """Poisson demand for one unit each, over 120,000 orders."""
    demand = {"arrivals": {"poisson": {"rate": rate}}, "products": "item"}
    return {
        "products": "item",
        "customers": {"all": {"demand": demand, **customer}},
        "suppliers": {"maker": supplier},
        "policy": policy,
        "warm_up": 20_000 / rate,
        "horizon": 120_000 / rate,
    }


def queue(number: int, room: int = ROOM) -> dict[str, Any]:
    """Each server is a unit of stock.  Model 1: they leave when patience ends; 2: they are told."""
    patience = {"exponential": {"mean": 1.0 / LEAVES}}
    customer: dict[str, Any] = {"backorder_share": 1.0 - BALKS}
    policy: dict[str, Any] = {
        "reorder": {"rule": "base_stock", "S": SERVERS},
        "withdraw": True,
        "backlog_limit": room,
    }
    if number == 1:
        customer["tolerance"] = patience
    else:
        customer["informed"] = {"tolerance": patience, "grace": "unlimited"}
        factor = SERVERS / LEAVES * math.log1p(LEAVES / SERVERS)
        policy["notice"] = "at_order"
        policy["estimate"] = {"rule": "mean_lead_time", "factor": factor}
    capacity = {"servers": SERVERS, "service": {"exponential": {"mean": 1.0}}}
    return stock_point(customer, {"capacity": capacity}, policy, RATE)


def chain(joins: list[float], leaves: float) -> list[float]:
    """Probabilities of n in the system; `joins` is the share of those who find n and join."""
    weights = [1.0]
    for n in range(1, SERVERS + ROOM + 1):
        pace = min(n, SERVERS) + max(0, n - SERVERS) * leaves
        weights.append(weights[-1] * RATE * joins[n - 1] / pace)
    return [weight / sum(weights) for weight in weights]


def answers_of(number: int) -> dict[str, float]:
    """Model 1: a share balks, the others have exponential patience.  Model 2: they are told."""
    told = SERVERS / (SERVERS + LEAVES)
    behind = [(1 - BALKS) * (told ** (k + 1) if number == 2 else 1.0) for k in range(ROOM)]
    joins = [1.0] * SERVERS + behind
    found = chain(joins, LEAVES if number == 1 else 0.0)
    queue = sum((n - SERVERS) * p for n, p in enumerate(found) if n > SERVERS)
    return {
        "blocked": found[-1],
        "fill_rate": sum(found[:SERVERS]),
        "balked": sum((1 - join) * p for join, p in zip(joins, found, strict=False)),
        "mean_backlog": queue,
    } | ({"cancel_rate": LEAVES * queue / RATE} if number == 1 else {})


OF_METRICS = {
    "balked": "lost_rate + cancel.told_too_long - blocked",
    "not_served": "lost_rate + cancel_rate",
}


def file(scenario: dict[str, Any], expect: dict[str, float]) -> dict[str, Any]:
    """A file of known answers; some are sums of metrics."""
    told = {
        name: {"metric": OF_METRICS[name], "value": value} if name in OF_METRICS else value
        for name, value in expect.items()
    }
    return {"source": "birth and death process", "scenario": scenario, "expect": told}


@pytest.mark.parametrize("number", [1, 2])
def test_a_queue_with_little_room(number: int, tmp_path: Path):
    expect = answers_of(number)
    found = verdicts(write(tmp_path, file(queue(number), expect)))
    assert found == dict.fromkeys(expect, "agrees")


def test_one_place_more_is_found_out(tmp_path: Path):
    wrong = file(queue(1, ROOM + 1), {"blocked": answers_of(1)["blocked"]})
    assert verdicts(write(tmp_path, wrong)) == {"blocked": "differs"}


def test_a_limit_to_the_backlog_of_a_stock_point(tmp_path: Path):
    """Units on order are a birth and death process; they come one by one."""
    limit, stays = 2, 0.6
    weights = [1.0]
    for n in range(1, 2 + limit + 1):
        weights.append(weights[-1] * 2.0 * (1.0 if n <= 2 else stays) / n)
    found = [weight / sum(weights) for weight in weights]
    scenario = stock_point(
        {"backorder_share": stays},
        {"lead_time": {"exponential": {"mean": 1.0}}},
        {"reorder": {"rule": "base_stock", "S": 2}, "backlog_limit": limit},
        2.0,
    )
    expect = {
        "not_served": (1 - stays) * sum(found[2 : 2 + limit]) + found[2 + limit],
        "mean_backlog": sum((n - 2) * p for n, p in enumerate(found) if n > 2),
        "blocked": found[-1],
    }
    assert verdicts(write(tmp_path, file(scenario, expect))) == dict.fromkeys(expect, "agrees")
