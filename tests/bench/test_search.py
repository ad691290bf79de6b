"""How fast a search is: `make bench` prints the figures and fails when one misses its aim."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bench.figures import FIGURES, aim

from backsim.results.store import to_yaml
from backsim.search import optimise

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent
COSTS = {"holding": 0.1, "ordering": 20, "backorder_time": 1, "lost_margin": 3}


SEARCH = {
    "scenario": str(HERE / "one_product.yaml"),
    "set": {"horizon": 2100, "warm_up": 100, "costs": COSTS},
    "search": {
        "policy.reorder.s": {"integers": [0, 120]},
        "policy.reorder.S": {"integers": [1, 240], "above": "policy.reorder.s"},
    },
    "indifference": "0.5 %",
}
"""(s, S) to 0.5 % on 20,000 orders a replication."""


def test_two_integers(tmp_path: Path) -> None:
    """The kernel is compiled beforehand."""
    file = tmp_path / "search.yaml"
    file.write_text(to_yaml(SEARCH))
    optimise(file, replications=100, engine="compiled", workers=1)
    started = time.perf_counter()
    found = optimise(file, engine="compiled")
    took = time.perf_counter() - started
    assert found.promised
    FIGURES.append(found.finding)
    aim("two integers to 0.5 %, 20,000 orders a replication, all cores", took, "s", most=20)


def many_items(count: int) -> dict[str, Any]:
    """Items whose demand, prices and holding costs differ by orders of magnitude."""
    random = np.random.default_rng(7)
    rates = np.sort(random.lognormal(-2.5, 1.4, count))[::-1]
    prices = random.lognormal(3, 1.2, count)
    names = [f"p{i:04d}" for i in range(count)]
    return {
        "warm_up": 200,
        "horizon": 2200,
        "products": {
            name: {"price": float(price), "costs": {"holding": float(price * 0.25 / 365)}}
            for name, price in zip(names, prices, strict=True)
        },
        "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 20, "cv": 0.4}}}},
        "customers": {
            "shops": {
                "demand": {
                    "arrivals": {"poisson": {"rate": float(rates.sum())}},
                    "products": dict(zip(names, rates.tolist(), strict=True)),
                    "size": {"geometric": {"mean": 1.5}},
                }
            }
        },
        "policy": {"reorder": {"rule": "base_stock", "S": {"days": 40}}},
        "costs": {"backorder_time": 0.5},
    }


def test_a_thousand_items(tmp_path: Path) -> None:
    """A service of all and one of group A at least cost, 480,000 orders a replication."""
    (tmp_path / "scenario.yaml").write_text(to_yaml(many_items(1000)))
    file = tmp_path / "search.yaml"
    asked = {
        "scenario": "scenario.yaml",
        "search": {"stock[*].reorder": {"family": "base_stock"}},
        "groups": {"abc": [0.8, 0.95]},
        "constraints": ["fill_rate >= 0.95", "fill_rate[group:A] >= 0.97"],
    }
    file.write_text(to_yaml(asked))
    started = time.perf_counter()
    found = optimise(file)
    took = time.perf_counter() - started
    assert found.promised
    FIGURES.append(found.finding)
    aim("levels of 1,000 items", took, "s", most=60)
