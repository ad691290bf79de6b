"""A result can be run again from its provenance alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import backsim
from backsim.regression.saved import read_saved
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
    assert again.log.digest == run.log.digest
    assert again.provenance["scenario_sha256"] == told["scenario_sha256"]


def test_what_it_says() -> None:
    run = backsim.simulate(SCENARIOS / "quickstart.yaml", seed=1)
    told = run.provenance
    assert told["engine"] in ("simpy", "compiled")
    assert told["engine_reason"]
    assert told["versions"]["numpy"] != "not installed"
    assert len(told["scenario_sha256"]) == 64
    assert len(told["source"]) == 16
    assert told["rules"] == {}
    assert told["folder"] == str(SCENARIOS)
    changed = run.model.replace({"policy.reorder.s": {"days": 201}})
    assert changed.digest != run.model.digest
    assert backsim.load(SCENARIOS / "quickstart.yaml").digest == run.model.digest


def test_digests_of_logs() -> None:
    model = backsim.load(SCENARIOS / "quickstart.yaml").replace(horizon=500.0)
    one, other = (backsim.simulate(model, seed=1, engine=e) for e in ("simpy", "compiled"))
    assert one.log.digest == other.log.digest
    assert backsim.simulate(model, seed=2).log.digest != one.log.digest


def test_processes_beside_the_model_are_named_and_hashed(tmp_path: Path) -> None:
    """What a process does decides the result, so a change of it shows."""

    def few(live: Any) -> Any:
        yield live.env.timeout(UNITS)

    def told() -> Any:
        run = backsim.simulate(SCENARIOS / "quickstart.yaml", seed=1, extend=[few])
        return run.provenance

    first = told()
    (process,) = first["extend"]
    assert process["process"].endswith("few")
    assert len(process["fingerprint"]) == 16
    assert told()["extend"] == first["extend"]
    globals()["UNITS"] = 4
    try:
        assert told()["extend"] != first["extend"]
    finally:
        globals()["UNITS"] = 3
    file = tmp_path / "provenance.json"
    file.write_text(json.dumps(first), encoding="utf-8")
    with pytest.raises(backsim.InputError, match=r"processes ran alongside the model \(.*few\)"):
        read_saved(file)


UNITS = 3
