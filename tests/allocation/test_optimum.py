"""The linear program against all plans, against the rules, and in its two forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.allocation.books import books, cost_by_hand, faults, plans
from tests.allocation.small import small_book
from tests.budget import examples

from backsim.allocation.model.book import Book, Limits
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.statement import state
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.conflict import InfeasibleError, NoPlanError
from backsim.allocation.plan.greedy import Serving, rules_for_books
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import class_pro_rata, max_min, pro_rata
from backsim.allocation.solver import highs, parts, pulpform, solve
from backsim.allocation.solver.program import Effort

CLOSE = 1e-6


@settings(max_examples=examples(60))
@given(books())
def test_no_plan_in_whole_units_is_cheaper(book: Book):
    """With whole numbers for all units the program has a whole optimum."""
    assume(len(book.options) <= 6)
    plan = optimise(book)
    assert not faults(plan)
    assert plan.cost == pytest.approx(cost_by_hand(plan), abs=CLOSE)
    assert plan.cost == pytest.approx(min(map(cost_by_hand, plans(book))), abs=CLOSE)
    assert plan.bound == pytest.approx(plan.cost, abs=CLOSE)


@settings(max_examples=examples(40))
@given(books(mixed=True))
def test_no_plan_with_whole_orders_and_shipments_is_cheaper(book: Book):
    assume(len(book.options) <= 6)
    plan = optimise(book)
    assert not faults(plan)
    assert plan.cost == pytest.approx(min(map(cost_by_hand, plans(book))), abs=CLOSE)
    assert plan.bound <= plan.cost + CLOSE


@settings(max_examples=examples(40))
@given(books(), st.booleans())
def test_no_plan_is_better_for_a_strict_rank(book: Book, priced: bool):
    """Against all plans: the least cost of rank 1, then of rank 2 among those that have it."""
    assume(len(book.options) <= 6)
    fee = {"lanes.shipment": np.array([[2.0]])} if priced else {}
    book = replace(book, limits=Limits(strict=True), own=fee)
    left = [[cost_of_rank(p, rank) for rank in np.unique(book.ranks)] for p in plans(book)]
    plan = optimise(book)
    for place, rank in enumerate(np.unique(book.ranks)):
        least = min(costs[place] for costs in left)
        assert cost_of_rank(plan, rank) == pytest.approx(least, abs=1e-5)
        left = [costs for costs in left if costs[place] <= least + CLOSE]


def cost_of_rank(plan: Plan, rank: int) -> float:
    """What the lines of a rank cost, and the shipments of their orders: here of a line each."""
    lines, options = plan.book.lines, plan.book.options
    own = np.flatnonzero(plan.book.ranks == rank)
    mine = np.isin(options.line, own)
    cost = plan.units[mine] @ plan.book.unit_costs[mine]
    leaves = {(options.line[k], options.day[k]) for k in np.flatnonzero(mine & (plan.units > 1e-6))}
    fee = plan.book.own.get("lanes.shipment", np.zeros((1, 1)))[0, 0]
    return float(cost + lines.lost[own] @ (lines.units - plan.served)[own] + fee * len(leaves))


@settings(max_examples=examples(60))
@given(books(limits=True))
def test_limits_are_kept_and_no_plan_is_cheaper(book: Book):
    """Units may divide here, so that a whole plan may cost more, but never less."""
    assume(len(book.options) <= 6)
    whole = [cost_by_hand(plan) for plan in plans(book)]
    try:
        plan = optimise(book)
    except InfeasibleError:
        assert not whole
        return
    assert not faults(plan)
    assert plan.cost == pytest.approx(cost_by_hand(plan), abs=CLOSE)
    assert not whole or plan.cost <= min(whole) + CLOSE


@settings(max_examples=examples(40))
@given(books(limits=True))
def test_whole_units_with_limits(book: Book):
    assume(len(book.options) <= 5)
    book = replace(book, limits=replace(book.limits, whole=True))
    whole = [cost_by_hand(plan) for plan in plans(book)]
    if not whole:
        with pytest.raises(InfeasibleError):
            optimise(book)
        return
    assert optimise(book).cost == pytest.approx(min(whole), abs=CLOSE)


@settings(max_examples=examples(40))
@given(books(mixed=True, limits=True))
def test_no_rule_beats_the_program(book: Book):
    try:
        best = optimise(book)
    except InfeasibleError:
        assume(False)
    for plan in [Serving(book).plan(rule) for rule in rules_for_books()]:
        assert not {"open units", "available", "capacity", "smallest", "whole"} & set(faults(plan))
        if not broken_limits(plan):
            assert best.cost <= plan.cost + CLOSE, plan.rule
            assert not faults(plan), plan.rule


@settings(max_examples=examples(40))
@given(books())
def test_no_sharing_beats_the_program(book: Book):
    best = optimise(book)
    for share in (pro_rata, class_pro_rata, max_min):
        plan = share(book)
        assert not faults(plan), plan.rule
        assert best.cost <= plan.cost + CLOSE, plan.rule


@settings(max_examples=examples(25))
@given(books(limits=True), st.booleans())
def test_both_forms_are_one(book: Book, mixed: bool):
    """Straight into HiGHS, and through PuLP: the same objective, units and duals."""
    if mixed:
        book = replace(book, lines=replace(book.lines, smallest=np.full(len(book.lines), 2.0)))
    program = state(book)
    one = highs.solve(program, Effort(ties=False))
    other = pulpform.solve(program)
    assert one.status == other.status
    if one.status == "optimal":
        assert one.objective == pytest.approx(other.objective, abs=CLOSE)
        np.testing.assert_allclose(one.values, other.values, atol=CLOSE)
        if not mixed:
            np.testing.assert_allclose(one.duals, other.duals, atol=CLOSE)


def random_book(seed: int, lines: int = 60, sources: int = 12) -> Book:
    """One product, with costs at random, so that optimum and duals are unique."""
    rng = np.random.default_rng(seed)
    return small_book(
        rng.uniform(1, 20, sources),
        rng.uniform(1, 9, lines),
        cost=rng.uniform(0, 10, (sources, lines)),
        lost=rng.uniform(5, 30, lines),
        weight=rng.uniform(0, 3, lines),
        arrives=rng.uniform(0, 20, sources),
        due=rng.uniform(0, 20, lines),
    )


def several(seed: int, count: int = 5) -> Book:
    """Books of several products side by side: a program that falls into parts."""
    parts = [random_book(seed + i) for i in range(count)]
    lines = [len(p.lines) for p in parts]
    sources = [len(p.sources) for p in parts]

    def join(name: str, table: str, shift: list[int] | None = None):
        columns = [getattr(getattr(p, table), name) for p in parts]
        if isinstance(columns[0], tuple):
            return tuple(x for i, c in enumerate(columns) for x in (f"{i}/{n}" for n in c))
        steps = np.cumsum([0, *(shift or [0] * count)])[:count]
        return np.concatenate(
            [c + step if shift else c for c, step in zip(columns, steps, strict=True)]
        )

    def table(name: str, **shifts: list[int]):
        kind = type(getattr(parts[0], name))
        fields = kind.__dataclass_fields__
        return kind(**{f: join(f, name, shifts.get(f)) for f in fields})

    ones = [1] * count
    return replace(
        parts[0],
        lines=table("lines", product=ones, customer=lines, order=lines),
        sources=table("sources", product=ones),
        options=table("options", line=lines, source=sources),
        names=replace(
            parts[0].names,
            products=tuple("abcde"[:count]),
            customers=tuple(map(str, range(sum(lines)))),
            prices=np.zeros(count),
        ),
    )


def large() -> Book:
    """A book in which a bound on fairness links all lines."""
    rng = np.random.default_rng(1)
    book = small_book(
        rng.uniform(50, 90, 40),
        rng.uniform(1, 9, 800),
        cost=rng.uniform(0, 10, (40, 800)),
        lost=rng.uniform(5, 30, 800),
    )
    return replace(book, limits=Limits(fairness=0.05))


def test_parts_are_solved_as_the_whole(monkeypatch: pytest.MonkeyPatch):
    program = state(several(1))
    whole = highs.solve(program)
    for size in (1, 500, 2000):
        monkeypatch.setattr(solve, "PART", size)
        monkeypatch.setattr(parts, "PART", size)
        found = solve.solve(program)
        assert found.objective == pytest.approx(whole.objective)
        np.testing.assert_allclose(found.values, whole.values, atol=1e-6)
        np.testing.assert_allclose(found.duals, whole.duals, atol=1e-6)
    monkeypatch.setattr(parts, "PART", 500)
    assert len(list(parts.parts(program))) == 5


def test_branch_and_cut_is_asked_twice():
    """HiGHS 1.15 without presolving calls 4.5 optimal here."""
    book = small_book(
        [1.0, 13.0, 17.0, 0.0],
        [4.75, 12.0, 10.0],
        cost=[[9, 9, 9], [0, 0, 9], [1, 1, 0], [3, 3, 9]],
        lost=[2.0, 1.0, 0.0],
    )
    lines = replace(book.lines, smallest=np.array([4.0, 3.0, 0.0]))
    chosen = [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2)]
    pairs = list(zip(book.options.line.tolist(), book.options.source.tolist(), strict=True))
    options = book.options.take(np.array([pair in chosen for pair in pairs]))
    plan = optimise(replace(book, lines=lines, options=options))
    assert plan.cost == pytest.approx(3.75)
    assert plan.bound == pytest.approx(3.75)


@pytest.mark.timeout(60)
def test_no_solution_is_found_without_presolving():
    """HiGHS 1.15 does not come back from presolving this: a whole order that is too large."""
    book = small_book(
        [7.0, 2.0],
        [11.0, 2.5],
        lost=[30.0, 42.0],
        weight=[1.0, 1.0],
        arrives=[0, 0],
        classes=[2, 1],
    )
    lines = replace(book.lines, order=np.zeros(2, np.int64), complete=np.ones(2, bool))
    with pytest.raises(InfeasibleError, match=r"at least 0\.5 of its open units"):
        optimise(replace(book, lines=lines, limits=Limits(min_fill={0: 0.5})))


def test_a_plan_that_keeps_no_limits_is_none():
    with pytest.raises(NoPlanError, match=r"stopped by the time limit .* there is no plan yet"):
        optimise(large(), Effort(time_limit=1e-3))


def test_time_limit_is_told():
    book = several(1)
    plan = optimise(book, Effort(time_limit=1e9))
    assert (plan.status, plan.gap) == ("optimal", pytest.approx(0.0, abs=1e-9))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_book_does_not_matter(seed: int):
    """Equal lines: who stands first in the book is served first, whatever the solver does."""
    rng = np.random.default_rng(seed)
    book = small_book([7.0], [2.0] * 6, lost=5.0)
    assert optimise(book).served.tolist() == [2, 2, 2, 1, 0, 0]
    shuffled = replace(book, options=book.options.take(rng.permutation(6)))
    assert optimise(shuffled).served.tolist() == [2, 2, 2, 1, 0, 0]


def test_a_tie_is_broken_between_optima_only():
    """Ten lines cost the same but the last, which is worth a little more."""
    lost = np.full(10, 5.0)
    lost[-1] = 5.001
    plan = optimise(small_book([3.0], [2.0] * 10, lost=lost))
    assert plan.served.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]


@settings(max_examples=examples(40))
@given(books())
def test_ties_change_no_cost(book: Book):
    program = state(book)
    plain, told = highs.solve(program, Effort(ties=False)), highs.solve(program)
    for found in (plain, told):
        assert program.cost @ found.values + program.offset == pytest.approx(
            plain.objective, abs=CLOSE
        )
    assert program.tie @ told.values <= program.tie @ plain.values + CLOSE
