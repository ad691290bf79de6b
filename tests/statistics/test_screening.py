"""Elementary effects and indices: what SALib says, and what is known of a function."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from backsim.statistics.screening import elementary_effects, radial, variance_indices


def drawn(count: int, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    both = qmc.Sobol(2 * inputs, seed=1).random(count)
    return both[:, :inputs], both[:, inputs:]


def ishigami(x: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * x - 1)
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_a_linear_function_has_its_slopes_as_effects_exactly() -> None:
    a, b = drawn(8, 3)
    points = radial(a, b, with_b=False)
    assert points.shape == (8 * 4, 3)
    found = elementary_effects(points, points @ np.array([3.0, -2.0, 0.0]), 0.95)
    assert [one.effect.mean for one in found] == pytest.approx([3, -2, 0])
    assert [one.strength.mean for one in found] == pytest.approx([3, 2, 0])
    assert [one.sd for one in found] == pytest.approx([0, 0, 0], abs=1e-9)


def test_a_step_of_no_length_is_left_out() -> None:
    points = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.5, 0], [1.0, 0.0], [0.5, 1.0]])
    (first, second) = elementary_effects(points, points @ np.array([2.0, 4.0]), 0.95)
    assert (first.effect.mean, first.effect.count) == (2.0, 1)
    assert (second.effect.mean, second.effect.count) == (4.0, 2)


def test_indices_of_the_ishigami_function_are_the_known_ones() -> None:
    """Ishigami and Homma (1990) with a = 7, b = 0.1."""
    a, b = drawn(1024, 3)
    found = variance_indices(3, ishigami(radial(a, b, with_b=True)), 0.95)
    known = [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)]
    for one, (first, total) in zip(found, known, strict=True):
        assert abs(one.first.mean - first) < max(0.03, one.first.half_width)
        assert abs(one.total.mean - total) < max(0.03, one.total.half_width)
        assert one.first.half_width < 0.15


def test_indices_are_those_of_salib() -> None:
    sobol = pytest.importorskip("SALib.analyze.sobol")
    a, b = drawn(256, 3)
    values = ishigami(radial(a, b, with_b=True))
    problem = {"num_vars": 3, "names": ["x", "y", "z"], "bounds": [[0, 1]] * 3}
    theirs = sobol.analyze(problem, values, calc_second_order=False, seed=1)
    ours = variance_indices(3, values, 0.95)
    assert [one.total.mean for one in ours] == pytest.approx(theirs["ST"], rel=1e-9)
    assert [one.first.mean for one in ours] == pytest.approx(theirs["S1"], abs=0.02)


def test_an_output_that_does_not_vary_has_no_shares() -> None:
    found = variance_indices(2, np.ones(4 * 8), 0.95)
    assert all(one.first.mean == one.total.mean == 0 for one in found)
