"""Processes beside the model, in the SimPy engine."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from tests.models import assert_equal, build, check, inbound, orders, play, tell

import backsim
from backsim.engines import simpy, stuck
from backsim.engines.log import Log
from backsim.engines.simpy import Live
from backsim.entities import CANCELLED, LOST
from backsim.errors import InputError
from backsim.scenario.load import from_dict
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
        build({"a": {"demand": orders((0.5, 1), (1, 1))}}, stock=[{"initial": 3}], horizon=2.5),
        watcher,
    )
    assert seen == [(0.0, 3), (1.0, 2), (2.0, 1)]


def test_an_order_of_a_class_has_what_the_class_says():
    """A class that does not wait loses the order, a due date is a promise to keep."""
    customers = {
        "lost": {"demand": orders((9, 1)), "tolerance": "none", "due_in": 3},
        "patient": {"demand": orders((9, 1)), "tolerance": {"uniform": {"low": 2, "high": 4}}},
    }

    def shopper(live: Live) -> Steps:
        yield live.env.timeout(1)
        live.order("lost", {"mug": 1})
        live.order("lost", {"mug": 1}, tolerance=2, due_in=5)
        for _ in range(50):
            live.order("patient", {"mug": 1})

    log = run(build(customers), shopper)
    first, second, *others = log.lines[:52]
    assert (first["status"], first["due"], first["closed"]) == (LOST, 4, 1)
    assert (second["status"], second["due"], second["closed"]) == (CANCELLED, 6, 3)
    left = [line["closed"] - 1 for line in others]
    assert all(2 <= days <= 4 for days in left)
    assert len(set(left)) == 50  # each customer's own draw
    assert_equal(log, run(build(customers), shopper))


def test_a_customer_beside_the_tape_asks_and_forgives_as_the_class_says():
    customers = {
        "a": {
            "demand": orders((9, 1)),
            "tolerance": 2,
            "informed": {"tolerance": 9, "grace": 1, "broken": {"leaves": 0}},
            "inquiries": {"rate": 5, "at_most": 3},
            "takes_substitute": 1,
        }
    }

    def shopper(live: Live) -> Steps:
        yield live.env.timeout(1)
        live.order("a", {"mug": 1})
        live.order("a", {"mug": 1}, tolerance=4)

    log = run(build(customers, policy={"notice": {"rule": "after_delay", "days": 1}}), shopper)
    one, other = log.contacts[:2]
    assert (one["tolerance"], one["patience"], one["grace"]) == (9, 2, 1)
    assert one["forgives"] > 1000
    assert (other["tolerance"], other["patience"]) == (4, 4)
    assert 1 <= one["inquiries"] <= 3


def test_orders_beside_the_tape_shift_no_number_on_it():
    def shopper(live: Live) -> Steps:
        yield live.env.timeout(29.5)
        live.order("a", {"mug": 1})

    plain, log = run(a_model()), run(a_model(), shopper)
    before = plain.lines["time"] <= 29.5
    assert (log.lines["tolerance"][: before.sum()] == plain.lines["tolerance"][before]).all()


@pytest.mark.parametrize(
    ("after", "on_hand"),
    [(None, 1), ("receipts", 4), ("reviews", 4), ("orders", 2), ("late reviews", 2), ("all", 2)],
)
def test_a_process_may_let_what_the_model_does_at_that_time_happen_first(
    after: str | None, on_hand: int
):
    seen = []

    def watcher(live: Live) -> Steps:
        yield live.at(2, after=after)
        seen.append((live.now, live.stock("mug").on_hand))

    stock = {"initial": 1, "inbound": inbound((2, 3))}
    run(build({"a": {"demand": orders((2, 2))}}, stock=[stock]), watcher)
    assert seen == [(2.0, on_hand)]


def test_a_process_that_never_lets_time_pass_is_stopped(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stuck, "MOST_EVENTS", 1000)

    def busy(live: Live) -> Steps:
        while True:
            yield live.env.timeout(0)

    with pytest.raises(InputError, match="never stops at time 0"):
        run(a_model(), busy)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda live: live.order("a", {"mug": 3e9}), "2,000,000,000 at most"),
        (lambda live: live.order("a", {"mug": 1}, tolerance=-1), "tolerance: expected 0 or more"),
        (lambda live: live.order("a", {"mug": 1}, due_in=float("nan")), "due_in: expected 0"),
        (lambda live: live.at(0.5), "a time from 1 on, got 0.5"),
        (lambda live: live.at(2, after="lunch"), "after: expected one of receipts"),
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


def test_a_supplier_of_ones_own_says_how_long_purchases_take():
    def slow(live: Live) -> Steps:
        live.supply(lambda stock, days, now: days + (5 if now >= 10 else 0))
        yield live.at(30)

    before, after = run(a_model()).purchases, run(a_model(), slow).purchases
    early = after["placed"] < 10
    assert set(after["lead_time"][early]) == {1.0}
    assert set(after["lead_time"][~early]) == {6.0}
    count = early.sum()
    assert (before["placed"][:count] == after["placed"][:count]).all()


def test_an_answer_that_is_no_number_of_days_is_told():
    def wrong(live: Live) -> Steps:
        live.supply(lambda stock, days, now: -1)
        yield live.at(1)

    with pytest.raises(InputError, match=r"extend: supply: expected 0 or more \(days\), got -1"):
        run(a_model(), wrong)


def test_random_numbers_of_ones_own_belong_to_the_replication():
    drawn: list[float] = []

    def gambler(live: Live) -> Steps:
        drawn.append(float(live.generator("dice").random()))
        yield live.at(1)

    model = a_model()
    for replication in (0, 0, 1):
        simpy.run(model, draw(model, 1, replication), extend=[gambler])
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != draw(model, 1).columns["time"][0]


def test_a_process_runs_alongside_each_replication():
    def campaign(live: Live) -> Steps:
        yield live.env.timeout(3)
        live.order("a", {"mug": 2})

    plain = backsim.replicate(a_model(), seed=1, replications=2)
    runs = backsim.replicate(a_model(), seed=1, replications=2, extend=[campaign])
    for run, before in zip(runs, plain, strict=True):
        assert run.engine == "simpy"
        assert len(run.log.lines) == len(before.log.lines) + 1
        assert run.provenance["extend"][0]["process"].endswith("campaign")
    with pytest.raises(InputError, match="require simpy"):
        backsim.replicate(a_model(), replications=1, engine="compiled", extend=[campaign])


def test_a_process_asks_who_stands_before_whom_where_nobody_is_told():
    stay = {"demand": orders((1, {"mug": 1}), (2, {"mug": 2}), (3, {"mug": 4}))}
    scenario = {
        "horizon": 9,
        "products": "mug",
        "suppliers": {"maker": {}},
        "customers": {"a": stay},
        "policy": {"reorder": "none"},
    }
    found = []

    def asks(live: Live) -> Steps:
        yield live.at(5)
        for what in ("units_before", "lines_before"):
            found.append([live.ask(what, live.stock("mug"), index) for index in range(3)])

    backsim.simulate(from_dict(scenario), seed=1, extend=[asks])
    assert found == [[0, 1, 3], [0, 1, 2]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seed": 1.5}, "seed: expected a whole number of 0 or more, got 1.5"),
        ({"seed": "1"}, "seed: expected a whole number of 0 or more, got '1'"),
        ({"seed": 1, "replication": -1}, "replication: expected a whole number of 0 or more"),
        ({"seed": 1, "extend": a_model}, "extend: expected a list of functions"),
        ({"seed": 1, "extend": [3]}, "extend: expected a list of functions"),
        ({"model": 3}, "model: expected a Model, a scenario file or a mapping, got int"),
    ],
    ids=["seed 1.5", "seed as text", "replication -1", "a function", "a number", "no model"],
)
def test_what_simulate_is_given_is_looked_at(given: dict[str, Any], told: str):
    with pytest.raises(InputError, match=told):
        backsim.simulate(**{"model": a_model(), **given})


def test_a_mapping_stands_for_a_model():
    model = a_model()
    runs = [backsim.simulate(given, seed=1) for given in (model, model.to_dict())]
    assert runs[0].log.equals(runs[1].log)
