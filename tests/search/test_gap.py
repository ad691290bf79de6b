"""The gap of a policy to what no other policy, or no clearing rule, can cost less than."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from tests.search.periodic import scenario, search

from backsim.api import replicate
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.search.optimum import least_cost

PRIORITIES = ["fcfs", "lifo", "class_priority"]
NEAR_FAR = ("near", "far")
AT_RANDOM = {"arrivals": {"poisson": {"rate": 1.5}}, "products": "mug"}
EVERY_DAY = {"arrivals": {"period": {"every": 1.0}}, "products": "mug"}


def shop(gold: float, **policy: Any) -> dict[str, Any]:
    """Two classes of which one pays more for waiting, with one unit on hand in the mean."""
    customers = {
        name: {
            "demand": {"arrivals": {"poisson": {"rate": 1.0}}, "products": "mug"},
            "priority": priority,
            "costs": {"backorder_time": cost},
        }
        for name, priority, cost in (("gold", 1, gold), ("plain", 2, 1.0))
    }
    return {
        "warm_up": 20,
        "horizon": 120,
        "products": "mug",
        "suppliers": {"maker": {"lead_time": 5}},
        "customers": customers,
        "policy": {"reorder": {"rule": "base_stock", "S": 10}, **policy},
        "costs": {"holding": 1.0},
    }


def test_no_clearing_rule_costs_less_than_the_bound(tmp_path: Path) -> None:
    """Also none that the search has not tried; it is that of the very worlds of the figures."""
    asked = {"search": {"policy.priority": PRIORITIES[:2]}, "replications": 400}
    found = search(tmp_path, shop(8.0), **asked)
    assert found.gap is not None
    assert found.figures is not None
    count = found.gap.least.count
    costs = {
        rule: np.mean(
            [
                run.metrics["cost.total"]
                for run in replicate(
                    found.problem.present.replace({"policy.priority": rule}),
                    seed=1,
                    replications=count,
                    engine="simpy",
                )
            ]
        )
        for rule in PRIORITIES
    }
    least = found.gap.least.mean
    assert all(least <= cost for cost in costs.values())
    own = costs[found.settings["policy.priority"]]
    assert own == pytest.approx(least + found.gap.apart.mean)
    assert costs["class_priority"] - least < own - least  # a better rule closes some of the gap
    assert "With its purchases, no clearing rule can cost less than " in found.finding
    assert found.to_dict()["gap"]["replications"] == count


def test_a_gap_that_is_closed(tmp_path: Path) -> None:
    """Where everybody pays the same it does not matter who is served."""
    given = {**shop(1.0), "suppliers": {"maker": {"lead_time": {"exponential": {"mean": 5}}}}}
    found = search(tmp_path, given, search={"policy.reorder.S": {"integers": [8, 14]}})
    assert found.gap is not None
    assert found.gap.closed
    assert "With its purchases, no clearing rule can cost less (a bound in" in found.finding


# -- the optimum of all policies, where theory knows it ------------------------------------------


def test_the_gap_to_the_optimum_of_all_policies(tmp_path: Path) -> None:
    """A newsvendor at every moment: what is ordered now meets the demand of the next five days."""
    found = search(tmp_path, shop(1.0), search={"policy.reorder.S": {"integers": [8, 14]}})
    assert found.settings["policy.reorder.S"] in (10, 11)
    units, law = np.arange(60), stats.poisson(10.0)
    exact = {S: float(abs(S - units) @ law.pmf(units)) for S in (10, 11)}
    assert found.gap is not None
    assert found.gap.of_all
    assert found.gap.least.mean == pytest.approx(min(exact.values()))
    assert abs(found.gap.apart.mean) < 3 * found.gap.apart.half_width
    assert "No policy at all costs less than 2.502 per day in the mean, exactly" in found.finding
    assert found.to_dict()["gap"]["of_all_policies"]


def two_products(**fields: Any) -> Model:
    """One of them ordered in units of one to three, with a lead time of its own."""
    size = {"discrete": {"values": [1, 2, 3], "weights": [2, 1, 1]}}
    demand = [
        {"arrivals": {"poisson": {"rate": 1.5}}, "products": "mug"},
        {"arrivals": {"poisson": {"rate": 0.8}}, "products": "pot", "size": size},
    ]
    given = {
        "warm_up": 20,
        "horizon": 120,
        "products": {"mug": {}, "pot": {"costs": {"holding": 2.0}}},
        "suppliers": {"near": {"lead_time": 2}, "far": {"lead_time": 6}},
        "stock": [{"products": "mug", "supplier": "near"}, {"products": "pot", "supplier": "far"}],
        "customers": {"all": {"demand": demand}},
        "policy": {"reorder": {"rule": "base_stock", "S": 10}},
        "costs": {"holding": 1.0, "backorder_time": 4.0},
    }
    return from_dict({**given, **fields})


def test_the_optimum_is_a_sum_over_stock_points() -> None:
    def least(chances: Any, holding: float) -> float:
        units = np.arange(len(chances))
        apart = np.arange(60)[:, None] - units
        return float((np.where(apart > 0, holding * apart, -4.0 * apart) @ chances).min())

    units = np.array([0, 0.5, 0.25, 0.25])
    powers, chances = np.ones(1), np.zeros(120)
    for orders in range(30):
        chances[: len(powers)] += stats.poisson(4.8).pmf(orders) * powers
        powers = np.convolve(powers, units)
    mug = stats.poisson(3.0).pmf(np.arange(60))
    assert least_cost(two_products()) == pytest.approx(least(mug, 1.0) + least(chances, 2.0))


def one_product(**demand: Any) -> dict[str, Any]:
    """Problem 5.2 of Snyder and Shen, Fundamentals of Supply Chain Theory (2019): (r, Q)."""
    entry = {"arrivals": {"poisson": {"rate": 12.0}}, "products": "item", **demand}
    return {
        "warm_up": 10,
        "horizon": 60,
        "products": "item",
        "suppliers": {"maker": {"lead_time": 0.5}},
        "customers": {"all": {"demand": entry}},
        "policy": {"reorder": {"rule": "s_S", "s": 6, "S": 13}},
        "costs": {"ordering": 4.0, "holding": 4.0, "backorder_time": 28.0},
    }


def test_the_optimum_where_orders_cost() -> None:
    """Units are asked for one by one, so that the best (s, S) is the best (r, Q)."""
    least = least_cost(from_dict(one_product()), orders=True)
    assert least == pytest.approx(28.241312842169155, rel=1e-9)


def test_the_optimum_where_orders_cost_and_ask_for_several_units() -> None:
    """The least of all (s, S), each by the steady state of its position, solved as equations."""
    size = {"discrete": {"values": [1, 2, 5], "weights": [2, 1, 1]}}
    model = from_dict(one_product(size=size, arrivals={"poisson": {"rate": 3.0}}))
    pmf = np.array([0.0, 0.5, 0.25, 0.0, 0.0, 0.25])
    chances, powers = np.zeros(200), np.ones(1)
    for orders in range(20):
        chances[: len(powers)] += stats.poisson(1.5).pmf(orders) * powers
        powers = np.convolve(powers, pmf)
    units = np.arange(200)

    def rate(y: int) -> float:
        left = y - units
        return float(np.where(left > 0, 4.0 * left, -28.0 * left) @ chances)

    def cost(s: int, S: int) -> float:
        positions = np.arange(s + 1, S + 1)
        step = np.zeros((S - s, S - s))
        leaves = np.zeros(S - s)
        for i, y in enumerate(positions):
            for k in range(1, 6):
                after = y - k if y - k > s else S
                step[after - s - 1, i] += pmf[k]
                leaves[i] += pmf[k] * (y - k <= s)
        equations = np.vstack([step - np.eye(S - s), np.ones(S - s)])
        share = np.linalg.lstsq(equations, np.r_[np.zeros(S - s), 1.0], rcond=None)[0]
        return float(share @ [rate(y) for y in positions] + 4.0 * 3.0 * share @ leaves)

    best = min(cost(s, S) for s in range(-2, 12) for S in range(s + 1, s + 24))
    assert least_cost(model, orders=True) == pytest.approx(best, rel=1e-8)


def test_the_gap_where_orders_cost(tmp_path: Path) -> None:
    numbers = {"policy.reorder.s": {"integers": [4, 8]}, "policy.reorder.S": {"integers": [11, 15]}}
    found = search(tmp_path, one_product(), search=numbers, indifference="2 %", figures=100)
    assert found.gap is not None
    assert found.gap.in_the_long_run
    assert found.gap.least.mean == pytest.approx(28.241312842169155, rel=1e-9)
    assert abs(found.gap.apart.mean) < 0.02 * 28.24 + 3 * found.gap.apart.half_width
    assert "In the long run no policy at all costs less than 28.24 per day" in found.finding
    shared = {**one_product(), "policy": {"reorder": {"rule": "can_order", "s": 3, "c": 5, "S": 9}}}
    assert least_cost(from_dict(shared), orders=True) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"suppliers": {name: {"lead_time": {"exponential": {"mean": 2}}} for name in NEAR_FAR}},
        {"warm_up": 5},  # what is there at the start counts
        {"customers": {"all": {"demand": EVERY_DAY}}},
        {"customers": {"all": {"demand": AT_RANDOM, "tolerance": "none"}}},
        {"customers": {"all": {"demand": AT_RANDOM, "announced": 3}}},
    ],
    ids=["lead times", "warm-up", "every day", "lost sales", "announced"],
)
def test_an_optimum_that_theory_does_not_know(fields: dict[str, Any]) -> None:
    assert least_cost(two_products(**fields)) is None


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 30), {}),  # purchases follow what is lost
        ({**shop(1.0, notice="at_order"), "costs": {"holding": 1, "notice": 1}}, {}),
        (shop(1.0), {"objective": "minimise cost.holding", "constraints": "fill_rate >= 0.2"}),
        ({**shop(2.0), "horizon": 20_020}, {"figures": 2}),  # too long to be bounded in a moment
    ],
    ids=["lost sales", "another cost", "another objective", "many orders"],
)
def test_no_bound(tmp_path: Path, given: dict[str, Any], fields: dict[str, Any]) -> None:
    engine = "compiled" if given["horizon"] > 1000 else "simpy"
    asked = {"search": {"policy.reorder.S": {"integers": [13, 14]}}, "replications": 100, **fields}
    found = search(tmp_path, given, engine, **asked)
    assert found.gap is None
    assert "clearing rule" not in found.finding
