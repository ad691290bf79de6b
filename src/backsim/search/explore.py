"""The search itself: R-SPLINE on a lattice whose steps become finer, with common random numbers.

On a sample of worlds the estimate of each policy is a number, so the sample has an optimum, which a
deterministic search finds: pseudo-gradients from a simplex of lattice points, a line search along
them, and at last all neighbours.  The sample grows and the search goes on from where it was.

What a constraint lacks is charged at a price that is raised until the optimum keeps it.

Source: Wang, Pasupathy and Schmeiser, ACM TOMACS 23 (2013) 17 (R-SPLINE).  Ours are the finer and
finer lattice, neighbours in two numbers, the price, and that policies which are clearly worse after
few replications get no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.present.numbers import rough
from backsim.search.problem import Problem
from backsim.search.space import Point, Space
from backsim.search.worlds import Phase, Worlds
from backsim.statistics.checks import student
from backsim.streams import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIRST = 5
"""Replications of the first sample."""
COARSE = 8
"""Strides from end to end of an axis at the start, about."""
GROWTH, FINER = 1.5, 1.2
"""By what the sample grows, on the finest lattice and before."""
STEADY, ENOUGH = 3, 20
"""Samples of at least so many replications after which an optimum that stays is taken."""
CLEARLY = 1e-3
"""Chance of error at which a policy counts as clearly worse, and gets no more replications."""
SETTLED = 0.05
"""Chance of error at which no neighbour counts as better by what matters; the choice, on worlds of
its own, is what has to be sure."""
BESIDE = 2
"""Starts for each number but one that are followed on the coarsest lattice; then half, and half."""
LINE_SEARCHES = 20
"""Pseudo-gradients in a row, at most."""
DEARER, RAISES = 4.0, 12
"""By what the price of what constraints lack is raised, and how often."""


@dataclass
class Trail:
    """Where the search of one combination of choices stands."""

    best: Point
    steady: int = 0


@dataclass
class Explorer:
    """Looks for the best points; everything it visits is in `worlds`."""

    worlds: Worlds
    starts: list[Point]
    problem: Problem
    price: Floats = field(init=False)
    """Of each constraint: the objective's worth of one unit that it lacks."""

    def __post_init__(self) -> None:
        problem = self.problem
        self.space: Space = problem.space
        self.random = generator(problem.asked.seed, 0, "search")
        self.count = FIRST
        self.told = 0, -math.inf, -math.inf  # replications of the best so far, and how good it is
        self.most = max(1, BESIDE * (len(self.space.numeric) - 1))
        self.stride = tuple(
            2 ** max(0, math.floor(math.log2(len(a.values) / COARSE))) if a.numeric else 1
            for a in self.space.axes
        )
        self.price = np.zeros(len(problem.asked.constraints))
        bounds = problem.asked.constraints
        specs = self.worlds.specs
        self.columns = [specs.index(c.metric, 1) for c in bounds]
        self.signs = np.array([c.sign for c in bounds])
        self.bounds = np.array([c.bound for c in bounds])

    # -- what a point is worth -------------------------------------------------------------------

    def play(self, points: list[Point], count: int) -> None:
        """Have so many replications of points."""
        self.worlds.play(Phase.SEARCH, points, count)

    def parts(self, point: Point, count: int | None = None) -> tuple[Floats, Floats]:
        """Costs by replication, and by how much each constraint is kept in the mean."""
        rows = self.worlds.values(Phase.SEARCH, point, count)
        costs = self.problem.sign * rows[:, 0]
        rows = rows[:, self.columns]
        known = ~np.isnan(rows)
        sums = np.where(known, rows, 0.0).sum(axis=0)
        with np.errstate(invalid="ignore"):
            means = sums / known.sum(axis=0)
        kept = np.where(np.isnan(means), 0.0, self.signs * (means - self.bounds))
        return np.where(np.isnan(costs), np.inf, costs), kept

    def lacks(self, point: Point) -> float:
        """What constraints lack, in units of the distances that matter; 0 if all are kept."""
        _, kept = self.parts(point)
        return float((np.maximum(0.0, -kept) / self.problem.tolerances).sum())

    def charged(self, point: Point, count: int) -> Floats:
        """Costs by replication, with what constraints lack at its price."""
        costs, kept = self.parts(point, count)
        lacking = kept < 0
        if not lacking.any():
            return costs
        rows = self.worlds.values(Phase.SEARCH, point, count)[:, self.columns]
        lack = np.nan_to_num(-self.signs * (rows - self.bounds))
        return np.asarray(costs + (lack * np.where(lacking, self.price, 0.0)).sum(axis=1))

    def worth(self, point: Point) -> float:
        """The mean of a point on the whole sample."""
        self.play([point], self.count)
        return float(self.charged(point, self.count).mean())

    def beats(self, point: Point, other: Point) -> bool:
        """Whether a point is better than another on the sample; soon decided if it clearly is not.

        The point gets replications bit by bit, and no more once it is clearly worse.
        """
        for count in self.portions():
            self.play([point, other], count)
            if self.clearly_worse(point, other, count):
                return False
        return self.worth(point) < self.worth(other)

    def portions(self) -> list[int]:
        """Numbers of replications at which is looked whether to go on."""
        found = [FIRST]
        while found[-1] < self.count:
            found.append(min(2 * found[-1], self.count))
        return found

    def apart(self, point: Point, other: Point, count: int) -> Floats:
        """The differences of two points by replication; not finite where one cannot be played."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.charged(point, count) - self.charged(other, count))

    def clearly_worse(self, point: Point, other: Point, count: int) -> bool:
        """Whether the difference of some replications is beyond chance."""
        apart = self.apart(point, other, count)
        if not np.isfinite(apart).all():
            return bool(np.isinf(self.charged(point, count)).any())
        mean, deviation = float(apart.mean()), float(apart.std(ddof=1))
        width = student(1 - CLEARLY, count - 1) * deviation / math.sqrt(count)
        return mean > width and mean > 0

    # -- the search on one sample ------------------------------------------------------------------

    def optimum(self, start: Point) -> Point:
        """The optimum of the sample that is reached from a point."""
        best = start
        while True:
            lower = self.descent(best)
            self.tell(lower)
            found = self.best_neighbour(lower)
            self.tell(found)
            if found == best:
                return best
            best = found

    def tell(self, point: Point) -> None:
        """Say that a point is the best so far, if it is: on this sample, by constraints first."""
        cost = self.worth(point)
        found = self.count, -self.lacks(point), -cost
        if found > self.told:
            self.told = found
            cost *= self.problem.sign
            self.worlds.budget.best = f"best so far {rough(cost)}: {self.space.name(point)}"

    def best_neighbour(self, point: Point) -> Point:
        """The best of a point and its neighbours."""
        best = point
        for near in self.space.neighbours(point, self.stride):
            other = self.beyond(point, near)
            if self.beats(other, best):
                best = other
        return best

    def beyond(self, point: Point, near: Point) -> Point:
        """A neighbour; where it is the same as the point to the bit, the best one further that way.

        Numbers often change nothing beyond some value, such as a cap on orders that none reaches:
        from there a search by single steps would not come back.
        """
        step = np.subtract(near, point)

        def at(steps: int) -> Point:
            return tuple(np.add(point, steps * step).tolist())

        same, steps = 0, 1
        while self.same(point, at(steps)):
            same, steps = steps, 2 * steps
            while steps > same and not self.space.allowed(at(steps)):
                steps -= 1
            if steps == same:
                return near
        if steps == 1:
            return near
        while steps - same > 2:  # a ternary search
            third = (steps - same) // 3
            if self.worth(at(same + third)) < self.worth(at(steps - third)):
                steps -= third
            else:
                same += third
        return min(map(at, range(max(1, same), steps + 1)), key=self.worth)

    def same(self, point: Point, other: Point) -> bool:
        """Whether two points have the same results in all replications that every point has."""
        self.play([point, other], FIRST)
        values = self.worlds.values
        return np.array_equal(
            values(Phase.SEARCH, point, FIRST), values(Phase.SEARCH, other, FIRST)
        )

    def descent(self, start: Point) -> Point:
        """Line searches along pseudo-gradients, as far as they lead down."""
        best = start
        for _ in range(LINE_SEARCHES):
            slope, lowest = self.slope(best)
            best = lowest if lowest != best and self.beats(lowest, best) else best
            length = float(np.sqrt((slope**2).sum()))
            if not length:
                return best
            origin, steps = best, 0
            while True:
                trial = self.moved(origin, slope, -(2.0 ** (steps + 1)) / length)
                if trial is None or trial == best or not self.beats(trial, best):
                    break
                best, steps = trial, steps + 1
            if steps <= 2:
                return best
        return best

    def moved(self, point: Point, direction: Floats, by: float) -> Point | None:
        """The allowed lattice point near to a point moved by so many strides."""
        places = list(point)
        for i, slope in zip(self.space.numeric, direction, strict=True):
            places[i] += self.stride[i] * round(by * slope)
        return self.space.repaired(tuple(places))

    def slope(self, point: Point) -> tuple[Floats, Point]:
        """The pseudo-gradient in strides from a simplex around a point, and its best corner.

        A number whose step leads out of the space has the slope 0.
        """
        axes = self.space.numeric
        shift = self.random.uniform(-0.3, 0.3, len(axes))
        corner = list(point)
        for i, by in zip(axes, shift, strict=True):
            corner[i] -= self.stride[i] * int(by < 0)
        here = tuple(corner) if self.space.allowed(tuple(corner)) else point
        slope, lowest, value = np.zeros(len(axes)), here, self.worth(here)
        for n in np.argsort(-(shift % 1.0)):
            corner = list(here)
            corner[axes[n]] += self.stride[axes[n]]
            if not self.space.allowed(tuple(corner)):
                continue
            after = self.worth(tuple(corner))
            if math.isfinite(after) and math.isfinite(value):
                slope[n] = after - value
            here, value = tuple(corner), after
            if value < self.worth(lowest):
                lowest = here
        return slope, lowest

    # -- sample by sample --------------------------------------------------------------------------

    def run(self) -> Point:
        """Search until the optimum stays, and is known well enough.  Raises Spent."""
        trails = self.begin()
        while True:
            for trail in trails:
                found = self.kept(trail.best)
                steady = trail.steady + 1 if found == trail.best and self.finest else 0
                trail.best, trail.steady = found, steady
            self.most = math.ceil(self.most / 2)
            trails = self.surviving(trails)
            self.tell(trails[0].best)
            if self.finest and all(self.settled(trail) for trail in trails):
                return trails[0].best
            self.count = math.ceil(self.count * (GROWTH if self.finest else FINER))
            self.stride = tuple(max(1, s // 2) for s in self.stride)

    def best_so_far(self) -> Point:
        """The best of what has been visited, where the search had to end early."""
        visited = self.worlds.visited(Phase.SEARCH)
        most = max((len(self.worlds.rows[Phase.SEARCH][p]) for p in visited), default=0)
        known = [p for p in visited if 2 * len(self.worlds.rows[Phase.SEARCH][p]) >= most]
        return min(known or self.starts, key=lambda p: (self.lacks(p), self.parts(p)[0].mean()))

    @property
    def finest(self) -> bool:
        """Whether the lattice is that of the file."""
        return max(self.stride) == 1

    def begin(self) -> list[Trail]:
        """The best start of each combination of choices; the first price of constraints."""
        branches: dict[Point, list[Point]] = {}
        for point in self.starts:
            branches.setdefault(self.space.choices(point), []).append(point)
        self.play(self.starts, FIRST)
        if not any(np.isfinite(self.worth(p)) for p in self.starts):
            reason = next(iter(self.worlds.reasons.values()), "the objective has no value")
            raise InputError(f"search: none of the policies to start from can be played: {reason}")
        self.price = self.first_price()
        trails = self.surviving([Trail(p) for points in branches.values() for p in points])
        self.tell(trails[0].best)
        return trails

    def first_price(self) -> Floats:
        """What the objective varies by, per what constraints lack, among all points visited."""
        visited = self.worlds.visited(Phase.SEARCH)
        known = [p for p in visited if np.isfinite(self.parts(p)[0]).all()]
        costs = np.array([self.parts(p)[0].mean() for p in known])
        kept = np.array([self.parts(p)[1] for p in known]).reshape(len(known), len(self.price))
        spread = np.ptp(np.maximum(0.0, -kept), axis=0)
        least = np.array(self.problem.tolerances)
        return np.asarray(2.0 * np.ptp(costs) / np.maximum(spread, least))

    def kept(self, start: Point) -> Point:
        """The optimum of the sample, at a price at which it keeps the constraints."""
        found = self.optimum(start)
        for _ in range(RAISES):
            if not self.lacks(found):
                break
            self.price = self.price * DEARER
            found = self.optimum(found)
        return found

    def surviving(self, trails: list[Trail]) -> list[Trail]:
        """Those that are not clearly worse than the best, which comes first.

        Of each combination of choices the best few, each at a point of its own.
        """
        ordered: list[Trail] = []
        beside: dict[Point, set[Point]] = {}
        for trail in sorted(trails, key=lambda trail: self.worth(trail.best)):
            points = beside.setdefault(self.space.choices(trail.best), set())
            if len(points) < self.most and trail.best not in points:
                points.add(trail.best)
                ordered.append(trail)
        best = ordered[0].best
        return [ordered[0]] + [
            replace(t)
            for t in ordered[1:]
            if not self.clearly_worse(t.best, best, self.count) or self.count == FIRST
        ]

    def settled(self, trail: Trail) -> bool:
        """Whether the optimum stays, or no neighbour can be better by what matters."""
        if self.count >= ENOUGH and trail.steady >= STEADY:
            return True
        zone = self.problem.indifference(float(self.parts(trail.best)[0].mean()))
        for other in self.space.neighbours(trail.best, self.stride):
            if len(self.worlds.rows[Phase.SEARCH][other]) < self.count:
                continue  # it was clearly worse after fewer
            apart = self.apart(other, trail.best, self.count)
            if not np.isfinite(apart).all():
                continue
            width = student(1 - SETTLED, self.count - 1) * float(apart.std(ddof=1))
            if float(apart.mean()) - width / math.sqrt(self.count) < -zone:
                return False
        return trail.steady >= 1
