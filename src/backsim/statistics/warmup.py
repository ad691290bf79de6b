"""Where a run has forgotten its start: MSER-5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BATCH = 5
LAST_LEFT_OUT = 5
LEAST_BATCHES = 2 * LAST_LEFT_OUT


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How many observations to leave out at the start, and whether the series is long enough.

    Not `enough`: the best place to cut lies in the second half, so that the series may not have
    settled at all; `cut` is then the best one in the first half.  `message` says it in words.
    """

    cut: int
    count: int
    enough: bool
    message: str


def mser(series: ArrayLike, batch: int = BATCH) -> WarmUp:
    """The warm-up of a series by MSER (MSER-5 with batches of 5).

    The series is averaged in batches; the cut at d batches minimises the squared standard error of
    the mean of the rest, sum (y - mean)^2 / (batches - d)^2.  The last 5 batches are no place to
    cut: there few values may agree by chance.

    Raises InputError for fewer than 10 batches.
    Source: White, Simulation 69 (1997) 323-334; White, Cobb and Spratt, Proceedings of the Winter
    Simulation Conference (2000) 755-761 (batches of 5); Hoad, Robinson and Davies, Journal of the
    Operational Research Society 61 (2010) 1361-1373 (the last 5 batches; the verdict).
    """
    if batch < 1:
        raise InputError(f"batch: expected at least 1, got {batch}")
    values = sample(series, "warm-up", 0)
    number = len(values) // batch
    if number < LEAST_BATCHES:
        raise InputError(
            f"warm-up: expected a series of at least {LEAST_BATCHES * batch} values, "
            f"got {len(values)}"
        )
    means = values[: number * batch].reshape(number, batch).mean(axis=1)
    error = _squared_error(means)[: number - LAST_LEFT_OUT + 1]
    best = int(error.argmin())
    half = number // 2
    if best <= half:
        message = f"MSER-{batch}: leave out the first {best * batch} of {len(values)} values"
        return WarmUp(best * batch, len(values), True, message)
    cut = int(error[: half + 1].argmin()) * batch
    message = (
        f"MSER-{batch}: the run is too short to see it settle "
        f"(best cut after {best * batch} of {len(values)} values, in the second half)"
    )
    return WarmUp(cut, len(values), False, message)


def _squared_error(
    means: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The MSER statistic after leaving out the first d = 0 .. n - 1 values."""
    rest = np.arange(len(means), 0, -1)
    centred = means - means.mean()
    total = np.cumsum(centred[::-1])[::-1]
    squares = np.cumsum(centred[::-1] ** 2)[::-1]
    error = np.maximum(squares - total**2 / rest, 0.0) / rest**2
    # What is left of equal values is rounding.
    return np.where(error <= 1e-24 * max(float(np.abs(means).max()), 1e-300) ** 2, 0.0, error)
