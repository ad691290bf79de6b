"""Fill rate and stock of levels by textbook formulas, for many stock points at once.

What a look at the stock finds is the position that was left a lead time before, less the demand
since: a gamma variable X.  After a look the position is at S, or, as often as the renewal function
of the demand Y between two looks says, evenly anywhere from s + 1 to S - 1.
Source: Tijms and Groenevelt, European Journal of Operational Research 17 (1984) 175-190; Tijms, A
First Course in Stochastic Models (2003), section 2.1 (the renewal function).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SMALL = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """Stock points as the formulas see them: a value for each, in units and days."""

    per_day: Floats
    """Mean demand per day."""
    lead_mean: Floats
    lead_variance: Floats
    """Of the demand over a lead time."""
    look_mean: Floats
    look_variance: Floats
    """Of the demand between two looks that find any: from review to review, or of an order line
    where stock is looked at all the time."""
    age: Floats
    """Mean days since the last review; 0 where stock is looked at all the time."""

    def fill_rate(self, low: Floats, high: Floats) -> Floats:
        """Share of the units that leave from stock, of levels (s, S): an axis more is allowed."""
        mean, variance = self.lead_mean + self.look_mean, self.lead_variance + self.look_variance
        short = self._waiting(mean, variance, low, high)
        short = short - self._waiting(self.lead_mean, self.lead_variance, low, high)
        return np.clip(1 - short / np.maximum(self.look_mean, SMALL), 0.0, 1.0)

    def on_hand(self, low: Floats, high: Floats) -> Floats:
        """Mean units on hand: position less demand of a lead time, and units waited for."""
        since = self.per_day * self.age
        whole = self._at_top(low, high)
        position = whole * high + (1 - whole) * (low + high) / 2
        waiting = self._waiting(self.lead_mean + since, self.lead_variance, low, high)
        return np.maximum(position - self.lead_mean - since + waiting, 0.0)

    def _at_top(self, low: Floats, high: Floats) -> Floats:
        """The share of looks that leave the position at S."""
        mean = np.maximum(self.look_mean, SMALL)
        looks = (high - low) / mean + (self.look_variance / mean**2 - 1 - 1 / mean) / 2
        return np.asarray(1 / (1 + np.maximum(looks, 0.0)))

    def _waiting(self, mean: Floats, variance: Floats, low: Floats, high: Floats) -> Floats:
        """Mean of (X - position)+ over the positions that looks leave."""
        first, last = low + 0.5, np.maximum(high - 0.5, low + 0.5 + SMALL)
        between = _second(mean, variance, first) - _second(mean, variance, last)
        between = between / (2 * (last - first))
        top = self._at_top(low, high)
        return top * _first(mean, variance, high) + (1 - top) * between


def _first(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """E[(X - level)+] of a gamma X."""
    mean, variance = np.maximum(mean, SMALL), np.maximum(variance, SMALL)
    shape, at = mean**2 / variance, np.maximum(level, 0.0) * mean / variance
    return np.asarray(
        mean * special.gammaincc(shape + 1, at) - level * special.gammaincc(shape, at)
    )


def _second(mean: Floats, variance: Floats, level: Floats) -> Floats:
    """E[(X - level)+ ^2] of a gamma X."""
    mean, variance = np.maximum(mean, SMALL), np.maximum(variance, SMALL)
    shape, at = mean**2 / variance, np.maximum(level, 0.0) * mean / variance
    return np.asarray(
        (variance + mean**2) * special.gammaincc(shape + 2, at)
        - 2 * level * mean * special.gammaincc(shape + 1, at)
        + level**2 * special.gammaincc(shape, at)
    )
