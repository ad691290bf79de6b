"""Levels of all items: found on some worlds, chosen and proved on worlds that these have not seen.

Cost and service of any levels follow from every run, so the worlds of the choice compare not only
candidates: at the prices of the search they bound what any levels at all can cost.  The mean over
batches of the least cost of a batch is, in expectation, at most the least expected cost.
Source: Mak, Morton and Wood, Operations Research Letters 24 (1999) 47-56.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.choose import choose
from backsim.errors import InputError
from backsim.present.numbers import rough
from backsim.results.run import play_and_check
from backsim.search.items.curves import Asked, Sample
from backsim.search.items.measures import Rates
from backsim.search.items.regions import MOST_LEVELS, Region, bound_of, regions_of
from backsim.search.items.runs import Runs
from backsim.search.items.system import Infeasible, Solution, System
from backsim.search.kept import is_perfect
from backsim.search.worlds import Phase, Spent
from backsim.statistics import unseen
from backsim.statistics.checks import student
from backsim.streams import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.search.problem import Problem

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FIRST = 4
"""Replications of the first sample that is searched."""
LEAST = 10
"""Replications of the first look of the choice."""
BATCHES = 5
"""Means that the bound on all levels is from, at least: the root of the replications, so that both
what a batch is better by than all of them and Student's t become less with more."""
SETTLED = {False: 2, True: 8}
"""How many times the indifference zone is what the levels of half a sample may lack; where a world
takes many runs, good levels save more runs of the choice than they take in the search."""
NEARER = 4
"""How many times the indifference zone is what the bound on all levels may be away, if possible."""
ROUNDING = 1e-9
PARTS = (0.25, 0.5, 0.75, 1.0)
"""By which parts of its tolerance each candidate keeps a constraint better than it has to."""


@dataclass(frozen=True)
class ItemsChoice:
    """What came of it: levels, and what no others can be better by."""

    levels: Ints | None
    """None where no candidate surely keeps the constraints."""
    nearest: Ints
    """The levels, or the candidate that keeps the constraints best."""
    decided: bool
    indifference: float
    gap: float
    """What no levels that keep the constraints by their tolerances are better by, at most."""
    away: float
    """The same, by the mean alone."""
    prices: tuple[float, ...]
    """Of each constraint: what one more of what it asks for costs."""
    service: Floats
    """The constraints' metrics in the replications of the choice, (replications, constraints)."""
    needs: int = 0
    tried: str = ""
    """Of how many levels around each item's own this is known, in words; empty for all levels."""
    alike: tuple[tuple[int, ...], ...] = ()
    in_vain: bool = False
    """It is not decided, and more replications would not decide it: the bound is too far away."""


def choose_levels(problem: Problem, runs: Runs) -> ItemsChoice:
    """Find the levels, then choose among candidates, with a bound on all others.

    Raises InputError where no levels keep the constraints, Spent where the budget does not even
    allow for a first look.
    """
    _check_bounded(problem)
    return _Chooser(problem, runs).made()


def _check_bounded(problem: Problem) -> None:
    """Refuse an objective that ever more stock makes ever better: no levels are the best.

    Beyond levels at which all is served at once, only stock on hand grows.
    """
    asked = problem.asked
    assert asked.objective is not None
    assert problem.items is not None
    if problem.sign > 0:
        return
    tape = draw(problem.items.base, asked.seed, int(Phase.SEARCH))
    enough = np.bincount(tape.columns["stock"], tape.columns["units"], len(problem.items.levels))
    spec, found = asked.objective.metric, []
    for more in (0, 1):
        model = problem.items.moved(enough.astype(np.int64) + more)
        run = play_and_check(model, tape, *choose(model))
        found.append(run.metrics.get(spec.metric, spec.dimension, spec.member))
    if found[1] > found[0] and not math.isclose(*found):
        raise InputError(
            f"search: objective: expected one that does not get better with ever more stock, got "
            f"{asked.objective} (name a cost, or profit)"
        )


