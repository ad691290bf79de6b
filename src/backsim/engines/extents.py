"""Where the tables of the world lie, and what compiled code may do to their rows.

`append` and `resize` are names for what `world_pointer` makes of them when the kernel is compiled;
nothing here loads numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np

EXTENT = np.dtype([("address", "i8"), ("room", "i8"), ("rows", "i8")])
"""Where a table lies, rows that it has room for, and rows that it has."""


def append(table: Any) -> int:
    """Add a new row to a table; return its index.

    In a table that is full it takes the place of the last row, and counts all the same: so no
    memory is overrun, and the loop sees that the run is spoilt.
    """
    raise NotImplementedError("only compiled code has such tables")


def resize(table: Any, rows: int) -> None:
    """Let a table have so many rows; those that are new are whatever they were."""
    raise NotImplementedError("only compiled code has such tables")
