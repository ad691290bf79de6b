"""The gap of a policy to what no clearing rule can cost less than."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.search.periodic import scenario, search

from backsim.api import replicate

PRIORITIES = ["fcfs", "lifo", "class_priority"]


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
    found = search(tmp_path, shop(1.0), search={"policy.reorder.S": {"integers": [8, 14]}})
    assert found.gap is not None
    assert found.gap.closed
    assert "With its purchases, no clearing rule can cost less (a bound in" in found.finding


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 30), {}),  # purchases follow what is lost
        ({**shop(1.0, notice="at_order"), "costs": {"holding": 1, "notice": 1}}, {}),
        (shop(1.0), {"objective": "minimise cost.holding", "constraints": "fill_rate >= 0.2"}),
        ({**shop(1.0), "horizon": 20_020}, {"figures": 2}),  # too long to be bounded in a moment
    ],
    ids=["lost sales", "another cost", "another objective", "many orders"],
)
def test_no_bound(tmp_path: Path, given: dict[str, Any], fields: dict[str, Any]) -> None:
    engine = "compiled" if given["horizon"] > 1000 else "simpy"
    asked = {"search": {"policy.reorder.S": {"integers": [13, 14]}}, "replications": 100, **fields}
    found = search(tmp_path, given, engine, **asked)
    assert found.gap is None
    assert "clearing rule" not in found.finding
