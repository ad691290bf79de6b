"""Designs that tell which factors matter, from the file to the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from tests.experiment.shop import experiment, write

from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.experiment import compare, load_experiment, load_study
from backsim.study import screened as module

FACTORS = {
    "costs.holding": {"min": 0.1, "max": 0.5},
    "customers.silver.due_in": {"min": 0, "max": 9, "whole": True},
    "policy.priority": ["fcfs", "class_priority"],
}


def design(folder: Path, **kind: Any) -> Path:
    return write(folder, policies=None, factors=FACTORS, design=kind, replications=2, horizon=None)


def test_a_design_knows_the_policy_of_each_of_its_points(tmp_path: Path) -> None:
    made = load_experiment(design(tmp_path, morris=4))
    screening = made.screening
    assert screening is not None
    assert screening.factors == tuple(FACTORS)
    assert len(screening.points) == len(screening.policies) == 4 * 4
    for point, place in zip(screening.points, screening.policies, strict=True):
        settings = made.policies[place].settings
        assert settings["costs.holding"] == pytest.approx(0.1 + 0.4 * point[0], abs=1e-6)
        assert settings["customers.silver.due_in"] == round(9 * point[1])
        assert settings["policy.priority"] == ("fcfs", "class_priority")[int(point[2])]
    indices = load_experiment(design(tmp_path, sobol_indices=4)).screening
    assert indices is not None
    assert len(indices.points) == 4 * 5
    assert load_experiment(design(tmp_path, sobol=4)).screening is None


def test_what_only_the_objective_does_not_see_has_no_effect(tmp_path: Path) -> None:
    """A due date moves no stock and costs nothing; holding costs are linear in their rate."""
    study = compare(design(tmp_path, morris=4), workers=1, engine="simpy", out=tmp_path / "s")
    found = study.sensitivity().set_index("factor")
    assert all(str(name).isidentifier() for name in found.columns)
    assert found.loc["customers.silver.due_in", "mu_star"] == 0
    assert found.loc["costs.holding", "mu"] > 0
    holding = study.sensitivity("cost.holding").set_index("factor").loc["costs.holding"]
    assert holding["mu"] == pytest.approx(holding["mu_star"])
    again = load_study(tmp_path / "s")
    assert again.sensitivity().equals(study.sensitivity())
    reported = load_study(tmp_path / "s")
    with patch.object(module, "elementary_effects", wraps=module.elementary_effects) as asked:
        reported.report(tmp_path / "report.html")
    assert asked.call_count == 1
    assert "Which factors matter" in (tmp_path / "report.html").read_text()


def test_compare_prints_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = design(tmp_path, sobol_indices=4)
    options = ["--workers", "1", "--engine", "simpy", "--out", str(tmp_path / "s")]
    assert cli(["compare", str(file), *options]) == 0
    said = capsys.readouterr().out
    assert "Which factors matter for total cost" in said
    assert "total index" in said


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"morris": 6}, "a power of 2 for `morris`"),
        ({"morris": 2}, "4 or more for `morris`"),
        ({"morris": 4, "sobol": 8}, "one of `latin_hypercube`, `sobol`, `morris` and"),
    ],
)
def test_wrong_designs_are_told(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        load_experiment(design(tmp_path, **fields))


def test_other_studies_have_no_sensitivity(tmp_path: Path) -> None:
    study = compare(experiment(tmp_path, replications=2), workers=1, engine="simpy")
    with pytest.raises(InputError, match="expected a design `morris`"):
        study.sensitivity()
