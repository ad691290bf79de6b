"""Why no plan exists: what was asked for that cannot all be had, in the book's own words.

Each promise, least fill and fairness bound may fall short at a price of 1 a unit; the least total
shortfall says what has to give way.  What has a dual value in that program is in the conflict
(the duals are a certificate of Farkas).
Source: elastic programming, Chinneck and Dravnieks, ORSA Journal on Computing 3 (1991) 157-168.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import CONSTRAINTS, WISH, Constraint
from backsim.allocation.model.constraints.forms import WHOLE
from backsim.allocation.solver.program import INF, Effort, Program
from backsim.allocation.solver.solve import solve
from backsim.errors import BacksimError, first_of

MOST = 8
SMALLEST = 1e-6


class NoPlanError(BacksimError):
    """The book can be read, and there is no plan for it, or none yet.  Exit code 1."""


class InfeasibleError(NoPlanError):
    """No plan keeps to all that is asked for.  `wishes` and `facts` are in conflict."""

    def __init__(self, wishes: tuple[str, ...], facts: tuple[str, ...]) -> None:
        self.wishes, self.facts = wishes, facts
        text = ["expected a plan that keeps all of this, and there is none:"]
        text += [f"  {wish}" for wish in first_of(wishes, MOST)]
        if facts:
            text += ["with no more than"] + [f"  {fact}" for fact in first_of(facts, MOST)]
        text.append(
            "Give one of them up, or put a price on broken promises (promise_penalty) or on units "
            "short of a least fill (fill_penalty)."
        )
        super().__init__("\n".join(text))


def explain(book: Book, program: Program) -> InfeasibleError:
    """The error that says what is in conflict."""
    asked = np.array([row for one, _, row in _told(program) if one.kind == WISH], np.int64)
    relaxed = replace(program, integer=np.zeros_like(program.integer))
    found = solve(stretched(relaxed, asked), Effort(ties=False))
    short = found.values[len(program.cost) :]
    binding = np.abs(found.duals) > SMALLEST
    whole = short.sum() <= SMALLEST
    if whole:  # only the whole numbers are in the way
        short = solve(stretched(program, asked), Effort(ties=False)).values[len(program.cost) :]
        binding = np.zeros(len(program.row_upper), bool)
    lacking = dict(zip(asked.tolist(), short.tolist(), strict=True))
    wishes, facts = [], []
    for one, i, row in _told(program):
        text = one.say(book, i)
        if one.kind != WISH:
            facts += [text] if binding[row] and text else []
        elif lacking[row] > SMALLEST or binding[row]:
            wishes.append(text + _shortfall(lacking[row]))
    facts += [WHOLE] if whole else []
    return InfeasibleError(tuple(wishes), tuple(dict.fromkeys(facts)))


def _told(program: Program) -> Iterator[tuple[Constraint, int, int]]:
    """(constraint, number of its row, row of the program), row by row."""
    for one in CONSTRAINTS.values():
        part = program.rows.get(one.name, slice(0, 0))
        for row in range(part.start, part.stop):
            yield one, row - part.start, row


def stretched(program: Program, rows: np.ndarray[Any, Any]) -> Program:
    """The program that asks for the least shortfall of some rows, each in a last column."""
    count, columns = len(rows), len(program.cost)
    ends = program.start[-1] + np.arange(1, count + 1)
    return replace(
        program,
        cost=np.concatenate([np.zeros(columns), np.ones(count)]),
        upper=np.concatenate([program.upper, np.full(count, INF)]),
        integer=np.concatenate([program.integer, np.zeros(count, np.int32)]),
        start=np.concatenate([program.start, ends]).astype(np.int32),
        index=np.concatenate([program.index, rows]).astype(np.int32),
        value=np.concatenate([program.value, np.ones(count)]),
        tie=np.zeros(columns + count),
        offset=0.0,
        rank=None,
    )


def eased(program: Program, rows: np.ndarray[Any, Any]) -> Program | None:
    """The program in which these rows fall short, by as little as can be; None: that is no help."""
    found = solve(stretched(program, rows), Effort(ties=False))
    if not found.found:
        return None
    lower = program.row_lower.copy()
    short = found.values[len(program.cost) :]
    lower[rows] -= np.where(short > SMALLEST, short + SMALLEST, 0.0)
    return replace(program, row_lower=lower)


def _shortfall(units: float) -> str:
    return f" ({units:.6g} short)" if units > SMALLEST else ""
