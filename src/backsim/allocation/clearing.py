"""A clearing in a simulation: which waiting lines get the units that are on hand now.

The case is a small book: lines that wait, units on hand, purchases under way.  Of the plan only
what leaves at once is carried out; the rest is decided again when more is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.book import Book, Capacity, Limits, Lines, Names, Options, Sources
from backsim.allocation.highs import Solver
from backsim.allocation.program import INF, Program
from backsim.allocation.solution import Effort
from backsim.allocation.statement import state

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

ALONE = -1
"""The group of a line that takes parts of its units."""
SHIPPING_DAYS = 5
"""Days that units on hand may wait for room, where a day has a limit."""
EARLY = 1e-4
"""How much a day's wait costs beside its lateness, by weight: units are not kept for nothing."""
SHORT = 1e3
"""A unit short of a least fill costs so many times what any unit may cost otherwise."""
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Case:
    """What there is to decide, in days from now.

    Lines, in order of time of order: `product`; `group`, lines of one group ship together or not
    at all (ALONE: parts will do); `ordered`, `due`, `leaves` (inf: never); `units` open; `weight`,
    money per unit and day late; `lost`, money per unit not served (0: as if a day after the last
    arrival); `customer_class`.  Sources: `of`, the product; `held` units; they `arrive`, 0 where
    they are on hand.  `min_fill`: class -> share of its open units to be served now.  `capacity`:
    units a day, of which `left` may leave today, which ends in `today` days; inf is no limit.
    """

    product: Codes
    group: Codes
    ordered: Floats
    due: Floats
    leaves: Floats
    units: Floats
    weight: Floats
    lost: Floats
    customer_class: Codes
    of: Codes
    held: Floats
    arrive: Floats
    classes: int
    min_fill: Mapping[int, float]
    capacity: float = INF
    left: float = INF
    today: float = INF


def decide(case: Case, solver: Solver | None = None) -> Codes:
    """Units that each line gets now."""
    if is_a_sort(case):
        return sort(case)
    book = book_of(case)
    plan = best_plan(state(book), solver or Solver())
    return units_now(book, plan[: len(book.options)])


def best_plan(program: Program, solver: Solver) -> Floats:
    """The optimum.  Where whole numbers are wanted, it often has them without being asked."""
    effort = Effort(gap=1e-9)
    if program.is_mixed:
        free = replace(program, integer=np.zeros_like(program.integer))
        plan = solver.solve(free, effort).values
        if (np.abs(plan - np.round(plan))[program.integer != 0] < ROUNDING).all():
            return plan
    return solver.solve(program, effort).values


def units_now(book: Book, plan: Floats) -> Codes:
    """What leaves at once by a plan, line by line, in whole units."""
    lines, options = book.lines, book.options
    now = options.day == 0.0
    units = np.bincount(options.line[now], plan[now], len(lines))
    whole = np.floor(units + ROUNDING).astype(np.int64)
    if lines.complete.any():  # a group gets all, or nothing
        short = lines.order[lines.complete & (whole < lines.units)]
        whole[lines.complete & np.isin(lines.order, short)] = 0
    return whole


def is_a_sort(case: Case) -> bool:
    """Whether the program is a sort by weight: all are late, and all stay.

    Exchange two lines: what the plan saves is weight x days, whatever else they are.
    """
    return bool(
        (case.due <= 0.0).all()
        and (case.leaves == INF).all()
        and (case.lost == 0.0).all()
        and (case.group == ALONE).all()
        and not case.min_fill
        and case.capacity == INF
    )


def sort(case: Case) -> Codes:
    """Units on hand, product by product, to the costliest wait first."""
    found = np.zeros(len(case.units), np.int64)
    order = np.lexsort((np.arange(len(found)), -case.weight))
    for product in np.unique(case.product).tolist():
        own = order[case.product[order] == product]
        held = case.held[(case.of == product) & (case.arrive == 0.0)].sum()
        before = np.cumsum(case.units[own]) - case.units[own]
        found[own] = np.clip(held - before, 0, case.units[own])
    return found


