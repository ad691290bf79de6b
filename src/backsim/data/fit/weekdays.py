"""Weekdays on which something happens, and those on which it never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from backsim.data.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REGULAR = 0.02
"""Share of what happens below which a weekday is closed."""
ENOUGH = 50
"""Events from which a weekday without any is taken to be closed."""


def review_days(history: History) -> tuple[int, ...]:
    """Weekdays on which purchases are placed, as noted; 0 for Monday."""
    return _open(history, history.purchases.placed)


def receiving_days(history: History) -> tuple[int, ...]:
    """Weekdays on which receipts are noted; 0 for Monday."""
    return _open(history, history.came.time)


def _open(history: History, time: Floats) -> tuple[int, ...]:
    if len(time) < ENOUGH:
        return tuple(range(7))
    weekday = (np.floor(time).astype(np.int64) + history.first.weekday()) % 7
    share = np.bincount(weekday, minlength=7) / len(time)
    return tuple(int(day) for day in np.flatnonzero(share >= REGULAR))
