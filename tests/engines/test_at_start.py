"""The tables that a compiled run starts with are worked out once for all replications."""

from __future__ import annotations

import gc

import pytest
from tests.experiment.shop import shop

from backsim.engines import at_start as at_start_module
from backsim.engines.at_start import at_start
from backsim.engines.initial_state.start import Setup
from backsim.scenario.model import Model
from backsim.streams import draw


def start(model: Model, replication: int) -> dict[str, bytes]:
    tables = at_start(model, (), draw(model, 1, replication)).tables
    return {name: table.tobytes() for name, table in tables.items()}


def is_kept(model: Model) -> bool:
    return any(key[0] == "at start" for key in model.kept)


def test_every_replication_starts_as_that_of_a_new_model() -> None:
    model = shop()
    for replication in range(3):
        assert start(model, replication) == start(shop(), replication)
    assert is_kept(model)


def test_what_a_run_changes_is_its_own() -> None:
    model, tape = shop(), draw(shop(), 1)
    at_start(model, (), tape)
    at_start(model, (), tape).tables["stocks"]["on_hand"] = -1
    assert start(model, 0) == start(shop(), 0)


def test_a_start_that_is_drawn_is_worked_out_each_time() -> None:
    inbound = {"units": 4, "arrives": {"exponential": {"mean": 3}}}
    model = shop(stock=[{"initial": 9, "inbound": [inbound]}])
    assert start(model, 0)["purchases"] != start(model, 1)["purchases"]
    assert not is_kept(model)


def test_what_one_agent_adds_another_does_not_have() -> None:
    model, tape = shop(), draw(shop(), 1)

    def first(setup: Setup) -> None:
        setup.events.append((0.5, 0, 0))

    def second(setup: Setup) -> None:
        setup.events.append((0.5, 0, 1))

    one, two = (at_start(model, (), tape, prepare).tables for prepare in (first, second))
    assert one["events"].tobytes() != two["events"].tobytes()
    assert at_start(model, (), tape, first).tables["events"].tobytes() == one["events"].tobytes()


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsim.engines.at_start.MOST_HELD", 0)
    model = shop()
    assert start(model, 0) == start(shop(), 0)
    assert not is_kept(model)


def test_what_is_kept_is_free_with_its_model() -> None:
    gc.collect()  # what other tests have left
    before = at_start_module._held.bytes
    model = shop()
    start(model, 0)
    assert at_start_module._held.bytes > before
    del model
    gc.collect()
    assert at_start_module._held.bytes == before
