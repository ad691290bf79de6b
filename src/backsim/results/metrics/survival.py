"""Waits of which some are not over: the curve of Kaplan and Meier, and what follows from it.

Each unit waited for some days until it was shipped (its wait is known), or waits still (its wait is
longer than that: censored).
Source: Kaplan and Meier, Journal of the American Statistical Association 53 (1958) 457-481.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.results.metrics.sums import Sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROUNDING = 1e-9
"""A share that differs from a level by less has reached it."""


@dataclass(frozen=True, slots=True, eq=False)
class Survival:
    """The share of units that wait longer than `days`, a step function that starts at `start`.

    `days` ascend; `shares[i]` holds from `days[i]` on.  What comes after the last of the days is
    not known unless the last share is 0.
    """

    start: float
    days: Floats
    shares: Floats

    def percentile(self, p: float) -> float:
        """Days within which `p` % are over; nan where so many are not, as far as is known."""
        most = 1.0 - p / 100 + ROUNDING
        if self.start <= most:
            return 0.0
        place = int(np.argmax(self.shares <= most)) if len(self.shares) else 0
        if place == len(self.shares) or self.shares[place] > most:
            return np.nan
        return float(self.days[place])

    @property
    def longest(self) -> float:
        """The last of the days."""
        return float(self.days[-1]) if len(self.days) else 0.0

    @property
    def mean(self) -> float:
        """Mean days, of those beyond the last day that is known no more than that."""
        return float(self._area(1))

    @property
    def gini(self) -> float:
        """Gini index of the days: 1 less the area under the squared shares / under the shares.

        Source: Gastwirth, Review of Economics and Statistics 54 (1972) 306-316.
        """
        area = self._area(1)
        return 1.0 - float(self._area(2) / area) if area > 0 else 0.0

    def _area(self, power: int) -> Any:
        if not len(self.days):
            return 0.0
        before = np.r_[self.start, self.shares[:-1]]
        return (np.diff(self.days, prepend=0.0) * before**power).sum()


def survival(days: Floats, units: Floats, over: Any, total: float) -> Survival:
    """The curve of `total` units, of which those not in `units` did not wait.

    `days` ascend, at equal days those whose wait is over first; `units` and `over` (whether it is)
    are of the same length.
    """
    waited = float(units.sum())
    cumulated = np.cumsum(units)
    if np.all(over):  # what the product comes to, without its rounding
        return Survival(min(waited / total, 1.0), days, (waited - cumulated) / total)
    risk = waited - np.r_[0.0, cumulated[:-1]]
    start = waited / total
    shares = start * np.cumprod(1.0 - np.where(over, units / risk, 0.0))
    return Survival(start, days, np.asarray(shares, np.float64))


def curves(
    m: Sums, lines: Any, days: Floats, units: Any, over: Any, total: Floats
) -> tuple[Survival | None, ...]:
    """The curve of every view; None where it has no units.

    `days` that `units` of each of the `lines` (numbers of order lines) have waited, and whether
    their wait is over; `total` the units that count in all, by view.
    """
    order = _by_days(days, over)
    days, units, over = days[order], units[order].astype(float), over[order]
    group = m.group[lines[order]]
    stock = group % m.shape[1]
    sorts = (
        (group // m.shape[1], m.shape[0]),
        *((code[stock], size) for code, size in m.places),
    )
    found = [_curve(days, units, over, total[0])]
    for code, size in sorts:
        if size == 1 and not code.any():  # one class, product or site: the same as overall
            found.append(found[0])
            continue
        narrow = code.astype(np.uint16) if size < 65536 else code  # a radix sort
        rows = np.argsort(narrow, kind="stable")  # within a code they stay in order
        ends = np.cumsum(np.bincount(code, minlength=size)[:size])
        for part in np.split(rows[: ends[-1]], ends[:-1]):
            found.append(_curve(days[part], units[part], over[part], total[len(found)]))
    return tuple(found)


def _by_days(days: Floats, over: Any) -> Any:
    """Indices by days, at equal days those whose wait is over first.

    The order of those that are alike decides nothing where all are over.
    """
    if np.all(over):
        return np.argsort(days)
    ranked = np.argsort(~over, kind="stable")
    return ranked[np.argsort(days[ranked], kind="stable")]


def _curve(days: Floats, units: Floats, over: Any, total: float) -> Survival | None:
    return survival(days, units, over, total) if total > 0 else None
