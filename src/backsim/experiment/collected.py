"""The results of a study as they come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backsim.experiment.work import Result
from backsim.results.metrics import METRICS, views_of
from backsim.results.spec import MetricSpec
from backsim.study.experiment import Experiment
from backsim.study.stopping.rule import Verdict
from backsim.study.study import Study

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pair = tuple[int, int]
"""(policy, replication)"""


class Collected:
    """Finished results by (policy, replication), in whatever order they come."""

    def __init__(self, experiment: Experiment, metrics: Sequence[str] | None = None) -> None:
        """`metrics` are the names of those that the results hold, in order; all if None."""
        self.experiment = experiment
        self.metrics = list(METRICS) if metrics is None else list(metrics)
        self.views = [len(views_of(policy.model)) for policy in experiment.policies]
        self.values: dict[Pair, NDArray[np.float64]] = {}
        self.shapes: dict[Pair, bytes] = {}

    def take(self, result: Result) -> None:
        """Keep a result."""
        key = result.policy, result.replication
        shape = len(self.metrics), self.views[result.policy]
        table = np.frombuffer(result.metrics, "<f8").reshape(shape)
        if self.metrics != list(METRICS):  # of another version, or with metrics of a user's
            rows = dict(zip(self.metrics, table, strict=True))
            unknown = np.full(shape[1], np.nan)
            table = np.array([rows.get(name, unknown) for name in METRICS])
        self.values[key] = table
        self.shapes[key] = result.profile

    def split(self, verdict: Verdict) -> tuple[list[Pair], list[Pair]]:
        """What the verdict asks for: what is there, and what is missing."""
        wanted = [(p, k) for p, count in enumerate(verdict.counts) for k in range(count)]
        missing = [pair for pair in wanted if pair not in self.values]
        return [pair for pair in wanted if pair in self.values], missing

    def leading(self) -> tuple[int, ...]:
        """Replications of each policy before the first that is missing."""
        counts = []
        for policy in range(len(self.views)):
            count = 0
            while (policy, count) in self.values:
                count += 1
            counts.append(count)
        return tuple(counts)

    def array(self, spec: MetricSpec) -> NDArray[np.float64]:
        """A metric's values so far, (policies, replications)."""
        return Study(self.experiment, self.leading(), self.values, {}, {}).array(spec)
