"""The constraints of a plan and their registry: one decorated class is all it takes to add one.

    @constraint
    class LargestShare(Constraint):
        \"\"\"No line gets more units than it says.\"\"\"

        name = "most"
        kind = FACT
        columns = {"lines": (Column("most", "units", "units that it may get", empty=INF),)}

        def rows(self, builder, book, flow):
            options, most = book.options, book.own["lines.most"]
            every = np.arange(len(options))
            builder.add_rows(self.name, len(most), -INF, most, [(options.line, every, 1.0)])

        def broken(self, plan):
            over = int((plan.served > plan.book.own["lines.most"] + TRACE).sum())
            return f"most of {over} lines" if over else ""

The reader, the program, what a rule's plan is held to, the explanation of a conflict and the
template of a book go by the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, TypeVar

from backsim.allocation.model import registered
from backsim.tables.spec import Column

if TYPE_CHECKING:
    from backsim.allocation.model.book import Book
    from backsim.allocation.model.flow import Flow
    from backsim.allocation.model.outcome import Outcome
    from backsim.allocation.solver.program import Builder, Flags, Floats

FACT, WISH, FORM = "fact", "wish", "form"
"""What is there; what is asked for, and gives way first; how units leave.

Rules that share keep to facts alone; what cannot be had is a wish that falls short of the facts.
"""
TABLES = ("lines", "classes", "products", "lanes")
"""The tables of a book of which constraints may ask for columns."""
NO_TIE = 0.0
"""What a column that is no unit of a line adds to the preference between equal plans."""

Columns = Mapping[str, tuple[Column, ...]]


class Constraint:
    """A limit of a plan: its rows of the program, whether a plan keeps it, and how it is told.

    Its rows of the program have its `name`.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    columns: ClassVar[Columns] = {}
    """Columns that it asks for in the tables of `TABLES`."""
    settings: ClassVar[tuple[Column, ...]] = ()
    """Settings that it asks for."""
    term: ClassVar[str] = ""
    """What its `cost` is called among the costs of a plan, if it has any."""

    def applies(self, book: Book) -> bool:
        """Whether a book has anything for it to limit."""
        return True

    def rows(self, builder: Builder, book: Book, flow: Flow) -> None:
        """State it.  Column i of the block `units` is option i of the book, which is the flow's."""

    def cost(self, plan: Outcome) -> float:
        """Money that a plan pays by it: what its columns of the program cost."""
        return 0.0

    def apart(self, book: Book) -> Flags | None:
        """The options that need columns of their own: units of their sources are told apart."""
        return None

    def broken(self, plan: Outcome) -> str:
        """What a plan does not keep, in words; nothing if it keeps it.

        Left out where neither the rules nor the program can make a plan that does not.
        """
        return ""

    def why(self, plan: Outcome, spare: Floats) -> tuple[Flags, str] | None:
        """The options by which no more units leave because of it, and that reason in words.

        `spare`: units that the option's source still has and its line still wants.
        """
        return None

    def say(self, book: Book, i: int) -> str:
        """Its row i, in words, where it is part of a conflict; nothing if that is of no help."""
        return ""


Own = TypeVar("Own", bound=type[Constraint])
CONSTRAINTS: dict[str, Constraint] = registered.CONSTRAINTS


def constraint(own: Own) -> Own:
    """Register a constraint.  Its rows stand below those of the constraints before it.

    Raises ValueError for a name that there is, or columns of tables that may have none.
    """
    if own.name in CONSTRAINTS:
        raise ValueError(f"expected a new name for a constraint, got {own.name!r}")
    if not own.columns.keys() <= set(TABLES):
        raise ValueError(
            f"expected columns of {', '.join(TABLES)}, got those of {list(own.columns)}"
        )
    CONSTRAINTS[own.name] = own()
    return own
