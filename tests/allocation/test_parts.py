"""What hangs together in a program, against SciPy; shares that are asked for group by group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from tests.allocation.books import books, faults
from tests.allocation.small import small_book
from tests.budget import examples

from backsim.allocation.model.book import Book, Capacity, Limits
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import class_pro_rata, max_min, pro_rata
from backsim.allocation.solver.parts import components

Entries = list[tuple[int, int]]


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 14)), max_size=30))
def test_components_are_those_of_a_graph(entries: Entries):
    rows, columns = 12, 15
    row, column = np.array(entries, np.int64).reshape(-1, 2).T
    of_row, of_column = components(row, column, rows, columns)
    graph = csr_matrix((np.ones(len(row)), (row, column + rows)), shape=(27, 27))
    _, expected = connected_components(graph, directed=False)
    linked = np.concatenate([np.ones(rows, bool), np.isin(np.arange(columns), column)])
    pairs = set(zip(np.concatenate([of_row, of_column])[linked], expected[linked], strict=True))
    assert len(pairs) == len({mine for mine, _ in pairs}) == len({theirs for _, theirs in pairs})
    assert (of_column[~linked[rows:]] == rows).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_long_chain_is_one_component(seed: int):
    places = np.random.default_rng(seed).permutation(5_000)
    links = np.arange(4_999)
    row, column = np.concatenate([places[:-1], places[1:]]), np.concatenate([links, links])
    of_row, of_column = components(row, column, 5_000, 4_999)
    assert not of_row.any()
    assert not of_column.any()


@settings(max_examples=examples(150))
@given(books(limits=True))
def test_the_least_share_of_a_group_is_as_great_as_can_be(book: Book):
    """Against one program a group, with the limits a day; and the plan keeps them."""
    lines, options, capacity = book.lines, book.options, book.limits.capacity
    plan = max_min(book)
    assert not {"open units", "available", "capacity"} & set(faults(plan))
    full = book.sources.units[options.source] > 0
    reached = np.unique(options.line[full])
    of_line, _ = components(
        np.concatenate([options.line, options.line[capacity.option]]),
        np.concatenate([options.source, len(book.sources) + capacity.row]),
        len(lines),
        len(book.sources) + len(capacity.units),
    )
    for group in np.unique(of_line[reached]):
        own = reached[of_line[reached] == group]
        least = (plan.served / lines.units)[own].min()
        assert least == pytest.approx(greatest_least_share(book, own), abs=1e-6)


def greatest_least_share(book: Book, own: np.ndarray) -> float:
    lines, options, capacity, count = (
        book.lines,
        book.options,
        book.limits.capacity,
        len(book.options),
    )

    def sums(code: np.ndarray, option: np.ndarray, rows: int) -> np.ndarray:
        table = np.zeros((rows, count + 1))
        table[code, option] = 1.0
        return table

    every = np.arange(count)
    given_to = sums(options.line, every, len(lines))
    shares = -given_to[own]
    shares[:, count] = lines.units[own]
    used = sums(options.source, every, len(book.sources))
    moved = sums(capacity.row, capacity.option, len(capacity.units))
    found = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.vstack([given_to, used, moved, shares]),
        b_ub=np.concatenate([lines.units, book.sources.units, capacity.units, np.zeros(len(own))]),
        bounds=[(0, None)] * count + [(0, 1)],
    )
    return float(-found.fun)


def test_a_tight_dock_is_shared_too():
    book = small_book([60.0], [50.0, 10.0], lost=5.0)
    dock = Capacity(("dock",), np.array([3.0]), np.zeros(2, np.int64), np.arange(2))
    plan = max_min(replace(book, limits=Limits(capacity=dock)))
    np.testing.assert_allclose(plan.served, [2.5, 0.5], atol=1e-6)


def test_what_is_out_of_stock_does_not_stop_the_sharing_of_the_rest():
    book = small_book([10.0, 0.0], [10.0, 10.0, 5.0], lost=[1.0, 5.0, 1.0], weight=[1.0, 5.0, 1.0])
    apart = book.options.take((book.options.line == 2) == (book.options.source == 1))
    plan = max_min(replace(book, options=apart))
    np.testing.assert_allclose(plan.served, [5.0, 5.0, 0.0], atol=1e-6)


@pytest.mark.parametrize("rule", [pro_rata, class_pro_rata])
def test_who_cannot_be_served_gets_no_share(rule: Callable[[Book], Plan]):
    book = small_book([10.0], [10.0, 10.0], lost=50.0)
    plan = rule(replace(book, options=book.options.take(book.options.line == 0)))
    assert plan.served.tolist() == [10.0, 0.0]
