"""Why no plan exists: what was asked for that cannot all be had, in the book's own words.

Each promise, least fill and fairness bound may fall short at a price of 1 a unit; the least total
shortfall says what has to give way.  What has a dual value in that program is in the conflict
(the duals are a certificate of Farkas).
Source: elastic programming, Chinneck and Dravnieks, ORSA Journal on Computing 3 (1991) 157-168.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from backsim.allocation.book import Book
from backsim.allocation.program import INF, Program
from backsim.allocation.solution import Effort
from backsim.allocation.solve import solve
from backsim.errors import BacksimError

WISHES = ("promise", "min_fill", "fairness")
FACTS = ("available", "capacity")
MOST = 8
SMALLEST = 1e-6


class NoPlanError(BacksimError):
    """The book can be read, and there is no plan for it, or none yet.  Exit code 1."""


class InfeasibleError(NoPlanError):
    """No plan keeps to all that is asked for.  `wishes` and `facts` are in conflict."""

    def __init__(self, wishes: tuple[str, ...], facts: tuple[str, ...]) -> None:
        self.wishes, self.facts = wishes, facts
        text = ["expected a plan that keeps all of this, and there is none:"]
        text += [f"  {wish}" for wish in _few(wishes)]
        if facts:
            text += ["with no more than"] + [f"  {fact}" for fact in _few(facts)]
        text.append("Give one of them up, or put a price on broken promises (promise_penalty).")
        super().__init__("\n".join(text))


@dataclass(frozen=True, eq=False)
class Elastic:
    """The program with a column for the shortfall of each wish."""

    program: Program
    wishes: np.ndarray[Any, Any]
    first: int


def explain(book: Book, program: Program) -> InfeasibleError:
    """The error that says what is in conflict."""
    elastic = _elastic(replace(program, integer=np.zeros_like(program.integer)))
    found = solve(elastic.program, Effort(ties=False))
    short = found.values[elastic.first :]
    binding = np.abs(found.duals) > SMALLEST
    whole = short.sum() <= SMALLEST
    if whole:  # only the whole numbers are in the way
        found = solve(_elastic(program).program, Effort(ties=False))
        short = found.values[elastic.first :]
        binding = np.zeros(len(program.row_upper), bool)
    lacking = dict(zip(elastic.wishes.tolist(), short.tolist(), strict=True))
    wishes = [
        _wish(book, kind, row - part.start) + _shortfall(lacking[row])
        for kind, part in _blocks(program, WISHES)
        for row in range(part.start, part.stop)
        if lacking[row] > SMALLEST or binding[row]
    ]
    facts = [
        _fact(book, kind, row - part.start)
        for kind, part in _blocks(program, FACTS)
        for row in range(part.start, part.stop)
        if binding[row]
    ]
    whole |= bool(binding[program.rows.get("together", slice(0))].any())
    facts += ["orders that ship whole, or shipments of a least size"] if whole else []
    return InfeasibleError(tuple(wishes), tuple(facts))


def _blocks(program: Program, kinds: tuple[str, ...]) -> list[tuple[str, slice]]:
    return [(kind, program.rows[kind]) for kind in kinds if kind in program.rows]


def _elastic(program: Program) -> Elastic:
    blocks = [np.arange(part.start, part.stop) for _, part in _blocks(program, WISHES)]
    wishes = np.concatenate(blocks) if blocks else np.empty(0, np.int64)
    return Elastic(stretched(program, wishes), wishes, len(program.cost))


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


def _wish(book: Book, kind: str, i: int) -> str:
    lines, names = book.lines, book.names
    if kind == "promise":
        line = int(np.flatnonzero(np.isfinite(book.keep_by))[i])
        product = names.products[lines.product[line]]
        day = spell_day(book, float(lines.promised[line]))
        return f"line {lines.ids[line]}: {lines.units[line]:g} of {product} promised for {day}"
    if kind == "min_fill":
        code, share = list(book.limits.min_fill.items())[i]
        return f"class {names.classes[code]}: at least {share:.4g} of its open units"
    bound, fair = book.limits.fairness, book.fair[i]
    return f"customer {names.customers[i]}: a share at most {bound:.4g} below the fair {fair:.4g}"


def _fact(book: Book, kind: str, i: int) -> str:
    if kind == "capacity":
        capacity = book.limits.capacity
        return f"{capacity.units[i]:g} units of {capacity.names[i]}"
    sources, names = book.sources, book.names
    product, site = names.products[sources.product[i]], names.sites[sources.site[i]]
    when = "" if sources.arrives[i] <= 0 else f" from {spell_day(book, float(sources.arrives[i]))}"
    return f"{sources.units[i]:g} of {product} at {site}{when} ({sources.ids[i]})"


def _shortfall(units: float) -> str:
    return f" ({units:.6g} short)" if units > SMALLEST else ""


def _few(texts: tuple[str, ...]) -> list[str]:
    more = len(texts) - MOST
    return [*texts[:MOST], f"and {more} more"] if more > 0 else list(texts)


def spell_day(book: Book, day: float) -> str:
    """A day as a date, if the book has one, else as a number of days."""
    if book.today is None:
        return f"day {day:g}"
    try:
        return (book.today + timedelta(days=int(np.floor(day)))).isoformat()
    except OverflowError:  # after the year 9999
        return f"in {day:.0f} days"
