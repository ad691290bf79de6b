"""A part of the kernel that is on and that nothing uses changes nothing.

In the interpreted engine, where a kernel of its own costs nothing.
"""

from __future__ import annotations

from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import IDLE_PRODUCTS, interpreted
from tests.properties.strategies import models, networks

from backsim.engines import setup as beginning
from backsim.engines.link import SWITCHES
from backsim.engines.log import Log
from backsim.results.ledger import check_ledger
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw

ALL = set(SWITCHES) - {"RECORDS"}
OUTCOMES = {
    "lines": ("time", "stock", "units", "filled", "shipped", "left", "status", "closed"),
    "purchases": ("placed", "stock", "units", "status", "arrives", "lead_time", "service"),
    "shipments": ("time", "line", "units"),
    "takebacks": ("time", "line", "units"),
    "substitutions": ("time", "line", "stock", "units", "discount"),
    "reroutes": ("line", "stock"),
    "observations": ("forecast", "units"),
    "site_lines": ("time", "stock", "units", "filled", "shipped", "left", "status", "closed"),
    "stocks": (
        *("on_hand", "reserved", "on_order", "backlog", "received", "waiting", "purchases"),
        *("on_hand_days", "reserved_days", "on_order_days", "ready_days", "clear_days"),
        *("net_days", "net_squared_days"),
    ),
}
"""What happened; not what is only kept where a part is on (dates of purchases, contacts)."""


def without_idle(model: Model) -> Model:
    """The model without the idle stock points that `build` adds, which need every part."""
    given = model.to_dict()
    idle = set(IDLE_PRODUCTS)
    given["products"] = {k: v for k, v in given["products"].items() if k not in idle}
    given["stock"] = [p for p in given["stock"] if not idle & set(p["products"])]
    return from_dict(given, name=model.name)


def assert_same_outcome(one: Log, other: Log) -> None:
    for table, columns in OUTCOMES.items():
        a, b = getattr(one, table), getattr(other, table)
        assert len(a) == len(b), table
        for name in columns:
            assert a[name].tobytes() == b[name].tobytes(), (
                f"{table}.{name}: rows {np.flatnonzero(a[name] != b[name])[:5]}"
            )


def check_that_nothing_changes(model: Model, seed: int) -> None:
    model = without_idle(model)
    tape = draw(model, seed)
    least = interpreted(model, tape, record=False)
    with mock.patch.object(beginning, "switches", return_value=set(ALL)):
        most = interpreted(model, tape, record=False)
    check_ledger(model, least)
    check_ledger(model, most)
    assert_same_outcome(least, most)


@settings(max_examples=30)
@given(models(), st.integers(0, 3))
def test_parts_that_are_on_and_unused_change_nothing(model: Model, seed: int):
    assert not set(SWITCHES) <= beginning.switches(without_idle(model))
    check_that_nothing_changes(model, seed)


@settings(max_examples=20)
@given(networks(), st.integers(0, 3))
def test_parts_that_are_on_and_unused_change_nothing_in_a_network(model: Model, seed: int):
    check_that_nothing_changes(model, seed)
