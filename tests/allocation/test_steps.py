"""A choice among days as steps: the same plans at the same cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.allocation.books import books
from tests.allocation.test_fair_dealing import big

from backsim.allocation.model.book import Book
from backsim.allocation.model.flow import flow_of
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import floor_of, prepared
from backsim.allocation.solver import highs
from backsim.allocation.solver.program import Effort, Program
from backsim.allocation.solver.steps import in_steps


def stated(book: Book) -> Program:
    return state(book, flow_of(book))


def test_days_of_whole_orders_become_steps(tmp_path: Path):
    """No column of a line is left: rows of stock count the orders that have left by then."""
    book = prepared(big(tmp_path))
    program = stated(book)
    steps = in_steps(program)
    assert steps is not None
    assert len(steps.chains) == 60
    assert (steps.program.upper[program.columns["units"]] == 0.0).all()
    assert not np.isin(
        steps.program.entry_columns, np.flatnonzero(steps.program.upper == 0.0)
    ).any()
    floor = floor_of(book, flow_of(book), program)
    assert floor is not None
    began = steps.steps(floor)
    assert steps.program.is_kept_by(began)
    assert steps.values(began) == pytest.approx(floor)
    assert steps.program.cost @ began == pytest.approx(program.cost @ floor)


@settings(max_examples=60)
@given(books(mixed=True), st.booleans())
def test_the_optimum_is_the_same(book: Book, pooled: bool):
    program = state(prepared(book), flow_of(book) if pooled else None)
    steps = in_steps(program)
    if steps is None:
        return
    one = highs.optimum(program, Effort(gap=0.0))
    other = highs.optimum(steps.program, Effort(gap=0.0))
    assert one.status == other.status
    if one.found:
        assert other.objective == pytest.approx(one.objective, abs=1e-6)
        values = steps.values(other.values)
        assert program.is_kept_by(values)
        assert steps.steps(values) == pytest.approx(other.values)


def test_a_large_program_in_steps_has_the_optimum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = stated(prepared(big(tmp_path)))
    monkeypatch.setattr(highs, "TWICE", 0)
    found = highs.optimum(program, Effort(time_limit=60.0))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(2142.0)
    assert found.bound == pytest.approx(2142.0)
    assert program.is_kept_by(found.values)


def test_bounds_of_whole_numbers_are_whole(tmp_path: Path):
    """Of a binary column that may be 0.7, HiGHS makes a program without a solution."""
    steps = in_steps(stated(prepared(big(tmp_path))))
    assert steps is not None
    little = np.where(steps.program.row_upper > 0.0, 3.5, steps.program.row_upper)
    bounded = highs._bounded(replace(steps.program, row_upper=little))
    upper = bounded.upper[bounded.integer != 0]
    assert set(upper.tolist()) == {0.0, 1.0}
