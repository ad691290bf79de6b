"""Experiments from plain Python, and their factors as numbers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.experiment.shop import POLICIES, SHOP, experiment, shop

import backsim
from backsim.errors import InputError
from backsim.study.stopping.fixed import Fixed

LEVELS = {"policy.reorder.s": [4, 6], "costs.holding": [0.1, 0.3]}


def test_a_model_and_fields_are_what_a_file_says(tmp_path: Any) -> None:
    made = backsim.experiment_from(
        shop(), policies=POLICIES, replications=4, objective="minimise cost.total"
    )
    file = experiment(tmp_path)
    assert [p.name for p in made.policies] == [p.name for p in file.policies]
    assert [p.model.to_dict() for p in made.policies] == [p.model.to_dict() for p in file.policies]
    assert (made.stopping, str(made.objective)) == (Fixed(4), "minimise cost.total")


def test_a_mapping_is_a_scenario_too() -> None:
    made = backsim.experiment_from(SHOP, factors=LEVELS, replications=2, set={"horizon": 30})
    assert len(made.policies) == 4
    assert {p.model.horizon for p in made.policies} == {30}
    study = backsim.compare(made, workers=1, engine="simpy")
    assert len(study.table()) == 4


def test_levels_that_are_numbers_are_numbers_in_tables() -> None:
    made = backsim.experiment_from(SHOP, factors=LEVELS, replications=2, set={"horizon": 30})
    assert made.policies[1].name == "s=4 / holding=0.3"
    study = backsim.compare(made, workers=1, engine="simpy")
    table = study.table()
    assert table["policy.reorder.s"].tolist() == [4, 4, 6, 6]
    assert table["costs.holding"].tolist() == [0.1, 0.3, 0.1, 0.3]
    frame = study.frame(settings=True)
    assert list(frame.columns[:4]) == ["policy", *LEVELS, "replication"]
    assert set(frame["policy.reorder.s"]) == {4, 6}
    assert "policy.reorder.s" not in study.frame()


def test_named_levels_and_rules_keep_their_names() -> None:
    factors = {
        "lead": {"short": {"suppliers.acme.lead_time": 1}, "long": {"suppliers.acme.lead_time": 9}},
        "policy.priority": ["fcfs", {"rule": "urgency_ageing", "rate": 0.2}],
    }
    made = backsim.experiment_from(SHOP, factors=factors, replications=2)
    assert made.policies[1].settings == {
        "lead": "short",
        "policy.priority": "urgency_ageing(rate=0.2)",
    }


def test_faults_are_told() -> None:
    with pytest.raises(InputError, match="either `policies` or `factors`"):
        backsim.experiment_from(SHOP, replications=2)
    with pytest.raises(InputError, match="a known key"):
        backsim.experiment_from(SHOP, policies=POLICIES, replicatons=2)
    with pytest.raises(InputError, match="holding"):
        backsim.experiment_from(SHOP, factors={"costs.holding": [-1, 1]})


def test_models_to_compare_may_be_mappings_as_everywhere() -> None:
    study = backsim.compare({"a": SHOP, "b": shop()}, replications=2, seed=1)
    assert [policy.name for policy in study.policies] == ["a", "b"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: backsim.compare([shop()]), "compare: expected an experiment, .*, got list"),  # type: ignore[arg-type]
        (lambda: backsim.compare({"a": shop(), "b": 3}), "b: expected a Model, .*, got int"),  # type: ignore[dict-item]
        (lambda: backsim.experiment_from(3), "scenario: expected a Model, .*, got int"),  # type: ignore[arg-type]
        (lambda: backsim.simulate(shop(), extend=None), "extend: expected a list of functions"),  # type: ignore[arg-type]
        *(
            (
                lambda workers=workers: backsim.replicate(shop(), replications=2, workers=workers),
                f"workers: expected at least 1, or -1 for all cores, got {workers!r}",
            )
            for workers in (1.5, "2", True, 0)
        ),
    ],
)
def test_arguments_of_another_kind_are_told(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
