"""What a shipment, cancellation or receipt is about, where several lines go by one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

LONG = 180.0
"""Days after which a number is that of another order: numbers begin again each year."""


def match(known: Codes, mine: Codes) -> Codes:
    """The first place of each key among those known; -1 where there is none."""
    order = np.argsort(known, kind="stable")
    place = np.searchsorted(known[order], mine)
    place[place == len(known)] = 0
    found = order[place]
    return np.where(known[found] == mine, found, -1)


def share_out(
    known: Codes, room: Floats, since: Floats, line: Codes, units: Floats, when: Floats
) -> tuple[Codes, Codes, Floats]:
    """(row, line, units) of each part of what rows bring; `line` is a line of the row's key.

    Lines of one key are filled in order of their time (`since`), each up to its `room`; those that
    are much older than the last before the row's time (`when`) are not filled.  What no line has
    room for is the last one's, unless it is endless.
    """
    _, group, size = np.unique(known, return_inverse=True, return_counts=True)
    several = size[group[line]] > 1
    alone = np.flatnonzero(~several)
    own = np.where(np.isinf(units), room[line], units)[alone]
    if not several.any():
        return alone, line, own
    order, end, left = np.lexsort((since, group)), np.cumsum(size), room.copy()
    parts: list[tuple[int, int, float]] = []
    rows = np.flatnonzero(several)
    for row in rows[np.argsort(when[rows], kind="stable")].tolist():
        of = group[line[row]]
        lines = order[end[of] - size[of] : end[of]]
        before = lines[~(np.floor(since[lines]) > when[row])]
        lines = before if len(before) else lines[:1]
        lines, rest = lines[since[lines] >= since[lines[-1]] - LONG], float(units[row])
        for k in lines.tolist():
            taken = min(rest, float(left[k]))
            if taken > 0:
                parts.append((row, k, taken))
                left[k] -= taken
                rest -= taken
        if 1e-9 < rest < np.inf:
            parts.append((row, int(lines[-1]), rest))
    shared = np.array(parts, float).reshape(-1, 3)
    return (
        np.concatenate([alone, shared[:, 0].astype(np.int64)]),
        np.concatenate([line[alone], shared[:, 1].astype(np.int64)]),
        np.concatenate([own, shared[:, 2]]),
    )
