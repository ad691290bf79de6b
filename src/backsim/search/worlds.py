"""Policies played against random worlds: each world is drawn once, each result remembered.

A result is that of a point in a replication of a phase.  The phases have worlds of their own, so
that what one has chosen by luck the next does not repeat.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Work, plan_work
from backsim.results.metrics import Sums, views_of
from backsim.results.run import Run, play_and_check
from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.search.memo import Key, Memo
from backsim.search.problem import Problem
from backsim.search.space import Point
from backsim.streams import Tape, draw
from backsim.workers import in_order
from backsim.workers.forks import can_fork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_LINES = 4_000_000
"""Order lines of the worlds that are kept in memory."""
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
    progress: Progress = lambda done, most, best: None
    best: str = ""
    """The best so far, and how far from decided that is."""

    def __post_init__(self) -> None:
        self.started = time.monotonic()
        self.spent = dict.fromkeys(Phase, 0)
        self.known = 0

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
        rest = 1.0 - 2 * FIGURES / self.replications
        return SEARCHED * rest if phase is Phase.SEARCH else rest

    def figures(self, wanted: int, policies: int, least: int = FIGURES) -> int:
        """Replications of each of the policies of the final figures."""
        return max(least, min(wanted, (self.replications - self.total) // policies))

    def share(self) -> float:
        """How much of it is gone."""
        by_time = self.seconds / (60 * self.minutes) if self.minutes else 0.0
        return max(self.total / self.replications, by_time)

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
        self.seconds, self.played = 0.0, 0
        asked = problem.asked
        assert asked.objective is not None
        service = [] if problem.service is None else [problem.service]
        self.specs = (asked.objective.metric, *(c.metric for c in asked.constraints), *service)
        self.models: dict[Point, Model | None] = {}
        self.reasons: dict[Point, str] = {}
        """Why a point makes no policy."""
        self.rows: dict[Phase, dict[Point, list[Floats]]] = {p: defaultdict(list) for p in Phase}
        self.tapes: OrderedDict[tuple[Point, int], Tape] = OrderedDict()
        self.lines = 0
        self.views = {view: i for i, view in enumerate(views_of(problem.present))}
        self.work, self.engine_of = self._plan(engine)
        self.entering = tuple(i for i in range(len(problem.space.axes)) if self._enters(i))

    def _plan(self, engine: str) -> tuple[Work, Mapping[Point, int]]:
        """One kernel for all combinations of choices, and which engine plays each."""
        space = self.problem.space
        models, places = [self.problem.present], {}
        for branch in space.branches():
            built = (model for p in space.some_of(branch) if (model := self.model(p)) is not None)
            if (model := next(built, None)) is not None:
                places[tuple(branch[i] for i in space.chosen)] = len(models)
                models.append(model)
        return plan_work(models, self.problem.asked.seed, engine, LARGE), places

    def _choices(self, point: Point) -> Point:
        return tuple(point[i] for i in self.problem.space.chosen)

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

    def tape(self, point: Point, model: Model, replication: int) -> Tape:
        """The world of a replication, drawn unless it is at hand."""
        key = tuple(point[i] for i in self.entering), replication
        if key in self.tapes:
            self.tapes.move_to_end(key)
            return self.tapes[key]
        found = self.tapes[key] = draw(model, self.problem.asked.seed, replication)
        self.lines += len(found)
        while self.lines > MOST_LINES and len(self.tapes) > 1:
            self.lines -= len(self.tapes.popitem(last=False)[1])
        return found

    def play(self, phase: Phase, points: Iterable[Point], count: int) -> None:
        """Have the first `count` replications of a phase for each of the points.

        Raises Spent when the phase's part of the budget is gone.
        """
        rows = self.rows[phase]
        missing = [p for p in dict.fromkeys(points) if len(rows[p]) < count]
        first = min((len(rows[p]) for p in missing), default=count)
        jobs = [(k, [p for p in missing if len(rows[p]) <= k]) for k in range(first, count)]
        many = self._many(sum(len(some) for _, some in jobs))
        step = JOBS * self.workers if many else 1
        for i in range(0, len(jobs), step):
            self._play(phase, jobs[i : i + step], many)

    def _many(self, results: int) -> bool:
        """Whether so many results are worth other processes."""
        each = self.seconds / self.played if self.played else 0.0
        return self.workers > 1 and results * each > WORTH and can_fork()

    def _play(self, phase: Phase, jobs: Sequence[Replication], many: bool) -> None:
        """Play replications of some points each, as far as the budget goes.  Raises Spent."""
        afforded: list[Replication] = []
        spent = False
        for k, points in jobs:
            some = [p for p in points if not spent and not (spent := not self.budget.take(phase))]
            afforded.append((k, some))
        new = [(k, [p for p in some if self._known(phase, p, k) is None]) for k, some in afforded]
        for point in {p for _, some in new for p in some}:
            self.model(point)  # before the processes part
        play = partial(self._results, phase)
        for (k, some), rows in zip(
            afforded, in_order(play, new, self.workers if many else 1, way="forks"), strict=True
        ):
            for point in some:
                row = self._known(phase, point, k)
                if row is not None:
                    self.budget.known += 1
                else:
                    row = rows[point]
                    self.memo.add(self._key(phase, point, k), row)
                self.rows[phase][point].append(row)
            self.budget.tell()
        if spent:
            raise Spent

    def _results(self, phase: Phase, job: Replication) -> dict[Point, Floats]:
        """The results of some points in a replication."""
        started = time.perf_counter()
        found = {point: self._played(point, int(phase) + job[0]) for point in job[1]}
        self.seconds += time.perf_counter() - started
        self.played += len(found)
        return found

    def _key(self, phase: Phase, point: Point, k: int) -> Key:
        return int(phase), " ".join([*filter(None, [self.scenario]), *map(str, point)]), k

    def _known(self, phase: Phase, point: Point, k: int) -> Floats | None:
        """A result of an earlier run."""
        return self.memo.known.get(self._key(phase, point, k))

    def _played(self, point: Point, replication: int) -> Floats:
        """Objective and constraints of a point in a replication; nan where a model makes none."""
        model = self.model(point)
        if model is None:
            return np.full(len(self.specs), np.nan)
        tape = self.tape(point, model, replication)
        engine = self.work.engines[self.engine_of.get(self._choices(point), 0)]
        try:
            run = play_and_check(model, tape, *engine, linked=self.work.linked)
        except InputError as error:  # it orders without end, or the like
            self.reasons.setdefault(point, str(error))
            return np.full(len(self.specs), np.nan)
        return measured(run, self.specs, self.views)

    def values(self, phase: Phase, point: Point, count: int | None = None) -> Floats:
        """What is known of a point: shape (replications, 1 + constraints)."""
        rows = self.rows[phase].get(point, [])[:count]
        return np.array(rows).reshape(len(rows), len(self.specs))

    def visited(self, phase: Phase) -> list[Point]:
        """The points with at least one replication that makes sense."""
        return [p for p, rows in self.rows[phase].items() if rows and np.isfinite(rows[0][0])]


def measured(run: Run, specs: Sequence[MetricSpec], views: Mapping[tuple[str, str], int]) -> Floats:
    """The metrics asked for, and no others; nan where one means nothing in this run."""
    sums = Sums(run.model, run.log)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.array([sums[spec.metric][views[spec.dimension, spec.member]] for spec in specs])
