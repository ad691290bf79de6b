"""The arrays of programs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backsim.allocation.solver.program import distinct, spans


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 2.0])), max_size=12))
def test_distinct_rows_come_once_and_in_order(rows: list[tuple[int, float]]):
    code = np.array([code for code, _ in rows], np.int64)
    day = np.array([day for _, day in rows], float)
    which = distinct(code, day)
    assert list(zip(code[which].tolist(), day[which].tolist(), strict=True)) == sorted(set(rows))
    assert all(rows.index(rows[i]) == i for i in which.tolist())  # of equal ones the first


def test_spans():
    assert spans(np.array([5, 0, 2]), np.array([2, 0, 3])).tolist() == [5, 6, 2, 3, 4]
