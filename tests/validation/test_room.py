"""Queues with little room, whose answers are known in closed form: a birth and death process.

At most 1 % of right simulations differ in any of the answers that are validated together.
"""

from __future__ import annotations

from typing import Any

import pytest

from backsim.theory import Record, validate
from backsim.theory.records import Unsupported
from backsim.theory.translate import translate

SERVERS, ROOM, RATE = 3, 4, 4.0
LEAVES, BALKS = 0.3, 0.2
QUEUE: dict[str, Any] = {
    "queue": "M/M/s/r",
    "arrival_rate": RATE,
    "service_rate": 1.0,
    "s": SERVERS,
    "r": ROOM,
    "alpha": LEAVES,
    "beta": BALKS,
    "model": 1,
}


def chain(joins: list[float], leaves: float) -> list[float]:
    """Probabilities of n in the system; `joins` is the share of those who find n and join."""
    weights = [1.0]
    for n in range(1, SERVERS + ROOM + 1):
        pace = min(n, SERVERS) + max(0, n - SERVERS) * leaves
        weights.append(weights[-1] * RATE * joins[n - 1] / pace)
    return [weight / sum(weights) for weight in weights]


def record(model: dict[str, Any], metric: str, value: float) -> Record:
    unit = "fraction" if metric.startswith("P_") else "units"
    source = "birth and death process"
    return Record(metric, "own", "11", model, metric, value, unit, "exact", 1e-9, source)


def answers_of(number: int) -> dict[str, float]:
    """Model 1: a share balks, the others have exponential patience.  Model 2: they are told."""
    told = SERVERS / (SERVERS + LEAVES)
    behind = [(1 - BALKS) * (told ** (k + 1) if number == 2 else 1.0) for k in range(ROOM)]
    joins = [1.0] * SERVERS + behind
    found = chain(joins, LEAVES if number == 1 else 0.0)
    queue = sum((n - SERVERS) * p for n, p in enumerate(found) if n > SERVERS)
    return {
        "P_blocked_full": found[-1],
        "P_served_without_wait": sum(found[:SERVERS]),
        "P_balk": sum((1 - join) * p for join, p in zip(joins, found, strict=False)),
        "mean_queue": queue,
    } | ({"P_renege": LEAVES * queue / RATE} if number == 1 else {})


@pytest.mark.parametrize("number", [1, 2])
def test_a_queue_with_little_room(number: int):
    model = QUEUE | {"model": number}
    rows = [record(model, metric, value) for metric, value in answers_of(number).items()]
    assert [(v.id, v.verdict) for v in validate(rows, fast=True)] == [
        (row.metric, "agrees") for row in rows
    ]


def test_one_place_more_is_found_out():
    wrong = record(QUEUE | {"r": ROOM + 1}, "P_blocked_full", answers_of(1)["P_blocked_full"])
    (verdict,) = validate([wrong], fast=True)
    assert verdict.verdict == "differs"


def test_what_is_too_rare_is_passed_over():
    for value, expected in ((1e-5, "skipped"), (0.0, "differs")):
        (verdict,) = validate([record(QUEUE, "P_blocked_full", value)], fast=True)
        assert verdict.verdict == expected


def stock_point(unmet: Any, **parts: Any) -> dict[str, Any]:
    return {
        "review": "continuous",
        "policy": "base_stock",
        "S": 2,
        "demand": {"process": "poisson", "rate": 2.0, "size": 1},
        "lead_time": {"dist": "exponential", "mean": 1.0},
        "unmet_demand": unmet,
        **parts,
    }


def test_a_limit_to_the_backlog_of_a_stock_point():
    """Units on order are a birth and death process; they come one by one."""
    limit, stays = 2, 0.6
    weights = [1.0]
    for n in range(1, 2 + limit + 1):
        weights.append(weights[-1] * 2.0 * (1.0 if n <= 2 else stays) / n)
    found = [weight / sum(weights) for weight in weights]
    lost = (1 - stays) * sum(found[2 : 2 + limit]) + found[2 + limit]
    model = stock_point({"backorder_probability": stays, "backlog_limit": limit})
    rows = [
        record(model, "P_lost", lost),
        record(model, "EB", sum((n - 2) * p for n, p in enumerate(found) if n > 2)),
        record(model, "P_blocked", found[-1]),
    ]
    assert [v.verdict for v in validate(rows, fast=True)] == ["agrees"] * 3


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"demand": {"process": "poisson", "rate": 2, "size": 3}}, "orders of several"),
        (
            {"classes": [{"name": n, "demand": {"process": "poisson", "rate": 1}} for n in "ab"]},
            "a limit to the backlog of one class",
        ),
        ({"unmet_demand": {"backlog_limit": 2, "otherwise": "sent elsewhere"}}, "otherwise is"),
        ({"unmet_demand": "backorder up to 3, else lost"}, "unmet demand"),
        ({"unmet_demand": {"backlog_limit": 1.5}}, "quantities that are not whole numbers"),
    ],
)
def test_limits_that_are_not_understood(parts: dict[str, Any], what: str):
    with pytest.raises(Unsupported, match=what):
        translate(stock_point({"backlog_limit": 2}, **parts))
