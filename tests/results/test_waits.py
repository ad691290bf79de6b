"""Waits count everybody who ordered: who still waits at the end is a censored observation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import CensoredData, ecdf
from tests.models import build

import backsim
from backsim.results.metrics import Metrics
from backsim.results.metrics.survival import _alike_in_order, _in_order, survival
from backsim.scenario.load import from_dict

OVERLOADED: dict[str, Any] = {
    "horizon": 365,
    "products": "item",
    "suppliers": {"maker": {"capacity": {"units_per_day": 9}}},
    "customers": {"c": {"demand": {"arrivals": {"poisson": {"rate": 10}}, "products": "item"}}},
    "policy": {"reorder": {"rule": "base_stock", "S": 5}},
}


def measured(scenario: dict[str, Any], changes: dict[str, Any] | None = None) -> Metrics:
    model = from_dict(scenario).replace(changes or {})
    return backsim.simulate(model, seed=1, engine="simpy").metrics


def test_the_mean_wait_does_not_depend_on_who_is_served_first() -> None:
    """Little's law: at the same backlog and the same orders the mean wait is the same."""
    first, last = (measured(OVERLOADED, {"policy.priority": rule}) for rule in ("fcfs", "lifo"))
    assert first["mean_backlog"] == pytest.approx(last["mean_backlog"])
    assert first["mean_backlog"] > 150
    for metrics in (first, last):
        by_law = metrics["mean_backlog"] / metrics["units_per_day"]
        assert metrics["mean_wait"] == pytest.approx(by_law)
    assert first["still_waiting_rate"] == pytest.approx(0.1, abs=0.01)


def test_last_come_first_served_is_not_short_but_unfair() -> None:
    first, last = (measured(OVERLOADED, {"policy.priority": rule}) for rule in ("fcfs", "lifo"))
    assert last["wait_p50"] < 1 < first["wait_p50"]  # most are served from the next purchase
    assert np.isnan(last["wait_p95"])  # a tenth of them never, as far as is known
    assert last["longest_wait"] > 350
    assert 33 < first["wait_p90"] < first["wait_p99"] < 39
    assert last["fairness"] > 0.85
    assert first["fairness"] < 0.4


def test_a_class_that_is_never_served_waits_longest() -> None:
    arrivals = {"arrivals": {"poisson": {"rate": 5}}, "products": "item"}
    classes = {"gold": {"demand": arrivals, "priority": 1}}
    classes |= {"silver": {"demand": arrivals, "priority": 2}}
    metrics = measured({**OVERLOADED, "customers": classes}, {"policy.priority": "class_priority"})
    gold, silver = (metrics.get("mean_wait", "class", name) for name in classes)
    backlog, rate = (metrics.get(n, "class", "silver") for n in ("mean_backlog", "units_per_day"))
    assert silver == pytest.approx(backlog / rate)
    assert metrics["wait_ratio"] == pytest.approx(silver / gold)
    assert metrics["wait_ratio"] > 20


def test_orders_from_before_the_window_wait_in_it() -> None:
    """By hand: window 5 to 10; one unit waits from day 4 to 8, one from 6 to 9, one from 9 on."""
    orders = [{"time": time, "lines": {"mug": 1}} for time in (4, 6, 9)]
    stock = [{"inbound": [{"units": 1, "arrives": 8}, {"units": 1, "arrives": 9}]}]
    model = build(
        {"a": {"demand": {"orders": orders}}},
        stock=stock,
        policy={"reorder": "none"},
        horizon=10,
        warm_up=5,
    )
    metrics = backsim.simulate(model, seed=1, engine="simpy").metrics
    days = (8 - 5) + (9 - 6) + (10 - 9)
    assert metrics["mean_backlog"] == pytest.approx(days / 5)
    assert metrics["mean_wait"] == pytest.approx(days / 2)  # 2 units were ordered in the window
    assert metrics["backorder_age"] == pytest.approx(days / 2)
    assert metrics["wait_p50"] == pytest.approx(3.0)
    assert metrics["longest_wait"] == pytest.approx(3.0)
    # halves of the window: unit-days 2.5 + 1.5 before day 7.5, and 0.5 + 1.5 + 1 after
    assert metrics["backlog_growth"] == pytest.approx((3 - 4) / 2.5)


def test_who_cancels_counts_apart() -> None:
    """One unit is shipped after 3 days; one is cancelled after 2."""
    orders = [{"time": 1, "lines": {"mug": 1}}]
    model = build(
        {
            "a": {"demand": {"orders": orders}},
            "b": {"demand": {"orders": orders}, "tolerance": 2, "priority": 2},
        },
        stock=[{"inbound": [{"units": 1, "arrives": 4}]}],
        policy={"reorder": "none", "priority": "class_priority"},
        horizon=10,
    )
    metrics = backsim.simulate(model, seed=1, engine="simpy").metrics
    assert metrics["mean_backlog"] == pytest.approx(5 / 10)
    assert metrics["mean_wait"] == 3
    assert metrics["wait_p99"] == 3
    assert metrics["cancel_rate"] == 0.5
    assert np.isnan(metrics.get("mean_wait", "class", "b"))


