"""The best under constraints: who keeps them, who may be the best, and a selection."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from backsim.errors import InputError
from backsim.statistics import Feasible, constrained_kn, feasible, kn, together, with_best

SURELY, PERHAPS, NO = Feasible.surely, Feasible.perhaps, Feasible.no
FLOOR = {300: 272, 400: 366}
"""Of this many cases, each right with probability 0.95 at least, fewer than these are right with
probability 0.0006 and 0.0011 at most (binomial)."""


def spread(mean: float, half: float, count: int = 10) -> np.ndarray:
    """Values with this mean, half of them above and half below by the same."""
    return mean + half * np.where(np.arange(count) % 2, 1.0, -1.0)


# -- who keeps a constraint ------------------------------------------------------------------


def test_a_bound_is_surely_kept_perhaps_or_surely_not() -> None:
    values = np.array([spread(m, 0.01) for m in (0.97, 0.952, 0.949, 0.93)])
    assert feasible(values, ">=", 0.95, 0.01) == (SURELY, PERHAPS, PERHAPS, NO)
    assert feasible(-values, "<=", -0.95, 0.01) == (SURELY, PERHAPS, PERHAPS, NO)


def test_values_without_spread_are_sure() -> None:
    """0.1 nine times has a mean that is not 0.1: it still keeps a bound of 0.1."""
    values = np.array([[0.1] * 9, [0.1 - 1e-12] * 9])
    assert feasible(values, ">=", 0.1, 0.01) == (SURELY, NO)
    assert feasible(values, "<=", 0.1, 0.01) == (SURELY, SURELY)


def test_what_cannot_be_measured_breaks_nothing() -> None:
    nothing, once = [math.nan] * 3, [math.nan, 0.2, math.nan]
    assert feasible([nothing, once], ">=", 0.9, 0.01) == (SURELY, PERHAPS)


def test_several_constraints_together() -> None:
    assert together([]) is SURELY
    assert together([SURELY, PERHAPS]) is PERHAPS
    assert together([PERHAPS, NO, SURELY]) is NO


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="relation: expected >= or <=, got '<'"):
        feasible([[1.0, 2.0]], "<", 1.0, 0.01)
    with pytest.raises(InputError, match=r"error: expected above 0 and below 0\.5, got 0\.5"):
        feasible([[1.0, 2.0]], "<=", 1.0, 0.5)
    with pytest.raises(InputError, match="states: expected one for each of 2 systems, got 1"):
        with_best(np.ones((2, 3)), states=[SURELY])


# -- who may be the best ---------------------------------------------------------------------


def candidates(states: list[Feasible]) -> tuple[int, ...]:
    """Three systems at clearly different costs, 0 being the cheapest."""
    return with_best([spread(m, 0.1) for m in (1, 2, 3)], states=states).candidates


def test_only_a_system_that_surely_keeps_the_constraints_excludes_another() -> None:
    assert candidates([SURELY, SURELY, SURELY]) == (0,)
    assert candidates([PERHAPS, SURELY, SURELY]) == (0, 1)
    assert candidates([PERHAPS, PERHAPS, SURELY]) == (0, 1, 2)
    assert candidates([NO, SURELY, SURELY]) == (1,)
    assert candidates([NO, NO, PERHAPS]) == (2,)
    assert candidates([NO, NO, NO]) == ()


def test_the_best_is_only_called_so_when_it_surely_keeps_the_constraints() -> None:
    values = [spread(m, 0.1) for m in (1, 2, 3)]
    assert with_best(values, states=[SURELY, NO, NO]).comparisons[0].is_best
    assert not with_best(values, states=[PERHAPS, NO, NO]).comparisons[0].is_best
    alone = with_best(values, states=[PERHAPS, SURELY, NO])
    assert [c.is_best for c in alone.comparisons] == [False, False, False]
    assert alone.comparisons[1].low == -math.inf  # there may be no other
    assert alone.comparisons[0].high == 0.0


def test_all_that_is_said_holds_together() -> None:
    """States at alpha / 2 over systems, comparisons at alpha / 2: wrong in at most 5 % of cases.

    False alarm 0.0011 at most.
    Two systems lie just beyond the bound, the rest just within, all close to each other.
    """
    cost = np.array([0.0, 0.4, 0.8, -0.4, -0.8])
    above = np.array([0.05, 0.3, 0.1, -0.05, -0.3])
    source, right, narrow = np.random.default_rng(11), 0, 0
    for _ in range(400):
        shared = source.normal(0, 1, 20)
        values = cost[:, None] + shared + source.normal(0, 1, (5, 20))
        kept = above[:, None] - 0.3 * shared + source.normal(0, 0.3, (5, 20))
        states = feasible(kept, ">=", 0.0, 0.025 / 5)
        found = with_best(values, confidence=0.975, states=states)
        true = [SURELY if a >= 0 else NO for a in above]
        said = all(s in (PERHAPS, t) for s, t in zip(states, true, strict=True))
        right += said and 0 in found.candidates
        narrow += len(found.candidates) < 5
    assert right >= FLOOR[400]
    assert narrow > 100  # else the case says nothing


# -- selection ---------------------------------------------------------------------------------

COST = np.array([0.0, 1.0, 1.0, -2.0, -2.0])
EXCESS = np.array([[0.5, 0.5, 1.0, -0.5, -0.5], [0.5, 2.0, 0.5, 2.0, -0.5]])
"""System 0 is the best of those that keep both constraints, by their tolerance; the others are
worse by the indifference zone, or cheaper and break a constraint by the tolerance."""


def case(source: np.random.Generator, most: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Values and excess on common random numbers; cost and service move together."""
    shared = source.normal(0, 2, most)
    values = COST[:, None] + shared + source.normal(0, 2, (5, most))
    excess = EXCESS[:, :, None] - 0.3 * shared + source.normal(0, 1, (2, 5, most))
    return values, excess


