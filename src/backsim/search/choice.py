"""The choice among all points that a search has visited, on random numbers it has not seen.

The best of many estimates is too good to be true: what was chosen for its luck costs more in the
next world.  So all points visited, and all neighbours of the one chosen, compete again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.present.numbers import precise, rough
from backsim.search.space import Point
from backsim.search.worlds import SEARCHED, Phase, Spent, Worlds
from backsim.statistics import Selection, good_selection
from backsim.statistics.direct import RARE, bound, distance, next_size
from backsim.statistics.selection import FIRST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SCREENING = 0.1
"""The part of all error that may go on leaving points out by the data of the search."""


@dataclass(frozen=True)
class Choice:
    """What the choice has come to."""

    points: tuple[Point, ...]
    """Those that competed."""
    selection: Selection | None
    """None where the budget did not even allow for the first replications of all."""
    indifference: float
    needs: int = 0
    """Replications that it would take at most until it is decided; 0 if it is."""
    alike: tuple[Point, ...] = ()
    """The points that the data of the choice do not exclude as the best."""
    screened: int = 0
    """Points that the data of the search exclude as the best, and that did not compete."""
    without: tuple[Point, ...] = ()
    """Points that have no objective in some replications, and so did not compete either."""

    @property
    def tried(self) -> int:
        """All points that were compared, in the search or here."""
        return len(self.points) + self.screened

    @property
    def decided(self) -> bool:
        """It is known which is the best, or that none keeps the constraints."""
        return self.selection is not None and self.selection.done

    @property
    def best(self) -> Point | None:
        """The point chosen."""
        if self.selection is None or self.selection.best is None:
            return None
        return self.points[self.selection.best]

    @property
    def running(self) -> tuple[Point, ...]:
        """The points still in the running."""
        survivors = () if self.selection is None else self.selection.survivors
        return tuple(self.points[i] for i in survivors)


def choose(worlds: Worlds, favourite: Point, indifference: float) -> Choice:
    """The best of the points visited that keep the constraints, and of the neighbours of that one.

    When the budget is gone, what is known by then.
    """
    visited = list(dict.fromkeys([favourite, *worlds.visited(Phase.SEARCH)]))
    points = screened(worlds, favourite, visited)
    competition = _Choice(worlds, points, {*visited}, indifference)
    competition.add_neighbours(favourite)
    return replace(competition.made(), screened=len(visited) - len(points))


def screened(worlds: Worlds, favourite: Point, points: list[Point]) -> list[Point]:
    """Those points that the data of the search do not exclude as the best.

    The best point is lost only where it is found worse than the favourite, whichever of the points
    that is, at one of the sample sizes at which the search may have left it: Bonferroni over both.
    With constraints nothing is excluded: the favourite may break them.
    """
    if worlds.problem.asked.constraints:
        return points
    error = SCREENING * (1 - worlds.problem.asked.confidence) / len(points)
    best = worlds.problem.sign * worlds.values(Phase.SEARCH, favourite)[:, 0]

    def possible(point: Point) -> bool:
        values = worlds.problem.sign * worlds.values(Phase.SEARCH, point)[:, 0]
        count = min(len(values), len(best))
        apart = values[:count] - best[:count]
        if point == favourite or count < 2 or not np.isfinite(apart).all():
            return True
        mean, width = bound(apart, error)
        return mean <= width

    return [point for point in points if possible(point)]


class _Choice:
    """One competition."""

    def __init__(
        self, worlds: Worlds, points: Sequence[Point], tried: set[Point], indifference: float
    ) -> None:
        self.worlds, self.indifference = worlds, indifference
        problem = worlds.problem
        self.points, self.tried = tuple(points), tried
        self.leader: Point | None = None
        self.without: list[Point] = []
        self.asked = problem.asked
        spared = 0.0 if problem.asked.constraints else SCREENING
        self.confidence = 1 - (1 - spared) * (1 - problem.asked.confidence)
        # Half the distance on the safe side of the bound: what passes keeps the constraint itself.
        self.tolerances = tuple(t / 2 for t in problem.tolerances)

    def made(self) -> Choice:
        found, running = None, self.points
        while True:
            try:
                self.play(running)
            except Spent:
                return self.choice(found, self.needs(found))
            self.leave_out()
            found = self.selected()
            self.note(found)
            running = tuple(self.points[i] for i in found.survivors)
            new = self.beside(found)
            if found.done and not new:
                return self.choice(found)
            running += new

    def beside(self, found: Selection) -> tuple[Point, ...]:
        """The neighbours of the leader that have not been tried, once it leads a second time."""
        if not any(found.feasible or (True,)) or not found.survivors:
            return ()
        leader = self.points[found.survivors[0]]
        stays, self.leader = leader == self.leader, leader
        return self.add_neighbours(leader) if stays or found.done else ()

    def add_neighbours(self, point: Point) -> tuple[Point, ...]:
        """Let those neighbours of a point compete that have not been tried; which these are."""
        space = self.worlds.problem.space
        near = space.neighbours(point, (1,) * len(space.axes))
        new = tuple(p for p in dict.fromkeys(near) if p not in self.tried)
        self.tried.update(new)
        self.points += new
        return new

    def play(self, running: Sequence[Point]) -> None:
        """Give those more that have the fewest replications, some ten to begin with."""
        rows = self.worlds.rows[Phase.CHOICE]
        self.worlds.play(Phase.CHOICE, running, next_size(min(len(rows[p]) for p in running)))

    def note(self, found: Selection) -> None:
        """The best so far, how far from the best of all, and how many may be better.

        It is the best by all data, those of the search among them; how far is said by fresh ones.
        """
        if found.survivors:
            values, others = self.table(0), found.survivors
            best = min(others, key=self.behind().__getitem__)
            mean = float(np.nanmean(values[best]))
            name = self.worlds.problem.space.name(self.points[best])
            apart = (sum(self.apart(values, best, i)) for i in others if i != best)
            worse = max(apart, default=0.0)
            gap = ""
            if 0 < worse < math.inf:
                most, asked = (precise(amount, amount) for amount in (worse, self.indifference))
                gap = f"gap at most {most} ({asked} asked), "
            open_ = f"{len(found.survivors)} of {len(self.points)} not yet told apart"
            self.worlds.budget.best = f"best so far {rough(mean)}: {name}, {gap}{open_}"

    def behind(self) -> Floats:
        """By how much each point is worse than the first, in the mean of all worlds of both."""
        values = np.hstack([self.table(0, phase) for phase in (Phase.SEARCH, Phase.CHOICE)])
        apart = self.worlds.problem.sign * (values - values[0])
        known = ~np.isnan(apart)
        count = known.sum(axis=1)
        sums = np.where(known, apart, 0.0).sum(axis=1)
        return np.where(count > 0, sums / np.maximum(count, 1), math.inf)

    def apart(self, values: Floats, one: int, other: int) -> tuple[float, float]:
        """By how much one point is worse than another, and how far a t bound is: Bonferroni."""
        both = self.worlds.problem.sign * (values[one] - values[other])
        known = both[~np.isnan(both)]
        return bound(known, self.beta)

    def choice(self, found: Selection | None, needs: int = 0) -> Choice:
        """What it has come to, with the points that may as well be the best."""
        points = () if found is None else tuple(self.points[i] for i in self.alike(found))
        return Choice(
            self.points, found, self.indifference, needs, points, without=tuple(self.without)
        )

    @property
    def beta(self) -> float:
        """The chance of error of each comparison."""
        errors = len(self.points) - 1 + len(self.asked.constraints)
        return (1 - self.confidence) / max(1, errors)

    def alike(self, found: Selection) -> list[int]:
        """The points that are not surely worse than the best by its mean, near ones first.

        One-sided t bounds, Bonferroni.  The true best is excluded with a probability of at most
        1 - confidence, whichever point it is compared with, as long as that one keeps the
        constraints.
        """
        known = found.feasible or (True,) * len(found.used)  # points added since have no results
        possible = [i for i, keeps in enumerate(known) if keeps is not False]
        if not any(known):
            return possible
        best, values = found.survivors[0], self.table(0)
        kept = {}
        for i in possible:
            worse, width = self.apart(values, i, best)
            if worse <= width:
                kept[i] = worse
        return sorted(kept, key=kept.__getitem__)

    def leave_out(self) -> None:
        """Points of which there is no model, or not always an objective, do not compete."""
        rows = self.worlds.values
        out = [p for p in self.points if not np.isfinite(rows(Phase.CHOICE, p)[:, 0]).all()]
        self.without += [p for p in out if self.worlds.model(p) is not None]
        self.points = tuple(p for p in self.points if p not in out)

    def table(self, column: int, phase: Phase = Phase.CHOICE) -> Floats:
        """One of the metrics: (points, replications), nan after the last of each."""
        rows = [self.worlds.values(phase, point)[:, column] for point in self.points]
        found = np.full((len(rows), max(map(len, rows))), np.nan)
        for i, row in enumerate(rows):
            found[i, : len(row)] = row
        return found

    def selected(self) -> Selection:
        """The leader, and what is not yet known to be no better by more than what matters."""
        asked = self.asked
        assert asked.objective is not None
        excess = [
            c.sign * (self.table(i) - c.bound) - tolerance
            for i, (c, tolerance) in enumerate(
                zip(asked.constraints, self.tolerances, strict=True), start=1
            )
        ]
        return good_selection(
            self.table(0),
            self.indifference,
            asked.objective.sense,
            self.confidence,
            excess or None,
            self.tolerances,
        )

    def needs(self, found: Selection | None) -> int:
        """Replications more of the budget, about, until those in the running are told apart.

        Where the search had to end early, its part of a larger budget grows as well.
        """
        part = 1 - SEARCHED if self.worlds.budget.cut else 1.0
        return math.ceil(self.lacking(found) / part)

    def lacking(self, found: Selection | None) -> int:
        """Replications more of the choice, about.

        A t bound is as near as the indifference zone after (t S / delta)^2, the boundary of a
        constraint 0 after h^2 S^2 / tolerance^2 replications.
        """
        if found is None:
            done = sum(len(self.worlds.rows[Phase.CHOICE][p]) for p in self.points)
            return FIRST * len(self.points) - done
        alive, used = list(found.survivors), min(found.used[i] for i in found.survivors)
        values = self.table(0)[alive, :used]
        spread = max(float(np.std(values[0] - row, ddof=1)) for row in values)
        ends = [(distance(used, spread, self.beta) / self.indifference) ** 2 * used]
        ends += [] if spread else [RARE]
        h2 = ((2 * self.beta) ** (-2 / (used - 1)) - 1) * (used - 1)
        for i, tolerance in enumerate(self.tolerances, start=1):
            for row in self.table(i)[alive, :used]:
                known = row[~np.isnan(row)]
                if len(known) > 1:
                    ends.append(float(h2 * known.var(ddof=1)) / tolerance**2)
        return sum(max(1, round(max(ends)) - found.used[i]) for i in alive)


__all__ = ["Choice", "choose", "screened"]
