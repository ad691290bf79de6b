"""Tables grow when they are full; nothing is written past their end."""

from __future__ import annotations

from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.models import assert_equal, build, check, inbound, orders, play

from backsim.engines import compiled, event_loop, simpy
from backsim.engines.capacity import NEEDS, ROOMY, rows_needed
from backsim.engines.extents import EXTENT
from backsim.engines.link import SWITCHES
from backsim.entities import NOTES, Growth, Totals
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw

FIRST = 1024
"""Rows of a table at first."""


def every(days: float, **fields: Any) -> dict[str, Any]:
    return {"arrivals": {"period": {"every": days, "first": days}}, "products": "mug", **fields}


def count(log: Any, what: str) -> int:
    return int((log.notes["what"] == NOTES.index(what)).sum())


def base(level: int) -> dict[str, Any]:
    return {"rule": "base_stock", "S": level}


def long_waits() -> Model:
    """Customers of whom most wait, and purchases that are long under way."""
    return build(
        {"a": {"demand": every(0.01), "tolerance": 25}},
        stock=[{"reorder": base(5)}],
        suppliers={"maker": {"lead_time": {"uniform": {"low": 20, "high": 30}}}},
        horizon=60,
    )


def test_every_table_grows():
    """Purchases, draws, events and shipments: each passes its first size more than once."""
    log = play(long_waits())
    assert min(len(log.purchases), len(log.shipments), len(log.notes)) > 2.5 * FIRST


def test_a_second_run_of_a_model_has_its_draws_from_the_start(monkeypatch: pytest.MonkeyPatch):
    dealt = []
    deal = compiled.CompiledRun.deal_draws
    monkeypatch.setattr(
        compiled.CompiledRun, "deal_draws", lambda run: (dealt.append(run), deal(run))
    )
    model = build(
        {"a": {"demand": every(0.01)}},
        stock=[{"reorder": base(5)}],
        suppliers={"maker": {"lead_time": {"uniform": {"low": 2, "high": 3}}}},
        horizon=60,
    )
    logs = []
    for replication in (0, 0, 1):
        logs.append(compiled.run(model, draw(model, 1, replication)))
        dealt.append(None)
    first, second, third = "".join("d" if run else " " for run in dealt).split()
    assert len(first) > len(second) == len(third) == 1
    assert logs[0].digest == logs[1].digest


def test_a_second_run_of_a_model_has_its_room_from_the_start():
    """A table grows a few times in a first run, and never in one that needs no more."""
    model = long_waits()
    runs, logs = [], []
    for _ in range(2):
        run = compiled.CompiledRun(model, draw(model, 1), record=True)
        logs.append(run.run())
        runs.append(run)
    first, second = runs
    assert first.grew >= {"shipments", "notes"}
    assert not second.grew
    assert logs[0].digest == logs[1].digest


def test_draws_are_dealt_anew_for_servers_too():
    model = build(
        {"a": {"demand": every(0.01)}},
        stock=[{"reorder": base(5)}],
        suppliers={
            "maker": {
                "lead_time": {"exponential": {"mean": 1}},
                "capacity": {"servers": 1, "service": {"exponential": {"mean": 0.009}}},
            }
        },
        horizon=30,
    )
    assert len(play(model, record=False).purchases) > 2.5 * FIRST


def test_one_arrival_serves_thousands():
    model = build(
        {"a": {"demand": every(0.001)}},
        stock=[{"initial": 0, "inbound": inbound((5, 10_000))}],
        horizon=6,
    )
    assert len(play(model).shipments) == 4999


def test_orders_of_many_lines_are_shipped_whole_at_one_instant():
    # 60 orders of 40 lines; each lacks one unit of the rarest product.
    products = [f"p{i:02}" for i in range(40)]
    written = [{"time": t / 100, "lines": dict.fromkeys(products, 1)} for t in range(60)]
    model = build(
        {"a": {"demand": {"orders": written}, "shipment": "order"}},
        products=products,
        stock=[
            {"products": products[:39], "initial": 60},
            {"products": products[39:], "initial": 0, "inbound": inbound((5, 60))},
        ],
    )
    for record in (True, False):
        assert len(play(model, record=record).shipments) == 60 * 40


def test_one_customer_withdraws_thousands_of_purchases():
    model = build(
        {
            "large": {"demand": orders((0.0005, 4000)), "tolerance": 4.5},
            "small": {"demand": every(0.001)},
        },
        stock=[{"reorder": base(0), "withdraw": True}],
        suppliers={"maker": {"lead_time": 50}},
        horizon=6,
    )
    log = play(model)
    assert count(log, "withdraw") > 3 * FIRST


def test_long_queues_in_which_customers_leave():
    model = build(
        {
            "patient": {"demand": every(0.02), "priority": 2},
            "hasty": {
                "demand": {"arrivals": {"poisson": {"rate": 60}}, "products": "mug"},
                "tolerance": {"exponential": {"mean": 3}},
            },
        },
        stock=[
            {
                "reorder": base(0),
                "priority": "class_priority",
                "rationing": {"rule": "critical_level", "levels": {"patient": 2}},
            }
        ],
        suppliers={"maker": {"capacity": {"units_per_day": 80}, "lead_time": 2}},
        horizon=12,
    )
    log = play(model)
    assert log.stocks[-1]["waiting"] > 100


