"""Promises at the moment at which something else ends: reckoned by hand, in both engines."""

from __future__ import annotations

from typing import Any

import pytest

import backsim
from backsim.results.run import Run
from backsim.scenario.load import from_dict

ENGINES = pytest.mark.parametrize("engine", ["simpy", "compiled"])


def play(engine: str, **scenario: Any) -> Run:
    return backsim.simulate(from_dict(scenario), seed=1, engine=engine)


def asks(time: float, **lines: int) -> dict[str, Any]:
    return {"orders": [{"time": time, "lines": lines}]}


@ENGINES
@pytest.mark.parametrize(
    ("informed", "broken"),
    [
        ({}, 1),
        ({"grace": 0.001}, 1),
        ({"broken": {"leaves": 0}}, 1),
        ({"tolerance": 2}, 0),  # leaves when told, so that no promise ever passes
    ],
)
def test_a_promise_that_makes_the_customer_leave_is_broken(
    engine: str, informed: dict[str, Any], broken: int
) -> None:
    run = play(
        engine,
        horizon=20,
        products="mug",
        suppliers={"maker": {"lead_time": 5}},
        customers={"c": {"demand": asks(1, mug=1), "informed": informed}},
        policy={"reorder": "none", "notice": "at_order", "estimate": {"rule": "fixed", "days": 3}},
        stock=[{"products": "mug", "initial": 0}],
        costs={"broken_promise": 100},
    )
    assert run.metrics["cost.goodwill"] == pytest.approx(100 * broken / 20)


@ENGINES
@pytest.mark.parametrize("tolerance", [10, "unlimited"])
def test_the_date_after_a_substitute_is_that_of_what_still_waits(
    engine: str, tolerance: float | str
) -> None:
    """On day 8 the slow line's date moves beyond all tolerance; its substitute is there."""
    slow = {"lead_time": 5, "lateness": {"share": 1, "days": 20}, "messages": "at_due"}
    run = play(
        engine,
        horizon=40,
        products={"a": {"price": 10}, "b": {"price": 8, "substitutes": "s"}, "s": {"price": 8}},
        suppliers={"maker": {"lead_time": 20}, "slow": slow},
        customers={
            "c": {
                "demand": asks(2, a=1, b=1),
                "informed": {"tolerance": tolerance, "grace": "unlimited"},
            }
        },
        policy={
            "reorder": "none",
            "substitution": "when_late",
            "notice": ["at_order", {"rule": "every", "days": 2}],
            "estimate": "live",
        },
        stock=[
            {
                "products": "a",
                "initial": 0,
                "supplier": "maker",
                "inbound": [{"units": 1, "arrives": 11}],
            },
            {
                "products": "b",
                "initial": 0,
                "supplier": "slow",
                "reorder": {"rule": "base_stock", "S": 1},
            },
            {
                "products": "s",
                "initial": 0,
                "supplier": "maker",
                "inbound": [{"units": 4, "arrives": 3}],
            },
        ],
    )
    assert run.metrics["cancel_rate"] == 0
    assert run.metrics["revenue"] == pytest.approx(18 / 40)
    assert set(run.notices["promise"]) == {11.0}


@ENGINES
@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ({"when": "every", "days": 2}, [(1, 7), (2, 30)]),
        ("exact", [(1, 30)]),
        ({"when": "on_delay"}, [(1, 7), (15, 30)]),
        ("at_due", [(1, 7), (7, 30)]),
    ],
    ids=str,
)
def test_a_supplier_speaks_of_what_was_under_way_at_the_start(
    engine: str, messages: Any, told: list[tuple[float, float]]
) -> None:
    """A purchase that is expected on day 7 and comes on day 30, ordered nobody knows when."""
    run = play(
        engine,
        horizon=40,
        products="b",
        suppliers={"maker": {"lead_time": 30, "messages": messages}},
        customers={"c": {"demand": asks(1, b=1), "informed": {"grace": "unlimited"}}},
        policy={
            "reorder": "none",
            "notice": ["at_order", {"rule": "on_change", "threshold": 1}],
            "estimate": "live",
        },
        opening={"purchases": [{"product": "b", "units": 1, "arrives": 30, "expected": 7}]},
        stock=[{"products": "b", "initial": 0}],
    )
    assert list(zip(run.notices["time"], run.notices["promise"], strict=True)) == told
