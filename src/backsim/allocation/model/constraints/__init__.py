"""The constraints, one a file.  A file that is put here is found."""

from importlib import import_module
from pkgutil import iter_modules

from backsim.allocation.model.book import Book
from backsim.allocation.model.constraint import (
    CONSTRAINTS,
    FACT,
    FORM,
    WISH,
    Constraint,
    constraint,
)
from backsim.allocation.model.outcome import Outcome

__all__ = [
    "CONSTRAINTS",
    "FACT",
    "FORM",
    "WISH",
    "Constraint",
    "applying",
    "broken_limits",
    "constraint",
]

ORDER = (
    *("open_units", "available", "promise", "capacity", "min_fill", "fairness"),
    *("smallest", "together", "whole_units"),
)
"""How their rows stand in the program: solvers choose among equal optima by it.  Others follow."""


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


def _find() -> None:
    found = {module.name for module in iter_modules(__path__)}
    for name in (*ORDER, *sorted(found - set(ORDER))):
        import_module(f"{__name__}.{name}")


_find()
