"""MSER-5."""

from __future__ import annotations

import numpy as np
import pytest

from backsim.errors import InputError
from backsim.statistics import mser


def brute(series: np.ndarray, batch: int = 5) -> np.ndarray:
    """The statistic as its definition has it."""
    means = [series[i : i + batch].mean() for i in range(0, len(series) - batch + 1, batch)]
    return np.array([np.var(means[d:]) / (len(means) - d) for d in range(len(means) - 4)])


@pytest.mark.parametrize("seed", range(5))
def test_against_the_definition(seed: int) -> None:
    source = np.random.default_rng(seed)
    series = source.normal(1e4, 1, 500) + 50 * np.exp(-np.arange(500) / 40)
    assert mser(series).cut == 5 * brute(series).argmin()


def test_a_start_that_decays_is_cut() -> None:
    """The start is off by 10, 20 times the noise, for 100 of 1,000 values."""
    source = np.random.default_rng(1)
    series = source.normal(0, 0.5, 1000)
    series[:100] += 10
    found = mser(series)
    assert (found.cut, found.enough, found.count) == (100, True, 1000)
    assert found.message == "MSER-5: leave out the first 100 of 1000 values"


def test_steady_from_the_start() -> None:
    assert mser(np.full(200, 0.1)).cut == 0
    assert mser(np.zeros(200)).cut == 0
    cuts = [mser(np.random.default_rng(s).normal(5, 1, 1000)).cut for s in range(50)]
    assert np.median(cuts) <= 100


def test_a_run_that_never_settles_is_too_short() -> None:
    found = mser(np.arange(200.0))
    assert not found.enough
    assert found.cut <= 100
    assert found.message.startswith("MSER-5: the run is too short to see it settle")


def test_too_few_values() -> None:
    with pytest.raises(InputError, match="series of at least 50 values, got 49"):
        mser(np.arange(49.0))
