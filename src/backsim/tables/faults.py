"""What can be wrong with a table."""

from __future__ import annotations

from backsim.errors import InputError, first_of


class Unreadable(Exception):
    """A file or sheet cannot be read: what was expected, what was found, and in which row."""

    def __init__(self, expected: str, found: str = "", row: int = 0) -> None:
        super().__init__(expected)
        self.expected, self.found, self.row = expected, found, row

    def at(self, place: str) -> str:
        """The fault as one line, `file:row: expected ..., got ...`."""
        where = f"{place}:{self.row}" if self.row else place
        return f"{where}: expected {self.expected}" + (f", got {self.found}" if self.found else "")


class TableError(InputError):
    """Tables cannot be used.  Each fault reads `file:row: column: expected ..., got ...`."""

    MOST = 20

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(first_of(faults, self.MOST, "faults")))


def shown(text: str, most: int = 60) -> str:
    """A text of a file as an error message shows it: quoted, and short."""
    return repr(text if len(text) <= most else text[: most - 3] + "...")
