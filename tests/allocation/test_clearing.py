"""A clearing in a simulation: against all that could be done, and against the greedy rules."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.budget import examples

from backsim.allocation.model.book import Names
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.fair import NEARLY_ONE, fair_shares
from backsim.allocation.model.statement import state
from backsim.allocation.plan import clearing
from backsim.allocation.plan.clearing import (
    ALONE,
    EARLY,
    SHIPPING_DAYS,
    Case,
    best_plan,
    book_of,
    decide,
)
from backsim.allocation.plan.greedy import Serving, plan_of, rules_for_books
from backsim.allocation.solver.highs import Solver
from backsim.engines import simpy
from backsim.scenario.load import from_dict
from backsim.streams import draw

INF = float("inf")


@st.composite
def cases(draw: st.DrawFn, plain: bool = False) -> Case:
    """One to three lines of one or two units, of two products; now, and up to two arrivals."""
    count, sources = draw(st.integers(1, 3)), draw(st.integers(1, 3))

    def some(values: Any, size: int = count) -> np.ndarray[Any, Any]:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)))

    group = some(st.sampled_from([ALONE, 0, 1]))
    limit = INF if plain else draw(st.sampled_from([INF, INF, 2.0]))
    return Case(
        product=some(st.integers(0, 1)),
        group=np.full(count, ALONE) if plain else group,
        ordered=np.zeros(count),
        due=some(st.sampled_from([-2.0, 0.0] if plain else [-2.0, 0.0, 1.5])),
        leaves=np.full(count, INF) if plain else some(st.sampled_from([0.5, 2.0, INF])),
        units=some(st.sampled_from([1.0, 2.0])),
        weight=some(st.sampled_from([1.0, 2.0, 5.0])),
        lost=np.zeros(count) if plain else some(st.sampled_from([0.0, 4.0])),
        customer_class=np.zeros(count, np.int64) if plain else some(st.integers(0, 1)),
        of=np.concatenate([[0, 1], some(st.integers(0, 1), sources)]),
        held=np.concatenate([some(st.integers(0, 3), 2), some(st.integers(1, 3), sources)]).astype(
            float
        ),
        arrive=np.concatenate([[0.0, 0.0], some(st.sampled_from([0.25, 1.0, 2.5]), sources)]),
        promised=np.full(count, INF) if plain else some(st.sampled_from([0.3, 2.0, INF])),
        classes=2,
        min_fill={} if plain else draw(st.sampled_from([{}, {}, {1: 0.5}])),
        fairness=1.0 if plain else draw(st.sampled_from([1.0, 1.0, 0.0, 0.3])),
        promise_penalty=0.0 if plain else draw(st.sampled_from([0.0, 3.0])),
        capacity=limit,
        left=limit if limit == INF else draw(st.sampled_from([0.0, 1.0, 2.0])),
        today=0.5,
    )


def days_of(case: Case, line: int) -> list[float]:
    """When units of a line may leave."""
    mates = [line] if case.group[line] == ALONE else np.flatnonzero(case.group == case.group[line])
    days = {float(d) for d in case.arrive[np.isin(case.of, case.product[mates])]}
    if case.capacity < INF:
        first = {0 if d < case.today else int(d - case.today) + 1 for d in days}
        days |= {case.today + n + k for n in first for k in range(SHIPPING_DAYS)}
    return sorted(days)


def possible(case: Case) -> Iterator[tuple[tuple[float, ...], ...]]:
    """For each line the days on which its units leave; inf for those that do not."""
    choices = []
    for line, units in enumerate(case.units.astype(int).tolist()):
        days = [*(d for d in days_of(case, line) if d <= case.leaves[line]), INF]
        if case.group[line] == ALONE:
            choices.append(list(itertools.combinations_with_replacement(days, units)))
        else:
            choices.append([(d,) * units for d in days])
    for plan in itertools.product(*choices):
        if fits(case, plan):
            yield plan


def fits(case: Case, plan: tuple[tuple[float, ...], ...]) -> bool:
    days = sorted({d for line in plan for d in line if d < INF})
    for product in (0, 1):
        for day in days:
            wanted = sum(d <= day for i, line in enumerate(plan) for d in line
                         if case.product[i] == product)  # fmt: skip
            if wanted > case.held[(case.of == product) & (case.arrive <= day)].sum():
                return False
    for group in set(case.group.tolist()) - {ALONE}:
        if len({line[0] for i, line in enumerate(plan) if case.group[i] == group}) > 1:
            return False
    number = [0 if d < case.today else 1 + int(d - case.today) for line in plan for d in line
              if d < INF]  # fmt: skip
    return all(number.count(n) <= (case.left if n == 0 else case.capacity) for n in set(number))


def cost(case: Case, plan: tuple[tuple[float, ...], ...], early: float) -> float:
    total, lasts = 0.0, clearing.last_days(case)
    for i, line in enumerate(plan):
        due, weight, last = max(0.0, case.due[i]), case.weight[i], lasts[i]
        soon = early * weight * (2.0 - i / len(plan))
        for day in line:
            late = weight * max(0.0, min(day, last) - due) + soon * min(day, last)
            total += case.lost[i] + soon * last if day == INF and case.lost[i] else late
            broken = day > case.promised[i] < INF
            total += case.promise_penalty if broken else 0.0
    return float(total) + book_of(case).limits.fill_penalty * short(case, plan)


def short(case: Case, plan: tuple[tuple[float, ...], ...]) -> float:
    """Units that classes are short of what they must get now."""
    now = np.array([line.count(0.0) for line in plan])
    of = [case.customer_class == k for k in (0, 1)]
    asked, got = ([float(units[own].sum()) for own in of] for units in (case.units, now))
    total = sum(max(0.0, np.floor(f * asked[k]) - got[k]) for k, f in case.min_fill.items())
    if case.fairness < 1.0:
        shares = fair_shares(book_of(case))
        for asks, gets, share in zip(asked, got, shares, strict=True):
            total += max(0.0, np.ceil((share - case.fairness) * asks - NEARLY_ONE - gets))
    return total


@settings(max_examples=examples(150), deadline=None)
@given(cases())
def test_what_is_given_now_belongs_to_the_best_of_all_plans(case: Case):
    program = state(book_of(case))
    early = EARLY if program.is_mixed else 0.0
    plans = [(cost(case, plan, early), plan) for plan in possible(case)]
    least = min(found for found, _ in plans)
    solved = program.cost @ best_plan(program, Solver()) + program.offset
    assert solved == pytest.approx(least, rel=1e-9, abs=1e-6)
    now = decide(case).tolist()
    agree = [found for found, plan in plans if [line.count(0.0) for line in plan] == now]
    assert min(agree, default=INF) == pytest.approx(least, rel=1e-9, abs=1e-6)


@settings(max_examples=examples(100), deadline=None)
@given(cases(plain=True))
def test_without_anything_that_binds_it_is_the_sort(case: Case):
    assert clearing.is_a_sort(case)
    book = book_of(case)
    found = clearing.units_now(book, best_plan(state(book), Solver())[: len(book.options)])
    assert found.tolist() == clearing.sort(case).tolist()


SHOP = {
    "horizon": 60,
    "products": ["mug", "plate"],
    "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 0.6}}}},
    "customers": {
        "gold": {
            "demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"},
            "tolerance": {"exponential": {"mean": 2}},
        },
        "silver": {
            "priority": 2,
            "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": ["mug", "plate"]},
            "due_in": 2,
        },
    },
    "policy": {
        "reorder": {"rule": "base_stock", "S": 6},
        "priority": {"rule": "lp", "weight": {"gold": 5, "silver": 1}, "lost": {"gold": 20}},
    },
}
WHOLE = {
    "customers.silver.shipment": "order",
    "customers.silver.demand.lines": 2,
    "policy.priority.scope": "site",
    "horizon": 20,
}


def decided(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> list[tuple[Case, np.ndarray]]:
    """Every case of a run, with what was decided."""
    found = []
    plain = clearing.decide

    def keep(case: Case, solver: Any = None) -> np.ndarray[Any, Any]:
        found.append((case, plain(case, solver)))
        return found[-1][1]

    monkeypatch.setattr(clearing, "decide", keep)
    model = from_dict(SHOP).replace(changes)
    simpy.run(model, draw(model, 1))
    return found


@pytest.mark.parametrize("changes", [{}, WHOLE], ids=["parts", "whole"])
def test_no_greedy_rule_does_better_at_any_clearing(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
):
    """By the program's own objective; a rule that breaks up an order does not count."""
    cases = decided(monkeypatch, **changes)
    assert len(cases) > 30
    compared = 0
    for case, units in cases:
        for product in np.unique(case.product):
            held = case.held[(case.of == product) & (case.arrive == 0.0)].sum()
            assert units[case.product == product].sum() <= held
        names = Names((), (), ("",) * 2, ("",) * 2, np.zeros(2), np.arange(2))
        book = replace(book_of(case), names=names)
        best = plan_of(book, "lp", best_plan(state(book), Solver())[: len(book.options)], 0.0)
        assert not broken_limits(best)
        for rule in rules_for_books():
            plan = Serving(book).plan(rule)
            if not broken_limits(plan):
                assert best.cost <= plan.cost + 1e-6
                compared += 1
    assert compared > 20


