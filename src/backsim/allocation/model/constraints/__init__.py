"""The constraints of a plan."""

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import (
    CONSTRAINTS,
    FACT,
    FORM,
    WISH,
    Constraint,
    constraint,
)
from backsim.allocation.model.constraints import cases, facts, forms, parcels, reserve, wishes
from backsim.allocation.model.outcome import Outcome

__all__ = [
    "CONSTRAINTS",
    "FACT",
    "FORM",
    "WISH",
    "Constraint",
    "applying",
    "broken_limits",
    "cases",
    "constraint",
    "facts",
    "forms",
    "parcels",
    "reserve",
    "wishes",
]

ORDER = (
    *("open", "available", "promise", "capacity", "min_fill", "fairness"),
    *("smallest", "together", "whole", "case_pack", "keep", "shipment"),
)
"""How their rows stand in the program: solvers choose among equal optima by it.  Others follow."""

for _name in ORDER:
    CONSTRAINTS[_name] = CONSTRAINTS.pop(_name)


def applying(book: Book, *kinds: str) -> list[Constraint]:
    """The constraints of some kinds (or of any) that limit a book."""
    return [
        one
        for one in CONSTRAINTS.values()
        if (not kinds or one.kind in kinds) and one.applies(book)
    ]


def broken_limits(plan: Outcome) -> list[str]:
    """The limits that a plan does not keep, in words."""
    return [text for one in applying(plan.book) if (text := one.broken(plan))]
