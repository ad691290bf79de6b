"""How long the clearings of a linear program take, against HiGHS alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.allocation.small import small_book
from tests.bench.figures import FIGURES, aim, best

import backsim
from backsim.allocation.model import statement
from backsim.allocation.plan import clearing
from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.clearing import Case
from backsim.allocation.solver import highs
from backsim.allocation.solver.program import Effort, Program
from backsim.engines import compiled, simpy
from backsim.scenario.model import Model
from backsim.streams import draw

pytestmark = pytest.mark.bench


def load(solver: Any, program: Program) -> None:
    """HiGHS's `passModel`."""
    import highspy

    columns, rows = len(program.cost), len(program.row_upper)
    solver.passModel(
        columns, rows, len(program.value), int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMinimize), program.offset, program.cost, np.zeros(columns),
        program.upper, program.row_lower, program.row_upper, program.start[:-1],
        program.index, program.value, program.integer,
    )  # fmt: skip


def raw_solve(program: Program) -> None:
    """HiGHS alone, with its defaults: `passModel` and `run`."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    load(solver, program)
    solver.run()


def side_by_side(rounds: int, things: Sequence[Any], *works: Callable[[Any], Any]) -> list[float]:
    """For each work the seconds that all things take, each thing's best of several rounds."""
    least = np.full((len(works), len(things)), np.inf)
    for _ in range(rounds):
        for row, work in zip(least, works, strict=True):
            for i, thing in enumerate(things):
                row[i] = min(row[i], best(lambda w=work, t=thing: w(t), 1))
    return [float(seconds) for seconds in least.sum(axis=1)]


def test_clearings() -> None:
    """Programs of 1,000 variables a second, against HiGHS alone on the same arrays."""
    rng = np.random.default_rng(1)
    book = small_book(
        rng.integers(5, 30, 10).astype(float),
        rng.integers(1, 9, 100).astype(float),
        cost=rng.uniform(0, 5, (10, 100)).round(1),
        lost=rng.choice([20.0, 40.0, 80.0], 100),
        weight=rng.choice([1.0, 2.0, 5.0], 100),
        arrives=rng.integers(0, 20, 10).astype(float),
        due=rng.integers(-5, 20, 100).astype(float),
    )
    program, plain = statement.state(book), Effort(ties=False)

    alone = best(lambda: raw_solve(program), 60)
    ours = best(lambda: highs.solve(statement.state(book), plain), 60)
    told = best(lambda: highs.solve(statement.state(book)), 60)
    aim("programs of 1,000 variables, stated and solved", 1 / ours, "per s", least=200)
    aim("  time against passModel + run with HiGHS's defaults", ours / alone, "times", most=1.5)
    FIGURES.append(f"{'  with ties broken':<58} {1 / told:>14,.2f} per s")
    FIGURES.append(f"{'  passModel + run alone':<58} {1 / alone:>14,.2f} per s")
    through = best(lambda: optimise(book, form="pulp"), 5)
    FIGURES.append(f"{'  time through PuLP against arrays':<58} {through / ours:>14,.2f} times")


def cases_of(model: Model) -> list[Case]:
    """The programs that a replication has to solve: those that are no sort."""
    found: list[Case] = []
    plain = clearing.decide

    def keep(case: Case, solver: Any = None) -> Any:
        found.append(case)
        return plain(case, solver)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clearing, "decide", keep)
        simpy.run(model, draw(model, 1))
    return [case for case in found if not clearing.is_a_sort(case)]


