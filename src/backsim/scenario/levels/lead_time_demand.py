"""Demand over a lead time: normal, gamma or compound (Poisson); and the service a level gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backsim.scenario.demand.laws import MOST_UNITS, Flow, moments_of
from backsim.scenario.distributions import laws
from backsim.scenario.distributions.base import Distribution
from backsim.scenario.distributions.discrete import Empirical

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Law = Literal["normal", "gamma", "compound"]
NODES = 512
"""Points at which a distribution of lead times is taken, each as likely as the other."""
MOST_CYCLES, SETTLED = 2_000, 1e-13
"""Cycles that are followed at most; and how little the last one may still change."""


@dataclass(frozen=True)
class Shape:
    """What a reorder rule makes of the position: it orders at or below `trigger`, up to `top`.

    Or, with `batch`, in multiples of so many units that bring it above the trigger.  Or, with
    `bought`, as many units as that says at a position.  `start` is the position at first.
    """

    trigger: int
    top: int
    batch: int = 0
    bought: Callable[[int], int] | None = None
    start: int = 0

    @property
    def one_for_one(self) -> bool:
        """Every demand is ordered at once."""
        return not self.batch and not self.bought and self.top == self.trigger + 1


class TooMuch(Exception):
    """A table of probabilities would be too long; holds the units it would need."""


@dataclass(frozen=True)
class LeadTimeDemand:
    """The demand of a stock point from an order's placement until the next one could arrive.

    `period` is the time between reviews (0: continuous).  `law` says how it is distributed; its
    mean and variance are those of the scenario:

        mean m (L + R), variance v (L + R) + m^2 Var(L)

    with m and v the mean and variance of the units a day, L the lead time and R the period.
    Source: Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains (2017),
    chapter 6 (normal); Burgin, Operational Research Quarterly 26 (1975) 507-525 (gamma); Adelson,
    Operational Research Quarterly 17 (1966) 73-75 (compound Poisson).
    """

    flows: Sequence[Flow]
    lead_time: Distribution
    period: float
    law: Law
    is_counted: bool = False
    """`lead_time` is as long as the demands that count: no part of a period is to be added."""

    def counted(self, each: float, counts: Sequence[int]) -> LeadTimeDemand:
        """The same where the demand of so many periods counts, one number as likely as another."""
        values = tuple(count * each for count in counts)
        return replace(self, lead_time=Empirical(values=values), is_counted=True)

    @cached_property
    def daily(self) -> tuple[float, float]:
        """Mean and variance of the units a day."""
        return sum(f.mean for f in self.flows), sum(f.variance for f in self.flows)

    def moments(self, extra: float) -> tuple[float, float]:
        """(mean, variance) of the demand over the lead time and `extra` days."""
        (mean, variance), (days, spread) = self.daily, self.lead_time.moments()
        return mean * (days + extra), variance * (days + extra) + mean**2 * spread

    # -- the chance that demand is at most so much ------------------------------------------

    def quantile(self, share: float, steady: bool = False) -> float:
        """The level that the demand over lead time and period stays within, with probability.

        `steady`: every demand is ordered at once, and orders may cross.
        """
        extra = 0.0 if self.is_counted else self.period
        mean, variance = self.moments(extra)
        if self.law == "compound":
            table = self._compound([extra], steady)
            return float(np.searchsorted(np.cumsum(table), share - 1e-12))
        if variance == 0.0:
            return mean
        return float(self._smooth(mean, variance).ppf(share))

    def at_most(self, steady: bool) -> Floats:
        """P(demand <= k), k = 0, 1, ..., at a random time between two arrivals.

        That is over the lead time and the part of the period that has passed.
        """
        extras = self._waits()
        if self.law == "compound":
            return np.asarray(np.cumsum(self._compound(extras, steady)))
        mean, variance = self.moments(self.period)
        points = np.arange(self._room(mean, variance)) + 0.5  # demand is in whole units
        total = np.zeros(len(points))
        for extra in extras:
            mean, variance = self.moments(extra)
            if variance == 0.0:
                total += points >= mean
            else:
                total += self._smooth(mean, variance).cdf(points)
        return total / len(extras)

    def _smooth(self, mean: float, variance: float) -> laws.Law:
        """The law that is said to come near, where it is not that of compound demand."""
        if self.law == "normal":
            return laws.normal(mean, math.sqrt(variance))
        return laws.gamma(mean**2 / variance, variance / mean)

    def _waits(self) -> list[float]:
        """Days since the last review, as orders find them, each as likely as the other."""
        every = {f.every for f in self.flows}
        if self.is_counted or not self.period or every == {self.period}:
            return [0.0]
        count = 64
        if len(every) == 1 and 0.0 < min(every) < self.period:
            count = max(1, round(self.period / every.pop()))
            return [i / count * self.period for i in range(count)]
        return [(i + 0.5) / count * self.period for i in range(count)]

    def _room(self, mean: float, variance: float) -> int:
        """Entries that a table of the demand needs."""
        need = mean + 12 * math.sqrt(variance) + 3 * self.largest + 16
        if need > MOST_UNITS:
            raise TooMuch(need)
        return int(2 ** math.ceil(math.log2(need)))

    @cached_property
    def largest(self) -> int:
        """Most units of an order."""
        return max(len(f.units) for f in self.flows)

    def _compound(self, extras: Sequence[float], steady: bool) -> Floats:
        """Probabilities of compound demand, from its characteristic function.

        Compound Poisson, or sums of as many periods' demand as there are in the time.

        Palm's theorem: when every demand is ordered at once and lead times are independent, only
        their mean counts.  Source: Feeney and Sherbrooke, Management Science 12 (1966) 391-411.
        """
        size = self._room(*self.moments(max(extras)))
        random = [f for f in self.flows if not f.every]
        exponent = sum(f.rate * (1.0 - np.fft.rfft(f.units, size)) for f in random)
        days, weights = nodes(self.lead_time)
        if steady:
            days, weights = np.array([self.lead_time.moments()[0]]), np.ones(1)
        regular = [(np.fft.rfft(f.units, size), f.every) for f in self.flows if f.every]
        if regular:
            law = sum(
                weight / len(extras) * np.exp(-exponent * (t + extra)) * _sums(regular, t + extra)
                for t, weight in zip(days, weights, strict=True)
                for extra in extras
            )
        else:
            law = sum(w * np.exp(-exponent * t) for t, w in zip(days, weights, strict=True))
            law = law * sum(np.exp(-exponent * extra) for extra in extras) / len(extras)
        return np.asarray(np.fft.irfft(law, size).clip(min=0.0))

    # -- the share of units served at once --------------------------------------------------

    def fill_rate(self, steady: bool) -> Callable[[Shape], float]:
        """The share of the units ordered that is served at once, by the shape of the rule.

        An order for X units that finds the position I of a lead time ago, and D units asked for
        since, is given min(X, max(I - D, 0)) of them, or all or none where parts are not taken; as
        if those behind did not overtake.  I is uniform for batches, and follows the
        renewals of the demand for an order up to a level.
        Where batches and all orders are multiples of some units, only every so manieth is met.
        Source: Hadley and Whitin, Analysis of Inventory Systems (1963), section 4-2 (batches);
        Sahin, Regenerative Inventory Systems (1990), chapter 3, and Zheng and Federgruen,
        Operations Research 39 (1991) 654-665 (order up to).
        """
        parts, wholes = self._sizes(False), self._sizes(True)
        size = parts + wholes
        mean, _ = moments_of(size)
        beyond = parts.sum() - np.cumsum(parts)  # P(X > k)
        below = self.at_most(steady)
        served = np.concatenate([[0.0], _convolved(beyond, below)])[: len(below)]
        served += _convolved(wholes * np.arange(len(wholes)), below)
        served /= mean
        step = size if not self.period else self._of_period()
        visits = _Visits(step)

        common = math.gcd(*(int(units) for units in np.flatnonzero(size > 1e-12)))

        def share(shape: Shape) -> float:
            first, weights = shape.top, np.ones(1)
            if shape.batch:
                weights = _met(shape, math.gcd(common, shape.batch))
            elif shape.bought is not None:
                weights = visits.of(_gained(shape.trigger, shape.bought, len(step)), shape)
                first = shape.trigger + len(weights)
            else:
                weights = visits.first(shape.top - shape.trigger)
            found = served[_within(first - np.arange(len(weights)), served)]
            return float(found @ weights / weights.sum())

        return share

    def _sizes(self, whole: bool) -> Floats:
        """Probabilities of the units of an order whose customer takes no part of it, or parts."""
        size, rate = np.zeros(self.largest), 0.0
        for flow in self.flows:
            rate += flow.rate * float(flow.units[1:].sum())
            if flow.whole == whole:
                size[: len(flow.units)] += flow.rate * flow.units
        size[0] = 0.0
        return size / rate

    def _of_period(self) -> Floats:
        """Probabilities of the units asked for between two reviews."""
        from backsim.scenario.distributions.discrete import Deterministic

        one = LeadTimeDemand(self.flows, Deterministic(value=self.period), 0.0, self.law)
        return np.asarray(np.diff(one.at_most(True), prepend=0.0))


class _Visits:
    """How often the position is so far below the level it is raised to, in a cycle of orders."""

    def __init__(self, step: Floats) -> None:
        self.step = (step / (1.0 - step[0]))[1:]
        self.common = math.gcd(*(int(units) + 1 for units in np.flatnonzero(self.step > 1e-12)))
        self.mass = np.ones(1)
        self.known: dict[tuple[tuple[int, ...], int], Floats] = {}

    def first(self, count: int) -> Floats:
        """The first `count` of them (the renewal mass of the demand)."""
        known = len(self.mass)
        if known < count:
            mass = np.concatenate([self.mass, np.zeros(count - known)])
            back = self.step[::-1]
            for j in range(known, count):
                reach = min(j, len(back))
                mass[j] = mass[j - reach : j] @ back[len(back) - reach :]
            self.mass = mass
        return self.mass[:count]

    def of(self, gained: tuple[int, ...], shape: Shape) -> Floats:
        """The visits of each position above the trigger, the highest first.

        `gained` is how far above the trigger a purchase brings the position from the trigger, from
        one unit below it, and so on.  The position that a cycle begins with follows from that of
        the cycle before: half of the way at a time, so that the way has an end also where they
        come in turns.
        """
        start = self._in_a_cycle(shape.start - shape.trigger, gained)
        if (gained, start) not in self.known:
            count = max(*gained, start)
            goal = count - np.array(gained)
            begun, mass = np.eye(1, count, count - start)[0], self.first(count)
            for _ in range(MOST_CYCLES):
                visits = _joined(begun, mass)[:count]
                below = _joined(visits, self.step)[count - 1 :][: len(gained)]
                after = np.bincount(goal[: len(below)], below, count) / below.sum()
                moved = np.abs(after - begun).sum()
                begun = (begun + after) / 2
                if moved < SETTLED:
                    break
            self.known[gained, start] = _joined(begun, mass)[:count]
        return self.known[gained, start]

    def _in_a_cycle(self, start: int, gained: tuple[int, ...]) -> int:
        """How far above the trigger the position is, once the stock at the start has been sold."""
        above = start - max(gained)
        if above <= 0:
            return start
        start -= -(-above // self.common) * self.common
        return start if start > 0 else gained[-start]


def _met(shape: Shape, common: int) -> Floats:
    """The positions between two batches that are met, the highest first: all as often."""
    return np.asarray((shape.top - np.arange(shape.batch) - shape.start) % common == 0, float)


def _gained(trigger: int, bought: Callable[[int], int], reach: int) -> tuple[int, ...]:
    """How far above the trigger purchases bring the position from it and from below it."""
    return tuple(bought(trigger - below) - below for below in range(reach))


def _sums(regular: Sequence[tuple[Any, float]], days: float) -> Any:
    """Characteristic function of demand that comes at regular times.

    In a time that is no whole number of its periods there are one more or one less.
    """
    found: Any = 1.0
    for one, every in regular:
        count = math.floor(days / every + 1e-9)
        rest = max(0.0, days / every - count)
        found = found * one**count * (1.0 - rest + rest * one)
    return found


def _within(index: NDArray[Any], table: Floats) -> NDArray[Any]:
    return np.asarray(np.clip(index, 0, len(table) - 1))


def _joined(one: Floats, other: Floats) -> Floats:
    """The whole convolution of two tables of what cannot be negative."""
    size = len(one) + len(other) - 1
    transformed = np.fft.rfft(one, size) * np.fft.rfft(other, size)
    return np.asarray(np.fft.irfft(transformed, size).clip(min=0.0))


def _convolved(short: Floats, long: Floats) -> Floats:
    """The first entries of the convolution of two tables, as many as the second has."""
    size = len(short) + len(long)
    transformed = np.fft.rfft(short, size) * np.fft.rfft(long, size)
    return np.asarray(np.fft.irfft(transformed, size)[: len(long)])


def nodes(distribution: Distribution) -> tuple[Floats, Floats]:
    """Values and weights that stand for a distribution of days: its own, or quantiles."""
    atoms = distribution.atoms()
    if atoms is None:
        values = distribution.law().ppf((np.arange(NODES) + 0.5) / NODES)
        atoms = values, np.full(NODES, 1.0 / NODES)
    return np.maximum(atoms[0], 0.0), atoms[1]
