"""The bound in hindsight: against all clearings of tiny histories, and below every rule."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples
from tests.models import build, built_in, inbound, orders, use
from tests.properties.strategies import models

from backsim.engines import simpy
from backsim.errors import InputError
from backsim.hindsight import TERMS, bound, bound_of, prices, regrets
from backsim.hindsight.program import History, Window, least_cost
from backsim.hindsight.program import histories as all_histories
from backsim.results.run import Run, play_and_check
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw

INF = float("inf")
COSTS = {"holding": 0.5, "backorder_time": 2, "backorder_unit": 3, "lost_margin": 7}
RATES = st.sampled_from([0.0, 0.5, 1.0, 3.0])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to three receipts and four lines of one or two units, in two groups."""
    count, epochs = draw(st.integers(0, 4)), draw(st.integers(1, 3))
    times = sorted(draw(st.lists(st.integers(0, 6), min_size=count, max_size=count)))
    told = draw(st.booleans())
    of_waits = st.sampled_from([0, INF] if told else [0, 1, 2, 4, INF])
    waits = draw(st.lists(of_waits, min_size=count, max_size=count))
    later = draw(st.lists(st.integers(1, 6), min_size=epochs - 1, max_size=epochs - 1, unique=True))
    pair = st.lists(RATES, min_size=2, max_size=2).map(np.array)
    group = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    units = draw(st.lists(st.integers(1, 2), min_size=count, max_size=count))
    return History(
        window=Window(draw(st.sampled_from([0.0, 1.5])), 6.0),
        epochs=np.array([0, *sorted(later)], float),
        receipts=np.array(
            draw(st.lists(st.integers(0, 3), min_size=epochs, max_size=epochs)), float
        ),
        time=np.array(times, float),
        until=np.array(times, float) + np.array(waits, float),
        units=np.array(units, float),
        group=np.array(group, np.int64),
        per_day=draw(pair),
        per_unit=draw(pair),
        margin=draw(pair),
        shipment=np.array(draw(st.lists(RATES, min_size=count, max_size=count)), float),
        holding=draw(RATES),
        told=told,
    )


def by_trying_all(history: History) -> float:
    """The least cost, by giving each single unit that is wanted to each receipt or none."""
    start, end = history.window.start, history.window.end
    wanted = [i for i, units in enumerate(history.units) for _ in range(int(units))]

    def days(since: float, until: float) -> float:
        return max(0.0, min(until, end) - max(since, start))

    def cost(line: int, shipped: float | None) -> float:
        if shipped is not None or not history.told or history.until[line] == history.time[line]:
            return cost_until(line, shipped, history.until[line])
        soon = np.nextafter(history.time[line], INF)  # who is told dates may go at any time
        return min(cost_until(line, None, soon), cost_until(line, None, history.until[line]))

    def cost_until(line: int, shipped: float | None, until: float) -> float:
        time, group = history.time[line], history.group[line]
        counted, total = time >= start, 0.0
        gone = min(until, end) if shipped is None else shipped
        total += history.per_day[group] * days(time, gone)
        if counted and (gone > time or (shipped is None and until > time)):
            total += history.per_unit[group]
        if counted and shipped is None and until < end:
            total += history.margin[group]
        if shipped is None:
            return total
        return total + history.shipment[line] - history.holding * days(shipped, INF)

    @lru_cache(None)
    def least(place: int, left: tuple[int, ...]) -> float:
        if place == len(wanted):
            return 0.0
        line = wanted[place]
        best = cost(line, None) + least(place + 1, left)
        for k, epoch in enumerate(history.epochs):
            if left[k] and epoch <= min(history.until[line], end):
                shipped = max(epoch, history.time[line])
                rest = (*left[:k], left[k] - 1, *left[k + 1 :])
                best = min(best, cost(line, shipped) + least(place + 1, rest))
        return best

    held = sum(n * days(t, INF) for n, t in zip(history.receipts, history.epochs, strict=True))
    return history.holding * held + least(0, tuple(int(n) for n in history.receipts))


