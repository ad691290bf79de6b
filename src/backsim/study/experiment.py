"""An experiment, resolved: frozen, every policy a model, every metric checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backsim.errors import counted
from backsim.results.spec import Constraint, MetricSpec, Objective
from backsim.scenario.model import Model
from backsim.study.screening import Screening
from backsim.study.stopping.rule import Asked, StoppingRule, Values, Verdict


@dataclass(frozen=True)
class Policy:
    """One policy: its name, what it sets (factor or path -> level), and the model that follows."""

    name: str
    settings: Mapping[str, Any]
    model: Model = field(repr=False)
    written: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Path -> what its scenario's file says, where the model was made from the explicit form."""


@dataclass(frozen=True, repr=False)
class Experiment:
    """Which policies, how often, and what is compared."""

    name: str
    policies: tuple[Policy, ...]
    factors: Mapping[str, tuple[Any, ...]]
    """Factor -> its levels (labels or numbers), in order; of a sample the numbers that occur."""
    stopping: StoppingRule
    metrics: tuple[MetricSpec, ...]
    seed: int = 1
    title: str = ""
    question: str = ""
    objective: Objective | None = None
    constraints: tuple[Constraint, ...] = ()
    reference: str = ""
    chosen: str = ""
    """The policy that a search has chosen, on more replications than these."""
    confidence: float = 0.95
    screening: Screening | None = None
    """The design that tells which factors matter, if it is one."""
    extend: tuple[Callable[..., Any], ...] = ()
    """SimPy processes alongside the model in every run."""

    def __repr__(self) -> str:
        policies = counted(len(self.policies), "policy", "policies")
        return f"Experiment '{self.heading}': {policies}"

    @property
    def heading(self) -> str:
        """Its title, else that of its scenario where there is one, else the name of its file."""
        titles = {policy.model.scenario.title for policy in self.policies}
        return self.title or (titles.pop() if len(titles) == 1 else "") or self.name

    @property
    def reference_index(self) -> int:
        """Place of the reference among the policies."""
        return [policy.name for policy in self.policies].index(self.reference)

    @property
    def asked(self) -> Asked:
        """What a stopping rule goes by."""
        names = tuple(policy.name for policy in self.policies)
        return Asked(names, self.objective, self.constraints, self.confidence)

    def first_verdict(self) -> Verdict:
        """What to begin with."""
        return Verdict((self.stopping.first(),) * len(self.policies), False)

    def judge(self, verdict: Verdict, values: Values) -> Verdict:
        """What to do next, once all that `verdict` asked for is there."""
        return self.stopping.judge(self.asked, verdict, values)
