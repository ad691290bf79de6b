"""Demand at regular times, counted: how many times lie between an order and what is to be met.

Where demand comes on fixed days and the lead time is constant, nothing of this is random.  What
happens at one instant happens in the order of events: a receipt, then a review, then demand; a
review `after` demand comes last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

ROUNDING = 1e-9
"""A number of periods this little above a whole number is that number."""
MOST = 1000
"""Reviews or demands after which their times lie alike again, at most; else so many are counted."""


@dataclass(frozen=True)
class Regular:
    """Demand every `each` days, and reviews every `period` (0: after each demand)."""

    each: float
    first_demand: float
    period: float
    first_review: float
    days: float
    """The lead time."""
    after: bool
    """A review comes after the demand of its instant, and not before."""

    def since_order(self) -> list[int]:
        """Demands between the last order that has arrived and a demand, of one after another."""
        if not self.period:
            return [max(0, _up(self.days / self.each) - 1)]
        found = []
        for k in range(self._alike()[0]):
            now = self.first_demand + k * self.each
            late = (now - self.days - self.first_review) / self.period
            review = _down(late)
            if self._at_once and abs(late - review) <= ROUNDING:
                review -= 1  # the order of this very instant comes after the demand
            order = self.first_review + review * self.period
            found.append(max(0, k - self._next_to_review(order)))
        return found

    def until_next(self) -> list[int]:
        """Demands from an order until the next one arrives, of one order after another.

        A review that no demand precedes orders nothing.
        """
        count = self._alike()[1]
        times = [self.first_review + j * self.period for j in range(-1, 2 * count + 1)]
        pairs = [(one, self._next_to_review(one)) for one in times]
        orders = [now for (_, before), now in pairwise(pairs) if now[1] > before]
        found = [self._next_to_receipt(time) - since for (_, since), (time, _) in pairwise(orders)]
        return found[: max(1, len(found) // 2)] or [0]

    @property
    def _at_once(self) -> bool:
        """Whether an order arrives at its instant, after the demand of that."""
        return self.after and self.days <= ROUNDING * self.each

    def _next_to_review(self, time: float) -> int:
        """The number of the first demand that a review knows nothing of."""
        at = (time - self.first_demand) / self.each
        return _down(at) + 1 if self.after else _up(at)

    def _next_to_receipt(self, ordered: float) -> int:
        """The number of the first demand after the receipt of what a review has ordered."""
        if self._at_once:
            return self._next_to_review(ordered)
        return _up((ordered + self.days - self.first_demand) / self.each)

    def _alike(self) -> tuple[int, int]:
        """(demands, reviews) after which their times lie alike again."""
        ratio = Fraction(self.period / self.each).limit_denominator(MOST)
        if abs(float(ratio) - self.period / self.each) > ROUNDING or ratio.numerator > MOST:
            return MOST, MOST
        return ratio.numerator, ratio.denominator


def _up(number: float) -> int:
    return math.ceil(number - ROUNDING)


def _down(number: float) -> int:
    return math.floor(number + ROUNDING)