def book_of(case: Case) -> Book:
    """The case as a book.  The days that a line is late already cost the same whatever is done."""
    count, last = len(case.units), float(case.arrive.max(initial=0.0)) + 1.0
    due = np.maximum(0.0, case.due)
    as_late = case.weight * np.maximum(0.0, last - due)
    complete = case.group != ALONE
    alone = np.arange(count) + 1 + int(case.group.max(initial=0))
    zero, nowhere = np.zeros(count), np.zeros(count, np.int64)
    sources = len(case.held)
    lines = Lines(
        ids=("",) * count,
        product=case.product,
        site=nowhere,
        customer=nowhere,
        customer_class=case.customer_class,
        order=np.where(complete, case.group, alone),
        units=case.units,
        ordered=case.ordered,
        due=due,
        promised=np.full(count, INF),
        tolerance=case.leaves - case.ordered,
        weight=case.weight,
        lost=np.where(case.lost > 0.0, case.lost, as_late),
        smallest=zero,
        complete=complete,
    )
    held = Sources(
        ids=("",) * sources,
        product=case.of,
        site=np.zeros(sources, np.int64),
        units=case.held,
        arrives=case.arrive,
        kind=(case.arrive > 0.0).astype(np.int64),
        expedited=np.full(sources, INF),
        expedite=np.zeros(sources),
    )
    options = _options(case)
    capacity, binds = _capacity(case, options), case.capacity < INF
    mixed = binds or bool(case.min_fill) or bool(complete.any())
    if mixed:
        early = EARLY * case.weight[options.line] * options.day
        options = replace(options, transfer=early)
    worth = float(lines.lost.max(initial=1.0)) + float(case.weight.max(initial=1.0)) * last
    return Book(
        lines=lines,
        sources=held,
        options=options,
        names=Names((), (), (), ("",) * case.classes, np.empty(0), np.empty(0, np.int64)),
        limits=Limits(
            min_fill=case.min_fill,
            fill_by=0.0,
            fill_penalty=SHORT * max(1.0, worth),
            together=True,
            whole=binds or bool(case.min_fill),
            capacity=capacity,
        ),
    )


def _options(case: Case) -> Options:
    """Pairs of line and source of one product, and the days on which units may leave.

    That is when they arrive; with a limit a day also at the start of one of the days after; in
    groups also whenever something else of the group arrives or may leave.
    """
    line, source = np.nonzero(case.product[:, None] == case.of[None, :])
    day = case.arrive[source]
    if case.capacity < INF:
        starts = _start(case, day)[:, None] + np.arange(SHIPPING_DAYS)
        line, source = np.tile(line, SHIPPING_DAYS + 1), np.tile(source, SHIPPING_DAYS + 1)
        day = np.concatenate([day, starts.T.ravel()])
    line, source, day = _with_days_of_group(case, line, source, day)
    kept = day <= case.leaves[line]
    line, source, day = line[kept], source[kept], day[kept]
    order = np.lexsort((day, source, line))
    nothing = np.zeros(len(order))
    return Options(
        line[order], source[order], day[order], nothing, nothing.copy(), nothing.copy(), nothing
    )


def _start(case: Case, day: Floats) -> Floats:
    """The start of the day after each time."""
    return np.asarray(case.today + np.maximum(0.0, np.floor(day - case.today + ROUNDING) + 1.0))


def _with_days_of_group(
    case: Case, line: Codes, source: Codes, day: Floats
) -> tuple[Codes, Codes, Floats]:
    """Every line of a group with several days may leave on each of them, from what is there."""
    grouped = case.group[line] != ALONE
    if not grouped.any():
        return line, source, day
    found = [np.stack([line[~grouped], source[~grouped]])]
    days = [day[~grouped]]
    for group in np.unique(case.group[line[grouped]]).tolist():
        own = np.flatnonzero(case.group[line] == group)
        pairs = np.unique(np.stack([line[own], source[own]]), axis=1)
        possible = np.unique(day[own])
        there = case.arrive[pairs[1]][:, None] <= possible[None, :]
        pair, when = np.nonzero(there)
        found.append(pairs[:, pair])
        days.append(possible[when])
    line, source = np.concatenate(found, axis=1)
    return line, source, np.concatenate(days)


def _capacity(case: Case, options: Options) -> Capacity:
    """A row for each day, and the options whose units leave in it."""
    later = np.floor(options.day - case.today + ROUNDING)  # a start of a day is a bit off
    number = np.where(later < 0.0, 0.0, 1.0 + later)
    if case.capacity == INF or not len(options):
        return Limits().capacity
    days, row = np.unique(number.astype(np.int64), return_inverse=True)
    units = np.where(days == 0, case.left, case.capacity)
    return Capacity(("",) * len(days), units, row.astype(np.int64), np.arange(len(options)))
