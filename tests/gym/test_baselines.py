"""Agents where the optimum is known: the optimal policy costs what the formula says."""

from __future__ import annotations

import pytest

pytest.importorskip("gymnasium")

from backsim.gym.baselines import at_random, backorders, lost_sales, play, two_classes


def test_the_optima_are_those_of_the_literature() -> None:
    assert lost_sales().optimum == pytest.approx(4.40, abs=0.005)  # Zipkin (2008), table 1
    assert two_classes().optimum == pytest.approx(5 * 2 / 3 + (4 - 2 / 3))


def test_the_optimal_policy_costs_the_optimum_and_others_more() -> None:
    """The reward is that of the known model; 4 replications of 1,000 days."""
    for instance in (backorders(), lost_sales()):
        best = play(instance, instance.optimal, 4, 1)
        assert abs(best.mean - instance.optimum) < 2 * best.half_width
        assert best.half_width < 0.15 * instance.optimum
        assert play(instance, instance.textbook, 4, 1).mean >= best.mean
    assert play(instance, at_random(1), 2, 1).mean > 2 * instance.optimum


def test_the_class_whose_wait_costs_more_comes_first() -> None:
    instance = two_classes()
    best, rule = (play(instance, a, 2, 1) for a in (instance.optimal, instance.textbook))
    assert best.mean < 0.8 * rule.mean
    assert abs(best.mean - instance.optimum) < 0.35 * instance.optimum
