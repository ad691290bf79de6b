"""Which systems keep a constraint on a mean: surely, perhaps, or surely not."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.statistics.checks import student

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

LEAST, MOST = ">=", "<="


class Feasible(StrEnum):
    """What the data say about a system and its constraints."""

    surely = "surely"
    """The mean keeps the bound."""
    perhaps = "perhaps"
    """The interval of the mean contains the bound."""
    no = "no"
    """The mean breaks the bound."""


def feasible(values: ArrayLike, relation: str, bound: float, error: float) -> tuple[Feasible, ...]:
    """For each system whether the mean of `values` keeps a bound: one-sided t tests, either way.

    `values` of shape (systems, replications), nan where there is none; `relation` is >= or <=.
    Every system's statement is wrong with a probability of at most `error`: only one of its two
    tests can be, that for the side on which the true mean is not.  A system for which there is
    nothing to measure breaks nothing; a value may be infinite.

    Raises InputError unless 0 < error < 0.5 and the relation is one.
    """
    if relation not in (LEAST, MOST):
        raise InputError(f"relation: expected {LEAST} or {MOST}, got {relation!r}")
    if not 0 < error < 0.5:
        raise InputError(f"error: expected above 0 and below 0.5, got {error:g}")
    sign = 1.0 if relation == LEAST else -1.0
    found = []
    for row in sign * (np.asarray(values, float) - bound):
        above = row[~np.isnan(row)]  # by how much the bound is kept
        count = len(above)
        if np.isinf(above).any():  # so is the mean
            found.append(Feasible.no if (above < 0).any() else Feasible.surely)
            continue
        if count < 2:
            found.append(Feasible.perhaps if count else Feasible.surely)
            continue
        width = student(1.0 - error, count - 1) * float(above.std(ddof=1)) / math.sqrt(count)
        mean = float(above.mean())
        # Values that are all equal may differ from their mean by rounding.
        mean = float(above[0]) if width == 0 or np.ptp(above) == 0 else mean
        if mean - width >= 0:
            found.append(Feasible.surely)
        else:
            found.append(Feasible.no if mean + width < 0 else Feasible.perhaps)
    return tuple(found)


def together(states: Iterable[Feasible]) -> Feasible:
    """A system's state from its states for each constraint: it keeps all, or breaks one."""
    found = set(states)
    if Feasible.no in found:
        return Feasible.no
    return Feasible.perhaps if Feasible.perhaps in found else Feasible.surely
