"""A clearing in a simulation: which waiting lines get the units that are on hand now.

The case is a small book: lines that wait, units on hand, purchases under way.  Of the plan only
what leaves at once is carried out; the rest is decided again when more is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.book import (
    NO_CAPACITY,
    NOBODY,
    Book,
    Capacity,
    Limits,
    Lines,
    Names,
    Options,
    Sources,
)
from backsim.allocation.model.fair import with_fair
from backsim.allocation.model.statement import state
from backsim.allocation.solver.highs import Solver
from backsim.allocation.solver.parts import components
from backsim.allocation.solver.program import INF, Effort, Program, distinct, spans

if TYPE_CHECKING:
    from backsim.allocation.solver.program import Codes, Floats

ALONE = -1
"""The group of a line that takes parts of its units."""
SHIPPING_DAYS = 3
"""Days that units on hand may wait for room, where a day has a limit, in the plan."""
EARLY = 1e-3
"""How much a day's wait costs beside its lateness, by weight, where whole numbers are wanted.

It breaks ties there: units are not kept for nothing, and of equal lines the first is served first.
"""
SHORT = 1e3
"""A unit short of a least fill costs so many times what any unit may cost otherwise."""
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Case:
    """What there is to decide, in days from now.

    Lines, in order of time of order: `product`; `group`, lines of one group ship together or not
    at all (ALONE: parts will do); `ordered`, `due`, `leaves` (inf: never); `units` open; `weight`,
    money per unit and day late; `lost`, money per unit not served (0: as if a day after the last
    arrival for it or a competitor); `customer_class`; `promised`, inf without a promise, 0 where it
    is over.
    Sources: `of`, the product; `held` units; they `arrive`, 0 where they are on hand.  `min_fill`:
    class -> share of its open units to be served now; `fairness`: how far a class's share may be
    below its fair one; `promise_penalty`: money per unit that comes after its promise.  `capacity`:
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
    promised: Floats
    classes: int
    min_fill: Mapping[int, float] = field(default_factory=dict)
    fairness: float = 1.0
    promise_penalty: float = 0.0
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
    """The optimum.  Whole numbers are often there without being asked for: they are, one by one.

    First none, then those of orders, then those of units.
    """
    if not program.is_mixed:
        return solver.solve(program, Effort()).values
    effort = Effort(ties=False, gap=0.0)
    of_orders = program.integer.copy()
    of_orders[program.columns["units"]] = 0
    for asked in (np.zeros_like(program.integer), of_orders):
        if (asked != program.integer).any():
            plan: Floats = solver.solve(replace(program, integer=asked), effort).values
            if (np.abs(plan - np.round(plan))[program.integer != 0] < ROUNDING).all():
                return plan
    plan = solver.solve(program, effort).values
    return plan


def units_now(book: Book, plan: Floats) -> Codes:
    """What leaves at once by a plan, line by line, in whole units."""
    lines, options = book.lines, book.options
    now = options.day == 0.0
    units = np.bincount(options.line[now], plan[now], len(lines))
    whole: Codes = np.floor(units + ROUNDING).astype(np.int64)
    if lines.complete.any():  # a group gets all, or nothing
        short = np.bincount(lines.order, lines.complete & (whole < lines.units)) > 0.0
        whole[lines.complete & short[lines.order]] = 0
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
        and (case.promised == INF).all()
        and not limits_shares(case)
        and case.capacity == INF
    )


def limits_shares(case: Case) -> bool:
    """Whether classes have shares that they must get."""
    return bool(case.min_fill) or case.fairness < 1.0


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
    count, last = len(case.units), last_days(case)
    due = np.maximum(0.0, case.due)
    as_late = case.weight * np.maximum(0.0, last - due)
    lost = np.where(case.lost > 0.0, case.lost, as_late)
    complete = case.group != ALONE
    alone = np.arange(count) + 1 + int(case.group.max(initial=0))
    names = ("",) * case.classes
    nowhere, binds = np.zeros(count, np.int64), case.capacity < INF
    whole = binds or limits_shares(case)
    mixed = whole or bool(complete.any())
    options = _options(case) if mixed else _pairs(case)
    if mixed:  # no other plan costs the same: units leave soon, those of early orders first
        early = EARLY * case.weight * (2.0 - np.arange(count) / count)
        options = replace(options, transfer=early[options.line] * options.day)
        lost = lost + early * last
    worth = float(lost.max(initial=1.0)) + float((case.weight * last).max(initial=1.0))
    worth += case.promise_penalty
    book = Book(
        lines=Lines(
            ids=("",) * count,
            product=case.product,
            site=nowhere,
            customer=case.customer_class,
            customer_class=case.customer_class,
            order=np.where(complete, case.group, alone),
            units=case.units,
            ordered=case.ordered,
            due=due,
            promised=case.promised,
            tolerance=case.leaves - case.ordered,
            weight=case.weight,
            lost=lost,
            smallest=np.zeros(count),
            complete=complete,
        ),
        sources=_sources(case),
        options=options,
        names=Names((), (), names, names, np.empty(0), np.empty(0, np.int64)),
        limits=Limits(
            min_fill=case.min_fill,
            fill_by=0.0,
            fill_penalty=SHORT * max(1.0, worth),
            together=True,
            keep=mixed,
            fairness=case.fairness if case.fairness < 1.0 else None,
            promise_penalty=case.promise_penalty,
            whole=whole,
            capacity=_capacity(case, options),
        ),
    )
    return with_fair(book)