@settings(max_examples=examples(150))
@given(histories())
def test_equals_the_best_of_all_clearings(history: History):
    assert least_cost(history) == pytest.approx(by_trying_all(history), abs=1e-7)


@settings(max_examples=examples(150))
@given(histories(), st.lists(st.floats(-2, 30), min_size=3, max_size=3))
def test_at_any_prices_it_is_a_bound(history: History, found: list[float]):
    """Also at prices that rise, or are below 0: these are put right."""
    worth = np.array(found[: len(history.epochs)])
    assert prices.bound_at(history, worth) <= least_cost(history) + 1e-7


@settings(max_examples=examples(100), deadline=None)
@given(histories(), st.sampled_from([1, 3, 8]))
def test_with_the_prices_that_are_found_it_is_the_least_cost(history: History, most: int):
    """However roughly the search begins."""
    least = least_cost(history)
    found = prices.bound_by_prices(history, most)
    assert found <= least + 1e-7
    assert found >= least - 2 * prices.GAP * abs(least) - 1e-7


def with_costs(model: Model) -> Model:
    costs = {f"costs.{name}": value for name, value in COSTS.items()}
    return model.replace(costs)


def run_of(model: Model, seed: int) -> Run:
    return Run(model, seed, 0, "simpy", "test", simpy.run(model, draw(model, seed)))


BOUNDED = {"substitution": "never", "backlog_limit": "unlimited"}
"""Where units go to those who asked for them, and who comes may wait."""


def bounded(model: Model, **policy: Any) -> Model:
    """The model with all stock points run so that there is a bound, but for `policy`."""
    plain = with_costs(model).to_dict()
    for point in plain["stock"]:
        point.update(BOUNDED | policy)
    for supplier in plain["suppliers"].values():
        supplier["parts"] = None
    for customer in plain["customers"].values():
        customer["returns"] = None
        customer["goodwill"] = None
        customer["changes"] = None
        customer["min_life"] = 0
    for product in plain["products"].values():
        product["shelf_life"] = None
        product["recall"] = None
    return from_dict(plain)


@settings(max_examples=examples(30))
@given(models(), st.integers(0, 99))
def test_no_run_costs_less(model: Model, seed: int):
    """Whatever the rules, suppliers and customers of a random model."""
    found = bound_of(run_of(bounded(model), seed))
    assert found.least <= found.realised + 1e-9


def test_an_order_that_is_shipped_takes_a_shipment():
    """The order of day 1 is shipped in two parts, which cost 2 each; one is certain.

    That of day 2 gets nothing, and takes no shipment.
    """
    customers = {"gold": {"costs": {"backorder_time": 1}, "demand": orders((1, 3), (2, 1))}}
    model = tiny(customers, initial=2, inbound=inbound((3, 1))).replace({"costs.shipment": 2})
    found = bound_of(run_of(model, 1))
    waits = 1 * 2 + 1 * 8  # of the unit of day 1 until day 3, of that of day 2 until the end
    assert found.realised * 10 == pytest.approx(waits + 2 * 2)
    assert found.least * 10 == pytest.approx(waits + 2 * 1)


def test_open_orders_are_part_of_it():
    """Silver ordered first; one unit is there, the next comes on day 4: gold waits 4 days at 5.

    Gold served first, silver would have waited for 4 days at 2.  The older days are over.
    """
    opened = [("gold", 1), ("silver", 9)]
    late = {"demand": orders((19, 1))}
    model = from_dict(
        {
            "horizon": 20.0,
            "products": "mug",
            "suppliers": {"maker": {}},
            "customers": {"gold": {**late, "costs": {"backorder_time": 5}}, "silver": late},
            "policy": {"reorder": "none"},
            "stock": [{"initial": 1, "inbound": inbound((4, 1), (5, 2))}],
            "opening": {
                "orders": [{"customer": c, "lines": {"mug": 1}, "age": age} for c, age in opened]
            },
            "costs": {"backorder_time": 2, "backorder_unit": 50, "lost_margin": 70},
        }
    )
    found = bound_of(run_of(model, 1))
    assert (found.realised * 20, found.least * 20) == pytest.approx((4 * 5, 4 * 2))