def test_clearings_in_simulation() -> None:
    """The programs of a replication, from its tables to units, against HiGHS alone on each."""
    kitchens = backsim.load(Path(__file__).parents[2] / "scenarios" / "kitchens.yaml")
    rule = {"rule": "lp", "weight": {"fitter": 10, "private": 3, "shop": 1}, "lost": 20}
    parts = {f"customers.{name}.shipment": "partial" for name in ("fitter", "private")}
    kinds = {
        "parts": {"policy.priority": rule, "policy.reorder.r": 0, **parts},
        "whole orders": {"policy.priority": {**rule, "scope": "site"}, "horizon": 80.0},
    }
    for name, changes in kinds.items():
        model = kitchens.replace(changes)
        cases = cases_of(model)
        programs = [statement.state(clearing.book_of(case)) for case in cases]
        columns = np.mean([len(program.cost) for program in programs])
        solver = highs.Solver()
        ours, alone = side_by_side(
            10,
            list(zip(cases, programs, strict=True)),
            lambda pair, s=solver: clearing.decide(pair[0], s),
            lambda pair: raw_solve(pair[1]),
        )
        again = sum(shape(a) == shape(b) for a, b in pairwise(programs)) / len(programs)
        told = f"{name}, {columns:.0f} columns on average"
        FIGURES.append(
            f"{'LP clearings in simulation: ' + told:<70} {len(cases) / ours:,.0f} per s"
        )
        FIGURES.append(f"{'  time against passModel + run':<58} {ours / alone:>14,.2f} times")
        FIGURES.append(f"{'  programs of the shape of the one before':<58} {again:>14,.3f} of all")
        tape = draw(model, 1)
        compiled.run(model, tape)
        plain = model.replace({"policy.priority": "class_priority"})
        compiled.run(plain, tape)
        slow = best(lambda m=model, t=tape: compiled.run(m, t), 2)
        quick = best(lambda m=plain, t=tape: compiled.run(m, t), 2)
        FIGURES.append(f"{'  a replication, compiled engine':<58} {slow:>14,.2f} s")
        FIGURES.append(f"{'  the same without the program':<58} {quick:>14,.4f} s")
    assert len(cases) > 10


def shape(program: Program) -> tuple[bytes, ...]:
    """What of a program can stay as it is when the next one is loaded over it."""
    return (program.start.tobytes(), program.index.tobytes(), program.value.tobytes())


def cases_of_one_shape(lines: int, sources: int, count: int) -> list[Case]:
    """One clearing after the other: a day later, other units on hand, some lines are new ones."""
    rng = np.random.default_rng(1)
    units = rng.integers(1, 9, lines).astype(float)
    found = []
    for day in range(count):
        fresh = rng.random(lines) < 0.1
        units[fresh] = rng.integers(1, 9, fresh.sum())
        case = Case(
            product=np.zeros(lines, np.int64),
            group=np.full(lines, clearing.ALONE),
            ordered=np.sort(rng.uniform(-20, 0, lines)),
            due=np.arange(lines) % 25 - 5.0 - day,
            leaves=np.full(lines, np.inf),
            units=units.copy(),
            weight=np.array([1.0, 2.0, 5.0])[np.arange(lines) % 3],
            lost=np.array([20.0, 40.0, 80.0])[np.arange(lines) % 3],
            customer_class=np.zeros(lines, np.int64),
            of=np.zeros(sources, np.int64),
            held=rng.integers(5, 30, sources).astype(float),
            arrive=np.maximum(0.0, 2.0 * np.arange(sources) - 0.1 * day),
            promised=np.full(lines, np.inf),
            classes=1,
        )
        found.append(case)
    return found


def test_large_clearings_in_simulation() -> None:
    """Clearings of 1,000 variables, from the case to units: 100 lines, 10 sources."""
    cases, solver = cases_of_one_shape(100, 10, 10), highs.Solver()
    pairs = [(case, statement.state(clearing.book_of(case))) for case in cases]
    assert {len(program.cost) for _, program in pairs} == {1000}
    ours, alone = side_by_side(
        10,
        pairs,
        lambda pair: clearing.decide(pair[0], solver),
        lambda pair: raw_solve(pair[1]),
    )
    aim("LP clearings of 1,000 variables in simulation", 10 / ours, "per s", least=200)
    aim("  time against passModel + run, ties broken", ours / alone, "times", most=1.5)


@pytest.mark.parametrize(("lines", "sources"), [(8, 3), (100, 10)])
def test_warm_starts(lines: int, sources: int) -> None:
    """What the basis of the clearing before would save, were its shape the same: not adopted."""
    programs = [
        statement.state(clearing.book_of(case)) for case in cases_of_one_shape(lines, sources, 20)
    ]
    assert len({shape(program) for program in programs}) == 1
    cold, warm = (highs.new_solver(programs[0], Effort()) for _ in range(2))

    def load_and_run(program: Program) -> None:
        load(cold, program)
        cold.run()

    def change_and_run(program: Program) -> None:
        columns, rows = len(program.cost), len(program.row_upper)
        warm.changeColsCost(columns, np.arange(columns, dtype=np.int32), program.cost)
        every = np.arange(rows, dtype=np.int32)
        warm.changeRowsBounds(rows, every, program.row_lower, program.row_upper)
        warm.run()

    afresh, warmly = side_by_side(20, programs, load_and_run, change_and_run)
    told = f"warm start, {lines * sources:,} columns of one shape, time against passModel"
    FIGURES.append(f"{told:<66} {warmly / afresh:>6,.2f} times")
