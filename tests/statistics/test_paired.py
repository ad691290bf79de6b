"""Paired differences, equivalence and comparisons with the best."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from backsim.errors import InputError
from backsim.statistics import differences, equivalence, with_best


def world(seed: int, means: list[float], count: int, own: float = 1.0) -> np.ndarray:
    """Systems on common random numbers: a shared part of spread 3, and one of their own."""
    source = np.random.default_rng(seed)
    shared = source.normal(0, 3, count)
    return np.array([m + shared + source.normal(0, own, count) for m in means])


def test_one_comparison_is_the_paired_t_test() -> None:
    values = world(1, [10, 11], 12)
    found = differences(values, reference=0, confidence=0.9).of(1)
    low, high = stats.ttest_rel(values[1], values[0]).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.count == 12
    with pytest.raises(KeyError):
        differences(values).of(0)


def test_bonferroni_shares_the_chance_of_error() -> None:
    values = world(2, [10, 11, 12, 13], 12)
    found = differences(values, reference=2)
    assert [c.system for c in found.comparisons] == [0, 1, 3]
    assert found.level == pytest.approx(1 - 0.05 / 3)
    low, high = stats.ttest_rel(values[3], values[2]).confidence_interval(1 - 0.05 / 3)
    assert (found.of(3).low, found.of(3).high) == pytest.approx((low, high))
    assert differences(values, 2, comparisons=9).level == pytest.approx(1 - 0.05 / 9)


def test_the_reduction_is_what_common_random_numbers_took_away() -> None:
    """The variance is 10 + 10 apart and 2 as pairs: 90 % less."""
    together = differences(world(3, [0, 0], 4000)).of(1)
    assert together.reduction == pytest.approx(0.9, abs=0.02)
    one, other = world(4, [0], 4000)[0], world(5, [0], 4000)[0]
    assert differences([one, other]).of(1).reduction == pytest.approx(0, abs=0.05)


def test_pairs_with_a_gap_are_left_out() -> None:
    values = np.array([[1.0, 2.0, 3.0, math.nan], [2.0, 4.0, math.nan, 9.0]])
    found = differences(values).of(1)
    assert (found.count, found.mean) == (2, 1.5)


def test_equal_systems_differ_by_exactly_nothing() -> None:
    found = differences([[1.0, 2.0, 3.0]] * 2).of(1)
    assert (found.mean, found.half_width, found.significant) == (0, 0, False)
    shifted = differences([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]).of(1)
    assert (shifted.mean, shifted.half_width, shifted.significant) == (1, 0, True)


def test_simultaneous_coverage() -> None:
    """Four intervals hold together in at least 95 % of 2,000 cases.

    False alarm, were it exactly 95 %: below 0.935 is 3.1 standard errors, 1 in 1,000.
    """
    truth = np.array([0.0, 0.2, 0.4, 0.6, 0.8])
    hits = 0
    for seed in range(2000):
        found = differences(world(seed, list(truth), 10))
        hits += all(c.low <= truth[c.system] <= c.high for c in found.comparisons)
    assert hits / 2000 >= 0.935


def test_too_few_is_an_error() -> None:
    with pytest.raises(InputError) as caught:
        differences([[1.0], [2.0]])
    assert str(caught.value) == (
        "system 1 against 0 (pairs): expected at least 2 replications, got 1"
    )
    with pytest.raises(InputError, match=r"reference: expected 0 to 1, got 2"):
        differences([[1.0, 2.0], [2.0, 3.0]], reference=2)
    with pytest.raises(InputError, match=r"confidence: expected above 0 and below 1, got 95"):
        differences([[1.0, 2.0], [2.0, 3.0]], confidence=95)
    with pytest.raises(InputError, match=r"systems x replications, got shape \(2,\)"):
        differences([1.0, 2.0])
    with pytest.raises(InputError, match="expected finite numbers, got infinity"):
        differences([[1.0, math.inf], [2.0, 3.0]])


# -- equivalence ---------------------------------------------------------------------------


def test_equivalence_is_two_one_sided_tests() -> None:
    values = world(6, [10, 10.1], 20, own=0.5)
    found = equivalence(values[1], values[0], margin=1.0)
    d = values[1] - values[0]
    above = stats.ttest_1samp(d, -1.0, alternative="greater").pvalue
    below = stats.ttest_1samp(d, 1.0, alternative="less").pvalue
    assert found.p_value == pytest.approx(max(above, below))
    assert found.verdict == "equivalent"
    low, high = stats.ttest_1samp(d, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_three_verdicts() -> None:
    same = np.arange(10.0)
    noise = np.where(same % 2, 1.0, -1.0)
    assert equivalence(same, same, 0.1).verdict == "equivalent"
    assert equivalence(same, same, 0.1).p_value == 0
    assert equivalence(same + 5 + noise, same, 1).verdict == "different"
    assert equivalence(same + 1, same, 0.5).p_value == 1
    assert equivalence(same + noise, same, 0.1).verdict == "undecided"
    assert equivalence(same + 1, same, 1).verdict == "undecided"  # on the very margin


def test_a_shift_as_large_as_the_margin_passes_rarely() -> None:
    """At most 5 % of 2,000; were it exactly so, above 0.065 is 3.1 standard errors."""
    passed = 0
    for seed in range(2000):
        values = world(seed, [0, 1], 10, own=0.5)
        passed += equivalence(values[1], values[0], 1.0).verdict == "equivalent"
    assert 0.03 <= passed / 2000 <= 0.065


def test_equivalence_wants_a_margin() -> None:
    with pytest.raises(InputError, match="margin: expected above 0, got 0"):
        equivalence([1, 2], [1, 2], 0)
    with pytest.raises(InputError, match="expected pairs, got 2 values and 3"):
        equivalence([1, 2], [1, 2, 3], 1)


# -- with the best -------------------------------------------------------------------------


def test_hsu_by_hand() -> None:
    """Three systems, differences of known mean and width, minimising."""
    base = np.array([0.0, 1.0, 2.0, 3.0])
    d = np.array([-1.0, 1.0, -1.0, 1.0])  # mean 0, sd 2 / sqrt(3)
    values = np.array([base, base + 10 + d, base + 1 + d])
    w = stats.t.ppf(0.975, 3) * (2 / math.sqrt(3)) / 2
    found = with_best(values)
    ends = [(c.low, c.high) for c in found.comparisons]
    assert ends[0] == pytest.approx((-(1 + w), w - 1))
    # 1 and 2 differ by 9 exactly; 1 is out, 2 may be the best.
    assert ends[1] == pytest.approx((0, max(10 + w, 9)))
    assert ends[2] == pytest.approx((-(w - 1), 1 + w))
    assert found.candidates == (0, 2)


def test_maximising_turns_it_round() -> None:
    values = world(7, [1, 2, 3], 10)
    low = with_best(-values, "minimise")
    high = with_best(values, "maximise")
    for one, other in zip(low.comparisons, high.comparisons, strict=True):
        assert (one.low, one.high) == (-other.high, -other.low)
        assert one.may_be_best == other.may_be_best


def test_a_clear_best_is_named() -> None:
    found = with_best(world(8, [1, 5, 9], 20))
    assert found.candidates == (0,)
    assert found.comparisons[0].is_best
    assert found.comparisons[0].high == 0
    assert not found.comparisons[1].may_be_best


def test_twins_may_both_be_the_best() -> None:
    values = world(9, [1, 5], 20)
    found = with_best(np.array([values[0], values[1], values[0]]))
    assert found.candidates == (0, 2)
    assert with_best(values[:1]).candidates == (0,)


def test_coverage_with_the_best() -> None:
    """All intervals hold in at least 95 % of 2,000 cases, for unequal variances too.

    False alarm, were it exactly 95 %: below 0.935 is 3.1 standard errors, 1 in 1,000.
    """
    truth = np.array([0.0, 0.3, 0.6, 3.0])
    against = np.array([t - np.delete(truth, i).min() for i, t in enumerate(truth)])
    hits = 0
    for seed in range(2000):
        values = world(seed, list(truth), 8)
        values[2] += np.random.default_rng(10_000 + seed).normal(0, 4, 8)
        found = with_best(values)
        hits += all(c.low <= against[c.system] <= c.high for c in found.comparisons)
    assert hits / 2000 >= 0.935
