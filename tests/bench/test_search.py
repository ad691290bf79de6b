"""How fast a search is: `make bench` prints the figures and fails when one misses its aim."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.bench.figures import FIGURES, aim

from backsim.results.store import to_yaml
from backsim.search import optimise

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent
COSTS = {"holding": 0.1, "ordering": 20, "backorder_time": 1, "lost_margin": 3}


def test_two_integers(tmp_path: Path) -> None:
    """(s, S) to 0.5 % on 20,000 orders a replication, the kernel compiled beforehand."""
    file = tmp_path / "search.yaml"
    numbers = {"integers": [0, 120]}
    asked = {
        "scenario": str(HERE / "one_product.yaml"),
        "set": {"horizon": 2100, "warm_up": 100, "costs": COSTS},
        "search": {
            "policy.reorder.s": numbers,
            "policy.reorder.S": {"integers": [1, 240], "above": "policy.reorder.s"},
        },
        "indifference": "0.5 %",
    }
    file.write_text(to_yaml(asked))
    optimise(file, replications=100, engine="compiled", workers=1)
    started = time.perf_counter()
    found = optimise(file, engine="compiled", workers=1)
    took = time.perf_counter() - started
    assert found.promised
    FIGURES.append(found.finding)
    aim("two integers to 0.5 %, 20,000 orders a replication", took, "s", most=20)
