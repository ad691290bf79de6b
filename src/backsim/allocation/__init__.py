"""Who gets the scarce units: a book of open orders -> Plan, by a linear program or by rules.

`solver` knows programs, `model` states one for a book, `book` reads one from files, and `plan`
decides and tells.  Names are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsim.allocation.book.assemble import read_book
    from backsim.allocation.book.template import write_template
    from backsim.allocation.model.constraints import FACT, FORM, WISH, Constraint, constraint
    from backsim.allocation.plan.allocate import all_plans, allocate, side_by_side
    from backsim.allocation.plan.shares import sharing

_HOMES = {
    "book.assemble": ("read_book",),
    "book.template": ("write_template",),
    "model.constraints": ("FACT", "FORM", "WISH", "Constraint", "constraint"),
    "plan.allocate": ("all_plans", "allocate", "side_by_side"),
    "plan.shares": ("sharing",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "FACT",
    "FORM",
    "WISH",
    "Constraint",
    "all_plans",
    "allocate",
    "constraint",
    "read_book",
    "sharing",
    "side_by_side",
    "write_template",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'backsim.allocation' has no attribute {name!r}")
    return getattr(import_module(f"backsim.allocation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """What there is to use, also what has not been imported yet."""
    return sorted(__all__)
