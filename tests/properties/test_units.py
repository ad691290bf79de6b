"""The same scenario in another unit of time gives the same log up to the unit, in both engines.

So what happens at the same time does so in any unit: an arrival and an order, a review and an
order, a batch run, an outage, the end of a tolerance, a promise and a due date at exactly their
day.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import IDLE_PRODUCTS, build, orders, play
from tests.properties.strategies import models, networks
from tests.units import NoSuchUnit, assert_same, in_unit

from backsim import streams
from backsim.engines import simpy
from backsim.results.metrics import measure
from backsim.rules.priority import PROGRAM
from backsim.scenario.load import load
from backsim.scenario.model import Model

FACTORS = [1 / 24, 1 / 1440, 0.1, 7.0, 30.4, 365 / 12, 1 / 7, 1 / 365, 12 / 365, 24.0, 52.0]
SCENARIOS = sorted(Path("scenarios").glob("*.yaml"))
ORDERS = 150
"""Orders that a scenario is cut down to, about."""


def assert_same_in_unit(model: Model, factor: float, seed: int, engines: Any = simpy.run) -> None:
    """Both models as files: the one in days has gone through the same rewriting."""
    one, other = in_unit(model, 1.0, seed), in_unit(model, factor, seed)
    logs = [engines(m, streams.draw(m, seed)) for m in (one, other)]
    assert_same(*logs, factor)


def counts_by_day(model: Model) -> bool:
    """Whether a program has a day in it that is one in every unit.

    It limits what may leave in a day; or losing a customer costs nothing, which it takes for
    serving a day after the last arrival.
    """
    programs = [
        point.priority.params
        for point in model.scenario.stock
        if point.priority.rule == PROGRAM and point.products[0] not in IDLE_PRODUCTS
    ]
    return any(p["capacity"] or 0.0 in _values(p["lost"]) for p in programs)


def _values(each: Any) -> list[Any]:
    return list(each.values()) if isinstance(each, Mapping) else [each]


@settings(max_examples=examples(300))
@given(models(), st.integers(0, 3), st.sampled_from(FACTORS))
def test_random_models(model: Model, seed: int, factor: float):
    assume(not counts_by_day(model))
    assert_same_in_unit(model, factor, seed)


@settings(max_examples=examples(60))
@given(networks(), st.integers(0, 3), st.sampled_from(FACTORS))
def test_random_networks(model: Model, seed: int, factor: float):
    assume(not counts_by_day(model))
    assert_same_in_unit(model, factor, seed)


@settings(max_examples=examples(15))
@given(models(), st.integers(0, 3), st.sampled_from(FACTORS))
def test_random_models_compiled(model: Model, seed: int, factor: float):
    """The engines agree on each of the two models."""
    assume(not counts_by_day(model))
    one, other = in_unit(model, 1.0, seed), in_unit(model, factor, seed)
    assert_same(play(one, seed), play(other, seed), factor)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario_files(path: Path):
    model = _short(path)
    at = SCENARIOS.index(path)
    for factor in (FACTORS * 2)[at % len(FACTORS) :][:4]:  # all of them, over all files
        try:
            assert_same_in_unit(model, factor, seed=1)
        except NoSuchUnit as error:
            pytest.skip(str(error))


def _short(path: Path) -> Model:
    """A scenario that ends after some hundred orders."""
    if "online_retail" in path.stem and not _has_data(path):
        pytest.skip("its data is not here")
    model = load(path)
    horizon = model.horizon * min(1.0, ORDERS / model.expected_orders)
    return model.replace(horizon=horizon, warm_up=horizon / 10)


def _has_data(path: Path) -> bool:
    try:
        load(path)
    except Exception:
        return False
    return True


# -- every pair of kinds that meet at one instant --------------------------------------------------


def one(*rows: tuple[float, Any], **fields: Any) -> dict[str, Any]:
    return {"a": {"demand": orders(*rows), **fields}}


BASE = {"rule": "base_stock", "S": 3}
DAILY = {"arrivals": {"period": {"every": 1}}, "products": "mug"}
EVERY_DAY = [(float(day), 1) for day in range(12)]
TOLD = {"notice": "at_order", "estimate": "quoted", "initial": 0}
MEETINGS: dict[str, Model] = {
    "arrival and order": build(
        one(*EVERY_DAY), stock=[{"reorder": BASE}], suppliers={"maker": {"lead_time": 3}}
    ),
    "review and order": build(
        one(*EVERY_DAY),
        stock=[{"reorder": BASE, "review": {"period": 1, "after_demand": True}}],
        suppliers={"maker": {"lead_time": 1}},
    ),
    "batch run and arrival": build(
        one(*EVERY_DAY),
        stock=[{"reorder": BASE, "clearing": {"every": 2, "between": False}, "initial": 0}],
        suppliers={"maker": {"lead_time": 2}},
    ),
    "outage and arrival": build(
        one(*EVERY_DAY),
        stock=[{"reorder": BASE}],
        suppliers={
            "maker": {
                "lead_time": 1,
                "capacity": {"servers": 1, "service": 1},
                "disruptions": {"planned": [{"starts": 3, "days": 2}, {"starts": 7, "days": 1}]},
            }
        },
    ),
    "end of tolerance and arrival": build(
        one(*EVERY_DAY, tolerance=3),
        stock=[{"reorder": BASE, "initial": 0}],
        suppliers={"maker": {"lead_time": 3}},
    ),
    "express and due date": build(
        one(
            *EVERY_DAY,
            due_in=3,
            delivery={"days": 2, "express": {"days": 1, "slack": 0}},
        ),
        stock=[{"reorder": BASE, "initial": 0}],
        suppliers={"maker": {"lead_time": 1}},
    ),
    "period of a forecast and order": build(
        one(*EVERY_DAY),
        stock=[
            {
                "reorder": {"rule": "forecast_base_stock", "cover": 3},
                "forecast": {"rule": "moving_average", "window": 3},
                "observe": {"every": 1},
                "review": 1,
            }
        ],
    ),
    "promise and shipment": build(
        one(*EVERY_DAY, informed={"grace": 0, "broken": {"leaves": 1}}),
        stock=[{"reorder": BASE, **TOLD}],
        suppliers={"maker": {"lead_time": 3, "lateness": {"share": 0.5, "days": 1}}},
    ),
    "due date and shipment": build(
        one(*EVERY_DAY, due_in=3),
        stock=[{"reorder": BASE, "initial": 0}],
        suppliers={"maker": {"lead_time": 3}},
    ),
    "quoted date, message and notice": build(
        one(*EVERY_DAY, informed={"tolerance": 4}),
        stock=[{"reorder": BASE, **TOLD, "notice": ["at_order", {"rule": "on_change"}]}],
        suppliers={
            "maker": {
                "lead_time": {"discrete": {"values": [2, 3, 4]}},
                "messages": {"when": "every", "days": 1, "lag": 1},
            }
        },
    ),
    "announced order and arrival": build(
        one(*EVERY_DAY, announced=2),
        stock=[{"reorder": BASE, "initial": 0}],
        suppliers={"maker": {"lead_time": 2}},
    ),
    "part and review": build(
        one(*EVERY_DAY),
        stock=[{"reorder": {"rule": "s_S", "s": 2, "S": 8}, "review": 1}],
        suppliers={"maker": {"lead_time": 1, "parts": {"count": 3, "days": 1}}},
    ),
    "expediting and due purchase": build(
        one(*EVERY_DAY),
        stock=[{"reorder": BASE, "expedite": {"days": 1, "late": 1}, "cancel_late": 2}],
        suppliers={"maker": {"lead_time": 2, "lateness": {"share": 0.5, "days": 3}}},
    ),
    "transfer and order": build(
        {"a": {"demand": {**DAILY, "sites": "north"}}},
        sites=["north", "south"],
        stock=[
            {
                "sites": ["north"],
                "reorder": BASE,
                "transfers": {"sites": "south", "when": "at_stock_out", "days": 1},
            },
            {"sites": ["south"], "reorder": BASE},
        ],
        suppliers={"maker": {"lead_time": 3}},
    ),
    "site's purchase and review": build(
        {"a": {"demand": {**DAILY, "sites": "north"}}},
        sites=["north", "south"],
        stock=[
            {"sites": ["north"], "supplier": {"site": "south", "transport": 2}, "reorder": BASE},
            {"sites": ["south"], "reorder": BASE, "review": 1},
        ],
        suppliers={"maker": {"lead_time": 1}},
    ),
}
RULES = ["urgency_ageing", "weighted_slack", "earliest_due", "least_cancel_time", "lifo"]
for _rule in RULES:
    MEETINGS[f"equal keys of {_rule}"] = build(
        {
            "a": {"demand": orders(*EVERY_DAY), "due_in": 3, "tolerance": 9},
            "b": {"demand": orders(*EVERY_DAY), "due_in": 1, "tolerance": 7, "priority": 2},
        },
        stock=[
            {
                "reorder": {"rule": "base_stock", "S": 1},
                "priority": {"rule": _rule, **({"rate": 0.1} if "age" in _rule else {})},
            }
        ],
        suppliers={"maker": {"lead_time": 4, "capacity": {"units_per_day": 1.5}}},
    )


@pytest.mark.parametrize("what", MEETINGS)
def test_what_meets_at_one_instant(what: str):
    one_day = in_unit(MEETINGS[what], 1.0)
    log = simpy.run(one_day, streams.draw(one_day, 2))
    for factor in [*FACTORS, 1 / 30.4, 4 / 1461, 3.14159]:
        other = in_unit(MEETINGS[what], factor)
        assert_same(log, simpy.run(other, streams.draw(other, 2)), factor)


@pytest.mark.parametrize("what", ["promise and shipment", "transfer and order"])
def test_what_meets_at_one_instant_compiled(what: str):
    model = in_unit(MEETINGS[what], 30.4)
    assert_same(play(in_unit(MEETINGS[what], 1.0), 2), play(model, 2), 30.4)


@pytest.mark.parametrize("factor", FACTORS)
def test_metrics_that_look_at_days(factor: float):
    """Otif, promises and express compare dates of the grid with dates of the grid."""
    shares = ("otif", "promise_kept", "express_rate", "cancel_rate", "fill_rate")
    for what in ("express and due date", "due date and shipment", "promise and shipment"):
        found = []
        for model in (MEETINGS[what], in_unit(MEETINGS[what], factor)):
            metrics = measure(model, simpy.run(model, streams.draw(model, 2)))
            found.append([metrics[name] for name in shares])
        assert found[0] == pytest.approx(found[1], nan_ok=True, abs=1e-12)
