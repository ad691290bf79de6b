"""What is read of the tables of long runs, each in one go.

Where the compiler is loaded and a table is long, `passes` reads it; else numpy does.  Both find the
same, to the bit.  Once so many lines have been read by numpy that the passes would have paid for
their loading, they are loaded.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backsim.long_tables.memory import MEMORY

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG = 50_000
"""Rows from which on a table is read by a compiled pass: to load it takes some milliseconds."""

PAID = 10_000_000
"""Lines of long tables for which the passes save as much time as it takes to load them."""

SHORTER = 16
"""Edges are looked up in one pass through the values where these are at most so many times more."""

PIECES = 4
"""A part of all lines for which there is room among those that were not filled at once."""

SCANNED = 16_384
"""Lines that numpy looks at together: few enough to stay in the processor's memory."""

OFTEN_READ = (
    *("time", "due", "closed", "units", "stock", "customer_class", "head"),
    *("open", "reserved", "shipped", "filled", "left", "status"),
)
"""Fields of lines that ledger and metrics read of those that were not filled at once."""


class Scan(NamedTuple):
    """What is found."""

    shipped: NDArray[Any]
    """Units shipped of each line."""
    later: NDArray[np.int64]
    """Indices of the lines that were not filled at once."""
    place: NDArray[np.int32]
    """For each line its row among these; for those that were filled at once the one after all."""
    often: dict[str, NDArray[Any]]
    """Fields of the lines that were not filled at once."""


@dataclass
class _Read:
    """What numpy has read so far."""

    lines: int = 0


_read = _Read()


def is_long(lines: int) -> bool:
    """Whether compiled passes are worth while."""
    return lines >= LONG and ("numba" in sys.modules or _read.lines >= PAID)


def scanned(lines: NDArray[Any], units: NDArray[Any]) -> Scan:
    """Read the lines of a run, of each of which some `units` were ordered."""
    if is_long(len(lines)):
        return _compiled(lines, units)
    if len(lines) >= LONG:
        _read.lines += len(lines)
    return _by_blocks(lines, units)


def _compiled(lines: NDArray[Any], units: NDArray[Any]) -> Scan:
    from backsim.long_tables.passes import Often, scan

    count, kind = len(lines), lines.dtype
    shipped, place = MEMORY.table(count, kind["shipped"]), MEMORY.table(count, np.dtype("i4"))
    pieces: list[list[NDArray[Any]]] = []
    rows = start = 0
    while start < count:
        later = MEMORY.table(count // PIECES, np.dtype("i8"))
        often = Often(*(MEMORY.table(len(later), kind[name]) for name in OFTEN_READ))
        used, start = scan(lines, units, start, (shipped, place), (later, often), rows)
        pieces.append([column[:used] for column in (later, *often)])
        rows += used
    whole = (
        pieces[0] if len(pieces) == 1 else [np.concatenate(e) for e in zip(*pieces, strict=True)]
    )
    np.copyto(place, rows, where=place < 0)
    later, *fields = whole
    return Scan(shipped, later, place, dict(zip(OFTEN_READ, fields, strict=True)))


def _by_blocks(lines: NDArray[Any], units: NDArray[Any]) -> Scan:
    count, kind = len(lines), lines.dtype
    shipped = np.empty(count, kind["shipped"])
    later = [np.empty(0, np.int64)]
    often = {name: [np.empty(0, kind[name])] for name in OFTEN_READ}
    for start in range(0, count, SCANNED):
        block = lines[start : start + SCANNED]
        shipped[start : start + SCANNED] = block["shipped"]
        rows = np.flatnonzero(block["filled"] != units[start : start + SCANNED])
        later.append(rows + start)
        taken = block.take(rows)  # [] is twenty times slower
        for name, pieces in often.items():
            pieces.append(np.ascontiguousarray(taken[name]))
    rows = np.concatenate(later)
    place = np.full(count, len(rows), np.int32)
    place[rows] = np.arange(len(rows))
    return Scan(shipped, rows, place, {name: np.concatenate(each) for name, each in often.items()})


def in_order(times: NDArray[np.float64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The stable order of runs of times that ascend; `ends` is where each ends."""
    if len(ends) == 2 and is_long(len(times)):
        from backsim.long_tables.passes import merged

        return np.asarray(merged(times, int(ends[0])))
    return np.argsort(times, kind="stable")


def places_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """`np.searchsorted`, of edges that ascend: where the first value is that is none of below."""
    if is_long(min(len(values), SHORTER * len(edges))):
        from backsim.long_tables.passes import places

        return np.asarray(places(values, edges))
    return np.searchsorted(values, edges)


def squares_of(
    times: NDArray[np.float64], units: NDArray[Any], edges: tuple[float, float, int, float]
) -> tuple[float, float]:
    """Sums over periods of their units, and of the squares of these; for tables that are long.

    Times ascend; `edges` is (start, length, count, early): periods begin at start + length *
    (number - early).
    """
    from backsim.long_tables.passes import squares

    total, squared = squares(times, units, edges)
    return float(total), float(squared)


def added_up(codes: NDArray[Any], units: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Units of each code from 0 to below `size`; what is beyond them is left out."""
    if is_long(len(codes)):
        from backsim.long_tables.passes import added

        return np.asarray(added(codes, units, size))
    found = np.bincount(codes, units, size)[:size]
    return found.astype(np.int64)