@dataclass(frozen=True)
class Candidate:
    """Levels, and the bound on what all others cost that is to come near to their cost."""

    levels: Ints
    regions: Sequence[Region]
    lure: Ints
    """The levels that cost least at the prices of the first of these."""


class _Chooser:
    def __init__(self, problem: Problem, runs: Runs) -> None:
        self.problem, self.runs = problem, runs
        asked = problem.asked
        assert asked.objective is not None
        self.constraints = asked.constraints
        specs = [asked.objective.metric, *(c.metric for c in asked.constraints)]
        signs = [problem.sign, *(c.sign for c in asked.constraints)]
        assert problem.items is not None
        base = problem.items.base
        self.asked = Asked(base, specs, signs, Rates(base))
        self.bounds = np.array(signs[1:]) * [c.bound for c in asked.constraints]
        self.safe = self.bounds + problem.tolerances

    def made(self) -> ItemsChoice:
        system = self.settled()
        zone = self.problem.indifference(self.solve(system, self.safe).cost)
        return self.chosen(system, zone)

    def candidates(self, system: System, zone: float) -> tuple[list[Candidate], Floats]:
        """Levels that keep the constraints by parts of the tolerances, and prices of these."""
        prices = self.solve(system, self.safe).prices
        parts = PARTS if len(self.bounds) else PARTS[:1]
        found = [
            self.solve(system, self.bounds + part * (self.safe - self.bounds)).levels
            for part in parts
        ]
        candidates = []
        for levels in {tuple(levels.tolist()): levels for levels in found}.values():
            enough = system.cost(system.places(levels)) - zone / NEARER
            regions = regions_of(system, prices, self.safe, enough)
            candidates.append(Candidate(levels, regions, regions[0].lure(system)))
        return candidates, prices

    def solve(self, system: System, bounds: Floats) -> Solution:
        """The best levels of a sample.  Raises InputError where none keep the bounds."""
        try:
            found = system.solve(bounds)
        except Infeasible as short:
            constraint = self.constraints[short.constraint]
            most = short.most * self.asked.signs[1 + short.constraint]
            raise InputError(
                f"search: no levels satisfy {constraint}: the nearest have {most:.6g}. "
                "Relax the constraint."
            ) from None
        if (system.gained(system.places(found.levels)) < bounds - 1e-12).any():
            told = " and ".join(map(str, self.constraints))
            raise InputError(f"search: no levels satisfy {told} together. Relax the constraints.")
        return found

    def settled(self) -> System:
        """A sample on which the best levels of half of it are nearly the best."""
        count, before = FIRST, None
        while True:
            system = self.asked.system(self.runs.sample(Phase.SEARCH, count))
            self.safe = self.within(system)
            solution = self.solve(system, self.safe)
            if self.runs.refine(solution.levels):
                before = None
                continue
            if before is not None and self.nearly(system, before, solution):
                return system
            before, count = solution.levels, 2 * count

    def nearly(self, system: System, levels: Ints, best: Solution) -> bool:
        """Whether some levels are about as good as the best of a sample, constraints included.

        By what they lack at the prices of the constraints; where a world takes many runs, also if
        they cost no more and still keep the constraints themselves, as one unit may be dear.
        """
        values, places = system.at(best.prices), system.places(levels)
        zone = self.problem.indifference(best.cost) / SETTLED[bool(self.runs.tried)]
        if values[places].sum() - system.least(values) <= zone:
            return True
        kept = self.runs.tried and (system.gained(places) >= self.bounds).all()
        return bool(kept and system.cost(places) <= best.cost + zone)

    def within(self, system: System) -> Floats:
        """Bounds moved to the safe side by their tolerances, or half as far as levels can go."""
        most = np.array([system.most(gains) for gains in system.gains])
        room = np.maximum(most.reshape(-1) - self.bounds, 0.0) / 2
        return np.asarray(self.bounds + np.minimum(self.problem.tolerances, room))

    # -- on fresh worlds -------------------------------------------------------------------------

    def chosen(self, system: System, zone: float) -> ItemsChoice:
        """Looks at ever more worlds, each with half the error of the one before.

        Where the bound is away in the mean, its prices and the levels are from as many worlds; of
        many items, which take long to solve, they are good enough.
        """
        error = (1 - self.problem.asked.confidence) / 2
        candidates, prices = self.candidates(system, zone)
        count = LEAST
        found: ItemsChoice | None = None
        while True:
            try:
                runs = self.runs.sample(Phase.CHOICE, count)
            except Spent:
                if found is None:
                    raise
                return found
            found = self.look(candidates, runs, prices, zone, error)
            self.runs.budget.best = f"gap at most {rough(found.gap)}, {rough(zone)} asked"
            if found.decided or found.in_vain:
                return found
            if found.away > zone / 2 and len(system.costs) <= MOST_LEVELS:
                with suppress(Spent):
                    system = self.asked.system(self.runs.sample(Phase.SEARCH, count))
                    candidates, prices = self.candidates(system, zone)
            count, error = 2 * count, error / 2

    def look(
        self,
        candidates: list[Candidate],
        runs: list[Sample],
        prices: Floats,
        zone: float,
        error: float,
    ) -> ItemsChoice:
        """The cheapest candidate that surely keeps the constraints, and what it may lack."""
        share = error / (len(candidates) * (1 + len(self.bounds)))
        width = student(1 - share, len(runs) - 1) / math.sqrt(len(runs))
        values = np.array([self.asked.values(runs, one.levels) for one in candidates])
        spare = values[:, :, 1:].mean(axis=1) - self.bounds
        apart = width * values[:, :, 1:].std(axis=1, ddof=1)
        for i, k in np.ndindex(apart.shape):
            if is_perfect(self.constraints[k], values[i, :, 1 + k] * self.asked.signs[1 + k]):
                apart[i, k] = unseen(len(runs), share)
        surely = spare - apart
        kept = (surely >= 0).all(axis=1)
        costs = np.where(kept, values[:, :, 0].mean(axis=1), np.inf)
        best = int(np.argmin(costs)) if kept.any() else len(candidates) - 1
        chosen = candidates[best]
        lost = self.lost(values[best, :, 0], chosen.regions, runs)
        away = float(lost.mean())
        gap = away + student(1 - share, len(lost) - 1) * lost.std(ddof=1) / math.sqrt(len(lost))
        if gap < ROUNDING * abs(values[best, :, 0].mean()):
            gap = 0.0
        return ItemsChoice(
            levels=chosen.levels if kept.any() else None,
            nearest=chosen.levels,
            decided=bool(kept.any() and gap <= zone),
            indifference=zone,
            gap=float(gap),
            away=away,
            prices=tuple(prices.tolist()),
            service=values[best, :, 1:] * self.asked.signs[1:],
            needs=len(runs),
            tried=self.runs.tried,
            in_vain=bool(kept.any() and self.in_vain(chosen, values[best], runs, zone, error)),
        )

    def in_vain(
        self, chosen: Candidate, own: Floats, runs: list[Sample], zone: float, error: float
    ) -> bool:
        """Whether what bounds all levels from below is surely further away than the zone.

        Levels of some items that cost least at the prices may break the constraints by much, and no
        levels are in between.  How far these are away is no more than how far the bound is.
        """
        lure = self.asked.values(runs, chosen.lure)
        least = lure[:, 0] - (lure[:, 1:] - self.safe) @ chosen.regions[0].prices
        apart = own[:, 0] - least
        width = student(1 - error, len(runs) - 1) / math.sqrt(len(runs))
        return bool(apart.mean() - width * apart.std(ddof=1) > zone)

    def lost(self, costs: Floats, regions: Sequence[Region], runs: list[Sample]) -> Floats:
        """What the levels cost more than any that keep the constraints, at most, by batch."""
        batches = max(BATCHES, math.isqrt(len(runs)))
        each = len(runs) // batches
        return np.array(
            [
                costs[i : i + each].mean()
                - bound_of(regions, self.asked.system(runs[i : i + each]), self.safe)
                for i in range(0, each * batches, each)
            ]
        )
