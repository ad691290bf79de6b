"""How much work a replication is expected to be, and what is refused for it."""

from __future__ import annotations

from typing import Any

import pytest

from backsim import simulate
from backsim.engines.choose import choose
from backsim.errors import InputError
from backsim.scenario.demand.rates import expected_work
from backsim.scenario.load import from_dict
from backsim.scenario.workload import workload
from backsim.streams import draw

SHOP: dict[str, Any] = {
    "horizon": 100,
    "products": "mug",
    "suppliers": {"acme": {"lead_time": 2}},
    "customers": {"gold": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
    "policy": {"reorder": {"rule": "base_stock", "S": 10}},
}
ACME, ARRIVALS = "suppliers.acme", "customers.gold.demand.arrivals"
BUSY = {"servers": 2_000_000_000, "service": 1}

TOO_MUCH: dict[str, tuple[dict[str, Any], str]] = {
    "messages": (
        {f"{ACME}.messages": {"when": "every", "days": 1e-6}},
        "lengthen `suppliers.acme.messages.days`",
    ),
    "notices": ({"policy.notice": {"rule": "every", "days": 1e-6}}, "lengthen `notice.days`"),
    "reviews": ({"policy.review": 1e-6}, "lengthen the review period"),
    "batches": ({"policy.clearing": {"every": 1e-7}}, "lengthen `clearing.every`"),
    "observations": (
        {"policy.observe": {"every": 1e-6}, "policy.forecast": {"rule": "ses", "alpha": 0.1}},
        "lengthen `observe.every`",
    ),
    "outages": ({f"{ACME}.disruptions": {"up": 1e-6, "down": 1e-6}}, "make outages rarer"),
    "servers": (
        {ACME: {"capacity": BUSY, "messages": "exact"}},
        "lower `suppliers.acme.capacity.servers`",
    ),
    "periods": ({ARRIVALS: {"period": {"every": 1e-12}}}, "lower the rates of arrivals"),
    "clusters": (
        {ARRIVALS: {"renewal": {"interval": {"gamma": {"mean": 1, "cv": 1e6}}}}},
        "lower the rates of arrivals",
    ),
    "yields": (
        {f"{ACME}.yield_share": 1e-12, f"{ACME}.lead_time": 1e-9},
        "raise `suppliers.acme.yield_share`",
    ),
    "inquiries": (
        {"customers.gold.inquiries": {"rate": 1, "at_most": 2_000_000_000}},
        "lower `customers.gold.inquiries.at_most`",
    ),
    "judgements": (
        {"customers.gold.goodwill": {"every": 1e-7, "service": [0, 1], "orders": [0.5, 1]}},
        "lengthen `customers.gold.goodwill.every`",
    ),
    "parts": (
        {
            f"{ACME}.parts": {"count": 2_000_000_000, "days": 1e-6},
            "customers.gold.demand.size": 1_000_000,
        },
        "lower `suppliers.acme.parts.count`",
    ),
}


@pytest.mark.parametrize(("changes", "advice"), TOO_MUCH.values(), ids=list(TOO_MUCH))
def test_what_comes_every_instant_is_refused_with_the_field(changes: dict[str, Any], advice: str):
    with pytest.raises(InputError, match=r"horizon: expected at most .* a replication") as error:
        from_dict(SHOP, changes=changes)
    assert f"(shorten `horizon` or {advice}, or raise `limits." in str(error.value)


def test_the_limits_can_be_raised():
    changes: dict[str, Any] = TOO_MUCH["servers"][0]
    limits = {"limits": {"events": 1e12, "memory": 1e6}}
    assert from_dict(SHOP, changes={**changes, **limits}).scenario.suppliers["acme"].capacity


@pytest.mark.parametrize(
    ("changes", "least"),
    [
        ({}, 0.5),
        ({f"{ACME}.messages": {"when": "every", "days": 0.01}}, 0.9),
        ({"policy.notice": {"rule": "every", "days": 0.01}, "policy.reorder.S": 0}, 0.9),
        ({"policy.clearing": {"every": 0.01}}, 0.9),
        (
            {"customers.gold.goodwill": {"every": 0.01, "service": [0, 1], "orders": [0.5, 1]}},
            0.9,
        ),
        ({f"{ACME}.yield_share": 0.4, f"{ACME}.lead_time": 0.02, "horizon": 20}, 0.5),
        ({f"{ACME}.disruptions": {"up": 0.01, "down": 0.01}}, 0.5),
        ({"customers.gold.inquiries": {"rate": 20, "at_most": 90}, "policy.reorder.S": 0}, 0.5),
    ],
    ids=str,
)
def test_the_expected_number_of_events_is_near_that_of_a_run(changes: dict[str, Any], least: float):
    model = from_dict(SHOP, changes=changes)
    expected = sum(
        part.events for part in workload(model, expected_work(model.scenario, model.traces)[1])
    )
    handled = simulate(model, seed=1, engine="simpy").log.handled
    assert least * handled < expected < 2 * handled


def test_orders_of_many_lines_are_played_by_the_compiled_engine():
    demand = "customers.gold.demand"
    assert choose(from_dict(SHOP))[0] == "simpy"
    many = {
        "horizon": 2000,
        f"{demand}.lines": 30,
        f"{demand}.products": [f"p{i}" for i in range(30)],
    }
    model = from_dict(SHOP, changes={"products": [f"p{i}" for i in range(30)], **many})
    assert (model.expected_orders, model.expected_lines) == (4000, 120_000)
    assert choose(model) == ("compiled", "about 120,000 order lines")


def test_renewals_that_vary_much_come_in_clusters():
    """Many more orders than horizon / mean, and the tape has about as many as are expected."""
    interval = {"gamma": {"mean": 1, "cv": 30}}
    model = from_dict(SHOP, changes={ARRIVALS: {"renewal": {"interval": interval}}})
    found = [len(simulate(model, seed=s, engine="simpy").log.lines) for s in range(40)]
    assert 300 < model.expected_orders < 2 * sum(found) / 40
    assert sum(found) / 40 < 3 * model.expected_orders


def test_more_orders_than_there_is_memory_for_are_refused_while_they_are_drawn():
    """An interval that is nearly always nothing, of which no estimate knows enough."""
    limits = {"limits": {"memory": 0.0225}}
    interval = {"gamma": {"mean": 1, "cv": 1300}}
    changes = {**limits, ARRIVALS: {"renewal": {"interval": interval}}, "horizon": 1e-3}
    model = from_dict(SHOP, changes=changes)
    message = r"customers\.gold\.demand\[0\]\.arrivals: .* drew more"
    with pytest.raises(InputError, match=message):
        [draw(model, seed) for seed in range(20)]