def test_a_promise_that_is_long_past_is_an_error_already() -> None:
    """Nobody is served; all were promised day 4 and wait on day 10."""
    model = build(
        {
            "a": {
                "demand": {"orders": [{"time": 1, "lines": {"mug": 2}}]},
                "informed": {"broken": {"leaves": 0}},
            }
        },
        policy={
            "reorder": "none",
            "notice": "at_order",
            "estimate": {"rule": "fixed", "days": 3},
        },
        horizon=10,
    )
    metrics = backsim.simulate(model, seed=1, engine="simpy").metrics
    assert metrics["promise_kept"] == 0
    assert metrics["promise_error"] == pytest.approx(10 - 4)
    assert metrics["promise_error.within_7"] == pytest.approx(10 - 4)


def units_of(seed: int, censored: float) -> tuple[Any, Any, Any, int]:
    """Waits of 300 lines in order, their units, whether they are over, and units at once."""
    source = np.random.default_rng(seed)
    days = np.round(source.exponential(2.0, 300), 1)  # with ties
    over = source.random(300) >= censored
    order = np.lexsort((~over, days))
    return days[order], source.integers(1, 6, 300).astype(float), over[order], 200


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("censored", [0.0, 0.3])
def test_the_curve_is_that_of_scipy(seed: int, censored: float) -> None:
    days, units, over, at_once = units_of(seed, censored)
    found = survival(days, units, over, units.sum() + at_once)
    repeats = units.astype(int)
    known = np.repeat(days[over], repeats[over])
    waiting = np.repeat(days[~over], repeats[~over])
    sample = CensoredData(uncensored=np.r_[np.zeros(at_once), known], right=waiting)
    curve = ecdf(sample).sf
    assert found.start == pytest.approx(units.sum() / (units.sum() + at_once))
    for day in np.unique(days):
        last = found.shares[np.flatnonzero(found.days <= day)[-1]]
        assert last == pytest.approx(float(curve.evaluate(day)), abs=1e-12)


def test_without_censoring_they_are_plain_statistics() -> None:
    days, units, over, at_once = units_of(5, 0.0)
    found = survival(days, units, over, units.sum() + at_once)
    plain = np.sort(np.r_[np.zeros(at_once), np.repeat(days, units.astype(int))])
    assert found.mean == pytest.approx(plain.mean())
    assert found.longest == plain[-1]
    for p in (10, 50, 90, 95, 99):
        assert found.percentile(p) == np.quantile(plain, p / 100, method="inverted_cdf")
    ranks, count = np.arange(1, len(plain) + 1), len(plain)
    gini = 2 * (ranks * plain).sum() / (count * plain.sum()) - (count + 1) / count
    assert found.gini == pytest.approx(gini)


def test_percentiles_that_are_not_reached_are_not_known() -> None:
    found = survival(np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([True, False, False]), 4)
    assert found.percentile(25) == 0.0
    assert found.percentile(50) == 1.0
    assert np.isnan(found.percentile(51))


def test_what_comes_in_the_instant_of_ordering_is_not_late() -> None:
    """Made to order with lead time 0: nobody waits."""
    model = build(
        {
            "a": {
                "demand": {
                    "arrivals": {"period": {"every": 1, "first": 1}},
                    "products": "mug",
                    "size": 4,
                }
            }
        },
        policy={"reorder": {"rule": "base_stock", "S": 0}},
        costs={"backorder_unit": 1},
        horizon=10.5,
    )
    metrics = backsim.simulate(model, seed=1, engine="simpy").metrics
    assert metrics["mean_wait"] == metrics["wait_p99"] == metrics["mean_backlog"] == 0
    assert metrics["shipped_per_day"] == metrics["units_per_day"]
    assert metrics["fill_rate"] == 0  # nothing came from stock
    assert metrics["cost.total"] == 0  # nobody had to wait
    assert np.isnan(metrics["backorder_age"])


@pytest.mark.parametrize("censored", [0.0, 0.01, 0.7, 1.0])
def test_waits_of_as_many_units_are_sorted_as_numbers(censored: float) -> None:
    days, _, over, _ = units_of(11, censored)
    order = np.random.default_rng(2).permutation(len(days))
    waits = days[order], np.full(len(days), 3.0), over[order]
    sorts = [(order % 3, 3), (None, 1), (np.zeros(len(days), np.uint16), 2)]
    pairs = zip(_in_order(waits, sorts), _alike_in_order(waits, sorts), strict=True)
    for one, other in pairs:
        assert (one is None) == (other is None)
        for first, second in zip(one or (), other or (), strict=True):
            assert np.array_equal(first, second)