def test_what_was_solved_before_does_not_matter(monkeypatch: pytest.MonkeyPatch):
    """One solver for all cases in another order, against a new one for each."""
    cases = decided(monkeypatch, horizon=25) + decided(monkeypatch, **{**WHOLE, "horizon": 8})
    used = Solver()
    for case, units in reversed(cases):
        assert decide(case, used).tolist() == units.tolist() == decide(case).tolist()


def test_equal_lines_are_served_in_order():
    case = Case(
        product=np.zeros(3, np.int64),
        group=np.full(3, ALONE),
        ordered=np.array([-3.0, -2.0, -1.0]),
        due=np.full(3, 5.0),
        leaves=np.full(3, 9.0),
        units=np.ones(3),
        weight=np.ones(3),
        lost=np.full(3, 4.0),
        customer_class=np.zeros(3, np.int64),
        of=np.zeros(2, np.int64),
        held=np.array([2.0, 1.0]),
        arrive=np.array([0.0, 2.0]),
        promised=np.full(3, INF),
        classes=1,
    )
    assert decide(case).tolist() == [1, 1, 0]
    assert decide(replace(case, group=np.arange(3))).tolist() == [1, 1, 0]
    assert decide(replace(case, held=np.array([1.0, 2.0]))).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("held", "arrive", "kind", "due"),
    [
        ([1, 2, 4], [0.0, 1.68, 2.34], [0, 0, 1, 1, 0], [2.0, 2.0, 0.5, 0.5, 2.0]),
        ([4, 4], [0.0, 0.52], [0, 1, 1, 0, 1, 0], [-1.0, 0.5, 0.5, -1.0, 0.5, -1.0]),
        ([1, 1, 3], [0.0, 1.59, 2.66], [0, 1, 0, 1, 1], [5.0, 0.5, 5.0, 0.5, 0.5]),
    ],
)
def test_of_equal_lines_the_first_has_the_earliest_unit(
    held: list[int], arrive: list[float], kind: list[int], due: list[float]
):
    """Where all are served at the same cost: whoever of a kind waits, it is not the first.

    These are programs in which the order of lines and of days, one for itself, leaves it open.
    """
    of = np.array(kind)
    case = Case(
        product=np.zeros(len(of), np.int64),
        group=np.full(len(of), ALONE),
        ordered=np.arange(len(of)) - 9.0,
        due=np.array(due),
        leaves=np.array([9.0, 12.0])[of],
        units=np.ones(len(of)),
        weight=np.array([1.0, 5.0])[of],
        lost=np.array([4.0, 9.0])[of],
        customer_class=of,
        of=np.zeros(len(held), np.int64),
        held=np.array(held, float),
        arrive=np.array(arrive),
        promised=np.full(len(of), INF),
        classes=2,
    )
    units = decide(case)
    for k in (0, 1):
        assert (np.diff(units[of == k]) <= 0).all()
