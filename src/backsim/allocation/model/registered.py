"""The register of constraints, as plans and pools ask them; it stands below `Constraint`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from backsim.allocation.model.book import Book
    from backsim.allocation.solver.program import Flags


class Registered(Protocol):
    """What is asked of every constraint: see `Constraint`."""

    term: str

    def applies(self, book: Book) -> bool:
        """Whether a book has anything for it to limit."""

    def cost(self, plan: Any) -> float:
        """Money that a plan pays by it."""

    def apart(self, book: Book) -> Flags | None:
        """The options that need columns of their own."""


CONSTRAINTS: dict[str, Any] = {}
"""By name; filled by the decorator `constraint`."""
