"""The same questions put to sim-tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backsim.statistics import kn, ocba

zone = pytest.importorskip("sim_tools.ovs.indifference_zone")
budget = pytest.importorskip("sim_tools.ovs.fixed_budget")


class Written:
    """A model as sim-tools wants it, which reads its replications from a table."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.at = values, np.zeros(len(values), int)

    def register_observer(self, observer: Any) -> None:
        self.observer = observer

    def simulate(self, design: int) -> None:
        self.at[design] += 1
        self.observer.feedback(self, design, self.values[design, self.at[design] - 1])


def apart(seed: int, means: list[float], sd: float, count: int) -> np.ndarray:
    """Independent systems, far above 0: sim-tools' running variance is right for those only."""
    source = np.random.default_rng(seed)
    return np.array([source.normal(m, sd, count) for m in means])


def test_kn_chooses_as_sim_tools_and_takes_as_long() -> None:
    """Two systems: the same eta; sim-tools adds the variances, here it is that of the pairs.

    The same choice in 40 of 40, and totals within 10 % (a dozen runs differ by a few replications).
    """
    totals = np.zeros(2)
    for seed in range(40):
        values = apart(seed, [1000, 1002], 3, 3000)
        model = Written(values)
        theirs = zone.KNPlusPlus(model, 2, delta=1.0, alpha=0.05, n_0=10, obj="max").solve()
        ours = kn(values, 1.0, "maximise")
        assert ours.best == theirs[0] == 1
        totals += sum(ours.used), model.at.sum()
    assert totals[0] == pytest.approx(totals[1], rel=0.1)


def test_kn_on_several_systems() -> None:
    """Ours allows for dependence, theirs does not: a little longer, never another choice."""
    for seed in range(20):
        values = apart(seed, [1000, 1001, 1002, 1004], 3, 3000)
        model = Written(values)
        theirs = zone.KNPlusPlus(model, 4, delta=1.0, alpha=0.05, n_0=10, obj="max").solve()
        assert kn(values, 1.0, "maximise").best == theirs[0] == 3


def test_ocba_allocates_as_sim_tools() -> None:
    """The same numbers up to rounding, for 100 draws of first stages.

    sim-tools puts what rounding leaves over on the best.  Where its choice of the two best is in
    the wrong order (`argpartition` does not sort) the draw is passed over.
    """
    compared = 0
    for seed in range(100):
        values = apart(seed, [100, 101, 102, 104, 106], 2, 10)
        means = values.mean(axis=1)
        ranks = budget.get_ranks(means)
        if np.argpartition(ranks, 2)[0] != means.argmin():
            continue
        peer = budget.OCBA(Written(values), 5, budget=550, delta=500, n_0=10, obj="min")
        peer._means, peer._vars = means, values.var(axis=1, ddof=1)
        peer._allocations = np.full(5, 10)
        assert np.abs(peer._allocate() - ocba(values, 500)).max() <= 3
        compared += 1
    assert compared >= 30
