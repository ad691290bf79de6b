"""The summary for a client, and the tables of products and levels."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from tests.report.standin import StandIn, study_of
from tests.report.test_finding import NOISE, OWN, study

from backsim.experiment.describe import describe, experiment_of
from backsim.report.html import render
from backsim.report.management import summary
from backsim.report.products import levels_table, products_table
from backsim.report.shortnames import named
from backsim.study.analysis import rank


def facts(found: StandIn) -> dict[str, str]:
    return dict(summary(found, rank(found)))


def test_a_change_that_pays() -> None:
    told = facts(
        study(
            {
                "cost.total": [500 + 10 * NOISE, 400 + 10 * NOISE + OWN],
                "mean_wait": [3 + NOISE, 2 + NOISE],
            },
            metrics=("mean_wait",),
        )
    )
    assert told["Answer"] == "Change from 'A' to 'B'."
    assert told["Worth"] == "36,500 ± 453 money per year less total cost."
    assert told["Change"] == "policy.reorder.s: 21 (was 20)."
    assert told["Service"] == "mean wait 2.0 days (was 3.0)."
    assert told["Rests on"].startswith("5 simulations of 1 day per policy, all with the same")
    assert told["What could change this"] == (
        "Other demand, lead times, patience or costs: compare the policies under those as well."
    )


def test_what_gets_worse_is_not_among_those_left_out() -> None:
    """It is what a client should hear of first, whatever comes first in the experiment."""
    better = {f"shipped_within_{days}": [0.5 + 0 * NOISE, 0.6 + 0 * NOISE] for days in (1, 3, 7)}
    told = facts(
        study(
            {
                "profit": [400 + NOISE, 500 + NOISE],
                "fill_rate": [0.7 + 0 * NOISE, 0.8 + 0 * NOISE],
                "mean_wait": [3 + NOISE, 2 + NOISE],
                **better,
                "stock_value": [800 + NOISE, 900 + NOISE],
            },
            objective="maximise profit",
            metrics=("fill_rate", "mean_wait", *better, "stock_value"),
        )
    )
    assert told["Service"].startswith("stock value 900.0 money (was 800.0, worse), fill rate 80")
    assert told["Service"].endswith("and 1 more.")


def shop(days: int) -> dict[str, Any]:
    """A scenario whose levels are days of demand."""
    reorder = {"rule": "s_S", "s": {"days": days}, "S": {"days": 40}}
    return {**BASE, **TWO, "policy": {"reorder": reorder}}


CHANGED = {
    "today": {},
    "more": {
        "policy.reorder.s.days": 24,
        "policy.priority": "lifo",
        "policy.rationing": {"rule": "critical_level", "levels": {"all": 2}},
        "costs.ordering": 25,
    },
}


def test_a_change_says_what_the_scenario_has() -> None:
    """Also of a rule that the file does not name; and the same of a study that was kept."""
    found = study_of(
        CHANGED,
        base=shop(18),
        replications=2,
        metrics=(),
        written={"cost.total": np.array([[500.0, 501], [400, 402]])},
    )
    text = (
        "policy.reorder.s.days: 24 days (was 18 days), "
        "policy.priority: lifo (was fcfs), "
        "policy.rationing: critical_level, levels all 2 (was none), "
        "costs.ordering: 25 (was 20)."
    )
    assert facts(found)["Change"] == text
    described = json.loads(json.dumps(describe(found.experiment)))
    kept = replace(found, experiment=experiment_of(described))
    assert facts(kept)["Change"] == text
    again = json.loads(json.dumps(describe(kept.experiment)))
    assert again["view"]["written"] == described["view"]["written"]


def test_days_of_a_whole_level() -> None:
    changed: dict[str, Any] = {"today": {}, "more": {"policy.reorder.s": {"days": 24}}}
    found = study_of(
        changed,
        base=shop(18),
        replications=2,
        metrics=(),
        written={"cost.total": np.array([[500.0, 501], [400, 402]])},
    )
    assert facts(found)["Change"] == "policy.reorder.s: 24 days (was 18 days)."


def test_what_is_constrained_comes_first_in_service_and_other_money_not_at_all() -> None:
    rows = {
        "profit": [100 + NOISE, 150 + NOISE + OWN],
        "cost.total": [500 + NOISE, 600 + NOISE],
        "fill_rate[gold]": [0.9 + 0.001 * OWN, 0.9612 + 0.001 * OWN],
        "mean_wait": [3 + 0.01 * NOISE, 0.02572 + 0.001 * NOISE],
        "cancel_rate[gold]": [0.012 + 0.001 * NOISE, 0.001856 + 0.001 * NOISE],
    }
    asked = ("cost.total", "mean_on_hand", "cancel_rate[gold]", "mean_wait", "wait_p90")
    told = facts(
        study(
            rows,
            objective="maximise profit",
            constraints=("fill_rate[gold] >= 0.95",),
            metrics=(*asked, "wait_p50", "wait_p95", "wait_p99"),
        )
    )
    assert told["Service"].startswith(
        "fill rate of gold 96.12 % (was 90.00 %), cancel rate of gold 0.19 % (was 1.20 %), "
        "mean wait 0.0257 days (was 3.000), "
    )
    assert "total cost" not in told["Service"]


def test_a_difference_that_may_be_chance() -> None:
    told = facts(study({"cost.total": [500 + NOISE, 499.5 - NOISE]}))
    assert told["Answer"] == "Keep 'A' for now: the advantage of 'B' may be chance."
    assert told["Worth"].endswith("less total cost, a difference that may be chance.")
    # 5 (3.93 / 0.5)^2
    assert "about 309 instead of 5 would show" in told["What could change this"]
    assert "'A' may be just as good" in told["What could change this"]


def test_policies_of_which_nothing_tells_one_from_the_other() -> None:
    told = facts(study({"cost.total": [400 + NOISE, 400 + NOISE]}))
    assert (
        "'B' cannot be told apart from 'A': every replication gave the same."
        in told["What could change this"]
    )
    assert "more replications" not in told["What could change this"]


def test_keeping_what_is_there() -> None:
    told = facts(study({"cost.total": [400 + NOISE, 500 + NOISE]}))
    assert told["Answer"] == "Keep 'A': no other policy is known to be better."
    assert "Worth" not in told


def test_what_violates_a_constraint_is_changed() -> None:
    rows = {
        "cost.total": [400 + NOISE, 500 + NOISE + OWN],
        "fill_rate[gold]": [0.5 + 0 * OWN, 0.96 + 0.001 * OWN],
    }
    told = facts(study(rows, constraints=("fill_rate[gold] >= 0.95",)))
    assert told["Answer"] == "Change from 'A', which violates a constraint, to 'B'."
    assert "more total cost." in told["Worth"]
    rows["fill_rate[gold]"][1] = 0.6 + 0 * OWN
    told = facts(study(rows, constraints=("fill_rate[gold] >= 0.95",)))
    assert told["Answer"] == (
        "No policy satisfies fill rate of gold >= 95 %: none can be recommended."
    )


def test_nothing_without_an_objective() -> None:
    found = study({"mean_wait": [3 + OWN, 2 + OWN]}, objective=None, metrics=("mean_wait",))
    assert facts(found) == {}


TWO: dict[str, Any] = {
    "products": ["mug", "cup"],
    "customers": {
        "all": {
            "demand": [
                {"arrivals": {"poisson": {"rate": 4}}, "products": "mug"},
                {"arrivals": {"poisson": {"rate": 1}}, "products": "cup"},
            ]
        }
    },
}


def test_products_and_levels() -> None:
    found = study_of(
        {"low": {"policy.reorder.s": 8, "policy.reorder.S": 20}, "high": {}},
        base={**BASE, **TWO},
        reference="low",
        metrics=("cost.total", "fill_rate"),
    )
    ranking = rank(found)
    table = products_table(found, ranking)
    assert {row[0] for row in table.rows} == {"mug", "cup"}
    assert table.rows[0][0] == "mug", "the larger backlog first"
    assert [c.label for c in table.columns[:3]] == ["product", "policy", "fill rate"]
    levels = levels_table(found, ranking)
    assert {column.kind for column in levels.columns[2:]} == {"units"}, "17, not 17.00"
    if ranking.order[0] != ranking.reference:
        assert levels.rows[0] == ("mug", "main", 8.0, 30.0, 20.0, 60.0)
        assert levels.note == "Today: 'low'. Proposed: 'high'."
    else:
        assert not levels.rows
    assert not np.isnan(ranking.estimates[0].mean)


BASE: dict[str, Any] = {
    "horizon": 120,
    "warm_up": 20,
    "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}},
    "policy": {"reorder": {"rule": "s_S", "s": 30, "S": 60}},
    "costs": {"holding": 0.1, "ordering": 20, "backorder_time": 5},
}


def test_long_names_of_factors_are_short_with_a_legend() -> None:
    long = {f"policy.reorder.s={s} / policy.reorder.S=60": {"policy.reorder.s": s} for s in (8, 30)}
    found = study_of(long, base={**BASE, **TWO}, metrics=("cost.total",))
    short = named(found)
    assert list(short.full) == ["P1", "P2"]
    assert short.study.experiment.reference == "P1"
    assert short.legend(0) == "'P1' is policy.reorder.s=8 / policy.reorder.S=60."
    page = render(found)
    assert "<strong><bdi>P2</bdi></strong>" in page
    assert "Policies</figcaption>" in page
    assert "is policy.reorder.s=8 / policy.reorder.S=60." in page
    assert named(study_of({"a": {}, "b": {}}, metrics=("cost.total",))).full == {}
