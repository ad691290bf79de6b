"""Rows of a trace that take back other rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class TakenBack:
    """What cancellations did, by row of the file.

    `units` are what is left of each row; `whole` are rows that were cancelled wholly, `part` those
    of which something is left; `unmatched` are cancellations of nothing that the file holds.
    """

    units: NDArray[np.float64]
    whole: NDArray[np.bool_]
    part: NDArray[np.bool_]
    unmatched: NDArray[np.bool_]


def take_back(
    cancels: NDArray[np.bool_],
    keys: Sequence[Any],
    units: NDArray[np.float64],
    time: NDArray[np.float64],
) -> TakenBack:
    """Match each cancellation with orders of the same key no later than itself.

    In order of time, whatever the order of the file.  The latest row of just these units is taken
    back; if there is none, the latest rows lose them; if they do not have as many, the order is
    from before the file begins, or the file does not tell all, and nothing is taken back.
    """
    left = units.copy()
    whole, part, unmatched = (np.zeros(len(units), bool) for _ in range(3))
    open_rows: dict[Any, list[int]] = {}
    for row in np.lexsort((cancels, time)).tolist():  # at the same time, orders come first
        if not cancels[row]:
            if left[row] > 0:
                open_rows.setdefault(keys[row], []).append(row)
            continue
        rows = open_rows.get(keys[row], [])
        taken = _rows_of(rows, left, abs(float(units[row])))
        unmatched[row] = not taken
        for other, number in taken:
            left[other] -= number
            if left[other] <= 0:
                rows.remove(other)
    touched = (left < units) & ~cancels
    whole |= touched & (left <= 0)
    part |= touched & (left > 0)
    return TakenBack(left, whole, part, unmatched)


def _rows_of(
    rows: Sequence[int], left: NDArray[np.float64], wanted: float
) -> list[tuple[int, float]]:
    """Which rows give the wanted units, and how many each."""
    same = next((row for row in reversed(rows) if left[row] == wanted), None)
    if same is not None:
        return [(same, wanted)]
    found = []
    for row in reversed(rows):
        number = min(float(left[row]), wanted)
        found.append((row, number))
        wanted -= number
        if wanted <= 0:
            return found
    return []
