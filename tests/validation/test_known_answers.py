"""The simulation against published and exactly computed answers, and against planted faults."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.validation.files import Values, answers_of, changed, table

from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.statistics import Estimate
from backsim.statistics.checks import student
from backsim.validation import (
    Answer,
    Verdict,
    answers,
    critical_value,
    left_out,
    runner,
    sampling,
    validate,
)
from backsim.validation.collection import files
from backsim.validation.compare import COARSE, FULL, judge, judge_optimum, shortage
from backsim.validation.sampling import PILOT, Effort, replicate_until


def others(found: list[Verdict]) -> str:
    return table([v for v in found if v.verdict != "agrees"])


def test_fast_subset_agrees():
    found = list(validate(fast=True))
    rare = [v for v in found if v.verdict == "skipped"]
    assert [v.id for v in rare] == ["LT5.emergency_4"]  # 4e-6 of the demand
    assert {v.verdict for v in found if v not in rare} == {"agrees"}, others(found)
    some = {name for name, paths in files().items() if paths}  # of some all are left out
    assert {v.family for v in found} == some - {"10_allocation_lp"}
    assert all(v.source for v in found)


@pytest.mark.parametrize(
    "names",
    [
        ["LK_mean_20_40", "T1_critical_level_1"],
        pytest.param(["M3"], marks=pytest.mark.slow, id="a million orders"),
    ],
)
def test_simpy_agrees(names: list[str]):
    found = list(validate(names, fast=True, engine="simpy"))
    assert {v.instance for v in found} == set(names)
    assert {v.verdict for v in found} == {"agrees"}, others(found)


@pytest.mark.slow
def test_all_agree():
    found = list(validate())
    assert len(found) == len(answers()) + len(left_out())
    assert not [v for v in found if v.verdict == "differs"], table(found)
    wide = [v for v in found if v.verdict == "too wide"]
    assert len(wide) <= 0.01 * len(found), table(wide)


def test_the_same_seed_gives_the_same_verdicts():
    names = ["T1_fcfs", "LK_mean_20_40"]
    once, again = (list(validate(names, fast=True, seed=7, engine="simpy")) for _ in range(2))
    assert once == again
    assert once != list(validate(names, fast=True, seed=8, engine="simpy"))


def test_one_run_at_a_time_is_in_memory(monkeypatch: pytest.MonkeyPatch):
    """Also where an answer compares the costs of several levels."""
    played: weakref.WeakSet[Any] = weakref.WeakSet()

    def run_case(*asked: Any) -> Any:
        assert not played
        run = sampling.run_case(*asked)
        played.add(run)
        return run

    monkeypatch.setattr(runner, "run_case", run_case)
    found = list(validate(["NV_43"], fast=True))
    assert {v.verdict for v in found} == {"agrees"}, table(found)


def test_names_choose_answers():
    assert [v.id for v in validate(["DET1.EB", "DET1"])] == [
        "DET1.EB",
        "DET1.EI",
        "DET1.ready_rate",
    ]
    assert {v.family for v in validate(["13_hand_traces"])} == {"13_hand_traces"}
    with pytest.raises(InputError, match=r"expected an id, an instance, a family \(01_base_stock"):
        list(validate(["nobody"]))
    with pytest.raises(InputError, match=r"nobody\.yaml: expected a readable file"):
        list(validate(["nobody.yaml"]))


def test_what_is_left_out_is_said_with_its_reason():
    (verdict,) = validate(["KS1.safety_stock"])
    assert (verdict.verdict, verdict.metric) == ("skipped", "safety_stock")
    assert verdict.note.startswith("a formula")
    allocation = list(validate(["10_allocation_lp"]))
    assert len(allocation) == 26
    assert {v.verdict for v in allocation} == {"skipped"}
    assert "tests/allocation/test_known_optima.py" in allocation[0].note


def test_progress_is_told():
    told: list[tuple[int, int, str]] = []
    list(validate(["13"], progress=lambda *news: told.append(news)))
    assert told == [
        (0, 3, "T1_critical_level_1"),
        (1, 3, "T1_fcfs"),
        (2, 3, "T1_priority"),
        (3, 3, ""),
    ]


# -- planted faults ----------------------------------------------------------------------------


def lead_time(days: float) -> Callable[[Values], object]:
    return lambda file: file["scenario"]["suppliers"]["maker"].update(lead_time=days)


def policy(**fields: object) -> Callable[[Values], object]:
    return lambda file: file["scenario"]["policy"].update(fields)


def value(name: str, wrong: float) -> Callable[[Values], object]:
    return lambda file: file["expect"].update(
        {name: {**as_entry(file["expect"][name]), **{"value": wrong}}}
    )


def as_entry(entry: object) -> Values:
    return entry if isinstance(entry, dict) else {"value": entry}


def only(name: str, edit: Callable[[Values], object]) -> Callable[[Values], object]:
    """The edit, in a file with one known value."""

    def edited(file: Values) -> None:
        file["expect"] = {name: file["expect"][name]}
        edit(file)

    return edited


@pytest.mark.parametrize(
    ("instance", "name", "edit"),
    [
        pytest.param("P1", "EB", lead_time(5.25), id="lead time off by 5 %"),
        pytest.param("P1", "fill_rate", lead_time(5.05), id="lead time off by 1 %"),
        pytest.param(
            *("RQ1", "EB", policy(reorder={"rule": "r_nQ", "r": 7, "Q": 8})),
            id="trigger one unit late",
        ),
        pytest.param(
            *("PB1", "EB_end", policy(review={"period": 1, "after_demand": True})),
            id="review too late",
        ),
        pytest.param(
            "T1_priority", "deliveries", policy(priority="fcfs"), id="wrong rule in a hand trace"
        ),
        pytest.param("P1", "fill_rate", value("fill_rate", 0.80), id="wrong fill rate"),
        pytest.param("DET1", "EI", value("EI", 1.0), id="wrong value where nothing is random"),
    ],
)
def test_fault_is_found(instance: str, name: str, edit: Callable[[Values], object], tmp_path: Path):
    (verdict,) = validate([changed(tmp_path, instance, only(name, edit))])
    assert verdict.verdict == "differs"
    assert verdict.id == f"{instance}.{name}"


def test_level_that_is_not_optimal_is_found(tmp_path: Path):
    def wrong(file: Values) -> None:
        del file["expect"]
        assert file["optimal"]["policy.reorder.S"] == 8
        file["optimal"]["policy.reorder.S"] = 11

    (verdict,) = validate([changed(tmp_path, "NVP_47", wrong)], fast=True)
    assert (verdict.id, verdict.verdict) == ("NVP_47.S_opt", "differs")
    assert verdict.estimate == 10


# -- verdicts ----------------------------------------------------------------------------------


def found(mean: float, sd: float, count: int = 30) -> Estimate:
    return Estimate(mean, 2.045 * sd / count**0.5, sd, count, 0.95)


def one(instance: str, name: str) -> Answer:
    (answer,) = answers_of(instance, name)
    return answer


def test_verdicts():
    answer = one("P1", "E_on_order")  # 10
    assert judge(answer, found(10.01, 0.1), 500, FULL).verdict == "agrees"
    assert judge(answer, found(10.2, 0.1), 500, FULL).verdict == "differs"
    assert judge(answer, found(10.2, 1.0), 500, FULL).verdict == "too wide"
    assert judge(answer, found(10.2, 0.1, 1), 500, FULL).verdict == "too wide"


def test_verdicts_on_an_optimum():
    answer = one("NVP_47", "S_opt")
    assert list(answer.neighbours) == [7, 9]

    def verdict(below: float, sd: float, precision=FULL) -> Verdict:
        return judge_optimum(answer, [found(below, sd), found(0.1, sd)], 3.5, 500, precision)

    assert verdict(0.1, 0.001).verdict == "agrees"
    assert verdict(-0.1, 0.001).verdict == "differs"
    assert verdict(-0.1, 0.001).estimate == 7
    assert verdict(0.1, 0.02).verdict == "too wide"
    assert verdict(0.1, 0.02, COARSE).verdict == "agrees"


def test_a_value_that_is_an_estimate_brings_its_own_error():
    answer = one("E1det", "EI")
    assert answer.half_width > 0
    sure = replace(answer, half_width=0.0)
    near = found(answer.value + 2.5 * answer.half_width, 0.001)
    assert judge(sure, near, 500, FULL).verdict == "differs"
    assert judge(answer, near, 500, FULL).verdict == "agrees"


def test_critical_value_grows_with_the_number_of_tests():
    assert critical_value(1, 10**6) == pytest.approx(2.5758, abs=1e-3)  # 1 %, two-sided
    assert critical_value(500, 10**6) == pytest.approx(4.264, abs=1e-2)
    assert critical_value(500, 30) > critical_value(500, 10**6)


def test_few_replications_show_no_less_than_many():
    """Ten replications are enough only where they would show what thirty usual ones show."""
    usual = Estimate(1.0, 0.01, 0.01 * 30**0.5 / 2.045, 30, 0.95)
    assert shortage(usual, 0.01, 794) == pytest.approx(1.0, abs=1e-3)
    for count in (3, 10, 20):
        as_wide = replace(usual, count=count, sd=0.01 * count**0.5 / student(0.975, count - 1))
        assert shortage(as_wide, 0.01, 794) > 1.0
        enough = replace(as_wide, half_width=0.001, sd=as_wide.sd / shortage(as_wide, 0.01, 794))
        limit = critical_value(794, count) * enough.sd / count**0.5
        assert limit == pytest.approx(critical_value(794, 30) * usual.sd / 30**0.5, rel=1e-3)


def test_few_replications_are_not_more_often_wrong():
    """The limit for ten replications leaves as much room for skewed results as that for thirty."""
    rng = np.random.default_rng(1)
    shape = 4.0  # a gamma distribution of skewness 1

    def wrong(count: int) -> float:
        found = rng.standard_gamma(shape, (300_000, count)) - shape
        off = found.mean(axis=1) / found.std(axis=1, ddof=1) * count**0.5
        return float((abs(off) > critical_value(794, count)).mean())

    assert 0.0 < wrong(PILOT) < wrong(30) + 1e-4


def test_replications_follow_from_the_spread():
    rng = np.random.default_rng(1)
    drawn = rng.standard_normal(2_000)

    def count(half_width: float) -> int:
        play = lambda k: [float(drawn[k])]  # noqa: E731
        (found,) = replicate_until(play, lambda means: [half_width], Effort(seed=1, most=2_000))
        return found.count

    assert count(5.0) == PILOT
    assert count(0.2) == pytest.approx(1.96**2 / 0.2**2, rel=0.5)
    assert count(1.0) <= 3 * PILOT  # ten are too few to show a difference, but not by eight times
    assert count(0.01) == 2_000  # more than the work allowed


def test_probabilities_are_asked_for_absolutely():
    share, units = one("P1", "fill_rate"), one("P1", "EB")
    assert FULL.target(share) == 0.002
    assert FULL.target(units) == pytest.approx(0.01 * units.value)
    assert FULL.target(replace(share, value=0.02)) == pytest.approx(0.001)
    assert FULL.target(replace(share, value=0.001)) == pytest.approx(0.0002)


def test_a_file_may_ask_for_more():
    answer = replace(one("P1", "EB"), precision=0.002)
    assert FULL.target(answer) == pytest.approx(0.002 * answer.value)
    assert COARSE.target(answer) == pytest.approx(0.01 * answer.value)


def test_ratio_of_means_is_not_the_mean_of_ratios():
    pairs = {0: (1.0, 1.0), 1: (2.0, 4.0)}
    (ratio,) = replicate_until(
        lambda k: [pairs[k % 2]], lambda means: [0.0], Effort(seed=1, most=10)
    )
    assert ratio.mean == pytest.approx(3.0 / 5.0)  # not (1 + 1/2) / 2
    assert ratio.half_width > 0


def test_json_says_null_where_nothing_is_simulated(capsys: pytest.CaptureFixture[str]):
    """NaN is no JSON."""
    assert cli(["selftest", "KS1.z", "DET1.EB", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [(row["id"], row["verdict"]) for row in rows] == [
        ("DET1.EB", "agrees"),
        ("KS1.z", "skipped"),
    ]
    assert rows[0]["exact"] == rows[0]["estimate"] == 0.125
    assert rows[1]["exact"] is rows[1]["estimate"] is rows[1]["half_width"] is None