def test_huge_quantities():
    large = 1_000_000_000
    model = build(
        {"a": {"demand": orders((1, large), (2, large), (3, large)), "priority": 1}},
        stock=[{"initial": large, "inbound": inbound((4, large), (5, large))}],
    )
    log = play(model)
    assert log.stocks[-1]["received"] == 2 * large
    assert (log.lines["shipped"] == large).all()


def test_a_purchase_larger_than_any_order():
    large = 1_000_000_000
    model = build(
        {"a": {"demand": orders((1, large), (2, large), (3, large))}},
        stock=[{"reorder": base(0), "review": {"period": 4, "first": 4}}],
        suppliers={"maker": {"lead_time": 2.5}},
    )
    log = play(model)
    assert log.purchases["units"].tolist() == [3 * large]
    assert (log.lines["closed"] == 6.5).all()


def test_an_empty_tape():
    for stock in ({}, {"reorder": base(3), "review": 1, "initial": 0}):
        model = build({"a": {"demand": orders((99, 1))}}, stock=[stock])
        for record in (True, False):
            assert len(play(model, record=record).lines) == 0


def test_one_tape_serves_several_runs():
    """A run changes nothing on its tape."""
    model = build(
        {"a": {"demand": every(0.1, size={"geometric": {"mean": 2}}), "tolerance": 1}},
        stock=[{"reorder": base(5)}],
        suppliers={"maker": {"lead_time": {"gamma": {"mean": 1, "cv": 1}}}},
    )
    tape = draw(model, 1)
    before = tape.lines.tobytes()
    logs = [engine.run(model, tape) for engine in (compiled, simpy, compiled, simpy)]
    for log in logs:
        assert_equal(logs[0], log)
        check(model, log)
    assert tape.lines.tobytes() == before


def test_a_run_takes_back_thousands_of_lines():
    """Whole orders that each lack a plate: at every run all their mugs are taken back."""
    demand = {
        "arrivals": {"poisson": {"rate": 900}},
        "products": ["mug", "plate"],
        "lines": 2,
    }
    customers = {"a": {"demand": demand, "shipment": "order"}}
    stock = [
        {"products": ["mug"], "initial": 5000},
        {"products": ["plate"], "initial": 100},
    ]
    clearing = {"every": 1, "reallocate": True}
    model = build(
        customers,
        products=("mug", "plate"),
        stock=stock,
        policy={"clearing": clearing},
        horizon=3.5,
    )
    log = play(model, record=False)
    assert len(log.reallocations) > 2000


def test_thousands_of_substitutes():
    demand = {"arrivals": {"poisson": {"rate": 900}}, "products": "mug"}
    products = {"mug": {"substitutes": "cup"}, "cup": {}}
    stock = [{"products": ["mug"], "initial": 0}, {"products": ["cup"], "initial": 9000}]
    log = play(build({"a": {"demand": demand}}, products=products, stock=stock, horizon=5))
    assert len(log.substitutions) == len(log.lines) > 4000


def test_row_0_of_the_events_is_not_the_heaps() -> None:
    """The heap has rows 1 to `pending`: with room for one event, a table of n + 1 rows is full."""

    names = dict.fromkeys(SWITCHES, False)
    for tells in (False, True):
        scope = {**vars(event_loop), **names, "INFORMS": tells}
        scope["rows_needed"] = FunctionType(rows_needed.__code__, scope)
        has_room = FunctionType(event_loop.has_room.__code__, scope)  # type: ignore[attr-defined]
        needs = np.zeros(1, NEEDS).view(np.recarray)
        extents = np.zeros(len(ROOMY), EXTENT).view(np.recarray)
        world = SimpleNamespace(
            totals=[Totals()],
            clock=[SimpleNamespace(pending=3)],
            growth=[Growth(spare=1, lines=1)],
            needs=needs,
            rows_needed_of=needs.view(np.int64),
            extents=extents,
        )
        needed = 3 + 2 + tells  # a purchase, one held behind it, a notice to who waits
        extents.room = [needed, *[99] * (len(ROOMY) - 1)]
        assert not has_room(world, 1)
        extents.room[0] += 1
        assert has_room(world, 1)


def test_a_second_run_of_a_network_has_room_for_a_longer_tape() -> None:
    """The first needs more rows than its tape has lines, and fewer than the second tape has."""
    parts = [f"part {i}" for i in range(10)]
    bursts = {"discrete": {"values": [0.01, 200], "weights": [0.9995, 0.0005]}}
    demand = {"products": "kit", "arrivals": {"renewal": {"interval": bursts}}}
    model = from_dict(
        {
            "horizon": 120,
            "products": ["kit", *parts],
            "suppliers": {"maker": {"lead_time": 1}},
            "customers": {"c": {"demand": demand}},
            "policy": {"reorder": base(5)},
            "stock": [
                {"products": parts},
                {"products": "kit", "made_from": dict.fromkeys(parts, 1), "lead_time": 0.5},
            ],
        }
    )
    short, long = draw(model, 1), draw(model, 33)
    needed = len(compiled.run(model, short).site_lines) + len(short)
    assert len(short) < needed < len(long)
    assert len(compiled.run(model, long).site_lines) == 10 * len(long)
