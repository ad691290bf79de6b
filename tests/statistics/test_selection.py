"""Ranking and selection: KN++, Rinott, OCBA."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from backsim.errors import InputError
from backsim.statistics import good_selection, kn, ocba, rinott, rinott_constant
from backsim.statistics.direct import looks_until, next_size


def slippage(seed: int, systems: int, shared: float, shape: tuple[int, ...]) -> np.ndarray:
    """The hardest case, minimising: system 0 better by 1 than all others, which are equal.

    Shape (*shape[:-1], systems, shape[-1]); a part of spread `shared` is common to a replication.
    """
    source = np.random.default_rng(seed)
    own = source.normal(0, 3, (*shape[:-1], systems, shape[-1]))
    own += source.normal(0, shared, (*shape[:-1], 1, shape[-1])) if shared else 0.0
    own[..., 1:, :] += 1.0
    return own


def kn_of_many(
    values: np.ndarray, delta: float, alpha: float, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """KN++ on many macro-replications at once, written anew from its definition.

    `values` (cases, systems, replications), minimising; the best and the last stage of each case.
    """
    cases, systems, most = values.shape
    alive = np.ones((cases, systems), bool)
    best, stage = np.full(cases, -1), np.zeros(cases, int)
    for r in range(first, most + 1):
        seen = values[:, :, :r]
        mean = seen.mean(axis=2)
        cov = np.einsum("cir,cjr->cij", seen - mean[:, :, None], seen - mean[:, :, None]) / (r - 1)
        var = np.diagonal(cov, axis1=1, axis2=2)
        s2 = var[:, :, None] + var[:, None, :] - 2 * cov
        eta = ((2 * alpha / (systems - 1)) ** (-2 / (r - 1)) - 1) / 2
        w = np.maximum(0, delta / (2 * r) * (2 * eta * (r - 1) * s2 / delta**2 - r))
        worse = mean[:, :, None] > mean[:, None, :] + w
        worse &= alive[:, None, :] & ~np.eye(systems, dtype=bool)
        alive &= ~worse.any(axis=2)
        done = (alive.sum(axis=1) == 1) & (best < 0)
        best[done], stage[done] = alive[done].argmax(axis=1), r
        if (best >= 0).all():
            return best, stage
    raise AssertionError("too few replications for this test")


@pytest.mark.parametrize(("shared", "most"), [(0.0, 420), (5.0, 420)])
def test_kn_selects_the_best(shared: float, most: int) -> None:
    """P(correct) >= 95 % in 1,000 slippage cases, independent and on common random numbers.

    False alarm, were it exactly 95 %: below 0.928 is 3.2 standard errors, 7 in 10,000.
    """
    cases = slippage(1, 4, shared, (1000, most))
    best, stage = kn_of_many(cases, 1.0, 0.05, 10)
    assert (best == 0).mean() >= 0.928
    assert (best == 0).mean() < 1  # else the case says nothing
    for i in range(25):
        found = kn(cases[i], 1.0)
        assert (found.best, max(found.used)) == (best[i], stage[i])


def test_common_random_numbers_pay() -> None:
    """Paired differences need fewer replications than the same systems apart."""
    source = np.random.default_rng(4)
    shared = source.normal(0, 5, 2000)
    together = np.array([shared, shared + 1]) + source.normal(0, 1, (2, 2000))
    apart = np.array([source.normal(m, math.sqrt(26), 2000) for m in (0, 1)])
    assert 5 * sum(kn(together, 1.0).used) < sum(kn(apart, 1.0).used)


def test_resuming_gives_the_same() -> None:
    """What is asked for is what counts; more at a time, or all at once, changes nothing."""
    values = slippage(5, 5, 3.0, (600,))
    whole = kn(values, 1.0)
    assert whole.best is not None
    for step in (1, 7, 50):
        have = np.full(5, 10)
        while True:
            seen = np.where(np.arange(600) < have[:, None], values, math.nan)
            found = kn(seen, 1.0)
            if found.best is not None:
                break
            assert all(m == (i in found.survivors) for i, m in enumerate(found.more))
            have += step * np.array(found.more)
        assert found == whole
        assert (have >= whole.used).all()
        assert (have < np.array(whole.used) + step).all()


def test_kn_maximises_too() -> None:
    values = slippage(6, 3, 3.0, (600,))
    assert kn(-values, 1.0, "maximise") == kn(values, 1.0)


def test_twins_end() -> None:
    values = slippage(7, 2, 0.0, (600,))
    found = kn(np.array([values[0], values[1], values[0]]), 1.0)
    assert (found.best, found.survivors, found.ties) == (0, (0, 2), (2,))
    assert kn(np.ones((3, 10)), 1.0).ties == (1, 2)
    assert kn(values[:1], 1.0).best == 0


def test_kn_wants_a_first_stage() -> None:
    with pytest.raises(InputError) as caught:
        kn(np.ones((2, 9)), 1.0)
    assert str(caught.value) == (
        "KN++: expected at least 10 replications of each system, got 9 of system 0"
    )
    gap = np.ones((2, 12))
    gap[1, 3] = math.nan
    with pytest.raises(InputError, match="without a gap, got 3 of system 1"):
        kn(gap, 1.0)
    with pytest.raises(InputError, match="delta: expected above 0, got 0"):
        kn(np.ones((2, 12)), 0.0)
    with pytest.raises(InputError, match="sense: expected minimise or maximise, got 'least'"):
        kn(np.ones((2, 12)), 1.0, "least")


# -- Rinott --------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [3, 5, 10, 20])
def test_rinotts_constant_for_two(first: int) -> None:
    """For two systems h is the quantile of a difference of two Student's t.

    2.453 for 20 is in Law's table 10.11 (Dudewicz and Dalal's h, the same for two systems).
    """
    h, law = rinott_constant(2, first, 0.95), stats.t(first - 1)
    whole, _ = integrate.quad(
        lambda y: law.cdf(h + y) * law.pdf(y), -np.inf, np.inf, epsabs=1e-10, limit=500
    )
    assert whole == pytest.approx(0.95, abs=1e-6)
    if first == 20:
        assert h == pytest.approx(2.453, abs=1e-3)


def test_rinotts_constant_by_drawing() -> None:
    """Ten systems, first stage 10: 4 standard errors of 200,000 draws, 6 in 100,000."""
    source = np.random.default_rng(1)
    x, y = source.chisquare(9, (200_000, 9)), source.chisquare(9, (200_000, 1))
    z = source.normal(size=x.shape)
    share = (z <= rinott_constant(10, 10, 0.95) / np.sqrt(9 * (1 / x + 1 / y))).all(axis=1).mean()
    assert share == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 200_000))


def test_rinott_selects_the_best() -> None:
    """P(correct) >= 95 % in 1,000 slippage cases; 0.928 is 3.2 standard errors below."""
    right = 0
    for case in slippage(2, 4, 0.0, (1000, 1000)):
        ask = rinott(case[:, :10], 1.0)
        assert ask.best is None
        needed = 10 + np.array(ask.more)
        given = np.where(np.arange(1000) < needed[:, None], case, math.nan)
        found = rinott(given, 1.0)
        assert found.used == tuple(needed)
        right += found.best == 0
    assert 0.928 <= right / 1000 < 1


def test_rinott_asks_by_variance() -> None:
    source = np.random.default_rng(3)
    values = np.array([source.normal(0, s, 10) for s in (0.01, 1.0, 4.0)])
    found = rinott(values, 1.0)
    h = rinott_constant(3, 10, 0.95)
    expected = [max(0, math.ceil((h * row.std(ddof=1)) ** 2) - 10) for row in values]
    assert found.more == tuple(expected)
    assert found.more[0] == 0
    with pytest.raises(InputError, match="at least 10 replications of each system, got 9"):
        rinott(values[:, :9], 1.0)


# -- OCBA ----------------------------------------------------------------------------------


def exact(mean: float, sd: float, count: int = 10) -> np.ndarray:
    """Values with exactly this mean and standard deviation."""
    d = np.where(np.arange(count) % 2, 1.0, -1.0)
    return mean + sd * d / d.std(ddof=1)


def test_ocba_by_its_formula() -> None:
    """Chen and Lee: ratios (s/d)^2, and the best by the root of the sum of squares."""
    values = np.array([exact(1, 1), exact(2, 1), exact(3, 2)])
    n2 = (2 / 2) ** 2 / (1 / 1) ** 2
    n0 = math.sqrt(1 + n2**2 / 4)
    shares = np.array([n0, 1, n2]) / (n0 + 1 + n2)
    total = np.array(ocba(values, 9970)) + 10
    assert total.sum() == 10_000
    assert np.abs(total - 10_000 * shares).max() < 1


@pytest.mark.parametrize("budget", [0, 1, 2, 7, 100])
def test_ocba_spends_the_budget(budget: int) -> None:
    values = np.random.default_rng(1).normal([[1], [2], [2.1], [9]], 1, (4, 10))
    extra = ocba(values, budget)
    assert sum(extra) == budget
    assert min(extra) >= 0
    assert extra[3] == 0 or budget == 100


def test_ocba_at_the_edges() -> None:
    assert ocba(np.ones((3, 5)), 6) == (2, 2, 2)  # nothing varies
    assert sum(ocba(np.array([exact(1, 1)] * 2), 10)) == 10  # twins
    assert sum(ocba(np.array([exact(1, 0), exact(2, 1)]), 10)) == 10
    assert ocba(np.array([exact(1, 1)]), 10) == (10,)
    with pytest.raises(InputError, match="budget: expected 0 replications or more, got -1"):
        ocba(np.ones((3, 5)), -1)


def test_ocba_chooses_better_than_equal_shares() -> None:
    """Ten systems, 20 replications each on average, 300 cases: more often right."""
    right = {"ocba": 0, "equal": 0}
    for seed in range(300):
        source = np.random.default_rng(seed)
        pool = source.normal(np.arange(10.0)[:, None], 6, (10, 200))
        right["equal"] += int(pool[:, :20].mean(axis=1).argmin() == 0)
        have = np.full(10, 5)
        while have.sum() < 200:
            seen = np.where(np.arange(200) < have[:, None], pool, math.nan)
            have += np.array(ocba(seen, min(10, 200 - have.sum())))
        means = [row[:n].mean() for row, n in zip(pool, have, strict=True)]
        right["ocba"] += int(np.argmin(means) == 0)
    assert right["ocba"] > right["equal"] + 15


# -- no worse than the best by more than the zone ----------------------------------------------


def flat_valley(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """51 systems in a row, neighbours much alike: true means, and replications."""
    random = np.random.default_rng(seed)
    x = random.permutation(np.arange(-25.0, 26.0))
    truth = 0.02 * x**2
    return truth, truth[:, None] + 1.5 * x[:, None] * random.normal(size=3000)


VALLEYS, WRONG = 60, 10
"""As many are wrong with probability 0.0007 at most where each is right with 0.95 (binomial)."""


def chosen_in_valley(seed: int) -> int | None:
    """The system chosen, data being added as asked for."""
    _, full = flat_valley(seed)
    values = np.full(full.shape, np.nan)
    running: tuple[int, ...] = tuple(range(len(full)))
    while True:
        size = next_size(min(int((~np.isnan(values[i])).sum()) for i in running))
        for i in running:
            values[i, :size] = full[i, :size]
        found = good_selection(values, 1.0)
        if found.done:
            return found.best
        running = found.survivors


def test_many_nearly_as_good_do_not_lead_away_from_the_best() -> None:
    """KN++ drops the best for its neighbour, that one for the next: its promise is another."""
    wrong, wrong_by_kn = 0, 0
    for seed in range(VALLEYS):
        truth, full = flat_valley(seed)
        wrong += truth[chosen_in_valley(seed)] > 1.0
        wrong_by_kn += truth[kn(full, 1.0).best] > 1.0
    assert wrong < WRONG
    assert wrong_by_kn >= WRONG


def test_looks_are_counted_as_they_are_taken() -> None:
    """The last is at the most, also where that is no size of the series."""
    for first, most in ((10, 1000), (6, 200), (2, 2), (10, 47), (10, 48)):
        sizes = [first]
        while sizes[-1] < most:
            sizes.append(min(next_size(sizes[-1], first), most))
        assert looks_until(most, first) == len(sizes)
    assert looks_until(1000) == 21


def test_good_selection_with_constraints() -> None:
    """The cheapest breaks the constraint, the dearest keeps it well; nothing is kept by none."""
    random = np.random.default_rng(1)
    cost = np.array([1.0, 2.0, 3.0])[:, None] + 0.5 * random.normal(size=(3, 40))
    room = np.array([[-0.1], [0.1], [0.3]]) + 0.05 * random.normal(size=(3, 40))
    found = good_selection(cost, 0.5, excess=[room], tolerances=[0.02])
    assert found.best == 1
    assert found.feasible == (False, True, True)
    none = good_selection(cost, 0.5, excess=[room - 1.0], tolerances=[0.02])
    assert none.done
    assert none.best is None
    unknown = np.full_like(room, np.nan)
    assert good_selection(cost, 0.5, excess=[unknown], tolerances=[0.02]).best == 0


def test_good_selection_asks_for_more() -> None:
    """Of those that are not yet known to be no better; of none once the zone is wide."""
    values = np.array([[0.0, 2.0] * 5, [2.0, 0.0] * 5, [50.0, 53.0] * 5])
    found = good_selection(values, 0.1)
    assert found.best is None
    assert found.survivors == (0, 1)
    assert good_selection(values, 0.1, "maximise").best == 2
    assert good_selection(values, 10.0).best == 0
    assert next_size(9) == 10
    assert next_size(10) == 15
    with pytest.raises(InputError, match="paired t bounds: expected at least 10 replications"):
        good_selection(values[:, :9], 0.1)


def _chosen(values: Callable[[int], Any], excess: Callable[[int], Any] | None = None) -> int | None:
    """The system chosen, with as many replications as it takes."""
    count = next_size(0)
    while True:
        kept = {} if excess is None else {"excess": excess(count), "tolerances": [0.01]}
        found = good_selection(values(count), 0.05, **kept)
        if found.best is not None or count > 9000:
            return found.best
        count = next_size(count)


def test_good_selection_of_what_is_rare() -> None:
    """One more unit in stock saves a backorder that one replication in ten has.

    The first ones have none, or a small one, in half of all searches: the cheaper stock would be
    chosen in these, though it costs more by six times the zone.
    """
    random = np.random.default_rng(1)
    wrong = 0
    for _ in range(60):
        backorders = (random.random(10_000) < 0.1) * random.exponential(13, 10_000)

        def stocks(count: int, lost: Any = backorders) -> Any:
            return np.array([1 + lost[:count], np.full(count, 2.0)])

        wrong += _chosen(stocks) == 0
    assert wrong <= 3


def test_a_constraint_that_is_rarely_broken() -> None:
    """One replication in ten serves nothing: the cheaper one has 90 %, and 95 % are asked for."""
    random = np.random.default_rng(1)
    wrong = 0
    for _ in range(60):
        served = (random.random(10_000) < 0.9) * 1.0

        def room(count: int, served: Any = served) -> Any:
            return np.array([[served[:count], np.ones(count)]]) - 0.95

        def cost(count: int) -> Any:
            return np.array([[1.0], [2.0]]) + random.normal(size=(2, count)) / 10

        wrong += _chosen(cost, room) == 0
    assert wrong <= 3
