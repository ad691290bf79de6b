"""Policies played against random worlds: each world is drawn once, each result remembered.

A result is that of a point in a replication of a phase.  The phases have worlds of their own, so
that what one has chosen by luck the next does not repeat.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Work, plan_work
from backsim.results.metrics import views_of
from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.search.memo import Key, Memo
from backsim.search.player import Job, Player, Results
from backsim.search.problem import Problem
from backsim.search.space import Point
from backsim.workers import in_order
from backsim.workers.forks import can_fork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.workers.cluster import Cluster

    Floats = NDArray[np.float64]

CHECKED = 10
"""One in so many replications of a phase, the first among them, has its ledger checked."""
FIRST = 40
"""Replications before which no budget is gone: with fewer there is nothing to say."""
FIGURES = 30
"""Replications of the final figures, at least."""
SEARCHED = 0.6
"""The part of the budget that may be searched with; the rest is for the choice."""
WORTH = 0.5
"""Seconds of work that are worth processes beside this one."""
JOBS = 16
"""Replications for each of them at a time."""
LARGE = 1000
"""Replications of a search, about, by which its engine is chosen."""

Replication = tuple[int, list[Point]]
"""A replication's number within its phase, and the points that are played in it."""
Progress = Callable[[int, int, str], object]
"""Is told how many replications are done, how many there may be, and the best so far in words."""


class Phase(IntEnum):
    """What replications are for, and from which number on they are: no two share a world.

    Those of the final figures are the ones that a study of the same seed has.
    """

    FIGURES = 0
    SEARCH = 1_000_000_000
    CHOICE = 2_000_000_000
    SHAPE = 3_000_000_000


class Spent(Exception):
    """The budget does not allow for what is wanted."""


