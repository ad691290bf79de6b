"""A study: an experiment and the results of its replications, frozen, for tables and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError
from backsim.experiment.experiment import Experiment, Policy
from backsim.experiment.stopping import Verdict
from backsim.results.metrics import METRICS, views_of
from backsim.results.spec import MetricSpec, parse_metric

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """An experiment and its results."""

    experiment: Experiment
    counts: tuple[int, ...]
    """Replications of each policy."""
    values: Mapping[tuple[int, int], Floats] = field(repr=False)
    """(policy, replication) -> metrics x views."""
    shapes: Mapping[tuple[int, int], bytes] = field(repr=False)
    """(policy, replication) -> profile as bytes."""
    provenance: Mapping[str, Any] = field(repr=False)
    verdict: Verdict | None = field(default=None, repr=False)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies compared."""
        return self.experiment.policies

    @cached_property
    def views(self) -> tuple[tuple[str, str], ...]:
        """(dimension, member) of every policy's models together."""
        return tuple(dict.fromkeys(v for views in self._views for v in views))

    @cached_property
    def _views(self) -> tuple[dict[tuple[str, str], int], ...]:
        return tuple({v: i for i, v in enumerate(views_of(p.model))} for p in self.policies)

    def array(self, metric: str | MetricSpec, dimension: str = "", member: str = "") -> Floats:
        """A metric's values, of shape (policies, replications).

        `metric` may be written as `fill_rate[gold]`.  nan where it means nothing, and after the
        last replication of a policy that needed fewer than others.  Raises InputError for an
        unknown metric, class, product or site.
        """
        spec = self.spec(metric, dimension, member)
        row = list(METRICS).index(spec.metric)
        found = np.full((len(self.policies), max(self.counts, default=0)), np.nan)
        for i, (views, count) in enumerate(zip(self._views, self.counts, strict=True)):
            column = views.get((spec.dimension, spec.member))
            if column is not None:
                found[i, :count] = [self.values[i, k][row, column] for k in range(count)]
        return found

    def spec(
        self, metric: str | MetricSpec, dimension: str = "", member: str = ""
    ) -> MetricSpec:
        """A metric of this study by its text or parts.  Raises InputError."""
        if isinstance(metric, MetricSpec):
            return metric
        text = f"{metric}[{dimension}:{member}]" if dimension else metric
        return parse_metric(text, self.views)

    def place(self, policy: str | int | Policy) -> int:
        """A policy's place among the policies.  Raises InputError, naming the nearest."""
        from backsim.scenario.part import nearest

        if isinstance(policy, int):
            return policy
        name = policy if isinstance(policy, str) else policy.name
        names = [p.name for p in self.policies]
        if name not in names:
            raise InputError(f"expected a policy ({nearest(name, names)}), got {name!r}")
        return names.index(name)