def test_only_units_fit_for_use_are_received():
    """Half of each purchase is rejected, halves rounded up, and ordered again."""
    model = build(
        {"a": {"demand": orders(*((2, 1) for _ in range(4)))}},
        stock=({"initial": 0, "reorder": {"rule": "base_stock", "S": 8}},),
        suppliers={"maker": {"lead_time": 1, "yield_share": 0.5}},
    )
    *_, mug = all_histories(model, run_of(model, 1).log)
    assert mug.epochs.tolist() == [0, 1, 2, 3, 4]
    assert mug.receipts.tolist() == [0, 4, 2, 1 + 4 * 1, 1]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_history_costs_no_rule_less(monkeypatch: pytest.MonkeyPatch, seed: int):
    """As if every program were large; against the whole program too."""
    model = from_dict(
        {
            "horizon": 150.0,
            "warm_up": 10.0,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 1}}}},
            "customers": {
                "gold": {**PATIENT["gold"], "costs": {"backorder_time": 5}},
                "silver": {**PATIENT["silver"], "tolerance": {"exponential": {"mean": 3}}},
            },
            "policy": {"reorder": {"rule": "s_S", "s": 4, "S": 12}},
            "costs": COSTS,
        }
    )
    for rule in ("fcfs", "class_priority", "lifo"):
        run = run_of(model.replace({"policy.priority": rule}), seed)
        whole = bound_of(run)
        with monkeypatch.context() as patch:
            patch.setattr(prices, "LARGE", 10)
            patch.setattr(prices, "GATHERED", 200)
            found = bound_of(run)
        assert found.least <= found.realised
        assert found.least == pytest.approx(whole.least, rel=1e-3)
        assert found.least <= whole.least + 1e-7


PATIENT = {
    "gold": {
        "priority": 1,
        "costs": {"backorder_time": 5},
        "demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug", "size": 2},
    },
    "silver": {
        "priority": 2,
        "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"},
    },
}


def shop(**overrides: object) -> Model:
    """One stock point under (s, S), whose customers all stay."""
    model = from_dict(
        {
            "horizon": 40.0,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 1}}}},
            "customers": PATIENT,
            "policy": {"reorder": {"rule": "s_S", "s": 2, "S": 9}},
            "stock": [{"initial": 6}],
            "costs": COSTS,
        }
    )
    return model.replace(overrides) if overrides else model


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_bound_for_all_rules_when_nobody_leaves(seed: int):
    least = set()
    for rule in built_in("priority"):
        found = bound_of(run_of(shop(**{"policy.priority": use(rule)}), seed))
        assert found.exact
        least.add(round(found.least, 9))
        assert found.regret >= 0
    assert len(least) == 1


def test_says_why_it_holds_only_with_these_receipts():
    found = bound_of(run_of(shop(**{"customers.silver.tolerance": 1}), 1))
    assert found.given_receipts == "customers leave, and who leaves changes what is reordered"


def tiny(customers: dict[str, object], **stock: object) -> Model:
    return from_dict(
        {
            "horizon": 10.0,
            "products": "mug",
            "suppliers": {"maker": {}},
            "customers": customers,
            "policy": {"reorder": "none"},
            "stock": [stock],
        }
    )


