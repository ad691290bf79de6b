"""One product whose lines are all due: the linear program is a sort by what waiting costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.allocation.small import small_book
from tests.budget import examples

from backsim.allocation.model.book import Book
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.greedy import Serving
from backsim.rules import FAMILIES

COSTLIEST = FAMILIES["priority"].get("costliest_wait")


@st.composite
def clearings(draw: st.DrawFn) -> Book:
    """Units on hand now and on later days, for lines that are all due and will all wait."""
    lines = draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=6))
    later = draw(st.lists(st.integers(1, 9), max_size=3, unique=True))
    weight = np.array([w for _, w in lines], float)
    return small_book(
        draw(st.lists(st.integers(0, 6), min_size=len(later) + 1, max_size=len(later) + 1)),
        [units for units, _ in lines],
        weight=weight,
        lost=20.0 * weight,  # worse than the last day
        arrives=[0, *sorted(later)],
        due=draw(st.integers(-3, 0)),
    )


@settings(max_examples=examples(150))
@given(clearings())
def test_the_program_is_a_sort(book: Book):
    best, sort = optimise(book), Serving(book).plan(COSTLIEST)
    assert best.cost == pytest.approx(sort.cost, abs=1e-6)
    now = book.options.source == 0
    np.testing.assert_allclose(best.units[now], sort.units[now], atol=1e-6)


def test_it_is_none_when_a_line_is_not_due_yet():
    """The dear line is due later and can wait for the second unit at no cost."""
    book = small_book([1, 1], [1, 1], weight=[5, 1], lost=99.0, arrives=[0, 4], due=[6, 0])
    assert optimise(book).cost == 0.0
    assert Serving(book).plan(COSTLIEST).cost == 4.0


def test_it_is_none_with_side_constraints():
    """A least fill of the second class costs the first one a unit."""
    book = small_book([2], [2, 2], weight=[5, 1], lost=[50, 10], classes=[1, 2])
    fair = replace(book, limits=replace(book.limits, min_fill={1: 0.5}))
    assert optimise(fair).served.tolist() == [1.0, 1.0]
    assert Serving(fair).plan(COSTLIEST).served.tolist() == [2.0, 0.0]
