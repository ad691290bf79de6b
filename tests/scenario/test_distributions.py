"""Distributions: their moments are those of their draws, and draws do not depend on how many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter
from scipy import stats

from backsim.scenario.distributions.base import Distribution, distribution
from backsim.scenario.distributions.discrete import LONGEST, Poisson, _steps_of_poisson
from backsim.scenario.distributions.fields import AnyDistribution
from backsim.streams import generator

READ: TypeAdapter[Distribution] = TypeAdapter(AnyDistribution)

DRAWS, BATCHES = 200_000, 200
SIGMAS = 6.0
"""A sound distribution fails one comparison with probability below 1e-7 (Student's t with 199
degrees of freedom, two-sided: 9e-9; batch means are a little less normal than that).  There are
two comparisons each for fewer than 100 cases, so a false alarm in all of them is below 1e-5."""

CASES = [{name: parameters} for name, cls in distribution.items() for parameters in cls.examples]


def agree(values: NDArray[np.float64], expected: float) -> bool:
    """Whether the mean of the values is `expected`, by batch means."""
    means = values.reshape(BATCHES, -1).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(BATCHES)
    return bool(abs(means.mean() - expected) <= SIGMAS * error + 1e-9 * (1 + abs(expected)))


def test_every_distribution_and_every_choice_of_keys_is_tried() -> None:
    for cls in distribution.values():
        tried = [set(parameters) for parameters in cls.examples]
        assert tried
        assert all(set(choice) in tried for choice in cls.choices)


@pytest.mark.parametrize("written", CASES, ids=str)
def test_moments_are_those_of_the_draws(written: dict[str, object]) -> None:
    distribution = READ.validate_python(_tuples(written))
    mean, variance = distribution.moments()
    values = distribution.draw(generator(20_240_131, 0, str(written)), DRAWS)
    assert values.shape == (DRAWS,)
    assert values.dtype == np.float64
    assert agree(values, mean)
    assert agree((values - mean) ** 2, variance)
    if "normal" not in written:  # its values below 0 are cut by whoever draws
        assert values.min() >= distribution.least()


@pytest.mark.parametrize("mean", [1e-6, 0.3, 5.0, 99.5, LONGEST])
def test_a_poisson_is_read_from_its_table(mean: float) -> None:
    """scipy's steps to 12 digits, up to where all is 1; a larger mean makes no value smaller."""
    steps = _steps_of_poisson(mean)
    assert steps == pytest.approx(stats.poisson(mean).cdf(np.arange(len(steps))), abs=1e-12)
    assert stats.poisson(mean).sf(len(steps) - 2) < 1e-15
    assert (np.diff(steps) >= 0).all()
    found = [Poisson(mean=m).draw(generator(7, 0, "x"), 1_000) for m in (mean, 0.9 * mean)]
    assert (found[0] >= found[1]).all()


@pytest.mark.parametrize("written", CASES, ids=str)
def test_draws_are_the_same_however_many_are_asked_for(written: dict[str, object]) -> None:
    distribution = READ.validate_python(_tuples(written))
    at_once = distribution.draw(generator(1, 2, "x"), 30)
    one_by_one = generator(1, 2, "x")
    parts = [distribution.draw(one_by_one, count) for count in (10, 0, 1, 19)]
    assert np.concatenate(parts).tolist() == at_once.tolist()


@pytest.mark.parametrize("written", CASES, ids=str)
def test_what_is_written_is_read_back(written: dict[str, object]) -> None:
    distribution = READ.validate_python(_tuples(written))
    plain = READ.dump_python(distribution, mode="json")
    assert READ.validate_python(_tuples(plain)) == distribution


positive = st.floats(1e-3, 1e3)
SHAPES = {
    "gamma": st.fixed_dictionaries({"mean": positive, "cv": st.floats(0.05, 3)}),
    "lognormal": st.fixed_dictionaries({"mean": positive, "sd": st.floats(0.05, 30)}),
    "weibull": st.fixed_dictionaries({"shape": st.floats(0.5, 5), "mean": positive}),
    "negative_binomial": st.fixed_dictionaries({"n": positive, "mean": positive}),
    "discrete": st.fixed_dictionaries(
        {"values": st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9).map(tuple)}
    ),
}


@given(st.sampled_from(sorted(SHAPES)).flatmap(lambda n: st.fixed_dictionaries({n: SHAPES[n]})))
def test_any_allowed_parameters_draw_finite_numbers(written: dict[str, dict[str, object]]) -> None:
    distribution = READ.validate_python(written)
    mean, variance = distribution.moments()
    for key, moment in (("mean", mean), ("sd", np.sqrt(variance))):
        if key in next(iter(written.values())):
            assert moment == pytest.approx(next(iter(written.values()))[key], rel=1e-9)
    values = distribution.draw(generator(1, 0, "x"), 100)
    assert np.isfinite(values).all()
    assert (values >= distribution.least()).all()


def _tuples(value: object) -> object:
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value
