"""Control variates and antithetic pairs."""

from __future__ import annotations

import numpy as np
import pytest

from backsim.errors import InputError
from backsim.statistics import antithetic, control_variates, estimate


def controlled(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of mean 5 whose variance is 4 + 1, and a control of mean 1 that explains the 4."""
    source = np.random.default_rng(seed)
    control = source.normal(1, 1, count)
    return 5 + 2 * (control - 1) + source.normal(0, 1, count), control


def test_the_line_by_polyfit() -> None:
    values, control = controlled(1, 30)
    found = control_variates(values, control, 1.0)
    (slope, intercept), cov = np.polyfit(control - 1, values, 1, cov=True)
    assert found.estimate.mean == pytest.approx(intercept)
    assert found.coefficients == pytest.approx((slope,))
    assert found.estimate.sd**2 / 30 == pytest.approx(cov[1, 1])
    assert found.plain == estimate(values)


def test_the_reduction_is_measured() -> None:
    """Four fifths of the variance go."""
    values, control = controlled(2, 4000)
    assert control_variates(values, control, 1.0).reduction == pytest.approx(0.8, abs=0.02)
    useless = np.random.default_rng(3).normal(size=4000)
    assert control_variates(values, useless, 0.0).reduction == pytest.approx(0, abs=0.01)


def test_coverage_of_the_controlled_mean() -> None:
    """95 % intervals in 2,000 cases of 12; 0.935 and 0.965 are 3.1 standard errors away."""
    hits = 0
    for seed in range(2000):
        values, control = controlled(seed, 12)
        found = control_variates(values, control, 1.0).estimate
        hits += abs(found.mean - 5) <= found.half_width
    assert 0.935 <= hits / 2000 <= 0.965


def test_two_controls_of_different_size() -> None:
    source = np.random.default_rng(4)
    c = source.normal([1, 1e6], [1, 1e5], (50, 2))
    values = 3 + 2 * (c[:, 0] - 1) + 1e-5 * (c[:, 1] - 1e6)
    found = control_variates(values, c, [1, 1e6])
    assert found.estimate.mean == pytest.approx(3)
    assert found.coefficients == pytest.approx((2, 1e-5))
    assert found.reduction == pytest.approx(1)


def test_controls_that_are_none() -> None:
    values, control = controlled(5, 30)
    with pytest.raises(InputError, match="controls that vary and do not repeat another"):
        control_variates(values, np.ones(30), 1.0)
    with pytest.raises(InputError, match="controls that vary and do not repeat another"):
        control_variates(values, np.column_stack([control, 2 * control]), [1, 2])
    with pytest.raises(InputError, match="control variates: expected at least 4 replications, got"):
        control_variates(values[:3], control[:3], 1.0)


def test_antithetic_pairs() -> None:
    """exp(U) against exp(1 - U): 96.8 % less (Ross, Simulation, section 9.1)."""
    u = np.random.default_rng(6).random(5000)
    found = antithetic(np.exp(u), np.exp(1 - u))
    assert found.estimate.mean == pytest.approx(np.e - 1, abs=4 * found.estimate.half_width)
    assert found.reduction == pytest.approx(0.9677, abs=0.005)
    assert (found.estimate.count, found.plain.count) == (5000, 10_000)
    other = np.random.default_rng(7).random(5000)
    assert antithetic(np.exp(u), np.exp(other)).reduction == pytest.approx(0, abs=0.06)


def test_antithetic_wants_pairs() -> None:
    with pytest.raises(InputError, match="expected pairs, got 2 values and 3"):
        antithetic([1, 2], [1, 2, 3])
    with pytest.raises(InputError, match=r"antithetic \(pairs\): expected at least 2 replications"):
        antithetic([1], [2])
