"""The ledger notices a unit that appears or vanishes, wherever it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import backsim
from backsim.engines.choose import play
from backsim.engines.log import Log
from backsim.errors import LedgerError
from backsim.results.ledger import check_ledger
from backsim.scenario import Model
from backsim.scenario.load import from_dict
from backsim.streams import draw


@pytest.fixture(scope="module")
def model() -> Model:
    """Two products; customers who wait, leave, and want whole orders."""
    return from_dict(
        {
            "horizon": 100,
            "products": ["mug", "plate"],
            "suppliers": {"acme": {"lead_time": {"exponential": {"mean": 4}}}},
            "customers": {
                "whole": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 3}},
                        "products": ["mug", "plate"],
                        "lines": 2,
                        "size": {"geometric": {"mean": 3}},
                    },
                    "shipment": "order",
                    "tolerance": {"exponential": {"mean": 5}},
                }
            },
            "policy": {"reorder": {"rule": "s_S", "s": 20, "S": 40}},
        }
    )


@pytest.fixture
def log(model: Model) -> Log:
    """A log whose tables may be changed."""
    fresh = play(model, draw(model, 1), "simpy")
    names = ("lines", "purchases", "shipments", "stocks")
    return replace(fresh, **{name: getattr(fresh, name).copy() for name in names})


def test_a_true_log_passes(model: Model, log: Log) -> None:
    check_ledger(model, log)
    assert log.stocks["reserved"].sum() >= 0
    assert (log.lines["left"] > 0).any()


@pytest.mark.parametrize(
    ("table", "field", "message"),
    [
        ("lines", "open", "ordered = shipped"),
        ("lines", "shipped", "ordered = shipped"),
        ("lines", "left", "ordered = shipped"),
        ("lines", "reserved", "ordered = shipped"),
        ("shipments", "units", "shipped later = shipments logged"),
        (
            "stocks",
            "on_hand",
            "initial + received + returned = shipped + expired + recalled + on hand",
        ),
        (
            "stocks",
            "initial",
            "initial + received + returned = shipped + expired + recalled + on hand",
        ),
        (
            "stocks",
            "received",
            "initial + received + returned = shipped + expired + recalled + on hand",
        ),
        ("stocks", "backlog", "backlog = open units"),
        ("stocks", "reserved", "reserved = reserved units"),
        ("stocks", "on_order", "on order = units of purchases"),
        ("purchases", "units", "units of purchases"),
    ],
)
def test_one_unit_too_many_is_noticed(
    model: Model, log: Log, table: str, field: str, message: str
) -> None:
    rows = getattr(log, table)
    late = np.flatnonzero(rows["filled"] != rows["units"]) if table == "lines" else [0]
    rows[field][late[0]] += 1
    with pytest.raises(LedgerError, match="ledger: ") as caught:
        check_ledger(model, log)
    assert message in str(caught.value)


def test_units_that_agree_and_are_below_zero_are_noticed(model: Model, log: Log) -> None:
    log.stocks["received"][1] -= 10_000
    log.stocks["on_hand"][1] -= 10_000
    with pytest.raises(LedgerError, match="plate at main: on hand of 0 or more units: -"):
        check_ledger(model, log)


def test_the_line_is_named_by_its_number_in_the_log(model: Model, log: Log) -> None:
    late = np.flatnonzero(log.lines["filled"] != log.lines["units"])
    log.lines["open"][late[1]] += 1
    assert late[1] > 1
    with pytest.raises(LedgerError, match=rf"^ledger: line {late[1]}: ordered = "):
        check_ledger(model, log)


def test_the_stock_point_is_named(model: Model, log: Log) -> None:
    log.stocks["on_hand"][1] -= 1
    with pytest.raises(LedgerError, match="plate at main: initial"):
        check_ledger(model, log)


def test_a_fault_in_a_process_beside_the_model_is_noticed(model: Model) -> None:
    def thief(live):  # type: ignore[no-untyped-def]
        yield live.env.timeout(50)
        live.stock("mug").on_hand -= 1

    with pytest.raises(LedgerError, match="mug at main"):
        backsim.simulate(model, seed=1, extend=[thief])
