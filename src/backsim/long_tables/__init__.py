"""What is read of the tables of long runs, each in one go.

Where the passes have been compiled and a table is long, machine code reads it; else numpy does.
Both find the same, to the bit.  The passes are compiled where numba is loaded anyway, or once so
many lines have been read by numpy that they would have paid for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backsim.long_tables import passes
from backsim.long_tables.memory import MEMORY
from backsim.machine_code.passes import Pass, machine_pass

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONG = 50_000
"""Rows from which on a table is read by machine code: to load it takes some milliseconds."""

SHORT, OFTEN = 5_000, 500_000
"""Rows from which on a table is read so, too, where that pays: when so many lines were there to be
read, as in a study or a search of short runs."""

PAID = 50_000_000
"""Lines of such tables for which the passes save as much time as it takes to compile them."""

SHORTER = 16
"""Edges are looked up in one pass through the values where these are at most so many times more."""

SLOTS, MOVES = 4096, 8
"""Slots of a round in which runs of times are put in order, and moves for each time at most."""

PIECES = 4
"""A part of all lines for which there is room among those that were not filled at once."""

SCANNED = 16_384
"""Lines that numpy looks at together: few enough to stay in the processor's memory."""


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
    """Tables that have been read so far."""

    lines: int = 0


_read = _Read()


def _is_long(rows: int) -> bool:
    """Whether a table of so many rows is worth the loading of machine code."""
    return rows >= LONG or (rows >= SHORT and _read.lines >= OFTEN)


def _has_run(rows: int, each: Pass, *arguments: Any) -> bool:
    """Run a pass over so many rows, if that is worth while and it is at hand."""
    _read.lines += rows
    if not _is_long(rows):
        return False
    run = machine_pass(each, arguments, compile_it=_read.lines >= PAID)
    if run is None:
        return False
    run(*arguments)
    return True


def scanned(lines: NDArray[Any], units: NDArray[Any]) -> Scan:
    """Read the lines of a run, of each of which some `units` were ordered."""
    found = _in_one_go(lines, units)
    return _by_blocks(lines, units) if found is None else found


def _in_one_go(lines: NDArray[Any], units: NDArray[Any]) -> Scan | None:
    count, kind = len(lines), lines.dtype
    if not _is_long(count):
        _read.lines += count
        return None
    shipped, place = MEMORY.table(count, kind["shipped"]), MEMORY.table(count, np.dtype("i4"))
    pieces: list[list[NDArray[Any]]] = []
    state = np.zeros(3, np.int64)
    while state[0] < count:
        later = MEMORY.table(count // PIECES, np.dtype("i8"))
        often = passes.Often(
            *(MEMORY.table(len(later), kind[name]) for name in passes.Often._fields)
        )
        rest = later, often
        if not _has_run(count, passes.scan, lines, units, (shipped, place), rest, state):
            return None
        used = int(state[2])
        pieces.append([column[:used] for column in (later, *often)])
        state[1] += used
    rows = int(state[1])
    whole = (
        pieces[0] if len(pieces) == 1 else [np.concatenate(e) for e in zip(*pieces, strict=True)]
    )
    np.copyto(place, rows, where=place < 0)
    later, *fields = whole
    return Scan(shipped, later, place, dict(zip(passes.Often._fields, fields, strict=True)))


def _by_blocks(lines: NDArray[Any], units: NDArray[Any]) -> Scan:
    count, kind = len(lines), lines.dtype
    shipped = np.empty(count, kind["shipped"])
    later = [np.empty(0, np.int64)]
    often = {name: [np.empty(0, kind[name])] for name in passes.Often._fields}
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


def outcomes(lines: NDArray[Any]) -> passes.Outcome:
    """What has become of each line, each field in one piece."""
    names, kind = passes.Outcome._fields, lines.dtype
    found = passes.Outcome(*(MEMORY.table(len(lines), kind[name]) for name in names))
    if not _has_run(len(lines), passes.read, lines, found):
        for name, column in zip(names, found, strict=True):
            column[:] = lines[name]
    return found


def in_order(
    times: NDArray[np.float64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Runs of times that ascend as one, and their stable order; `ends` is where each ends."""
    order = np.empty(len(times), np.int64)
    if len(ends) == 2 and _has_run(len(times), passes.merge, times, int(ends[0]), order):
        return times.take(order), order
    if len(ends) > 2 and (merged := _interleaved(times, ends, order)) is not None:
        return merged, order
    order = np.argsort(times, kind="stable")
    return times.take(order), order


def _interleaved(
    times: NDArray[np.float64], ends: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.float64] | None:
    """Times in order; None where it is not worth while, or nearly all of them are alike."""
    starts = np.r_[0, ends[:-1]]
    some = starts < ends
    low, high = times[starts[some]].min(), times[ends[some] - 1].max()
    rounds = len(times) // SLOTS + 1
    with np.errstate(all="ignore"):
        scale = rounds * SLOTS / (high - low)
    if not 0 < scale < np.inf:
        return None
    merged, moves = np.empty(len(times)), np.zeros(1, np.int64)
    spread = float(low), float(scale), rounds, MOVES * len(times)
    slots = np.empty(SLOTS + 1, np.int64)
    done = _has_run(
        *(len(times), passes.interleave, times, ends, starts),
        *(spread, slots, (merged, order, moves)),
    )
    return merged if done and moves[0] >= 0 else None


def inverted(uniform: NDArray[np.float64], steps: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each number in [0, 1) the index of the first step above it; they ascend, to 1."""
    if _is_long(len(uniform)):
        count = 2 ** (8 * len(steps) - 1).bit_length()
        guide = np.searchsorted(steps, np.arange(count) / count, "right")
        found = np.empty(len(uniform), np.int64)
        if _has_run(len(uniform), passes.invert, uniform, steps, guide, found):
            return found
    return np.searchsorted(steps, uniform, "right")


def places_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """`np.searchsorted`, of edges that ascend: where the first value is that is none of below."""
    found = np.empty(len(edges), np.int64)
    if _has_run(min(len(values), SHORTER * len(edges)), passes.find, values, edges, found):
        return found
    return np.searchsorted(values, edges)


def squares_of(
    times: NDArray[np.float64], units: NDArray[Any], edges: tuple[float, float, int, float]
) -> tuple[float, float] | None:
    """Sums over periods of their units, and of the squares of these; None where not in one go.

    Times ascend; `edges` is (start, length, count, early): periods begin at start + length *
    (number - early).
    """
    sums = np.empty(2)
    if _has_run(max(len(times), edges[2]), passes.square, times, units, edges, sums):
        return float(sums[0]), float(sums[1])
    return None


def added_up(codes: NDArray[Any], units: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Units of each code from 0 to below `size`; what is beyond them is left out."""
    sums = np.zeros(size, np.int64)
    if _has_run(len(codes), passes.add_up, codes, units, sums):
        return sums
    return np.bincount(codes, units, size)[:size].astype(np.int64)
