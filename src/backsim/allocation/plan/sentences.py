"""What a plan comes to, in the sentences of a manager: what leaves today, what does not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.allocation.model.constraints import broken_limits
from backsim.allocation.plan import lists
from backsim.allocation.plan.allocate import shown_terms
from backsim.allocation.solver.program import TRACE
from backsim.errors import counted, few
from backsim.present.numbers import money, share, units

if TYPE_CHECKING:
    from backsim.allocation.plan.plan import Plan

LEAST_GAP = 5e-6
"""A gap below it is told as none."""
USUAL = "fcfs"
"""What a plan is compared with: who ordered first is served first."""
MOST_REASONS = 3


def given(plan: Plan) -> str:
    """What there was to decide, in a line."""
    lines, sources = plan.book.lines, plan.book.sources
    today = f"{plan.book.today}: " if plan.book.today else ""
    past = f"; late until today: {money(plan.past_lateness)}" if plan.past_lateness else ""
    return (
        f"{today}{counted(len(lines), 'open line')}, {lines.units.sum():,.6g} units; "
        f"{counted(len(sources), 'source')}, {counted(len(plan.book.options), 'option')}{past}; "
        f"planned by '{plan.rule}' in {plan.seconds:.2f} s ({plan.status})"
    )


def outcome(plan: Plan, plans: Sequence[Plan] = ()) -> str:
    """What leaves today and later, what is not served and why, and what that costs."""
    parts = (_today(plan), _later(plan), _not_served(plan), _late(plan), _cost(plan, plans))
    return " ".join(part for part in parts if part)


def _today(plan: Plan) -> str:
    now = (plan.units > TRACE) & (np.floor(plan.book.leaves + TRACE) <= 0)
    asked = plan.book.lines.units.sum()
    if not now.any():
        return f"Nothing of {units(asked)} units can leave today."
    reached = len(np.unique(plan.book.options.line[now]))
    return (
        f"{units(plan.units[now].sum())} of {units(asked)} units leave today, for "
        f"{reached:,} of {counted(len(plan.book.lines), 'line')}."
    )


def _later(plan: Plan) -> str:
    leaves = np.floor(plan.book.leaves + TRACE)
    after = (plan.units > TRACE) & (leaves > 0)
    if not after.any():
        return ""
    last = plan.book.spell_day(float(leaves[after].max()))
    return f"{units(plan.units[after].sum())} leave later, the last of them on {last}."


def _not_served(plan: Plan) -> str:
    unfilled = lists.unfilled(lists.rows(plan.listed["promises"]))
    if not unfilled:
        return "Every line gets all its units." if len(plan.book.lines) else ""
    left: Counter[str] = Counter()
    for row in unfilled:
        left[row["reason"]] += row["unfilled"]
    why = [f"{reason} ({units(n)})" for reason, n in left.most_common()]
    return (
        f"{units(sum(left.values()))} units of {counted(len(unfilled), 'line')} are not served: "
        f"{few(why, MOST_REASONS)}."
    )


def _late(plan: Plan) -> str:
    """How many lines get units too late, and how many promises are broken."""
    rows = lists.rows(plan.listed["shipments"])
    late = len({row["line"] for row in rows if row["days_late"] > 0})
    broken = len(lists.broken(lists.rows(plan.listed["promises"])))
    verb = "gets" if late == 1 else "get"
    told = [f"{counted(late, 'line')} {verb} units after the due date"] if late else []
    told += [f"{counted(broken, 'earlier promise')} cannot be kept"] if broken else []
    return f"{'; '.join(told)}." if told else ""


def _cost(plan: Plan, plans: Sequence[Plan]) -> str:
    terms = [f"{name.replace('_', ' ')} {money(plan.terms[name])}" for name in shown_terms([plan])]
    parts = f" ({', '.join(terms)})" if terms else ""
    return f"The plan of '{plan.rule}' costs {money(plan.cost)}{parts}{_least(plan)}." + "".join(
        _usual(plan, plans)
    )


def _least(plan: Plan) -> str:
    """Whether there is a cheaper plan, as far as that is known."""
    if plan.bounded and plan.gap > LEAST_GAP:
        return f"; no plan can cost less than {money(plan.bound)} (gap {share(plan.gap)})"
    return ", and no plan can cost less" if plan.bounded else ""


def _usual(plan: Plan, plans: Sequence[Plan]) -> Iterator[str]:
    """What first come, first served would cost more, or less, and which limits it violates."""
    for other in plans:
        apart = other.cost - plan.cost
        if other.rule == USUAL != plan.rule and abs(apart) > LEAST_GAP * max(1.0, abs(plan.cost)):
            more, link = ("more", "and") if apart > 0 else ("less", "but")
            violated = "; ".join(broken_limits(other))
            limits = f", {link} violates {violated}" if violated else ""
            yield f" First come, first served would cost {money(abs(apart))} {more}{limits}."


__all__ = ["given", "outcome"]
