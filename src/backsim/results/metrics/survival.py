"""Waits of which some are not over: the curve of Kaplan and Meier, and what follows from it.

Each unit waited for some days until it was shipped (its wait is known), or waits still (its wait is
longer than that: censored).
Source: Kaplan and Meier, Journal of the American Statistical Association 53 (1958) 457-481.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEW = 4
"""Views of a kind whose waits are picked out one view after the other."""
DIGITS = 65536
"""Whole numbers below this are sorted by their digits."""
ROUNDING = 1e-9
"""A share that differs from a level by less has reached it."""


@dataclass(frozen=True, eq=False)
class Survival:
    """The share of units that wait longer than `days`, a step function that starts at `start`.

    `days` ascend; `shares[i]` holds from `days[i]` on, and never rises.  What comes after the last
    of the days is not known unless the last share is 0.
    """

    start: float
    days: Floats
    shares: Floats

    def percentile(self, p: float) -> float:
        """Days within which `p` % are over; nan where so many are not, as far as is known."""
        most = 1.0 - p / 100 + ROUNDING
        if self.start <= most:
            return 0.0
        reached = int(np.searchsorted(self.shares[::-1], most, side="right"))
        return float(self.days[-reached]) if reached else np.nan

    @property
    def longest(self) -> float:
        """The last of the days."""
        return float(self.days[-1]) if len(self.days) else 0.0

    @property
    def mean(self) -> float:
        """Mean days, of those beyond the last day that is known no more than that."""
        return self._areas[0]

    @property
    def gini(self) -> float:
        """Gini index of the days: 1 less the area under the squared shares / under the shares.

        Source: Gastwirth, Review of Economics and Statistics 54 (1972) 306-316.
        """
        area, squared = self._areas
        return 1.0 - squared / area if area > 0 else 0.0

    @cached_property
    def _areas(self) -> tuple[float, float]:
        """The areas under the shares and under their squares."""
        if not len(self.days):
            return 0.0, 0.0
        widths, before = np.empty((2, len(self.days)))
        widths[0], before[0] = self.days[0], self.start
        np.subtract(self.days[1:], self.days[:-1], out=widths[1:])
        before[1:] = self.shares[:-1]
        area = float((widths * before).sum())
        before *= before
        before *= widths
        return area, float(before.sum())


def survival(days: Floats, units: Floats, over: Any, total: float) -> Survival:
    """The curve of `total` units, of which those not in `units` did not wait.

    `days` ascend, at equal days those whose wait is over first; `units` and `over` (whether it is)
    are of the same length.
    """
    cumulated = np.cumsum(units)
    waited = float(cumulated[-1]) if len(units) else 0.0
    left = waited - cumulated
    if np.all(over):  # what the product comes to, without its rounding
        left /= total
        return Survival(min(waited / total, 1.0), days, left)
    start = waited / total
    left += units  # those at risk
    np.divide(units, left, out=left)
    left[~over] = 0.0
    np.subtract(1.0, left, out=left)
    np.cumprod(left, out=left)
    left *= start
    return Survival(start, days, left)


def curves(
    m: Sums, lines: Any, days: Floats, units: Any, over: Any, total: Floats
) -> tuple[Survival | None, ...]:
    """The curve of every view; None where it has no units.

    `days` that `units` of each of the `lines` (numbers of order lines) have waited, and whether
    their wait is over; `total` the units that count in all, by view.
    """
    waits, sorts = (days, units.astype(float), over), tuple(_sorts(m, lines))
    few = all(codes is None or size <= FEW for codes, size in sorts)
    in_order = _alike_in_order if few and (units == units[:1]).all() else _in_order
    found: list[Survival | None] = []
    for part in in_order(waits, sorts):
        found.append(found[0] if part is None else _curve(*part, total[len(found)]))
    return tuple(found)


Waits = tuple[Any, Any, Any]
"""Days, units, and whether the wait is over."""


def _in_order(waits: Waits, sorts: Sequence[tuple[Any, int]]) -> Iterator[Waits | None]:
    """All waits by days, then those of each view; None where these are all."""
    order = _by_days(*waits)
    waits = tuple(column[order] for column in waits)
    yield waits
    for codes, size in sorts:
        if codes is None:
            yield None
            continue
        code = codes[order]
        rows = np.argsort(code, kind="stable")  # within a code they stay in order
        ends = np.cumsum(np.bincount(code, minlength=size)[:size])
        rows = rows[: ends[-1]]
        yield from zip(*(np.split(column[rows], ends[:-1]) for column in waits), strict=True)


def _alike_in_order(waits: Waits, sorts: Sequence[tuple[Any, int]]) -> Iterator[Waits | None]:
    """The same where all are of as many units: numbers are sorted faster than rows."""
    yield _alike_by_days(*waits)
    for codes, size in sorts:
        if codes is None:
            yield None
            continue
        for code in range(size):
            here = codes == code
            yield _alike_by_days(*(column[here] for column in waits))


def _sorts(m: Sums, lines: Any) -> Any:
    """How lines are told apart in views, as `Sums.places`; no codes where all are the same one."""
    classes = m.log.column("customer_class")[lines] if m.shape[0] > 1 else None
    yield (None if classes is None else _narrow(classes, m.shape[0])), m.shape[0]
    stock = m.log.column("stock")[lines] if m.shape[1] > 1 else None
    for code, size in m.places:
        if size == 1 and not code.any():
            yield None, 1
        else:
            yield _narrow(code if stock is None else code[stock], size), size


def _narrow(code: Any, size: int) -> Any:
    """Codes of at most 16 bits where they fit: these are sorted by their digits."""
    return code.astype(np.uint16) if size < DIGITS else code


def _by_days(days: Floats, units: Any, over: Any) -> Any:
    """Indices by days, at equal days those whose wait is over first.

    The order of those that are alike decides nothing; where all are over, nor does that of others
    at equal days.
    """
    order = _rows_in_order(days)
    if np.all(over):
        return order
    ties = np.flatnonzero(np.diff(days[order]) == 0)
    one, other = order[ties], order[ties + 1]
    if np.all(over[one] & over[other] & (units[one] == units[other])):
        return order
    ranked = np.argsort(~over, kind="stable")
    return ranked[np.argsort(days[ranked], kind="stable")]


def _rows_in_order(days: Floats) -> Any:
    """Indices by days; whole days, as under periodic review, are sorted by their digits."""
    if days.max(initial=0.0) < DIGITS:
        digits = days.astype(np.uint16)
        if (digits == days).all():
            return np.argsort(digits, kind="stable")
    return np.argsort(days)


def _alike_by_days(days: Floats, units: Floats, over: Any) -> Waits:
    """Waits of as many units each, in the order of `_by_days`."""
    ended, longer = np.sort(days[over]), np.sort(days[~over])
    place = ended.searchsorted(longer, "right")
    if not len(longer):
        return ended, units, over
    over = np.ones(len(days), bool)
    over[place + np.arange(len(longer))] = False
    return np.insert(ended, place, longer), units, over


def _curve(days: Floats, units: Floats, over: Any, total: float) -> Survival | None:
    return survival(days, units, over, total) if total > 0 else None
