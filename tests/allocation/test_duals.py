"""What one unit more is worth: by hand, by two solvers, and by having one unit more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import linprog
from scipy.sparse import csc_matrix
from tests.allocation.books import books
from tests.allocation.small import small_book
from tests.allocation.test_optimum import random_book
from tests.budget import examples

from backsim.allocation.model.book import Book, Capacity, Limits
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.solver import highs, pulpform
from backsim.allocation.solver.program import Effort, Program


def three_lines() -> Book:
    """Five units for lines of 2, 4 and 3, whose units are worth 10, 6 and 3 if they are served.

    By hand: the first gets 2, the second 3 of 4, the third nothing.  What is lost costs 6 + 9.
    One unit more would go to the second line and save 6; so is one unit less.  A unit more wanted
    by the first line costs a unit of the second: 6, of the 10 it would cost if it were lost.
    """
    return small_book([5.0], [2.0, 4.0, 3.0], lost=[10.0, 6.0, 3.0])


def test_three_lines_by_hand():
    plan = optimise(three_lines())
    assert plan.served.tolist() == [2.0, 3.0, 0.0]
    assert plan.cost == 15.0
    assert plan.worth.tolist() == [6.0]
    found = highs.solve(state(three_lines()))
    # A unit more open and lost costs its 10, 6 or 3; that it can be served is worth 4 to line 1.
    assert found.duals.tolist() == [-4.0, 0.0, 0.0, -6.0]


def test_duals_of_a_capacity_and_a_promise_by_hand():
    """A dock that moves 4 of the 5 units; one unit promised to the third line.

    One unit goes to line 3, two to line 1, one to line 2.  More room would serve line 2: 6.  The
    unit on hand that is left over is worth nothing.  The promise moves a unit from 6 to 3: 3.
    """
    book = three_lines()
    lines = replace(
        book.lines, units=np.array([2.0, 4.0, 1.0]), promised=np.array([np.inf, np.inf, 0])
    )
    capacity = Capacity(("dock",), np.array([4.0]), np.zeros(3, np.int64), np.arange(3))
    book = replace(book, lines=lines, limits=Limits(capacity=capacity))
    program = state(book)
    found = highs.solve(program)
    assert found.values.tolist() == [2.0, 1.0, 1.0]
    assert found.duals[program.rows["capacity"]].tolist() == [-6.0]
    assert found.duals[program.rows["available"]].tolist() == [0.0]
    # The rows of line 3 share the value of the promise between what it may have and what it must.
    line_3 = found.duals[program.rows["open"]][2] + found.duals[program.rows["promise"]][0]
    assert line_3 == pytest.approx(3.0)


@pytest.mark.parametrize("seed", range(4))
def test_two_solvers_agree(seed: int):
    """HiGHS by the simplex method, CBC, and HiGHS's interior point through SciPy."""
    program = state(random_book(seed))
    found = highs.solve(program)
    others = [by_interior_point(program)]
    if pulpform.has_cbc():
        cbc = pulpform.solve(program, solver="cbc")
        assert found.objective == pytest.approx(cbc.objective, rel=1e-7)
        others.append(cbc.duals)
    for duals in others:
        np.testing.assert_allclose(found.duals, duals, atol=1e-4)


def by_interior_point(program: Program) -> np.ndarray:
    """The duals from another algorithm, through another interface.  All rows are upper limits."""
    matrix = csc_matrix(
        (program.value, program.index, program.start),
        shape=(len(program.row_upper), len(program.cost)),
    )
    assert np.isneginf(program.row_lower).all()
    done = linprog(program.cost, matrix, program.row_upper, method="highs-ipm")
    assert done.status == 0
    return done.ineqlin.marginals


@pytest.mark.parametrize("seed", range(4))
def test_strong_duality(seed: int):
    """The duals alone give the least cost: a check that needs no second solver."""
    program = state(random_book(seed))
    found = highs.solve(program)
    assert found.duals @ program.row_upper + program.offset == pytest.approx(found.objective)
    assert (found.duals <= 1e-9).all()


@pytest.mark.parametrize("seed", range(4))
def test_worth_is_what_a_little_more_saves(seed: int):
    """Optima are unique here, so a little more of a source saves worth a unit."""
    book = random_book(seed)
    plan = optimise(book)
    for source in range(0, 12, 3):
        units = book.sources.units.copy()
        units[source] += 1e-3
        more = optimise(replace(book, sources=replace(book.sources, units=units)))
        assert (plan.cost - more.cost) / 1e-3 == pytest.approx(plan.worth[source], abs=1e-4)


@settings(max_examples=examples(40))
@given(books())
def test_a_unit_more_saves_at_most_its_worth(book: Book):
    """Where prices are not unique too: the least cost is convex in what there is."""
    plan = optimise(book)
    for source in range(len(book.sources)):
        units = book.sources.units.copy()
        units[source] += 1.0
        more = optimise(replace(book, sources=replace(book.sources, units=units)))
        assert -1e-6 <= plan.cost - more.cost <= plan.worth[source] + 1e-6


@settings(max_examples=examples(40))
@given(books())
def test_worth_fits_the_plan(book: Book):
    """A source that is not used up is worth nothing."""
    plan = optimise(book)
    spare = plan.used < book.sources.units - 1e-6
    assert (plan.worth[spare] <= 1e-6).all()


def test_prices_beside_whole_orders_hold_while_the_same_orders_leave():
    """The second order leaves, the first does not, a third line divides: a unit is worth 1."""
    book = small_book([5.0], [3.0, 3.0, 4.0], lost=[2.0, 3.0, 1.0])
    whole = np.array([True, True, False])
    book = replace(book, lines=replace(book.lines, complete=whole))
    plan = optimise(book)
    assert plan.served.tolist() == [0.0, 3.0, 2.0]
    assert plan.worth.tolist() == [1.0]


def test_whole_units_have_no_prices():
    book = small_book([5.0], [3.0, 3.0], lost=[2.0, 3.0], limits=Limits(whole=True))
    assert np.isnan(optimise(book).worth).all()


def test_duals_do_not_depend_on_how_ties_are_broken():
    program = state(random_book(9))
    plain, told = highs.solve(program, Effort(ties=False)), highs.solve(program)
    np.testing.assert_array_equal(plain.duals, told.duals)
