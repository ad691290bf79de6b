"""How many replications a wanted precision takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import check_confidence, check_positive, sample, student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEAST = 10
HOLD = 5
MOST = 10**9


@dataclass(frozen=True, slots=True)
class Precision:
    """Whether a mean is known closely enough, and how many replications more it should take.

    `more` is 0 if and only if the target is reached; it is a forecast otherwise, at most 10^9.
    """

    reached: bool
    more: int
    count: int
    mean: float
    half_width: float
    target: float


def precision(
    values: ArrayLike,
    half_width: float | None = None,
    relative: float | None = None,
    confidence: float = 0.95,
    least: int = LEAST,
    hold: int = HOLD,
) -> Precision:
    """Is the half-width of the mean's t interval at most the target?  Else, how many more?

    Give `half_width` in the metric's unit, or `relative`, the relative error gamma: the target is
    then `abs(mean)` gamma / (1 + gamma).  `values` in the order of the replications.

    Guard against stopping too early on a chance low variance: at least `least` replications, and
    the target must hold for the last `hold` numbers of replications, each judged on its own.  So
    the answer depends on the values alone and not on how many are asked for at a time.

    Raises InputError for fewer than 2 replications.
    Source: Law, Simulation Modeling and Analysis (2015), section 9.4.1; Hoad, Robinson and Davies,
    Journal of the Operational Research Society 61 (2010) 1632-1644 (the look-ahead).
    """
    known = sample(values, "precision")
    alpha = check_confidence(confidence)
    if (half_width is None) == (relative is None):
        raise InputError("precision: expected either a half-width or a relative error")
    if least < 2 or hold < 1:
        raise InputError(f"precision: expected least >= 2 and hold >= 1, got {least} and {hold}")
    name, asked = ("half_width", half_width) if relative is None else ("relative", relative)
    check_positive(float(asked or 0.0), name)
    found = [
        _one(known[:n], half_width, relative, alpha)
        for n in range(max(2, len(known) - hold + 1), len(known) + 1)
    ]
    held = 0
    for width, target, _ in reversed(found):
        if width > target:
            break
        held += 1
    width, target, forecast = found[-1]
    reached = held >= hold and len(known) >= least
    first = forecast if held == 0 else len(known) - held + 1
    forecast = MOST if first >= MOST else max(least, first + hold - 1) - len(known)
    more = 0 if reached else forecast
    return Precision(reached, more, len(known), float(known.mean()), width, target)


def _one(
    known: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    half_width: float | None,
    relative: float | None,
    alpha: float,
) -> tuple[float, float, int]:
    """Half-width, target and the replications at which the one should meet the other."""
    count, sd = len(known), float(known.std(ddof=1))
    if relative is not None:
        target = abs(float(known.mean())) * relative / (1.0 + relative)
    else:
        target = float(half_width or 0.0)
    width = student(1 - alpha / 2, count - 1) * sd / math.sqrt(count)
    if width <= target:
        return width, target, count
    ratio = (sd / target) ** 2 if target > 0 else math.inf
    return width, target, _least(count, ratio, alpha)


def _least(count: int, ratio: float, alpha: float) -> int:
    """The least number i above `count` with t(i - 1)^2 ratio <= i, by doubling and halving."""

    def enough(number: int) -> bool:
        return number >= MOST or student(1 - alpha / 2, number - 1) ** 2 * ratio <= number

    low, high = count, count + 1
    while not enough(high):
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
