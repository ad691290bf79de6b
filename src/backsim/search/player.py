"""Plays points against worlds: here, in a copy of this process, or on another machine."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.engines.choose import play
from backsim.engines.setup import Linked
from backsim.errors import InputError
from backsim.results.ledger import check_ledger
from backsim.results.metrics import Sums
from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model
from backsim.search.space import Point, Space
from backsim.streams import Tape, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_LINES = 4_000_000
"""Order lines of the worlds that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Job:
    """A world in which points are played."""

    replication: int
    points: tuple[Point, ...]
    checked: bool
    """Whether the ledger is checked."""

    def __str__(self) -> str:
        return f"replication {self.replication}"


@dataclass(frozen=True, slots=True)
class Results:
    """What a job has come to."""

    rows: Mapping[Point, Floats]
    """Objective and constraints; nan where a point makes no policy, or one that cannot be played.
    """
    reasons: Mapping[Point, str]
    """Why some points cannot be played."""


@dataclass
class Tapes:
    """Worlds that have been drawn; those used last are kept."""

    found: OrderedDict[tuple[Point, int], Tape] = field(default_factory=OrderedDict)
    lines: int = 0

    def tape(self, key: tuple[Point, int], model: Model, seed: int) -> Tape:
        """The world of a replication, drawn unless it is at hand."""
        if key in self.found:
            self.found.move_to_end(key)
            return self.found[key]
        new = self.found[key] = draw(model, seed, key[1])
        self.lines += len(new)
        while self.lines > MOST_LINES and len(self.found) > 1:
            self.lines -= len(self.found.popitem(last=False)[1])
        return new


@dataclass
class Player:
    """Plays points against worlds, each world drawn once; nothing is measured but what is asked."""

    space: Space
    seed: int
    specs: tuple[MetricSpec, ...]
    """Objective, constraints, and the service that the objective is traded against."""
    views: Mapping[tuple[str, str], int]
    linked: Linked = ()
    engine: tuple[str, str] = ("", "")
    engines: Mapping[Point, tuple[str, str]] = field(default_factory=dict)
    """By the places of choices, where these have another."""
    entering: tuple[int, ...] = ()
    """The axes that may change the world."""
    models: dict[Point, Model | None] = field(default_factory=dict)
    """Of each point; None where its values make no policy."""
    tapes: Tapes = field(default_factory=Tapes, repr=False)

    def only(self, points: Iterable[Point]) -> Player:
        """What another machine needs in order to play some points."""
        models = {point: self.models[point] for point in points}
        return replace(self, models=models, tapes=Tapes())

    def results(self, job: Job) -> Results:
        """Play the points of a job."""
        rows, reasons = {}, {}
        for point in job.points:
            try:
                rows[point] = self.played(point, job.replication, job.checked)
            except InputError as error:  # it orders without end, or the like
                reasons[point] = str(error)
                rows[point] = np.full(len(self.specs), np.nan)
        return Results(rows, reasons)

    def played(self, point: Point, replication: int, checked: bool) -> Floats:
        """Objective and constraints of a point in a replication.

        Raises InputError where it cannot be played.
        """
        model = self.models[point]
        if model is None:
            return np.full(len(self.specs), np.nan)
        key = tuple(point[i] for i in self.entering), replication
        tape = self.tapes.tape(key, model, self.seed)
        engine, _ = self.engines.get(self.space.choices(point), self.engine)
        log = play(model, tape, engine, linked=self.linked)
        if checked:
            check_ledger(model, log)
        return self.measured(Sums(model, log))

    def measured(self, sums: Sums) -> Floats:
        """The metrics asked for, and no others; nan where one means nothing in this run."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array(
                [sums[spec.metric][self.views[spec.dimension, spec.member]] for spec in self.specs]
            )


__all__ = ["Job", "Player", "Results"]
