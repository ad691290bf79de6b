"""A trace's CSV file as a table of text, with the columns that the scenario names."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from backsim.scenario.demand import Trace

if TYPE_CHECKING:
    import pandas as pd

Place = tuple[str | int, ...]


class TraceError(Exception):
    """A trace cannot be used: (field below the trace, what was expected, what was found)."""

    def __init__(self, where: Place, expected: str, found: str = "") -> None:
        self.where, self.expected, self.found = where, expected, found
        super().__init__(expected)


def read_csv(trace: Trace, folder: Path) -> tuple[pd.DataFrame, str]:
    """The file's rows, all columns as text, and the file's SHA-256.  Raises TraceError."""
    import pandas as pd

    path = folder / trace.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        header = list(pd.read_csv(path, nrows=0, dtype=str, encoding="utf-8-sig").columns)
        _need_columns(trace, header)
        used = list(dict.fromkeys(column for _, column in _columns(trace)))
        frame = pd.read_csv(
            path, usecols=used, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise TraceError(("file",), _what_is_wrong(error), f"'{trace.file}'") from None
    return frame, digest


def _columns(trace: Trace) -> Iterator[tuple[Place, str]]:
    """Every column that the scenario names, and where it does."""
    for name, column in trace.columns.model_dump(exclude_none=True).items():
        yield ("columns", name), column
    for i, rule in enumerate(trace.where):
        yield ("where", i, "column"), rule.column
    if trace.cancelled is not None:
        yield ("cancelled", "column"), trace.cancelled.column
        for i, column in enumerate(trace.cancelled.same):
            yield ("cancelled", "same", i), column


def _need_columns(trace: Trace, header: list[str]) -> None:
    for place, column in _columns(trace):
        if column not in header:
            known = ", ".join(header[:12]) + (", ..." if len(header) > 12 else "")
            raise TraceError(place, f"a column of the file ({known})", f"'{column}'")


def _what_is_wrong(error: Exception) -> str:
    text = str(error).partition("\n")[0]
    if isinstance(error, FileNotFoundError):
        return "a file that exists, from the scenario file's folder"
    if isinstance(error, OSError) and error.strerror:
        return f"a readable file ({error.strerror})"
    if isinstance(error, OSError | EOFError | zlib.error):
        return "a gzip file, as the name ends in .gz"
    if isinstance(error, UnicodeDecodeError):
        return f"a CSV file in UTF-8 (byte {error.start})"
    return f"a CSV file with a header row ({text})"
