"""What hangs together in a program, against SciPy; shares that are asked for group by group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from tests.allocation.books import books

from backsim.allocation.book import Book
from backsim.allocation.parts import components
from backsim.allocation.shares import max_min

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


@given(books())
def test_the_least_share_is_that_of_one_program(book: Book):
    """Least share of all lines that a source reaches, in one program for the whole book."""
    lines, options, count = book.lines, book.options, len(book.options)
    reached = np.unique(options.line)
    if not len(reached):
        return

    def sums(code: np.ndarray, rows: int) -> np.ndarray:
        table = np.zeros((rows, count + 1))
        table[code, np.arange(count)] = 1.0
        return table

    given_to = sums(options.line, len(lines))
    shares = -given_to[reached]
    shares[:, count] = lines.units[reached]
    found = linprog(
        np.append(np.zeros(count), -1.0),
        A_ub=np.vstack([given_to, sums(options.source, len(book.sources)), shares]),
        b_ub=np.concatenate([lines.units, book.sources.units, np.zeros(len(reached))]),
        bounds=[(0, None)] * count + [(0, 1)],
    )
    least = (max_min(book).served / lines.units)[reached].min()
    assert least == pytest.approx(-found.fun, abs=1e-6)
