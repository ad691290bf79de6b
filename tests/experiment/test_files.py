"""Experiment files: what they come to, and what is said when they are wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.experiment.shop import experiment, shop, write

from backsim.errors import InputError
from backsim.experiment import load_experiment
from backsim.experiment.schema import ExperimentFile
from backsim.results.spec import MetricSpec
from backsim.scenario import json_schema
from backsim.scenario.yamlfile import read_yaml
from backsim.study.stopping.best import Separated
from backsim.study.stopping.fixed import Fixed
from backsim.study.stopping.precise import Precise


def test_listed_policies(tmp_path: Path) -> None:
    made = experiment(tmp_path, title="Shop", reference="classes", constraints="otif >= 0.5")
    assert [p.name for p in made.policies] == ["fcfs", "classes", "lean"]
    assert made.policies[2].model.digest == shop(**{"policy.reorder": SMALL}).digest
    assert made.policies[1].settings == {"policy.priority": "class_priority"}
    assert (made.reference, made.reference_index, made.stopping) == ("classes", 1, Fixed(4))
    assert str(made.objective) == "minimise cost.total"
    assert [str(c) for c in made.constraints] == ["otif >= 0.5"]


SMALL = {"rule": "s_S", "s": 4, "S": 12}


def test_bounds_of_shares_in_percent(tmp_path: Path) -> None:
    made = experiment(tmp_path, constraints=["fill_rate[gold] >= 99.9 %", "otif>=50%"])
    assert [c.bound for c in made.constraints] == [0.999, 0.5]


def test_shares_of_something_that_they_may_exceed(tmp_path: Path) -> None:
    made = experiment(tmp_path, constraints=["forecast_error <= 150 %", "forecast_bias >= -0.2"])
    assert [c.bound for c in made.constraints] == [1.5, -0.2]
    assert not made.constraints[0].metric.declared.within_one
    assert made.constraints[0].metric.is_share


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("otif >= 95", r"as a bound of otif a share from 0 to 1 \(write 95 % or 0.95\), got 95"),
        ("otif >= 150 %", "a share from 0 to 1 .*, got 150 %"),
        ("mean_wait <= 5 %", r"a number \(mean_wait is in days\), got 5 %"),
        ("otif >= x %", "a metric, >= or <=, and a number"),
    ],
)
def test_bounds_that_no_policy_can_keep(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        experiment(tmp_path, constraints=text)


def test_constraints_in_the_sentence_of_the_objective(tmp_path: Path) -> None:
    sentence = "minimise cost.total subject to fill_rate[gold] >= 0.95 and mean_wait <= 2"
    made = experiment(tmp_path, objective=sentence, constraints="otif >= 0.5")
    assert str(made.objective) == "minimise cost.total"
    kept = ["fill_rate[gold] >= 0.95", "mean_wait <= 2", "otif >= 0.5"]
    assert [str(c) for c in made.constraints] == kept


def test_full_factorial_with_a_factor_of_several_paths(tmp_path: Path) -> None:
    factors = {
        "policy.priority": ["fcfs", {"rule": "urgency_ageing", "rate": 1}],
        "stock": {
            "low": {"policy.reorder.s": 4, "policy.reorder.S": 12},
            "high": {"policy.reorder.s": 20, "policy.reorder.S": 30},
        },
        "policy.withdraw": [False, True],
    }
    made = experiment(tmp_path, policies=None, factors=factors)
    assert len(made.policies) == 8
    names = [p.name for p in made.policies]
    assert names[0] == "fcfs / low / withdraw=false"
    assert names[-1] == "urgency_ageing(rate=1) / high / withdraw=true"
    assert made.factors["stock"] == ("low", "high")
    point = made.policies[-1].model.scenario.stock[0]
    assert point.priority.rule == "urgency_ageing"
    assert point.reorder is not None
    assert (point.reorder.params["S"], point.withdraw) == (30, True)


def test_several_scenarios_and_common_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="policies that differ"):
        experiment(tmp_path, scenario={"calm": "shop.yaml", "again": "shop.yaml"})
    short = (tmp_path / "shop.yaml").read_text().replace("horizon: 120", "horizon: 60")
    (tmp_path / "short.yaml").write_text(short)
    made = experiment(
        tmp_path, scenario={"long": "shop.yaml", "short": "short.yaml"}, set={"warm_up": 20}
    )
    assert [p.name for p in made.policies][2:4] == ["long / lean", "short / fcfs"]
    assert made.policies[3].settings["scenario"] == "short"
    assert [p.model.horizon for p in made.policies] == [120] * 3 + [60] * 3
    assert {p.model.warm_up for p in made.policies} == {20}


@pytest.mark.parametrize("design", [{"latin_hypercube": 16}, {"sobol": 16}])
def test_samples_cover_every_range_evenly(tmp_path: Path, design: dict[str, int]) -> None:
    factors = {
        "policy.reorder.s": {"min": 1, "max": 8, "whole": True},
        "policy.reorder.S": {"min": 10, "max": 1000, "log": True, "whole": True},
        "policy.priority": ["fcfs", "class_priority"],
    }
    made = experiment(tmp_path, policies=None, factors=factors, design=design)
    again = experiment(tmp_path, policies=None, factors=factors, design=design)
    other = experiment(tmp_path, policies=None, factors=factors, design={**design, "seed": 2})
    levels = made.factors
    assert sorted(levels["policy.reorder.s"]) == list(range(1, 9))  # two slices each
    assert set(levels["policy.priority"]) == {"fcfs", "class_priority"}
    tens = [s for s in levels["policy.reorder.S"] if s < 97.5]  # sqrt(9.5 x 1000.5)
    assert (len(tens), len(levels["policy.reorder.S"])) == (8, 16)
    assert again.factors == made.factors != other.factors
    point = made.policies[0].model.scenario.stock[0]
    assert point.reorder is not None
    assert point.reorder.params["S"] == made.policies[0].settings["policy.reorder.S"]


def test_a_range_of_levels_is_of_whole_numbers(tmp_path: Path) -> None:
    factors = {"policy.reorder.S": {"min": 10, "max": 30}}
    with pytest.raises(InputError) as error:
        experiment(tmp_path, policies=None, factors=factors, design={"latin_hypercube": 4})
    (told,) = str(error.value).splitlines()
    assert "expected a whole number (units): a range with `whole: true`, got " in told


def test_stopping_rules(tmp_path: Path) -> None:
    until = {"cost.total": "2 %", "fill_rate[gold]": 0.01}
    made = experiment(tmp_path, replications={"until": until, "least": 5, "most": 50})
    cost, fill = MetricSpec("cost.total"), MetricSpec("fill_rate", "class", "gold")
    assert made.stopping == Precise({cost: 0.02, fill: 0.01}, {cost: True, fill: False}, 5, 50)
    made = experiment(tmp_path, replications={"until": "best", "indifference": 3})
    assert made.stopping == Separated(3, 10, 1000)


def test_a_valid_file_fits_the_json_schema(tmp_path: Path) -> None:
    schema = json_schema(ExperimentFile)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    file = write(tmp_path, replications={"until": {"cost.total": "2 %"}}, constraints="otif >= 0")
    validator.validate(read_yaml(file).values)
    assert not validator.is_valid({**read_yaml(file).values, "polices": {}})
    assert not validator.is_valid({**read_yaml(file).values, "replications": 1})


BEST = {"until": "best", "indifference": 1}

INVALID: list[tuple[dict[str, Any], str]] = [
    (
        {"polices": {}},
        "14:1: polices: expected a known key (policies, replications), got 'polices'",
    ),
    (
        {"policies": {"a": {"policy.prioritee": "fcfs"}, "b": {}}},
        '4:5: policies.a."policy.prioritee": expected a known key (priority, reorder), '
        "got 'prioritee'",
    ),
    (
        {"policies": {"a": {"policy.priority": "least_cancel_tim"}, "b": {}}},
        '4:5: policies.a."policy.priority": expected a known priority rule '
        "(least_cancel_time), got 'least_cancel_tim'",
    ),
    (
        {"policies": None, "factors": {"policy.reorder.s": [1, 18]}},
        '7:5: factors."policy.reorder.s"[1]: expected S above s, which is 18 (units) for '
        "mug at main for policy.reorder.S, got 18",
    ),
    (
        {
            "policies": None,
            "factors": {"policy.reorder.s": {"min": 5, "max": 2}, "horizon": [1, 2]},
        },
        '5:3: factors."policy.reorder.s": expected `max` above `min`, which is 5, got 2',
    ),
    (
        {"policies": None, "factors": {"policy.reorder.s": {"min": 1, "max": 2}}},
        '5:3: factors."policy.reorder.s": expected a list of levels, or a `design` that '
        "samples a range (latin_hypercube, sobol, morris, sobol_indices), got a range",
    ),
    (
        {"policies": None, "factors": {"horizon": [50]}},
        "4:1: factors: expected at least two policies to compare, got 1",
    ),
    (
        {"policies": None, "factors": {"policy.reorder.s": [1, 2], "policy.reorder": ["none"]}},
        '9:5: factors."policy.reorder"[0]: expected a path that does not undo '
        "`policy.reorder.s`, set by policy.reorder.s, got policy.reorder",
    ),
    (
        {"policies": None, "factors": {"horizon": [50, 50]}},
        "7:5: factors.horizon[1]: expected each level once, got 'horizon=50' again",
    ),
    (
        {"factors": {"horizon": [50, 60]}},
        "14:1: factors: expected either `policies` or `factors`, got both",
    ),
    (
        {"policies": {"a": {"policy.priority": "fcfs"}}},
        "2:1: policies: expected at least 2 entries, got {a: {policy.priority: 'fcfs'}}",
    ),
    ({"policies": None}, "1:1: expected either `policies` or `factors`, got neither"),
    (
        {"policies": {"a": {"horizon": 90}, "b": {"horizon": 90}}},
        "5:3: policies.b: expected policies that differ, got 'b', the same as 'a'",
    ),
    ({"reference": "fcsf"}, "14:1: reference: expected the name of a policy (fcfs), got 'fcsf'"),
    (
        {"objective": "minimise revenu"},
        "13:1: objective: expected a metric (revenue), got 'revenu'",
    ),
    (
        {"objective": "reduce cost.total"},
        "13:1: objective: expected minimise or maximise, and a metric: minimise "
        "cost.total, got 'reduce cost.total'",
    ),
    (
        {"constraints": ["fill_rate[gld] >= 0.95"]},
        "15:3: constraints[0]: expected a class, product or site (gold), got 'gld'",
    ),
    (
        {"constraints": "fil_rate >= 0.95"},
        "14:1: constraints: expected a metric (fill_rate, site_fill_rate, line_fill_rate), "
        "got 'fil_rate'",
    ),
    (
        {"constraints": "fill_rate = 0.95"},
        "14:1: constraints: expected a metric, >= or <=, and a number: fill_rate[gold] "
        ">= 0.95, or >= 95 %, got 'fill_rate = 0.95'",
    ),
    (
        {"objective": "minimise cost.total subject to otif >= 0.9 and fill_rate[gld] >= 0.95"},
        "13:1: objective: expected a class, product or site (gold), got 'gld'",
    ),
    (
        {"objective": "minimise cost.total subject to otif > 0.9"},
        "13:1: objective: expected a metric, >= or <=, and a number: fill_rate[gold] "
        ">= 0.95, or >= 95 %, got 'otif > 0.9'",
    ),
    (
        {"metrics": ["cost.total", "mean_wait[site:mian]"]},
        "16:3: metrics[1]: expected a site (main), got 'site:mian'",
    ),
    (
        {"constraints": "otif >= 0.5", "objective": None},
        "13:1: constraints: expected an `objective` with `constraints`, such as minimise "
        "cost.total, got none",
    ),
    (
        {"replications": {"until": "best"}},
        "12:1: replications.indifference: expected `indifference`, a required field (the smallest "
        "difference of the objective that matters), got nothing",
    ),
    (
        {"replications": {"until": "bst", "indifference": 1}},
        "13:3: replications.until: expected best, or metrics with the half-widths wanted, got "
        "'bst'",
    ),
    (
        {"replications": {**BEST, "constraint_tolerance": 0.01}},
        "15:3: replications.constraint_tolerance: expected `constraints` with "
        "`constraint_tolerance`, got none",
    ),
    (
        {
            "replications": {**BEST, "constraint_tolerance": {"fill_rate": 0.01}},
            "constraints": "otif >= 0.5",
        },
        "16:5: replications.constraint_tolerance.fill_rate: expected a metric of the constraints "
        "(otif), got fill_rate",
    ),
    (
        {"replications": BEST, "constraints": "mean_backlog <= 0"},
        "12:1: replications: expected `constraint_tolerance` for mean_backlog <= 0: of 0 there is "
        "no share, got none",
    ),
    (
        {"replications": {"until": {"otif": 0.1}, "constraint_tolerance": 1}},
        "15:3: replications.constraint_tolerance: expected a known key (until, least, most), got "
        "'constraint_tolerance'",
    ),
    ({"replications": 1}, "12:1: replications: expected a whole number >= 2 and <= 1e+06, got 1"),
    (
        {"scenario": "none.yaml"},
        "1:1: scenario: expected a readable scenario file, from the folder of this one (No such "
        "file or directory), got FOLDER/none.yaml",
    ),
    (
        {"scenario": "shopp.yaml"},
        "1:1: scenario: expected a readable scenario file, from the folder of this one (No such "
        "file or directory; did you mean FOLDER/shop.yaml?), got FOLDER/shopp.yaml",
    ),
    (
        {"set": {"policy.reorder.s": 1}},
        '8:5: policies.lean."policy.reorder": expected a path that does not undo '
        "`policy.reorder.s`, set by set, got policy.reorder",
    ),
    ({"design": {"sobol": 10}}, "14:1: design: expected a power of 2 for `sobol`, got 10"),
    ({"seed": -1}, "14:1: seed: expected a whole number >= 0, got -1"),
    (
        {"confidence": 95},
        "14:1: confidence: expected a number >= 0.5 and < 1 "
        "(probability; write 0.95 or 95 %), got 95",
    ),
    ({"scenario": 3}, "1:1: scenario: expected a mapping, got 3"),
    (
        {"design": "fulll"},
        "14:1: design: expected full, or a mapping with the key latin_hypercube, sobol, "
        "morris or sobol_indices, got 'fulll'",
    ),
    (
        {"replications": {"until": {"cost.total": "2"}}},
        '14:5: replications.until."cost.total": expected a number > 0, or a share of the '
        "mean such as 2 %, got '2'",
    ),
    (
        {"replications": {"until": {"revenu": 2}}},
        "14:5: replications.until.revenu: expected a metric (revenue), got 'revenu'",
    ),
    (
        {"replications": "many"},
        "12:1: replications: expected a whole number of replications, or a mapping with "
        "the key until, got 'many'",
    ),
    (
        {"policies": {"a": {"stock[4].initial": 3}, "b": {}}},
        '4:5: policies.a."stock[4].initial": expected a list with an entry [4] for stock, '
        "got nothing",
    ),
    (
        {"policies": {"a": {"policy..x": 3}, "b": {}}},
        '4:5: policies.a."policy..x": expected a path of a scenario field, such as '
        "policy.priority, got 'policy..x'",
    ),
]


def test_faults_of_all_parts_are_told_together(tmp_path: Path) -> None:
    """Form, policies, objective, metrics and constraints: each where it stands."""
    file = write(
        tmp_path,
        policies={"a": {"policy.reorderr.s": 3}, "b": {"policy.priority": "nosuch"}, "c": {}},
        replications="many",
        objective="minimise cost.totl",
        metrics=["fil_rate"],
        constraints="otif >= 95",
    )
    with pytest.raises(InputError) as caught:
        load_experiment(file)
    told = str(caught.value)
    for part in ("reorderr", "nosuch", "replications: ", "cost.totl", "fil_rate", "got 95"):
        assert part in told
    assert len(told.splitlines()) == 6


def test_the_policies_are_told_where_the_scenario_is_wrong_too(tmp_path: Path) -> None:
    file = write(tmp_path, replications="many")
    (tmp_path / "shop.yaml").write_text("horizon: 0\n")
    with pytest.raises(InputError) as caught:
        load_experiment(file)
    assert "replications: " in str(caught.value)


@pytest.mark.parametrize(("fields", "message"), INVALID, ids=lambda v: str(v)[:40])
def test_one_fault(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    file = write(tmp_path, **fields)
    with pytest.raises(InputError) as caught:
        load_experiment(file)
    assert str(caught.value).replace(str(tmp_path), "FOLDER") == f"FOLDER/experiment.yaml:{message}"
