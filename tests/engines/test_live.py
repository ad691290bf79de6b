"""Processes beside the model, in the SimPy engine."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from tests.models import assert_equal, build, check, orders, play, tell

from backsim.engines import simpy
from backsim.engines.log import Log
from backsim.engines.simpy import Live
from backsim.errors import InputError
from backsim.scenario.model import Model
from backsim.streams import draw

Steps = Generator[Any, Any, None]


def a_model() -> Model:
    demand = {
        "arrivals": {"poisson": {"rate": 2}},
        "products": ["mug", "plate"],
        "lines": {"discrete": {"values": [1, 2]}},
    }
    return build(
        {
            "a": {"demand": demand, "tolerance": {"exponential": {"mean": 2}}},
            "b": {"demand": demand, "shipment": "order", "tolerance": 3},
        },
        products=("mug", "plate"),
        stock=[{"reorder": {"rule": "base_stock", "S": 3}, "withdraw": True}],
        suppliers={"maker": {"lead_time": 1, "capacity": {"servers": 1, "service": 0.2}}},
        horizon=30,
    )


def run(model: Model, *processes: Any) -> Log:
    log = simpy.run(model, draw(model, 1), record=True, extend=processes)
    check(model, log)
    return log


def test_a_process_that_does_nothing_changes_nothing():
    def idle(live: Live) -> Steps:
        while True:
            yield live.env.timeout(0.7)

    assert_equal(run(a_model(), idle), play(a_model()))


def test_extra_orders_and_purchases_are_accounted_for():
    def campaign(live: Live) -> Steps:
        for day in range(9):
            yield live.env.timeout(3)
            live.order("a", {"mug": 2 + day % 3, "plate": 1}, tolerance=1.5)
            live.order("b", {"mug": 1, "plate": 7})

    def buyer(live: Live) -> Steps:
        yield live.env.timeout(0.5)
        while True:
            live.purchase("plate", 4)
            yield live.env.timeout(5)

    plain, log = run(a_model()), run(a_model(), campaign, buyer)
    assert len(log.lines) == len(plain.lines) + 9 * 4
    assert log.lines["units"].sum() == plain.lines["units"].sum() + sum(
        11 + d % 3 for d in range(9)
    )
    assert log.handled > plain.handled
    bought = log.purchases[log.purchases["placed"] == 0.5]
    assert bought["units"].tolist() == [4]


def test_a_process_acts_before_the_model_at_the_same_instant():
    def first(live: Live) -> Steps:
        yield live.env.timeout(2)
        live.order("a", {"mug": 1})

    log = run(build({"a": {"demand": orders((2, 1))}}, stock=[{"initial": 1}]), first)
    assert tell(log)[:2] == ["2 order 0 1", "2 ship 0 1"]
    assert log.lines["filled"].tolist() == [1, 0]


def test_a_process_sees_the_stock():
    seen = []

    def watcher(live: Live) -> Steps:
        while True:
            seen.append((live.now, live.stock("mug").on_hand))
            yield live.env.timeout(1)

    run(
        build({"a": {"demand": orders((0.5, 1), (1, 1))}}, stock=[{"initial": 3}], horizon=2),
        watcher,
    )
    assert seen == [(0.0, 3), (1.0, 2), (2.0, 1)]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda live: live.order("nobody", {"mug": 1}), "customer class"),
        (lambda live: live.order("a", {"cup": 1}), "stock point"),
        (lambda live: live.order("a", {"mug": 0}), "1 unit or more"),
        (lambda live: live.order("a", {"mug": 1.5}), "whole number"),
        (lambda live: live.purchase("mug", -3), "1 unit or more"),
        (lambda live: live.purchase("mug", 1, "moon"), "stock point"),
    ],
)
def test_what_cannot_be_is_refused(act: Any, message: str):
    def wrong(live: Live) -> Steps:
        yield live.env.timeout(1)
        act(live)

    model = build({"a": {"demand": orders((2, 1))}})
    with pytest.raises(InputError, match=message):
        simpy.run(model, draw(model, 1), extend=[wrong])
