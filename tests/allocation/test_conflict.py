"""No plan: the message names what is in conflict, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from tests.allocation.books import books, plans
from tests.allocation.small import small_book
from tests.budget import examples

from backsim.allocation.model.book import Book, Capacity, Limits
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.conflict import InfeasibleError


def say(book: Book) -> str:
    with pytest.raises(InfeasibleError) as error:
        optimise(book)
    return str(error.value)


def test_promises_for_more_than_there_is():
    """The third line is promised later and does not matter; nor does the second source."""
    book = small_book(
        [8.0, 50.0],
        [6.0, 5.0, 40.0],
        lost=1.0,
        arrives=[0.0, 9.0],
        promised=[2.0, 3.0, 20.0],
    )
    assert say(replace(book, today=date(2026, 11, 24))) == (
        "expected a plan that keeps all of this, and there is none:\n"
        "  line 1: 6 of item promised for 2026-11-26 (3 short)\n"
        "  line 2: 5 of item promised for 2026-11-27\n"
        "with no more than\n"
        "  8 of item at main (source 1)\n"
        "Give one of them up, or put a price on broken promises (promise_penalty) or on units "
        "short of a least fill (fill_penalty)."
    )


def test_least_fill_against_a_dock():
    book = small_book([10.0], [4.0, 8.0], lost=1.0, classes=[1, 2])
    capacity = Capacity(("dock, day 0",), np.array([5.0]), np.zeros(2, np.int64), np.arange(2))
    book = replace(book, limits=Limits(min_fill={0: 1.0, 1: 0.5}, capacity=capacity))
    text = say(book)
    assert "class 1: at least 1 of its open units" in text
    assert "class 2: at least 0.5 of its open units" in text
    assert text.count(" short)") == 1
    assert "(3 short)" in text
    assert "5 units of dock, day 0" in text
    assert "item at main" not in text


def test_fairness_against_a_promise():
    """Half is fair; a quarter less is 1 of the 4 that are promised to another."""
    book = small_book([4.0], [4.0, 4.0], lost=1.0, promised=[0.0, np.inf])
    text = say(replace(book, limits=Limits(fairness=0.25)))
    assert "line 1: 4 of item promised for day 0" in text
    assert "customer 2: a share at most 0.25 below the fair 0.5" in text


def test_a_customer_without_a_source_stands_in_nobodys_way():
    book = small_book([9.0], [4.0, 4.0], lost=1.0, promised=[0.0, np.inf])
    one = replace(book, options=book.options.take([0]), limits=Limits(fairness=0.0))
    assert optimise(one).served.tolist() == [4.0, 0.0]


def test_only_whole_orders_are_in_the_way():
    book = small_book([4.0], [3.0, 3.0], lost=1.0, complete=True)
    book = replace(book, limits=Limits(min_fill={0: 0.6}))
    assert "orders that ship whole, shipments of a least size, or whole cases" in say(book)


def test_a_price_on_broken_promises_makes_a_plan():
    book = small_book([8.0], [6.0, 5.0], lost=1.0, promised=[2.0, 3.0])
    plan = optimise(replace(book, limits=Limits(promise_penalty=7.0)))
    assert plan.terms["broken_promises"] == pytest.approx(3 * 7.0)
    assert plan.served.sum() == 8.0


@settings(max_examples=examples(60))
@given(books(limits=True))
def test_without_the_named_wishes_there_is_a_plan(book: Book):
    """What is named is the conflict: with its wishes dropped the rest can be had.  And back."""
    try:
        optimise(book)
        return
    except InfeasibleError as error:
        wishes = error.wishes
    assert wishes
    if len(book.options) <= 5:
        assert not list(plans(book))
    names = " ".join(wishes)
    kept = [f"line {i}: " not in names for i in book.lines.ids]
    promised = np.where(kept, book.lines.promised, np.inf)
    limits = replace(
        book.limits,
        min_fill={} if "class" in names else book.limits.min_fill,
        fairness=None if "customer" in names else book.limits.fairness,
    )
    optimise(replace(book, lines=replace(book.lines, promised=promised), limits=limits))
