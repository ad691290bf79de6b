"""Random small models: both engines write the same log, and every unit is accounted for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import play
from tests.properties.strategies import models, networks

from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model


@settings(max_examples=examples(300))
@given(models(), st.integers(0, 3))
def test_both_engines_write_the_same_log(model: Model, seed: int):
    play(model, seed)


@settings(max_examples=examples(200))
@given(networks(), st.integers(0, 3))
def test_both_engines_write_the_same_log_of_a_network(model: Model, seed: int):
    log = play(model, seed)
    check_ledger(model, log)
    measure(model, log)


@settings(max_examples=examples(200))
@given(models(dated=True), st.integers(0, 3))
def test_both_engines_write_the_same_log_with_calendars(model: Model, seed: int):
    log = play(model, seed)
    check_ledger(model, log)
    measure(model, log)


@settings(max_examples=examples(100))
@given(networks(dated=True), st.integers(0, 3))
def test_both_engines_write_the_same_log_of_a_network_with_calendars(model: Model, seed: int):
    log = play(model, seed)
    check_ledger(model, log)
    measure(model, log)


@settings(max_examples=examples(40))
@given(models(), st.integers(0, 3))
def test_the_event_log_changes_nothing_else(model: Model, seed: int):
    with_notes, without = play(model, seed, record=True), play(model, seed, record=False)
    for table in ("lines", "purchases", "shipments"):
        assert getattr(with_notes, table).tobytes() == getattr(without, table).tobytes()
    assert with_notes.handled == without.handled
    assert len(without.notes) == 0
