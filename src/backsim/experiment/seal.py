"""What tells whether the rows of a study are those that were written."""

from __future__ import annotations

from dataclasses import dataclass

BITS = 256


@dataclass(frozen=True, slots=True)
class Seal:
    """How many rows there are, and the sum of their digests: it does not depend on their order."""

    rows: int
    total: int

    def with_row(self, digest: str) -> Seal:
        """The seal with a row more, given its digest (hexadecimal)."""
        return Seal(self.rows + 1, (self.total + int(digest, 16)) % 2**BITS)

    def __str__(self) -> str:
        return f"{self.rows} rows {self.total:0{BITS // 4}x}"


EMPTY = Seal(0, 0)
