"""What tables, figures and the page ask of a study; a single run can stand in for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backsim.errors import InputError, nearest
from backsim.results.profile import Profile
from backsim.results.run import Run
from backsim.results.spec import Constraint, MetricSpec, Objective
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Policy(Protocol):
    """One of the policies compared."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Factor or path -> level."""

    @property
    def model(self) -> Model:
        """What was simulated."""


class Experiment(Protocol):
    """What was asked."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def title(self) -> str:
        """A heading."""

    @property
    def question(self) -> str:
        """The question in words."""

    @property
    def objective(self) -> Objective | None:
        """What is to be made small or large."""

    @property
    def constraints(self) -> Sequence[Constraint]:
        """What a policy must keep."""

    @property
    def reference(self) -> str:
        """The policy that the others are compared with."""

    @property
    def metrics(self) -> Sequence[MetricSpec]:
        """What to report."""

    @property
    def confidence(self) -> float:
        """Of every interval."""

    @property
    def factors(self) -> Mapping[str, Sequence[Any]]:
        """Factor -> its levels."""


class Study(Protocol):
    """Policies, replications and what came of them."""

    @property
    def experiment(self) -> Experiment:
        """What was asked."""

    @property
    def policies(self) -> Sequence[Policy]:
        """The policies compared."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where the numbers come from."""

    def array(self, metric: str, dimension: str = "", member: str = "") -> Floats:
        """A metric's values, (policies, replications); nan where there is none."""

    def profiles(self, policy: str) -> Sequence[Profile]:
        """The courses of a policy's replications."""


@dataclass(frozen=True)
class _Asked:
    """The experiment that one run amounts to."""

    name: str
    title: str
    question: str = ""
    objective: Objective | None = None
    constraints: tuple[Constraint, ...] = ()
    reference: str = ""
    metrics: tuple[MetricSpec, ...] = ()
    confidence: float = 0.95
    factors: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Only:
    """The only policy of a run."""

    name: str
    model: Model
    settings: Mapping[str, Any] = field(default_factory=dict)


class OneRun:
    """A run as a study of one policy and one replication."""

    def __init__(self, run: Run) -> None:
        title = run.model.scenario.title or run.model.name
        self.run = run
        self.experiment: Experiment = _Asked(run.model.name, title, reference=run.model.name)
        self.policies: Sequence[Policy] = (_Only(run.model.name, run.model),)
        self.provenance: Mapping[str, Any] = run.provenance

    def array(self, metric: str, dimension: str = "", member: str = "") -> Floats:
        """The run's one value."""
        return np.array([[self.run.metrics.get(metric, dimension, member)]])

    def profiles(self, policy: str) -> Sequence[Profile]:
        """The run's course."""
        return [self.run.profile]


def as_study(subject: Study | Run, figure: str = "", several: bool = False) -> Study:
    """A study, of one run if need be.  Raises InputError when `several` policies are needed."""
    study = OneRun(subject) if isinstance(subject, Run) else subject
    if several and len(study.policies) < 2:
        raise InputError(f"{figure}: expected a study of 2 policies or more, got 1")
    return study


def place_of(study: Study, policy: str) -> int:
    """A policy's place.  Raises InputError with the names there are."""
    names = [p.name for p in study.policies]
    if policy not in names:
        raise InputError(f"expected a policy ({nearest(policy, names)}), got {policy!r}")
    return names.index(policy)
