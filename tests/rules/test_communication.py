"""What communication rules do to customers, in the direction theory says, on the same customers.

All on common random numbers: the same customers, lead times and tempers meet every policy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backsim import replicate
from backsim.engines import simpy
from backsim.errors import RuleError
from backsim.results.metrics import Metrics, measure
from backsim.rules import FAMILIES
from backsim.scenario.load import from_dict, load
from backsim.scenario.model import Model
from backsim.streams import draw

SHOP = Path(__file__).parents[2] / "scenarios" / "web_shop.yaml"
NAMES = ("promise_kept", "cancel.told_too_long", "cancel.promise_broken", "contacts_per_order")


@pytest.fixture(scope="module")
def shop() -> Model:
    return load(SHOP).replace(horizon=1200)


def means(model: Model, **policy: Any) -> dict[str, float]:
    """Means over three replications."""
    changed = model.replace({f"policy.{name}": value for name, value in policy.items()})
    runs = [run.metrics for run in replicate(changed, seed=5, replications=3, engine="simpy")]
    return {name: sum(m[name] for m in runs) / len(runs) for name in (*NAMES, "cancel_rate")}


def test_later_dates_are_kept_more_often_and_refused_more_often(shop: Model):
    """Every customer accepts a date or not; a later one is refused by more of them."""
    found = [
        means(shop, notice="at_order", estimate={"rule": "quoted", "padding": days})
        for days in (0, 5, 15)
    ]
    for name in ("promise_kept", "cancel.told_too_long"):
        values = [m[name] for m in found]
        assert values == sorted(values)
        assert values[0] < values[-1]
    broken = [m["cancel.promise_broken"] for m in found]
    assert broken == sorted(broken, reverse=True)
    assert broken[0] > broken[-1]


def test_a_higher_probability_is_kept_more_often(shop: Model):
    found = [
        means(shop, notice="at_order", estimate={"rule": "quantile", "p": p})["promise_kept"]
        for p in (0.2, 0.5, 0.9)
    ]
    assert found == sorted(found)
    assert found[0] < 0.4 < found[1] < 0.8 < found[2]


def test_who_is_told_does_not_ask(shop: Model):
    plain = shop.replace({"customers.planners.informed.grace": "unlimited"})
    plain = plain.replace({"customers.presents.informed.grace": "unlimited"})
    silent = measure_of(plain, notice="silent")
    told = measure_of(plain, notice="at_order")
    late = measure_of(plain, notice={"rule": "after_delay", "days": 3})
    assert told.asked == 0 < late.asked < silent.asked


def test_a_finer_threshold_tells_more(shop: Model):
    found = [
        measure_of(shop, notice=["at_order", {"rule": "on_change", "threshold": days}])
        for days in (0.5, 2, 1e6)
    ]
    told = [m.told for m in found]
    assert told[0] > told[1] > told[2]


class Said:
    """Notices and inquiries of a run."""

    def __init__(self, asked: int, told: int, metrics: Metrics) -> None:
        self.asked, self.told, self.metrics = asked, told, metrics


def measure_of(model: Model, **policy: Any) -> Said:
    changed = model.replace({f"policy.{name}": value for name, value in policy.items()})
    log = simpy.run(changed, draw(changed, 3))
    asked = int((log.notices["what"] == 2).sum())
    return Said(asked, len(log.notices) - asked, measure(changed, log))


def test_silence_changes_nothing_for_those_who_would_not_hear():
    """A class that is told nothing and does not ask: the same run with and without the part."""
    demand = {"arrivals": {"poisson": {"rate": 2}}, "products": ["mug"]}
    plain = {
        "horizon": 60,
        "products": ["mug"],
        "suppliers": {"maker": {"lead_time": {"exponential": {"mean": 3}}}},
        "customers": {"a": {"demand": demand, "tolerance": {"exponential": {"mean": 2}}}},
        "policy": {"reorder": {"rule": "base_stock", "S": 5}},
    }
    other = {"demand": {"orders": [{"time": 60, "lines": {"mug": 1}}]}, "inquiries": {"rate": 1}}
    customers = {**plain["customers"], "b": other}
    without, with_part = (
        simpy.run(model, draw(model, 1))
        for model in (from_dict(plain), from_dict({**plain, "customers": customers}))
    )
    assert len(without.contacts) == 0 < len(with_part.contacts)
    for name in ("time", "closed", "shipped", "left", "status"):
        assert (with_part.lines[name][: len(without.lines)] == without.lines[name]).all()


def test_who_asks_for_a_date_with_a_probability_needs_one():
    def cautious(met_date: float) -> float:
        """A date."""
        return met_date

    with pytest.raises(RuleError, match="needs a parameter 'p'"):
        FAMILIES["estimate"].describe(cautious)
