"""When orders arrive: processes by name, open to a user's own.

A process is a class with `@arrivals("name")`: it knows its mean rate and its variability, and draws
times from a generator that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from backsim.errors import InputError
from backsim.quantities import Days, PositiveDays, Rate
from backsim.rules.kinds import Registry, blamed, is_built_in
from backsim.scenario.dates import Dates
from backsim.scenario.distributions.base import Distribution, finite
from backsim.scenario.distributions.fields import Interval
from backsim.scenario.named import OneOf
from backsim.scenario.shorthand import Spec

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CHUNK = 16_384
"""Arrivals are drawn in chunks until the horizon is passed."""


class Arrivals(Spec):
    """A process of arrivals.  A pattern of the rate makes its time run fast and slow."""

    independent: ClassVar[bool] = False
    """Whether orders arrive independently of each other (Poisson)."""

    @property
    def period(self) -> tuple[float, float] | None:
        """(first, every), in days, of arrivals on fixed days; nothing is drawn for these."""
        return None

    def mean_rate(self) -> float:
        """Arrivals per day, on average over long times."""
        raise NotImplementedError

    def spread(self) -> float:
        """Variance / mean of the number of arrivals in a long time."""
        return 1.0

    def expected(self, days: float) -> float:
        """Arrivals in the first days, on average."""
        return self.known_rate() * days

    def known_rate(self) -> float:
        """The `mean_rate`.  Raises RuleError: a user's process gives no rate."""
        with blamed(self, "mean_rate"):
            rate = self.mean_rate()
            if not 0 <= rate < np.inf:
                raise ValueError(f"expected a rate of 0 or more, got {rate}")
            return rate

    def draw(self, generator: Generator, until: float) -> Floats:
        """Times of arrivals, increasing, from 0 to `until` at least (days)."""
        raise NotImplementedError

    def times(
        self, generator: Generator, until: float, ticks: float, check: Callable[[int], None]
    ) -> Floats:
        """Times on a grid of `ticks` per day, increasing, to `until` at least.

        `check` is told how many there are so far, and raises where these are too many.
        """
        with blamed(self, "draw"):
            times = self.draw(generator, until)
        if not is_built_in(type(self)):
            times = _ascending(times, f"arrivals {type(self).__name__}: draw", until)
        times = np.rint(np.asarray(times, float) * ticks) / ticks
        check(len(times))
        return times


def _ascending(found: Any, what: str, until: float) -> Floats:
    """Times that a user's process has drawn.  Raises InputError: they are none."""
    times = finite(found, what)
    if len(times) and (times[0] < 0 or (np.diff(times) < 0).any()):
        raise InputError(f"{what}: expected times from 0 on that ascend, to {until:g}")
    return times


class Renewals(Arrivals):
    """Arrivals at independent intervals."""

    def intervals(self, generator: Generator, count: int, ticks: float) -> Floats:
        """Times between arrivals, in ticks."""
        raise NotImplementedError

    def first_count(self, until: float) -> int:
        """How many to draw at first: about as many as are needed."""
        raise NotImplementedError

    def times(
        self, generator: Generator, until: float, ticks: float, check: Callable[[int], None]
    ) -> Floats:
        """Sums of intervals of whole ticks, which are exact."""
        pieces: list[Floats] = []
        last = 0.0
        for count in _counts(self.first_count(until)):
            gap = self.intervals(generator, count, ticks)
            times = np.cumsum(np.rint(gap, out=gap), out=gap)
            times += last
            last = float(times[-1])
            pieces.append(times)
            if last >= until * ticks:
                break
            check(sum(map(len, pieces)))
        times = pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
        times /= ticks
        return times


def _counts(first: int) -> Iterator[int]:
    yield first
    while True:
        yield CHUNK


arrivals: Registry[Arrivals] = Registry("process of arrivals")
"""The processes by name, and the decorator that registers one: `@arrivals("poisson")`."""


@arrivals("poisson")
class PoissonProcess(Renewals):
    """Customers arrive independently of each other."""

    rate: Rate
    """Mean number of orders per day."""

    independent = True

    def mean_rate(self) -> float:
        """As given."""
        return self.rate

    def intervals(self, generator: Generator, count: int, ticks: float) -> Floats:
        """Exponential."""
        return generator.standard_exponential(count) * (ticks / self.rate)

    def first_count(self, until: float) -> int:
        """The mean and four standard deviations."""
        return int(until * self.rate + 4 * np.sqrt(until * self.rate)) + 16


@arrivals("renewal")
class Renewal(Renewals):
    """Independent times between orders, from any distribution."""

    interval: Interval
    """Days between orders."""

    def mean_rate(self) -> float:
        """One per mean interval."""
        return float(1.0 / self.interval.moments()[0])

    def spread(self) -> float:
        """The squared coefficient of variation of the intervals."""
        mean, variance = self.interval.moments()
        return variance / mean**2

    def expected(self, days: float) -> float:
        """Days / E[min(X, days)], where X is the time between two, if it varies much.

        From half of the mean to all of it, however much the times vary.  Source: Erickson, "Strong
        renewal theorems with infinite mean", Transactions of the American Mathematical Society 151
        (1970) 263-291, lemma 1.
        """
        mean, variance = self.interval.moments()
        if days > 0 and variance > mean**2:
            return float(days / _mean_within(self.interval, days))
        return self.mean_rate() * days

    def intervals(self, generator: Generator, count: int, ticks: float) -> Floats:
        """As the distribution draws them."""
        return np.maximum(self.interval.sample(generator, count), 0.0) * ticks

    def first_count(self, until: float) -> int:
        """The mean and a little more."""
        return int(until / self.interval.moments()[0] * 1.05) + 16


@arrivals("period")
class Period(Arrivals):
    """One order per period, for periodic demand. An order of size 0 does not count as an order."""

    every: PositiveDays = 1.0
    """Days between orders."""
    first: Days = 0.0
    """Day of the first order."""

    @property
    def period(self) -> tuple[float, float]:
        """As given."""
        return self.first, self.every

    def mean_rate(self) -> float:
        """One per period."""
        return 1.0 / self.every

    def spread(self) -> float:
        """None."""
        return 0.0


@arrivals("dates")
class OnDates(Dates, Arrivals):
    """One order on each of some dates, such as every Monday.  An order of size 0 is none."""

    def mean_rate(self) -> float:
        """As often as the dates come, holidays apart."""
        return 1.0 / self.mean_days

    def spread(self) -> float:
        """None."""
        return 0.0


AnyArrivals = Annotated[
    Arrivals, OneOf(arrivals, "one of {poisson: ...}, {renewal: ...}, {period: ...}, {dates: ...}")
]
"""Any process of arrivals."""


def _mean_within(interval: Distribution, days: float) -> float:
    """E[min(X, days)], the integral of P(X > x) from 0 to `days`."""
    atoms = interval.atoms()
    if atoms is not None:
        return max(1e-300, float(np.minimum(atoms[0], days) @ atoms[1]))
    grid = np.concatenate([[0.0], days * np.logspace(-15, 0, 3001)])
    beyond = np.asarray(interval.law().sf(grid))
    return max(1e-300, float(np.sum(np.diff(grid) * (beyond[1:] + beyond[:-1]) / 2)))
