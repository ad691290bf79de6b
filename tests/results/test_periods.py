"""Units per period are those of the periods in which rows lie, whichever way they are looked up."""

from __future__ import annotations

import numpy as np
import pytest

from backsim.results.metrics.purchasing import _of_periods


@pytest.mark.parametrize("length", [1.0, 0.1, 1 / 3, 7.0, 0.25])
@pytest.mark.parametrize("start", [0.0, 10.0, 1000.3])
@pytest.mark.parametrize("rows", [0, 3, 60, 2_000])
def test_every_row_counts_in_the_period_that_it_lies_in(
    length: float, start: float, rows: int
) -> None:
    count = 100
    edges = start + length * (np.arange(count + 1) - 1e-9)
    random = np.random.default_rng(rows)
    on_edges = random.choice(edges, rows // 3)
    before_edges = np.nextafter(random.choice(edges, rows // 3), -np.inf)
    anywhere = random.uniform(start - length, edges[-1] + length, rows - 2 * (rows // 3))
    time = np.sort(np.r_[on_edges, before_edges, anywhere])
    units = random.integers(1, 5, rows).astype(np.int32)
    inside = (time[:, None] >= edges[:-1]) & (time[:, None] < edges[1:])
    expected = (inside * units[:, None]).sum(axis=0)
    np.testing.assert_array_equal(_of_periods(edges, length, time, units), expected)
    ones = np.ones(rows, np.int32)
    np.testing.assert_array_equal(_of_periods(edges, length, time, ones), inside.sum(axis=0))
