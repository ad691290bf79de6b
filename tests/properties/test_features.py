"""A part of the kernel that is on and that nothing uses changes nothing.

In the interpreted engine, where a kernel of its own costs nothing.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.models import IDLE_PRODUCTS, all_parts, assert_same_outcome, interpreted
from tests.properties.strategies import models, networks

from backsim.engines import setup as beginning
from backsim.engines.link import SWITCHES
from backsim.results.ledger import check_ledger
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw


def without_idle(model: Model) -> Model:
    """The model without the idle stock points that `build` adds, which need every part."""
    given = model.to_dict()
    idle = set(IDLE_PRODUCTS)
    given["products"] = {k: v for k, v in given["products"].items() if k not in idle}
    given["stock"] = [p for p in given["stock"] if not idle & set(p["products"])]
    return from_dict(given, name=model.name)


def check_that_nothing_changes(model: Model, seed: int) -> None:
    model = without_idle(model)
    tape = draw(model, seed)
    least = interpreted(model, tape, record=False)
    with all_parts():
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
