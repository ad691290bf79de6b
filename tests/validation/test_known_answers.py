"""The simulation against published and exactly computed answers, and against planted faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backsim.errors import InputError
from backsim.statistics import Estimate
from backsim.theory import Record, Verdict, critical_value, records, validate
from backsim.theory.compare import FULL, judge
from backsim.theory.sampling import Effort, replicate_until

FAMILIES = {record.family for record in records()}


def table(verdicts: list[Verdict]) -> str:
    return "\n".join(
        f"{v.id}: {v.exact} {v.estimate} ± {v.half_width} {v.verdict}" for v in verdicts
    )


def of_instance(name: str, *metrics: str) -> list[Record]:
    found = [r for r in records() if r.instance == name and r.metric in (metrics or (r.metric,))]
    assert found
    return found


def test_fast_subset_agrees():
    found = list(validate(fast=True))
    assert {v.verdict for v in found} == {"agrees"}, table(
        [v for v in found if v.verdict != "agrees"]
    )
    assert {v.family for v in found} == FAMILIES
    assert all(v.source for v in found)


def test_simpy_agrees():
    names = ["M3", "LK_mean_20_40", "T1_critical_level_1"]
    found = list(validate(names, fast=True, engine="simpy"))
    assert {v.instance for v in found} == set(names)
    assert {v.verdict for v in found} == {"agrees"}, table(
        [v for v in found if v.verdict != "agrees"]
    )


@pytest.mark.slow
def test_all_agree():
    found = list(validate())
    assert len(found) == len(records())
    assert not [v for v in found if v.verdict == "differs"], table(found)
    wide = [v for v in found if v.verdict == "too wide"]
    assert len(wide) <= 0.01 * len(found), table(wide)


def test_the_same_seed_gives_the_same_verdicts():
    names = ["T1_fcfs", "LK_mean_20_40"]
    once, again = (list(validate(names, fast=True, seed=7, engine="simpy")) for _ in range(2))
    assert once == again
    assert once != list(validate(names, fast=True, seed=8, engine="simpy"))


def test_names_choose_records():
    assert [v.id for v in validate(["DET1.EB", "DET1"])] == [
        "DET1.EB",
        "DET1.EI",
        "DET1.ready_rate",
    ]
    assert {v.family for v in validate(["13_hand_traces"])} == {"13_hand_traces"}
    with pytest.raises(InputError, match="expected an id, an instance or a family"):
        list(validate(["nobody"]))


def test_progress_is_told():
    told: list[tuple[int, int, str]] = []
    list(validate(["13"], progress=lambda *news: told.append(news)))
    assert told == [
        (0, 3, "T1_fcfs"),
        (1, 3, "T1_priority"),
        (2, 3, "T1_critical_level_1"),
        (3, 3, ""),
    ]


# -- planted faults ----------------------------------------------------------------------------


def changed(record: Record, **parts: object) -> Record:
    return replace(record, model={**record.model, **parts})


@pytest.mark.parametrize(
    ("instance", "metric", "parts"),
    [
        pytest.param(
            *("P1", "EB", {"lead_time": {"dist": "deterministic", "value": 5.25}}),
            id="lead time off by 5 %",
        ),
        pytest.param(
            *("P1", "fill_rate", {"lead_time": {"dist": "deterministic", "value": 5.05}}),
            id="lead time off by 1 %",
        ),
        pytest.param("RQ1", "EB", {"trigger": "when IP < r"}, id="trigger one unit late"),
        pytest.param("PB1", "EB_end", {"timeline": "receive, demand, order"}, id="review too late"),
        pytest.param(
            "T1_priority", "deliveries", {"rule": "FCFS"}, id="wrong rule in a hand trace"
        ),
    ],
)
def test_fault_is_found(instance: str, metric: str, parts: dict[str, object]):
    (verdict,) = validate([changed(record, **parts) for record in of_instance(instance, metric)])
    assert verdict.verdict == "differs"


def test_level_that_is_not_optimal_is_found():
    rows = [
        replace(r, value=r.value + 3) if r.metric == "S_opt" else r
        for r in of_instance("NVP_47", "S_opt")
    ]
    (verdict,) = validate(rows, fast=True)
    assert verdict.verdict == "differs"
    assert verdict.estimate == rows[0].value - 1


# -- verdicts ----------------------------------------------------------------------------------


def found(mean: float, sd: float, count: int = 30) -> Estimate:
    return Estimate(mean, 2.045 * sd / count**0.5, sd, count, 0.95)


def test_verdicts():
    (record,) = of_instance("P1", "E_on_order")  # 10
    assert judge(record, found(10.01, 0.1), 500, FULL).verdict == "agrees"
    assert judge(record, found(10.2, 0.1), 500, FULL).verdict == "differs"
    assert judge(record, found(10.2, 1.0), 500, FULL).verdict == "too wide"
    assert judge(record, found(10.2, 0.1, 1), 500, FULL).verdict == "too wide"


def test_a_value_that_is_an_estimate_brings_its_own_error():
    (record,) = of_instance("E1det", "EI")
    assert record.is_estimate
    sure = replace(record, exactness="exact", tolerance=0.0)
    near = found(record.value + 2.5 * record.tolerance, 0.001)
    assert judge(sure, near, 500, FULL).verdict == "differs"
    assert judge(record, near, 500, FULL).verdict == "agrees"


def test_critical_value_grows_with_the_number_of_tests():
    assert critical_value(1, 10**6) == pytest.approx(2.5758, abs=1e-3)  # 1 %, two-sided
    assert critical_value(500, 10**6) == pytest.approx(4.264, abs=1e-2)
    assert critical_value(500, 30) > critical_value(500, 10**6)


def test_probabilities_are_asked_for_absolutely():
    share, units = of_instance("P1", "fill_rate")[0], of_instance("P1", "EB")[0]
    assert FULL.target(share) == 0.002
    assert FULL.target(units) == pytest.approx(0.01 * units.value)
    assert FULL.target(replace(share, value=0.02)) == pytest.approx(0.001)
    assert FULL.target(replace(share, value=0.001)) == pytest.approx(0.0002)


def test_ratio_of_means_is_not_the_mean_of_ratios():
    pairs = {0: (1.0, 1.0), 1: (2.0, 4.0)}
    (ratio,) = replicate_until(
        lambda k: [pairs[k % 2]], lambda means: [0.0], Effort(seed=1, most=10)
    )
    assert ratio.mean == pytest.approx(3.0 / 5.0)  # not (1 + 1/2) / 2
    assert ratio.half_width > 0
