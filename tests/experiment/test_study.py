"""What a study answers, on results made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.experiment import shop

import backsim
from backsim.errors import InputError
from backsim.experiment import Study
from backsim.experiment.export import write_csv
from backsim.experiment.load import experiment_of_models
from backsim.experiment.play import play
from backsim.results.metrics import METRICS, views_of

MODELS = {name: shop.shop(title=name) for name in ("a", "b", "c")}


def made(values: dict[str, Any], counts: tuple[int, ...] = (4, 4, 4), **fields: Any) -> Study:
    """A study of a, b and c with these values: metric -> (policies, replications)."""
    experiment = experiment_of_models(MODELS, fields)
    views = views_of(MODELS["a"])
    tables = {}
    for policy, count in enumerate(counts):
        for replication in range(count):
            table = np.full((len(METRICS), len(views)), np.nan)
            for text, rows in values.items():
                metric, _, member = text.rstrip("]").partition("[")
                view = next(i for i, (_, m) in enumerate(views) if m == member)
                table[list(METRICS).index(metric), view] = rows[policy][replication]
            tables[policy, replication] = table
    return Study(experiment, counts, tables, {}, {})


COST = {"cost.total": [[10, 12, 14, 16], [11, 13.1, 15, 16.9], [20, 21, 25, 26]]}


def test_arrays_by_text_and_by_parts() -> None:
    study = made({**COST, "fill_rate[gold]": [[0.5] * 4, [0.6] * 4, [0.7] * 4]})
    assert study.array("cost.total").tolist() == COST["cost.total"]
    assert study.array("fill_rate[gold]")[2, 0] == 0.7
    assert study.array("fill_rate", "class", "gold")[1, 3] == 0.6
    assert np.isnan(study.array("fill_rate")).all()
    with pytest.raises(InputError, match=r"expected a metric \(cost.total"):
        study.array("cost.totl")
    with pytest.raises(InputError, match=r"expected a class, product or site \(gold\), got 'gld'"):
        study.array("fill_rate[gld]")


def test_policies_with_fewer_replications_end_in_nan() -> None:
    study = made(COST, counts=(4, 2, 4))
    assert np.isnan(study.array("cost.total")[1]).tolist() == [False, False, True, True]


def test_the_best_and_what_may_be() -> None:
    study = made(COST, objective="minimise cost.total")
    best = study.best()
    # b - a is 1, 1.1, 1, 0.9: small, but the same in every replication.
    assert [p.name for p in best.candidates] == ["a"]
    assert best.policy.name == "a"
    assert best.separated
    worst = made(COST, objective="maximise cost.total").best()
    assert worst.policy.name == "c"


def test_constraints_come_before_the_objective() -> None:
    fill = {"fill_rate[gold]": [[0.5] * 4, [0.96] * 4, [0.97] * 4]}
    study = made(
        {**COST, **fill}, objective="minimise cost.total", constraints="fill_rate[gold] >= 0.95"
    )
    assert study.ranking.feasible == (1, 2)
    assert study.best().policy.name == "b"
    none = made(
        {**COST, **fill}, objective="minimise cost.total", constraints="fill_rate[gold] >= 0.99"
    )
    doubtful = [[0.5] * 4, [0.94, 0.97, 0.96, 0.96], [0.97] * 4]
    study = made(
        {**COST, "fill_rate[gold]": doubtful},
        objective="minimise cost.total",
        constraints="fill_rate[gold] >= 0.95",
    )
    best = study.best()
    assert [p.name for p in best.candidates] == ["b", "c"]  # b may break it
    assert not best.separated
    assert study.table()["fill_rate[gold] >= 0.95"].tolist() == [
        "violated",
        "may be satisfied",
        "satisfied",
    ]
    with pytest.raises(InputError, match=r"satisfies fill_rate\[gold\] >= 0.99, found none"):
        none.best()
    with pytest.raises(InputError, match="expected an experiment with an objective"):
        made(COST).best()


def test_differences_are_paired() -> None:
    study = made(COST, metrics="cost.total", reference="b")
    rows = study.differences().set_index("policy")
    assert rows.loc["a", "difference"] == pytest.approx(-1.0)
    assert rows.loc["a", "half_width"] < 0.3
    assert bool(rows.loc["a", "significant"])
    assert study.differences("c").set_index("policy").loc["a", "difference"] == -10
    with pytest.raises(InputError, match=r"expected a policy \(a, b, c\), got 'd'"):
        study.differences("d")


def test_pareto_front() -> None:
    study = made({**COST, "fill_rate": [[0.5] * 4, [0.5] * 4, [0.7] * 4]})
    front = study.pareto("cost.total", "fill_rate")
    assert front["efficient"].tolist() == [True, False, True]
    assert front["cost.total"].tolist() == [13, 14, 23]


def test_the_long_form_has_every_value_once(tmp_path: Path) -> None:
    study = play(shop.experiment(tmp_path, replications=2), workers=1)
    frame = study.frame()
    assert list(frame) == ["policy", "replication", "metric", "dimension", "member", "value"]
    assert not frame.duplicated(["policy", "replication", "metric", "dimension", "member"]).any()
    assert not frame["value"].isna().any()
    run = backsim.simulate(study.policies[1].model, seed=1, replication=1)
    mine = frame[(frame["policy"] == "classes") & (frame["replication"] == 1)]
    assert mine.drop(columns=["policy", "replication"]).values.tolist() == [
        list(row) for row in run.metrics.rows()
    ]


def test_results_as_csv_are_the_long_form(tmp_path: Path) -> None:
    study = made({**COST, "wait_p50[gold]": [[1e-7, 1e22, np.inf, 0.1]] * 3}, counts=(4, 2, 4))
    write_csv(study, tmp_path / "results.csv")
    assert (tmp_path / "results.csv").read_text() == study.frame().to_csv(index=False)


def test_an_array_is_the_callers_own() -> None:
    study = made(COST)
    study.array("cost.total")[:] = 0
    assert study.array("cost.total").tolist() == COST["cost.total"]


def test_profiles_are_those_of_the_runs(tmp_path: Path) -> None:
    study = play(shop.experiment(tmp_path, replications=2), workers=1)
    assert [p.classes for p in study.profiles("lean")] == [("gold", "silver")] * 2
    fill = study.array("fill_rate[gold]")[2, 1]
    assert study.profiles("lean")[1].shares[0, 0] == pytest.approx(fill)


def test_text_is_escaped_in_a_notebook(tmp_path: Path) -> None:
    policies = {"<b>bold": {"policy.priority": "lifo"}, "fcfs": {}}
    made = shop.experiment(tmp_path, policies=policies, title="<script>x", replications=2)
    html = play(made, workers=1)._repr_html_()
    assert "&lt;script&gt;x" in html
    assert "<script>" not in html
    assert "<b>" not in html


def test_a_study_without_a_title_is_headed_by_that_of_its_scenario() -> None:
    asked = experiment_of_models({"a": MODELS["a"], "b": MODELS["a"]}, {"replications": 2})
    assert asked.heading == "a"
    assert replace(asked, title="mine").heading == "mine"
    assert experiment_of_models(MODELS, {"replications": 2}).heading == "compare"
