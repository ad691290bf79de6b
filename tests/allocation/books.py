"""Small random books, and all their plans."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from tests.allocation.small import small_book

from backsim.allocation.model.book import STOCK, Book, Capacity, Limits, Options
from backsim.allocation.model.fair import NEARLY_ONE, fair_shares
from backsim.allocation.plan.plan import Plan

INF = float("inf")
small = st.integers(0, 4)
money = st.integers(0, 40).map(lambda n: n / 4)


@st.composite
def books(draw: st.DrawFn, *, mixed: bool = False, limits: bool = False) -> Book:
    """A book of up to 4 lines and 3 sources, in whole units; some options are not there."""
    lines, sources = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    of_line = st.lists(money, min_size=lines, max_size=lines)
    days = st.integers(0, 5)
    book = small_book(
        draw(st.lists(small, min_size=sources, max_size=sources)),
        draw(st.lists(st.integers(1, 4), min_size=lines, max_size=lines)),
        cost=draw(st.lists(of_line, min_size=sources, max_size=sources)),
        lost=draw(of_line),
        weight=draw(of_line),
        arrives=draw(st.lists(days, min_size=sources, max_size=sources)),
        due=draw(st.lists(st.integers(-4, 5), min_size=lines, max_size=lines)),
        classes=draw(st.lists(st.integers(1, 2), min_size=lines, max_size=lines)),
    )
    kept = np.array(
        draw(st.lists(st.booleans(), min_size=lines * sources, max_size=lines * sources))
    )
    book = replace(book, options=book.options.take(kept))
    if mixed:
        order = np.array(draw(st.lists(st.integers(0, 1), min_size=lines, max_size=lines)))
        complete = np.array(draw(st.lists(st.booleans(), min_size=2, max_size=2)))[order]
        smallest = np.array(
            draw(st.lists(st.integers(0, 3), min_size=lines, max_size=lines)), float
        )
        own = replace(book.lines, order=order, complete=complete, smallest=smallest)
        together = draw(st.booleans())
        book = replace(book, lines=own, limits=Limits(together=together), own=_own(draw, book))
    if limits:
        penalty = np.array([draw(st.sampled_from([INF, 0.0, 2.0])), INF])
        book = replace(book, own={**book.own, "classes.fill_penalty": penalty})
        promised = draw(
            st.lists(st.one_of(st.integers(0, 5), st.just(INF)), min_size=lines, max_size=lines)
        )
        book = replace(
            book,
            lines=replace(book.lines, promised=np.array(promised, float)),
            limits=replace(
                book.limits,
                min_fill={0: draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))},
                fairness=draw(st.sampled_from([None, 0.0, 0.25, 0.5])),
                promise_penalty=draw(st.sampled_from([INF, 0.0, 3.0])),
                capacity=_capacity(draw, book.options),
            ),
        )
    return book


def _own(draw: st.DrawFn, book: Book) -> dict[str, np.ndarray]:
    """Cases, units kept back from a class or a lane, a cost per shipment: each in some books."""
    amounts = {
        "products.case_pack": (1,),
        "classes.keep": (len(book.names.classes),),
        "lanes.keep": (1, 1),
        "lanes.shipment": (1, 1),
    }
    return {
        name: np.array(draw(st.lists(small, min_size=shape[0], max_size=shape[0])), float).reshape(
            shape
        )
        for name, shape in amounts.items()
        if draw(st.integers(0, 3)) == 0
    }


def _capacity(draw: st.DrawFn, options: Options) -> Capacity:
    if not len(options):
        return Capacity(("dock",), np.ones(1), np.empty(0, np.int64), np.empty(0, np.int64))
    chosen = draw(st.lists(st.integers(0, len(options) - 1), unique=True))
    units = float(draw(small))
    row = np.zeros(len(chosen), np.int64)
    return Capacity(("dock",), np.array([units]), row, np.array(chosen, np.int64))


def plans(book: Book) -> Iterator[Plan]:
    """Every plan in whole units that keeps to the limits, one after the other."""
    lines, options = book.lines, book.options
    ranges = [range(int(lines.units[line]) + 1) for line in options.line]
    for units in itertools.product(*ranges):
        plan = Plan(book, np.array(units, float), "any", np.zeros(0), "any", 0.0, 0.0)
        if not faults(plan):
            yield plan


def faults(plan: Plan, slack: float = 1e-6) -> list[str]:
    """The limits of its book that a plan does not keep."""
    book, lines, limits = plan.book, plan.book.lines, plan.book.limits
    served, found = plan.served, []
    if (plan.units < -slack).any():
        found.append("negative")
    if (served > lines.units + slack).any():
        found.append("open units")
    if (plan.used > book.sources.units + slack).any():
        found.append("available")
    moved = np.bincount(
        limits.capacity.row, plan.units[limits.capacity.option], len(limits.capacity.units)
    )
    if (moved > limits.capacity.units + slack).any():
        found.append("capacity")
    if limits.promise_penalty == INF and (plan.unkept > slack).any():
        found.append("promise")
    shipments: dict[tuple[int, int, float], float] = {}  # one product, one site
    for line, source, day, units in zip(
        book.options.line.tolist(),
        book.options.source.tolist(),
        book.options.day.tolist(),
        plan.units.tolist(),
        strict=True,
    ):
        key = (line, int(book.sources.site[source]), day)
        shipments[key] = shipments.get(key, 0.0) + units
    for (line, _, _), units in shipments.items():
        if slack < units < min(lines.smallest[line], lines.units[line]) - slack:
            found.append("smallest")
    for order in np.unique(lines.order[lines.complete]):
        share = served[(lines.order == order) & lines.complete]
        asked = lines.units[(lines.order == order) & lines.complete]
        if not (np.abs(share) <= slack).all() and not (np.abs(share - asked) <= slack).all():
            found.append("whole")
        on = lines.complete[book.options.line] & (lines.order[book.options.line] == order)
        if limits.together and len(np.unique(book.options.day[on & (plan.units > slack)])) > 1:
            found.append("together")
    pack = book.own.get("products.case_pack", np.zeros(1))[0]
    if pack and (np.abs(plan.units / pack - np.round(plan.units / pack)) > slack).any():
        found.append("case_pack")
    for source in range(len(book.sources)):
        mine = (book.options.source == source) & (plan.units > slack)
        for code in lines.customer_class[book.options.line[mine]]:
            kept = [book.own["classes.keep"][code]] if "classes.keep" in book.own else [0.0]
            kept += [book.own["lanes.keep"][0, 0]] if "lanes.keep" in book.own else []
            left = book.sources.units[source] - plan.used[source]
            if book.sources.kind[source] == STOCK and left < max(kept) - slack:
                found.append("keep")
    fill_penalty = book.own.get("classes.fill_penalty", np.full(9, INF))
    for code, fill in limits.min_fill.items():
        own = lines.customer_class == code
        if fill_penalty[code] == INF and served[own].sum() < fill * lines.units[own].sum() - slack:
            found.append("least fill")
    if limits.fairness is not None:
        share = served / lines.units  # a customer has one line here
        least = fair_shares(book) - limits.fairness - slack
        if limits.whole:
            least -= NEARLY_ONE / lines.units
        if (share < least).any():
            found.append("fairness")
    return found


def cost_by_hand(plan: Plan) -> float:
    """The objective from its definition, line by line and day by day."""
    book, lines, options = plan.book, plan.book.lines, plan.book.options
    total = 0.0
    for line in range(len(lines)):
        mine = [k for k in range(len(options)) if options.line[k] == line]
        rest = lines.units[line] - sum(plan.units[k] for k in mine)
        total += rest * lines.lost[line]
        for k in mine:
            late = max(0.0, options.day[k] - max(0.0, lines.due[line]))  # from today on
            total += plan.units[k] * (lines.weight[line] * late + options.transport[k])
        if 0 <= lines.promised[line] < INF and book.limits.promise_penalty < INF:
            kept = sum(plan.units[k] for k in mine if options.day[k] <= lines.promised[line])
            total += book.limits.promise_penalty * (lines.units[line] - kept)
    fees = book.own.get("lanes.shipment", np.zeros((1, 1)))
    used = np.flatnonzero(plan.units > 1e-9)
    leaves = zip(lines.order[options.line[used]].tolist(), options.day[used].tolist(), strict=True)
    total += fees[0, 0] * len(set(leaves))
    for code, fill in book.limits.min_fill.items():
        price = book.own.get("classes.fill_penalty", np.full(9, INF))[code]
        own = lines.customer_class == code
        short = max(0.0, fill * lines.units[own].sum() - plan.served[own].sum())
        total += price * short if price < INF and short > 1e-9 else 0.0
    return float(total)
