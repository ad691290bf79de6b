"""Side by side: the linear program's plan and what each rule would have done with the book."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.model.outcome import TERMS
from backsim.allocation.plan.allocate import optimise, prepared
from backsim.allocation.plan.conflict import NoPlanError
from backsim.allocation.plan.greedy import Desk, rules_for_books, why_not
from backsim.allocation.plan.lists import Columns, Row
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import SHARING
from backsim.allocation.solver.solution import TRACE, Effort
from backsim.errors import InputError, nearest
from backsim.rules import FAMILIES

if TYPE_CHECKING:
    import pandas as pd

LP = "lp"
MOST_SHARED = 100_000
"""Choices up to which the sharing rules, each a linear program, are compared too."""


def rule_names() -> list[str]:
    """What `allocate` can be asked for: the program, the priority rules, the sharing rules."""
    return [LP, *(rule.name for rule in rules_for_books()), *SHARING]


def allocate(book: Book, rule: str = LP, effort: Effort | None = None, **how: Any) -> Plan:
    """The plan of the linear program or of a rule.  `how`: `form` and `solver` of the program.

    Raises InputError for an unknown rule, InfeasibleError when no plan keeps to the limits.
    """
    if rule == LP:
        return optimise(book, effort, **how)
    book = prepared(book)
    if rule in SHARING:
        return SHARING[rule](book)
    known = FAMILIES["priority"].rules
    if rule not in known:
        near = nearest(rule, rule_names())
        raise InputError(f"rule: expected a rule that can order a book ({near}), got {rule!r}")
    if reason := why_not(known[rule]):
        raise InputError(f"rule: expected {reason}, got {rule!r}")
    return Desk(book).plan(known[rule])


def all_plans(chosen: Plan, effort: Effort | None = None) -> list[Plan]:
    """The chosen plan, then those of the others; sharing rules only of books that are not large."""
    plans, book = [chosen], chosen.book
    if chosen.rule != LP:
        with suppress(NoPlanError):  # the rules keep no promises, so they have plans all the same
            plans.append(optimise(book, effort))
    desk = Desk(book)
    plans += [desk.plan(rule) for rule in rules_for_books() if rule.name != chosen.rule]
    if len(book.options) <= MOST_SHARED:
        plans += [share(book) for name, share in SHARING.items() if name != chosen.rule]
    return plans


def side_by_side(plans: Sequence[Plan]) -> pd.DataFrame:
    """One row a plan: its cost by term, what it serves, and which limits it does not keep.

    `more` is how much more it costs than the linear program's plan, where there is one.
    """
    import pandas as pd

    return pd.DataFrame(compared(plans))


def compared(plans: Sequence[Plan]) -> Columns:
    """The columns of `side_by_side`."""
    least = next((p.cost for p in plans if p.rule == LP), float("nan"))
    found = [_row(plan, least) for plan in plans]
    return {name: [row[name] for row in found] for name in found[0]}


def _row(plan: Plan, least: float) -> Row:
    lines = plan.book.lines
    asked = float(lines.units.sum())
    whole = lines.units - plan.served <= TRACE
    in_time = whole & (plan.complete_on <= lines.due)
    return {
        "rule": plan.rule,
        "cost": plan.cost,
        "more": plan.cost - least,
        **plan.terms,
        "units_served": float(plan.served.sum()) / asked if asked else np.nan,
        "lines_whole": float(whole.mean()) if len(lines) else np.nan,
        "lines_in_time": float(in_time.mean()) if len(lines) else np.nan,
        "breaks": "; ".join(broken_limits(plan)),
    }


def shown_terms(plans: Sequence[Plan]) -> list[str]:
    """The terms of the objective that any of the plans has."""
    return [name for name in TERMS if any(abs(plan.terms[name]) > TRACE for plan in plans)]