@dataclass
class Budget:
    """How much may be spent, and what has been, by phase.

    What an earlier run of the same search has played counts like the rest, as a search that goes on
    has to take the same way; `known` says how much that is.
    """

    replications: int
    minutes: float | None
    least: int = FIGURES
    """Replications of each policy of the final figures, at least."""
    progress: Progress = lambda done, most, best: None
    best: str = ""
    """The best so far, and how far from decided that is."""

    def __post_init__(self) -> None:
        self.started = time.monotonic()
        self.spent = dict.fromkeys(Phase, 0)
        self.known = 0
        self.cut = False  # the search had to end when its part was gone

    @property
    def total(self) -> int:
        """Replications of all policies so far."""
        return sum(self.spent.values())

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self.started

    def most(self, phase: Phase) -> float:
        """The share that may be gone at the end of a phase: the next ones need theirs."""
        if phase is Phase.SHAPE:  # the last one
            return 1.0
        rest = 1.0 - 2 * self.least / self.replications
        return SEARCHED * rest if phase is Phase.SEARCH else rest

    @property
    def left(self) -> int:
        """Replications that are not gone yet, at the pace so far."""
        left = self.replications - self.total
        if self.by_time and self.total:
            left = min(left, int((1 / self.by_time - 1) * self.total))
        return left

    def figures(self, wanted: int, policies: int) -> int:
        """Replications of each of the policies of the final figures."""
        return max(self.least, min(wanted, self.left // policies))

    def some(self, along: Sequence[Point]) -> list[Point]:
        """As many of a frontier as final figures can be afforded of, beside two: its ends first."""
        most = min(len(along), max(0, self.left // self.least - 2))
        places = np.linspace(0, len(along) - 1, most).round().astype(int)
        return [along[i] for i in places.tolist()]

    @property
    def by_time(self) -> float:
        """How much of the minutes is gone; 0 where there is no limit."""
        return self.seconds / (60 * self.minutes) if self.minutes else 0.0

    def share(self) -> float:
        """How much of it is gone."""
        return max(self.total / self.replications, self.by_time)

    def too_small(self) -> str:
        """Which limit has to be larger, as its part for the search was gone too early."""
        field, given = "replications", f"{self.replications:,}"
        if self.minutes and self.by_time > self.total / self.replications:
            field, given = "minutes", f"{self.minutes:g}"
        return (
            f"search: {field}: expected more than {given}, as after {self.total:,} replications in "
            f"{self.seconds:,.0f} s the part for the search was gone and no levels were known"
        )

    def take(self, phase: Phase, plays: int = 1) -> bool:
        """Take one replication, or several of a world, unless the phase's part is gone."""
        if self.total >= FIRST and self.share() >= self.most(phase):
            return False
        self.spent[phase] += plays
        return True

    def tell(self) -> None:
        """Say how far it is."""
        self.progress(self.total, self.replications, self.best)


class Worlds:
    """Plays points against worlds, and keeps every value of objective and constraints.

    `scenario` tells the results of a scenario that is a little different from those of the file's.
    """

    def __init__(
        self,
        problem: Problem,
        engine: str,
        budget: Budget,
        memo: Memo,
        workers: int = 1,
        scenario: str = "",
    ) -> None:
        self.problem, self.budget, self.memo, self.workers = problem, budget, memo, workers
        self.engine, self.scenario = engine, scenario
        self.cluster: Cluster | None = None
        """Other machines, which play what is worth it."""
        self.seconds, self.played = 0.0, 0
        self.models: dict[Point, Model | None] = {}
        self.reasons: dict[Point, str] = {}
        """Why a point makes no policy."""
        self.rows: dict[Phase, dict[Point, list[Floats]]] = {p: defaultdict(list) for p in Phase}
        choices, models = self._of_choices()
        work = plan_work([problem.present, *models], problem.asked.seed, engine, LARGE)
        self.rules = work.rules
        self.player = self._player(work, choices)

    def _of_choices(self) -> tuple[list[Point], list[Model]]:
        """The combinations of choices that make policies, and a model of each."""
        space = self.problem.space
        choices, models = [], []
        for branch in space.branches():
            built = (model for p in space.some_of(branch) if (model := self.model(p)) is not None)
            if (model := next(built, None)) is not None:
                choices.append(tuple(branch[i] for i in space.chosen))
                models.append(model)
        return choices, models

    def _player(self, work: Work, choices: Sequence[Point]) -> Player:
        """With one kernel for all combinations of choices; each has the engine that suits it."""
        problem, asked, space = self.problem, self.problem.asked, self.problem.space
        assert asked.objective is not None
        service = [] if problem.service is None else [problem.service]
        return Player(
            space,
            asked.seed,
            (asked.objective.metric, *(c.metric for c in asked.constraints), *service),
            {view: i for i, view in enumerate(views_of(problem.present))},
            work.linked,
            work.engines[0],
            dict(zip(choices, work.engines[1:], strict=True)),
            tuple(i for i in range(len(space.axes)) if self._enters(i)),
            self.models,
        )

    @property
    def specs(self) -> tuple[MetricSpec, ...]:
        """Objective, constraints, and the service that the objective is traded against."""
        return self.player.specs

    def _enters(self, axis: int) -> bool:
        """Whether what an axis sets may change the world: its ends and choices are compared.

        Where one of them makes no policy it is taken to, which costs time and changes no number.
        """
        space = self.problem.space
        values = range(len(space.axes[axis].values))
        digests = set()
        for place in values if axis in space.chosen else (values[0], values[-1]):
            places = [len(a.values) // 2 if a.numeric else 0 for a in space.axes]
            places[axis] = place
            within = space.axes[axis].within
            if within is not None:
                places[within[0]] = within[1]
            point = space.repaired(tuple(places))
            model = None if point is None else self.model(point)
            if model is None:
                return True
            digests.add(tape_digest(model))
        return len(digests) > 1

    def model(self, point: Point) -> Model | None:
        """The model of a point; None where its values make no policy."""
        if point not in self.models:
            try:
                self.models[point] = self.problem.policy(point).model
            except InputError as error:
                self.models[point] = None
                self.reasons[point] = str(error)
        return self.models[point]

    def play(self, phase: Phase, points: Iterable[Point], count: int) -> None:
        """Have the first `count` replications of a phase for each of the points.

        Raises Spent when the phase's part of the budget is gone.
        """
        rows = self.rows[phase]
        missing = [p for p in dict.fromkeys(points) if len(rows[p]) < count]
        first = min((len(rows[p]) for p in missing), default=count)
        jobs = [(k, [p for p in missing if len(rows[p]) <= k]) for k in range(first, count)]
        many = self._many(sum(len(some) for _, some in jobs))
        step = JOBS * self._beside if many else 1
        for i in range(0, len(jobs), step):
            self._play(phase, jobs[i : i + step], many)

    @property
    def _beside(self) -> int:
        """Processes that play beside each other."""
        return self.workers if self.cluster is None else self.cluster.threads

    def _many(self, results: int) -> bool:
        """Whether so many results are worth other processes."""
        each = self.seconds / self.played if self.played else 0.0
        possible = self.cluster is not None or (self.workers > 1 and can_fork())
        return possible and results * each > WORTH

    def _play(self, phase: Phase, wanted: Sequence[Replication], many: bool) -> None:
        """Play replications of some points each, as far as the budget goes.  Raises Spent."""
        afforded: list[Replication] = []
        spent = False
        for k, points in wanted:
            some = [p for p in points if not spent and not (spent := not self.budget.take(phase))]
            afforded.append((k, some))
        jobs = []
        for k, points in afforded:
            new = tuple(p for p in points if self._known(phase, p, k) is None)
            jobs.append(Job(int(phase) + k, new, k % CHECKED == 0))
        for point in {p for job in jobs for p in job.points}:
            self.model(point)  # before the processes part
        for (k, points), found in zip(afforded, self._results(jobs, many), strict=True):
            self.reasons |= {p: why for p, why in found.reasons.items() if p not in self.reasons}
            for point in points:
                row = self._known(phase, point, k)
                if row is not None:
                    self.budget.known += 1
                else:
                    row = found.rows[point]
                    self.memo.add(self._key(phase, point, k), row)
                self.rows[phase][point].append(row)
            self.budget.tell()
        if spent:
            raise Spent

    def _results(self, jobs: Sequence[Job], many: bool) -> Iterator[Results]:
        """The results of some jobs, in their order."""
        if many and self.cluster is not None:
            player = self.player.only({p for job in jobs for p in job.points})
            yield from self.cluster.in_order(player.results, jobs)
        elif many:
            yield from in_order(self.player.results, jobs, self.workers, way="forks")
        else:
            for job in jobs:
                started = time.perf_counter()
                found = self.player.results(job)
                self.seconds += time.perf_counter() - started
                self.played += len(job.points)
                yield found

    def _key(self, phase: Phase, point: Point, k: int) -> Key:
        return int(phase), " ".join([*filter(None, [self.scenario]), *map(str, point)]), k

    def _known(self, phase: Phase, point: Point, k: int) -> Floats | None:
        """A result of an earlier run."""
        return self.memo.known.get(self._key(phase, point, k)) if self.memo.known else None

    @property
    def policies(self) -> int:
        """How many have been made or played; those known from an earlier run have no model here."""
        return len({*self.models, *(point for rows in self.rows.values() for point in rows)})

    def values(self, phase: Phase, point: Point, count: int | None = None) -> Floats:
        """What is known of a point: shape (replications, 1 + constraints)."""
        rows = self.rows[phase].get(point, [])[:count]
        return np.array(rows).reshape(len(rows), len(self.specs))

    def visited(self, phase: Phase) -> list[Point]:
        """The points with at least one replication that makes sense."""
        return [p for p, rows in self.rows[phase].items() if rows and np.isfinite(rows[0][0])]
