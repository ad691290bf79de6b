"""Runs in which events lead to each other while no time passes: stopped, with the stock point."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders

from backsim import streams
from backsim.engines import compiled, simpy, stuck
from backsim.errors import InputError


def order_for_ever() -> Any:
    """One unit is missing; of each unit that is bought, less than half is good."""
    return build(
        {"a": {"demand": orders((3, 1))}},
        products=("mug", "plate"),
        stock=[{"products": "mug", "reorder": {"rule": "base_stock", "S": 1}}],
        suppliers={"maker": {"yield_share": 0.4}},
    )


@pytest.mark.parametrize("engine", [simpy, compiled], ids=["simpy", "compiled"])
def test_a_purchase_that_leads_to_the_next_for_ever_is_stopped(
    engine: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stuck, "MOST_EVENTS", 5000)
    model = order_for_ever()
    with pytest.raises(InputError, match=r"mug at main: more than 5,000 events at time 3.*yield"):
        engine.run(model, streams.draw(model, 1))


def test_many_orders_that_are_known_at_the_start_are_no_reason_to_stop(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(stuck, "MOST_EVENTS", 100)
    classes = {"a": {"demand": orders(*[(3.0, 1)] * 3000), "announced": 5}}
    model = build(classes, stock=[{"reorder": {"rule": "base_stock", "S": 1}}])
    for engine in (simpy, compiled):
        log = engine.run(model, streams.draw(model, 1))
        assert len(log.purchases) == 3000


def test_many_customers_at_one_instant_are_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stuck, "MOST_EVENTS", 100)
    rows = [(3.0, 1)] * 3000
    stock = [{"reorder": {"rule": "base_stock", "S": 1}}]
    model = build({"a": {"demand": orders(*rows)}}, stock=stock)
    for engine in (simpy, compiled):
        log = engine.run(model, streams.draw(model, 1))
        assert len(log.purchases) == 3000