def last_days(case: Case) -> Floats:
    """For each line, a day after all that may come to it and to the lines it competes with."""
    if not len(case.units) or case.capacity < INF:
        return np.full(len(case.units), float(case.arrive.max(initial=0.0)) + 1.0)
    whole = np.flatnonzero(case.group != ALONE)
    products = int(max(case.product.max(), case.of.max(initial=0))) + 1
    of_line, of_column = components(
        np.concatenate([np.arange(len(case.units)), whole]),
        np.concatenate([case.product, products + case.group[whole]]),
        len(case.units),
        products + int(case.group.max(initial=0)) + 1,
    )
    last = np.zeros(len(case.units) + 1)
    np.maximum.at(last, of_column[case.of], case.arrive)
    return np.asarray(last[of_line] + 1.0)


def _sources(case: Case) -> Sources:
    count = len(case.held)
    return Sources(
        ids=("",) * count,
        product=case.of,
        site=np.zeros(count, np.int64),
        units=case.held,
        arrives=case.arrive,
        kind=(case.arrive > 0.0).astype(np.int64),
        expedited=np.full(count, INF),
        expedite=np.zeros(count),
        ordered=np.full(count, INF),
        first=case.arrive,
        last=case.arrive,
        supplier=np.full(count, NOBODY),
        transit=np.zeros(count),
    )


def _pairs(case: Case) -> Options:
    """Pairs of line and source of one product: units leave when they arrive."""
    line, source = np.nonzero(case.product[:, None] == case.of[None, :])
    return _in_time(case, line, source, case.arrive[source])


def _options(case: Case) -> Options:
    """Each line's days, with the last source to arrive by then; what is left of others is there.

    Units may leave when some arrive; with a limit a day also at the start of one of the next days;
    of a group, whenever that holds for one of its lines.
    """
    line, source = np.nonzero(case.product[:, None] == case.of[None, :])
    day = case.arrive[source]
    if case.capacity < INF:
        starts = _start(case, day)[:, None] + np.arange(SHIPPING_DAYS)
        line = np.concatenate([line, np.repeat(line, SHIPPING_DAYS)])
        day = np.concatenate([day, starts.ravel()])
    line, day = _with_days_of_groups(case, line, day)
    arrived = (case.of[None, :] == case.product[line][:, None]) & (
        case.arrive[None, :] <= day[:, None]
    )
    order = np.lexsort((np.arange(len(case.of)), case.arrive))
    latest = len(order) - 1 - arrived[:, order[::-1]].argmax(axis=1)
    there = arrived.any(axis=1)
    return _in_time(case, line[there], order[latest[there]], day[there])


def _in_time(case: Case, line: Codes, source: Codes, day: Floats) -> Options:
    """Options by line and day, without those that come after the customer has left."""
    kept = day <= case.leaves[line]
    line, source, day = line[kept], source[kept], day[kept]
    order, nothing = np.lexsort((source, day, line)), np.zeros(len(line))
    return Options(line[order], source[order], day[order], nothing, nothing, nothing, nothing)


def _start(case: Case, day: Floats) -> Floats:
    """The start of the day after each time."""
    return np.asarray(case.today + np.maximum(0.0, np.floor(day - case.today + ROUNDING) + 1.0))


def _with_days_of_groups(case: Case, line: Codes, day: Floats) -> tuple[Codes, Floats]:
    """(line, day), each once, where every line of a group has the days of all."""
    bound = case.group[line] != ALONE
    group, days = case.group[line[bound]], day[bound]
    each = distinct(group, days)
    group, days = group[each], days[each]
    members = np.argsort(case.group, kind="stable")
    of = case.group[members]
    first = np.searchsorted(of, group, "left")
    counts = np.searchsorted(of, group, "right") - first
    others = members[spans(first, counts)]
    line = np.concatenate([line, others])
    day = np.concatenate([day, np.repeat(days, counts)])
    each = distinct(line, day)
    return line[each], day[each]


def _capacity(case: Case, options: Options) -> Capacity:
    """A row for each day, and the options whose units leave in it."""
    if case.capacity == INF or not len(options):
        return NO_CAPACITY
    later = np.floor(options.day - case.today + ROUNDING)  # a start of a day is a bit off
    days, row = np.unique(np.maximum(-1.0, later), return_inverse=True)
    units = np.where(days < 0.0, case.left, case.capacity)
    return Capacity(("",) * len(days), units, row.astype(np.int64), np.arange(len(options)))