def test_the_best_that_keeps_the_constraints_is_selected() -> None:
    """P(correct) >= 95 % in 300 cases of the hardest kind; false alarm 0.0006 at most."""
    source, right = np.random.default_rng(2), 0
    for _ in range(300):
        values, excess = case(source)
        found = constrained_kn(values, excess, 1.0, [0.5, 0.5])
        assert found.done
        right += found.best == 0
    assert FLOOR[300] <= right < 300


def test_none_is_selected_when_none_keeps_the_constraints() -> None:
    """All break a bound by the tolerance: P(none) >= 95 %, in 300 cases; false alarm 0.0006."""
    source, right = np.random.default_rng(3), 0
    for _ in range(300):
        excess = source.normal(-0.5, 1, (1, 4, 300))
        found = constrained_kn(source.normal(0, 2, (4, 300)), excess, 1.0, [0.5])
        assert found.done
        right += found.best is None
        if found.best is None:
            assert (found.survivors, found.feasible) == ((), (False,) * 4)
            assert not any(found.more)
    assert right >= FLOOR[300]


def test_resuming_gives_the_same() -> None:
    """What is asked for is what counts; more at a time, or all together, changes nothing."""
    values, excess = case(np.random.default_rng(5), 600)
    whole = constrained_kn(values, excess, 1.0, [0.5, 0.5])
    assert whole.best == 0
    assert whole.feasible[0] is True
    for step in (1, 7, 50):
        have = np.full(5, 10)
        while True:
            there = np.arange(600) < have[:, None]
            seen = np.where(there, values, math.nan), np.where(there, excess, math.nan)
            found = constrained_kn(*seen, 1.0, [0.5, 0.5])
            if found.done:
                break
            assert all(m == (i in found.survivors) for i, m in enumerate(found.more))
            have += step * np.array(found.more)
        assert found == whole
        assert (have >= whole.used).all()


def test_a_cheaper_system_waits_until_it_is_known_to_keep_the_constraint() -> None:
    """System 0 is cheaper from the first stage on; system 1 stays while 0 may break the bound."""
    source = np.random.default_rng(6)
    values = np.array([spread(0, 0.1, 400), spread(5, 0.1, 400)])
    close = np.array([[source.normal(-0.2, 1, 400), np.ones(400)]])
    early = constrained_kn(values[:, :12], close[:, :, :12], 1.0, [0.2])
    assert (early.best, early.survivors, early.feasible) == (None, (0, 1), (None, True))
    late = constrained_kn(values, close, 1.0, [0.2])
    assert (late.best, late.feasible) == (1, (False, True))


def test_without_constraints_it_is_kn() -> None:
    values, _ = case(np.random.default_rng(7))
    found, known = constrained_kn(values, np.empty((0, 5, 300)), 1.0, []), kn(values, 1.0)
    assert (found.best, found.survivors) == (known.best, known.survivors)
    assert found.used == known.used


def test_twins_end() -> None:
    values, excess = case(np.random.default_rng(8))
    twins = values[[0, 1, 0]], excess[:, [0, 1, 0]]
    found = constrained_kn(*twins, 1.0, [0.5, 0.5])
    assert (found.best, found.survivors, found.ties) == (0, (0, 2), (2,))


def test_what_is_never_measured_is_kept() -> None:
    values, excess = case(np.random.default_rng(9))
    excess[1] = math.nan
    assert constrained_kn(values, excess, 1.0, [0.5, 0.5]).best == 0
    broken = np.concatenate([excess, -np.ones((1, 5, 300))])
    assert constrained_kn(values, broken, 1.0, [0.5, 0.5, 0.5]).best is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"first": 1}, "first: expected at least 2 replications, got 1"),
        ({"delta": 0.0}, "delta: expected above 0, got 0"),
        ({"tolerances": [0.0]}, "tolerance: expected above 0, got 0"),
        ({"tolerances": [1.0, 1.0]}, r"excess: expected shape \(2, 3, 10\), got \(1, 3, 10\)"),
        ({"first": 11}, "expected at least 11 replications of each system, got 10 of system 0"),
    ],
)
def test_a_selection_refuses_bad_input(changes: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"delta": 1.0, "tolerances": [1.0], **changes}
    with pytest.raises(InputError, match=message):
        constrained_kn(np.ones((3, 10)), np.ones((1, 3, 10)), **given)
