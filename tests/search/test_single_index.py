"""A search whose costs have several optima: the two levels of a single-index policy.

Gijsbrechts, Boute, Van Mieghem and Zhang (2022): 19.0 per period at (7, 5, 6), which is published;
20.0 where everything comes by express; 22.0, 24.0 and 27.1 are optima of their surroundings alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from backsim.results.store import to_yaml
from backsim.search.memo import Memo
from backsim.search.optimise import _chosen, decide
from backsim.search.problem import load_problem
from backsim.search.worlds import Phase
from backsim.validation.collection import ROOT

ANSWER = ROOT / "21_dual_sourcing" / "gijs22.l3.ce105.yaml"
LEVEL = "stock[0].supplier[1].emergency"
TRIED: dict[str, Any] = {
    "policy.reorder.S": {"integers": [0, 20]},
    f"{LEVEL}.level": {"integers": [-1, 12]},
    f"{LEVEL}.up_to": {"integers": [0, 13], "above": f"{LEVEL}.level"},
}


def costs(folder: Path, seeds: range) -> list[float]:
    """What the policies chosen cost, on the random numbers of the choice."""
    scenario = yaml.safe_load(ANSWER.read_text(encoding="utf-8"))["scenario"]
    scenario |= {"horizon": 3000, "warm_up": 100}
    scenario["policy"]["reorder"] = {"rule": "base_stock", "S": 9}
    scenario["stock"][0]["supplier"][1]["emergency"]["counts"] = "all"
    (folder / "scenario.yaml").write_text(to_yaml(scenario))
    file = folder / "search.yaml"
    file.write_text(to_yaml({"scenario": "scenario.yaml", "search": TRIED, "indifference": 0.5}))
    found = []
    for seed in seeds:
        problem = load_problem(file, {"seed": seed})
        worlds, choice, _ = decide(problem, "compiled", Memo(None, problem))
        point = _chosen(worlds, choice)[1]
        assert point is not None
        found.append(float(worlds.values(Phase.CHOICE, point)[:, 0].mean()))
    return found


@pytest.mark.slow
def test_optima_of_their_surroundings_alone_are_rare(tmp_path: Path) -> None:
    """From ten points spread evenly 8 of 16 ended at 22 and more."""
    found = sorted(costs(tmp_path, range(1, 17)))
    assert sum(cost > 21 for cost in found) <= 3, found
    assert sum(cost < 19.5 for cost in found) >= 2, found
