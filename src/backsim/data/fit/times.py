"""Times until something happens, of which some are not known to the end.

A time is known exactly (`low == high`), to lie between two values, or to be longer than one
(`high` infinite).  It is seen only if it is longer than `entry` (left truncation): of purchases
from before an export begins, those that had arrived are not in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.data.fit.laws import Law

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

TINY = 1e-300
THOUSANDS = 2000
"""Times from which they are rounded."""
FINE = 1.5
"""They keep at least this many digits of their standard deviation, as a logarithm to base 10."""
WORST = -1e18
"""The logarithm of a likelihood that is none."""
SMALLEST = 1e-3
"""Days: what is shorter counts as so long, as a law of positive times has no place for 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Observed times, in days."""

    low: Floats
    high: Floats
    entry: Floats
    label: Codes = field(default_factory=lambda: np.empty(0, np.int64))
    """Whose each is, where that matters."""

    @staticmethod
    def of(
        low: Floats, high: Floats, entry: Floats | None = None, label: Codes | None = None
    ) -> Times:
        """Times that say something: longer than their entry, and not censored at 0."""
        label = np.zeros(len(low), np.int64) if label is None else label
        entry = np.zeros(len(low)) if entry is None else np.maximum(entry, 0.0)
        exact = low == high
        low, high = np.maximum(low, 0.0), np.where(exact, np.maximum(low, SMALLEST), high)
        low = np.where(exact, high, low)
        entry = np.minimum(entry, np.where(exact, low, high))
        says = np.isfinite(high) | (low > entry)
        return Times(low[says], high[says], entry[says], label[says])

    def __len__(self) -> int:
        return len(self.low)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Which are known exactly."""
        return np.asarray(self.low == self.high)

    @property
    def events(self) -> int:
        """How many have ended."""
        return int(np.isfinite(self.high).sum())

    @property
    def middle(self) -> Floats:
        """The middle of each time that has ended; of others, how long they are known to be."""
        return np.where(
            np.isfinite(self.high), (self.low + np.minimum(self.high, 1e18)) / 2, self.low
        )


class Likelihood:
    """Of laws, by times of which equal ones are counted.

    Where there are thousands, they are rounded to three digits, and those that have ended to a 30th
    of their standard deviation or less: laws are smooth, and the rounding has no direction.
    """

    def __init__(self, times: Times) -> None:
        exact, is_open, cut = times.exact, np.isinf(times.high), times.entry > 0
        between = ~exact & ~is_open
        step = _step(times.middle[~is_open])
        self.exact, self.of_exact = _counted(times.low[exact], step)
        self.open, self.of_open = _counted(times.low[is_open])
        self.entry, self.of_entry = _counted(times.entry[cut])
        self.low, self.high, self.of_between = _spans(times.low[between], times.high[between], step)

    def log(self, law: Law, p: Any) -> float:
        """The logarithm of the likelihood of a law's parameters."""
        if np.abs(p).max() > 30:
            return WORST
        with np.errstate(all="ignore"):
            total = float(law.log_density(self.exact, p) @ self.of_exact)
            mass = law.survival(self.low, p) - law.survival(self.high, p)
            for share, counts in (
                (mass, self.of_between),
                (law.survival(self.open, p), self.of_open),
                (law.survival(self.entry, p), -self.of_entry),
            ):
                total += float(np.log(np.maximum(share, TINY)) @ counts)
        return total if math.isfinite(total) else WORST


def _step(ended: Floats) -> float:
    """To what times that have ended may be rounded."""
    spread = float(ended.std()) if len(ended) else 0.0
    return float(10.0 ** np.floor(math.log10(max(spread, TINY)) - FINE))


def _counted(values: Floats, step: float = math.inf) -> tuple[Floats, Codes]:
    if len(values) > THOUSANDS:
        scale = np.minimum(step, 10.0 ** (np.floor(np.log10(np.maximum(values, SMALLEST))) - 2))
        values = np.maximum(np.rint(values / scale) * scale, SMALLEST)
    return np.unique(values, return_counts=True)


def _spans(low: Floats, high: Floats, step: float) -> tuple[Floats, Floats, Codes]:
    """(beginnings, ends, how many) of times known to lie between two values.

    Where there are thousands, both are moved by as much: a span keeps its length.
    """
    if len(low) > THOUSANDS:
        width = np.maximum(high - low, SMALLEST)
        scale = np.minimum(step, 10.0 ** np.floor(np.log10(width) - FINE))
        low, high = np.rint(low / scale) * scale, np.rint(high / scale) * scale
    ends, counts = np.unique(np.stack([low, high], axis=1), axis=0, return_counts=True)
    return ends[:, 0], np.maximum(ends[:, 1], SMALLEST), counts
