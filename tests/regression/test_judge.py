"""What is said of results that have changed: verdicts, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.regression import made
from tests.regression.made import BEFORE, NOW, baseline, digests, judged, study

from backsim.regression.judge import Verdict, judge
from backsim.regression.margins import Margin
from backsim.scenario.yamlfile import Document, FileError

COST = [10.0, 12, 9, 11, 10, 8, 12, 10]
NOISE = np.array([1, -1, 2, -2, 0.5, -0.5, 1.5, -1.5]) * 0.01


def verdict(new: object, margin: Margin | None = None, metric: str = "cost.total") -> Verdict:
    """The verdict on one metric whose results are not equal to the bit."""
    margins = {metric: margin} if margin else None
    before = baseline(a={metric: COST}, margins=margins)
    found = judged(study(a={metric: new}), before, results="other")
    return found.metrics[0].verdict


@pytest.mark.parametrize(
    ("change", "margin", "expected"),
    [
        (0.0 * NOISE, None, Verdict.same),
        (NOISE, Margin(up=0.1), Verdict.within),
        (0.05 + NOISE, Margin(up=0.1), Verdict.within),
        (0.09 + NOISE, Margin(up=0.1), Verdict.unsure),
        (0.11 + NOISE, Margin(up=0.1), Verdict.unsure),
        (0.2 + NOISE, Margin(up=0.1), Verdict.beyond),
        (-0.2 + NOISE, Margin(up=0.1), Verdict.better),
        (-0.2 + NOISE, Margin(up=0.1, down=0.3), Verdict.within),
        (-0.2 + NOISE, Margin(down=0.1), Verdict.beyond),
        (0.2 + NOISE, Margin(), Verdict.within),
        (0.2 + 10 * NOISE, Margin(up=0.1), Verdict.unsure),
    ],
)
def test_verdicts(change: object, margin: Margin | None, expected: Verdict) -> None:
    assert verdict(COST + np.asarray(change), margin) is expected


def test_the_default_sees_one_per_cent() -> None:
    assert verdict(1.01 * np.array(COST)) is Verdict.beyond
    assert verdict(0.99 * np.array(COST)) is Verdict.better
    assert verdict(0.99 * np.array(COST), metric="profit") is Verdict.beyond
    assert verdict(1.001 * np.array(COST)) is Verdict.within


def test_the_interval_is_the_textbook_one() -> None:
    """One policy, two metrics with one margin each: two tests share 2 %."""
    new = np.array(COST) + 0.2 + NOISE
    values = {"cost.total": COST, "mean_wait": COST}
    before = baseline(a=values, error_rate=0.02)
    found = judged(study(a={"cost.total": new, "mean_wait": new}), before, results="other")
    assert found.tests == 2
    low, high = stats.t.interval(0.98, 7, 0.2, (0.2 + NOISE).std(ddof=1) / np.sqrt(8))
    assert (found.metrics[0].low, found.metrics[0].high) == pytest.approx((low, high))


def test_equal_digests_need_no_test() -> None:
    found = judged(study(a={"cost.total": COST}), baseline(a={"cost.total": COST}))
    assert found.same
    assert not found.failed
    assert found.changed == ("backsim's code",)


def test_nothing_has_changed_but_the_results() -> None:
    new = np.array(COST) * [1, 1, 1, 1, 1, 1, 1, 1.0001]
    before = baseline(NOW, a={"cost.total": COST, "mean_wait": COST})
    found = judged(study(a={"cost.total": new, "mean_wait": COST}), before, results="other")
    assert found.exact
    assert [m.verdict for m in found.metrics] == [Verdict.unequal, Verdict.same]
    assert found.broken == (
        "a: metrics not bit-identical, though nothing has changed that results depend on",
    )


def test_a_log_of_its_own_fails_though_metrics_agree() -> None:
    before = baseline(NOW, a={"cost.total": COST})
    found = judged(study(a={"cost.total": COST}), before, log="other")
    assert found.failed
    assert "log not bit-identical" in found.broken[0]


def test_other_random_numbers_fail_where_they_should_be_the_same() -> None:
    values = study(a={"cost.total": COST})
    changed = {"lead_times": "other", "results": "other", "log": "other"}
    found = judged(values, baseline(a={"cost.total": COST}), **changed)
    assert found.broken == (
        "a: the random numbers of lead times have changed, though the scenario and numpy have not",
    )
    # With another numpy, or another scenario, they may differ.
    numpy = BEFORE.model_copy(update={"versions": {"numpy": "1.0", "source": "before"}})
    found = judged(values, baseline(numpy, a={"cost.total": COST}), **changed)
    assert not found.failed
    assert found.notes[0].endswith("have changed: pairs of replications are independent")
    found = judged(values, baseline(a={"cost.total": COST}), tape="other", **changed)
    assert not found.failed


def test_what_has_changed_is_told() -> None:
    old = made.MadeWith(versions={"numpy": "1.9"}, python="3.10", arithmetic="arm")
    found = judged(
        study(a={"cost.total": COST}), baseline(old, a={"cost.total": COST}), scenario="x"
    )
    assert found.changed == (
        "numpy 1.9 -> 2.0",
        "backsim's code",
        "Python 3.10 -> 3.11",
        "the platform (arm -> x86)",
        "the resolved scenario or rules of every policy",
    )


def test_what_is_gone_and_what_is_new() -> None:
    before = baseline(a={"cost.total": COST, "mean_wait[gold]": COST}, c={"cost.total": COST})
    odd = before.model_dump()
    odd["policies"]["a"]["values"] |= {"fairnes": "1 2", "mean_wait[gld]": "1 2"}
    odd = made.Baseline.model_validate(odd)
    with pytest.raises(FileError) as error:
        judged(study(a={"cost.total": COST}, b={"cost.total": COST}), odd)
    assert str(error.value).splitlines() == [
        "b.yaml: policies.c: expected a policy of the experiment (a, b), got 'c', which is gone",
        'b.yaml: policies.a.values."mean_wait[gold]": expected values of mean_wait[gold] as in the '
        "baseline, got none: it means nothing any more",
        "b.yaml: policies.a.values.fairnes: expected a metric (fairness, fill_rate), "
        "got 'fairnes', which is gone",
        'b.yaml: policies.a.values."mean_wait[gld]": expected a class, product or site (gold), '
        "got 'gld', which is gone",
    ]
    now = study(a={"cost.total": COST, "profit": COST}, b={"cost.total": COST})
    found = judged(now, baseline(a={"cost.total": COST}))
    assert found.notes == (
        "not in the baseline, so not checked: policy b (--update adds it)",
        "not in the baseline, so not checked: profit (--update adds it)",
    )


FILES, METRICS = 400, ["cost.total", "mean_wait", "mean_backlog", "mean_on_hand", "cost.ordering"]


@pytest.mark.parametrize("shift", [0.0, 0.005])
def test_false_alarms_are_no_more_than_stated(shift: float) -> None:
    """400 files of 10 tests at 5 %, with no change, and with a change just as large as the margin.

    The second is the worst case: about 5 % of the files raise an alarm.  If the rate is 5 %, more
    than 36 of 400 have a chance of 4 in 10,000.
    """
    random = np.random.default_rng(20261124)
    alarms = 0
    for _ in range(FILES):
        old = {p: {m: 10 + random.normal(size=8) for m in METRICS} for p in ("a", "b")}
        before = baseline(error_rate=0.05, margins={m: Margin(up=0.05) for m in METRICS}, **old)
        new = {
            p: {m: v + 10 * shift + random.normal(0, 0.02, 8) for m, v in values.items()}
            for p, values in old.items()
        }
        alarms += judged(study(**new), before, results="other").failed
    assert alarms <= 36
    assert alarms >= (8 if shift else 0)  # the test is not empty: fewer has a chance of 0.2 %


def test_a_judge_needs_the_digests_of_each_policy() -> None:
    values = study(a={"cost.total": COST})
    with pytest.raises(ValueError, match="zip"):
        judge(values, [digests()], NOW, baseline(a={"cost.total": COST}), Document("b", {}))


def test_names_in_another_order_are_told() -> None:
    """Classes are numbered in their order: the log is another, and the random world is the same."""
    before = baseline(NOW, a={"cost.total": COST})
    found = judged(study(a={"cost.total": COST}), before, tape="other", log="other", orders="other")
    assert found.changed == ("the order of classes, products, sites or suppliers in the scenario",)
    assert found.same
