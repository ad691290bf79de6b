"""An experiment, resolved: frozen, every policy a model, every metric checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backsim.results.spec import Constraint, MetricSpec, Objective
from backsim.scenario.model import Model


@dataclass(frozen=True)
class Policy:
    """One policy: its name, what it sets (factor or path -> level), and the model that follows."""

    name: str
    settings: Mapping[str, Any]
    model: Model = field(repr=False)


@dataclass(frozen=True, slots=True)
class Precise:
    """Stop when each policy's half-width of each metric is small enough."""

    widths: Mapping[MetricSpec, float]
    relative: Mapping[MetricSpec, bool]
    """Whether a width is a share of the mean."""
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Separated:
    """Stop when the best policy is separated from the others (KN++), also under constraints."""

    indifference: float
    least: int
    most: int
    tolerances: tuple[float, ...] = ()
    """The smallest distance from its bound that matters, of each constraint of the experiment."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A number of replications."""

    count: int


Stopping = Fixed | Precise | Separated


@dataclass(frozen=True)
class Experiment:
    """Which policies, how often, and what is compared."""

    name: str
    policies: tuple[Policy, ...]
    factors: Mapping[str, tuple[Any, ...]]
    """Factor -> its levels (labels or numbers), in order; of a sample the numbers that occur."""
    stopping: Stopping
    metrics: tuple[MetricSpec, ...]
    seed: int = 1
    title: str = ""
    question: str = ""
    objective: Objective | None = None
    constraints: tuple[Constraint, ...] = ()
    reference: str = ""
    confidence: float = 0.95

    @property
    def reference_index(self) -> int:
        """Place of the reference among the policies."""
        return [policy.name for policy in self.policies].index(self.reference)
