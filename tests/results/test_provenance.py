"""A result can be run again from its provenance alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import backsim
from backsim.scenario.load import from_dict

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_run_again(engine: str) -> None:
    model = backsim.load(SCENARIOS / "quickstart.yaml").replace(horizon=500.0)
    run = backsim.simulate(model, seed=7, replication=3, engine=engine)
    told = json.loads(json.dumps(run.provenance))
    again = backsim.simulate(
        from_dict(told["scenario"]),
        seed=told["seed"],
        replication=told["replication"],
        engine=told["engine"],
    )
    assert again.log.equals(run.log)
    assert again.provenance["scenario_sha256"] == told["scenario_sha256"]


def test_what_it_says() -> None:
    run = backsim.simulate(SCENARIOS / "quickstart.yaml", seed=1)
    told = run.provenance
    assert told["engine"] in ("simpy", "compiled")
    assert told["engine_reason"]
    assert told["versions"]["numpy"] != "not installed"
    assert len(told["scenario_sha256"]) == 64
    changed = run.model.replace({"policy.reorder.s": {"days": 201}})
    assert changed.digest != run.model.digest
    assert backsim.load(SCENARIOS / "quickstart.yaml").digest == run.model.digest