def test_by_hand():
    """Two units, then one on day 4; three lines.  Holding a unit back for gold pays here.

    Served as they come: silver takes both units on day 1, gold waits from 2 to 4.  The best:
    silver gets one unit at once and one on day 4.
    """
    customers = {
        "gold": {"costs": {"backorder_time": 10}, "demand": orders((2, 1))},
        "silver": {"costs": {"backorder_time": 1}, "demand": orders((1, 2))},
    }
    found = bound_of(run_of(tiny(customers, initial=2, inbound=inbound((4, 1))), 1))
    assert found.realised == pytest.approx(10 * 2 / 10)
    assert found.least == pytest.approx(1 * 3 / 10)
    assert found.regret == pytest.approx(1.7)


def test_a_fault_is_found(monkeypatch: pytest.MonkeyPatch):
    """Waiting that counts double in the program is more than what a run can cost."""
    from backsim.errors import BacksimError
    from backsim.hindsight import program

    plain = program.left_alone

    def double(history: History):
        return plain(replace(history, per_day=2 * history.per_day))

    monkeypatch.setattr(program, "left_alone", double)
    customers = {"gold": {"costs": {"backorder_time": 10}, "demand": orders((2, 1))}}
    model = tiny(customers, initial=0)
    with pytest.raises(BacksimError, match="units went to customers who should have gone"):
        bound_of(run_of(model, 1))


def test_regrets_are_on_the_same_tapes():
    model = shop()
    found = regrets(model, seed=3, replications=3, rules=["fcfs", "class_priority"])
    assert [r.rule for r in found] == ["as it is", "fcfs", "class_priority"]
    one, other = found[0], found[1]
    assert one.bounds == other.bounds  # fcfs is the default
    assert all(r.regret.mean == pytest.approx(r.realised.mean - r.least.mean) for r in found)
    assert len({r.least.mean for r in found}) == 1
    run = run_of(model, 3)
    assert sum(np.nan_to_num(run.metrics[name]) for name in TERMS) == pytest.approx(
        one.bounds[0].realised
    )


def test_one_kernel_plays_all_rules(monkeypatch: pytest.MonkeyPatch):
    """Compiling one for each takes longer than playing them."""
    asked = []

    def play(model, tape, engine, reason, linked=()):
        asked.append((engine, linked))
        return play_and_check(model, tape, "simpy", reason)

    monkeypatch.setattr(bound, "play_and_check", play)
    monkeypatch.setattr(bound, "compile_kernel", lambda *_: None)
    rules = ["fcfs", "class_priority"]
    regrets(shop(), seed=3, replications=1, rules=rules, engine="compiled", workers=1)
    assert len(asked) == 3
    ((engine, linked),) = set(asked)
    assert engine == "compiled"
    assert {("priority", "fcfs"), ("priority", "class_priority")} <= set(linked)


def test_bound_of_a_study():
    import backsim

    models = {name: shop().replace({"policy.priority": name}) for name in ("fcfs", "lifo")}
    study = backsim.compare(models, replications=2, seed=3, workers=1)
    found = study.bound()
    assert found[["policy", "replication"]].values.tolist() == [
        ["fcfs", 0],
        ["fcfs", 1],
        ["lifo", 0],
        ["lifo", 1],
    ]
    assert found["bound"].tolist()[:2] == pytest.approx(found["bound"].tolist()[2:])
    for i, name in enumerate(models):
        paid = sum(np.nan_to_num(study.array(term)[i]) for term in TERMS)
        assert found["realised"][found["policy"] == name].tolist() == pytest.approx(paid.tolist())
    assert len(study.bound(1)) == 2
    with pytest.raises(InputError, match="replications: expected at least 1, got 0"):
        study.bound(0)


def test_customers_who_are_told_dates_are_given_their_choice():
    """Nobody knows when they leave, so the bound is lower, and says why it holds."""
    model = shop(**{"customers.silver.tolerance": 3})
    told = model.replace({"policy.notice": "at_order"})
    plain, found = bound_of(run_of(model, 1)), bound_of(run_of(told, 1))
    assert found.given_receipts == "customers are told how long they will wait, and may leave"
    assert found.least < found.realised
    assert plain.given_receipts != found.given_receipts
