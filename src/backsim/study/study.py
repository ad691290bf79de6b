"""A study: an experiment and the results of its replications, frozen, for tables and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from backsim.errors import InputError, nearest
from backsim.results.metrics import METRICS, views_of
from backsim.results.profile import Profile
from backsim.results.run import Run
from backsim.results.spec import MetricSpec, parse_metric
from backsim.study.experiment import Experiment, Policy
from backsim.study.stopping.fixed import Fixed
from backsim.study.stopping.rule import Verdict

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONG_FORM = ("metric", "dimension", "member", "value")
"""The columns of results in long form."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
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

    @classmethod
    def of(cls, run: Run) -> Study:
        """A run as a study of one policy and one replication."""
        model, name = run.model, run.model.name
        asked = Experiment(
            name,
            (Policy(name, {}, model),),
            {},
            Fixed(1),
            (),
            run.seed,
            title=model.scenario.title or name,
            reference=name,
        )
        values = {(0, 0): np.array([run.metrics.values[metric] for metric in METRICS])}
        return cls(asked, (1,), values, {(0, 0): run.profile.to_bytes()}, run.provenance)

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
        if spec not in self._arrays:
            self._arrays[spec] = self._array(spec)
        return self._arrays[spec].copy()

    def once(self, key: Any, work: Callable[[], Result]) -> Result:
        """What some work on the results comes to, by what it is; done once."""
        if key not in self._done:
            self._done[key] = work()
        found: Result = self._done[key]
        return found

    @cached_property
    def _done(self) -> dict[Any, Any]:
        return {}

    @cached_property
    def _arrays(self) -> dict[MetricSpec, Floats]:
        return {}

    def _array(self, spec: MetricSpec) -> Floats:
        row = list(METRICS).index(spec.metric)
        found = np.full((len(self.policies), max(self.counts, default=0)), np.nan)
        for i, (views, count) in enumerate(zip(self._views, self.counts, strict=True)):
            column = views.get((spec.dimension, spec.member))
            if column is not None:
                found[i, :count] = [self.values[i, k][row, column] for k in range(count)]
        return found

    def spec(self, metric: str | MetricSpec, dimension: str = "", member: str = "") -> MetricSpec:
        """A metric of this study by its text or parts.  Raises InputError."""
        if isinstance(metric, MetricSpec):
            return metric
        if str(metric) in METRICS and (dimension, member) in self.views:
            return MetricSpec(metric, dimension, member)  # a name may hold what a text cannot
        text = f"{metric}[{dimension}:{member}]" if dimension else metric
        return parse_metric(text, self.views)

    def profiles(self, policy: str | int | Policy) -> tuple[Profile, ...]:
        """The course of each replication of a policy: stock, backlog, waits."""
        place = self.place(policy)
        return tuple(Profile.from_bytes(self.shapes[place, k]) for k in range(self.counts[place]))

    def frame(self, settings: bool = False) -> pd.DataFrame:
        """All results in long form: policy, replication, metric, dimension, member, value.

        With `settings` also a column per factor: the number or the name that the policy sets.
        """
        import pandas as pd

        tables = []
        for i, replication, columns in self.long_form():
            first = {"policy": self.policies[i].name, **(self._factors(i) if settings else {})}
            tables.append(pd.DataFrame({**first, "replication": replication, **columns}))
        return pd.concat(tables, ignore_index=True)

    def long_form(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Of every policy and replication the metrics that mean something, as columns.

        (policy, replication, arrays of one length by the names of `LONG_FORM`).
        """
        names = np.array(list(METRICS), object)
        for i, views in enumerate(self._views):
            dimension, member = (np.array(part, object) for part in zip(*views, strict=True))
            for k in range(self.counts[i]):
                values = self.values[i, k]
                row, view = np.nonzero(~np.isnan(values))
                columns = names[row], dimension[view], member[view], values[row, view]
                yield i, k, dict(zip(LONG_FORM, columns, strict=True))

    def _factors(self, policy: int) -> dict[str, Any]:
        """What a policy sets of each factor."""
        given = self.policies[policy].settings
        return {factor: given[factor] for factor in self.experiment.factors}

    def place(self, policy: str | int | Policy) -> int:
        """A policy's place among the policies.  Raises InputError, naming the nearest."""
        names = [p.name for p in self.policies]
        if hasattr(policy, "__index__") and -len(names) <= int(policy) < len(names):
            return range(len(names))[int(policy)]
        name = policy.name if isinstance(policy, Policy) else policy
        if name not in names:
            raise InputError(f"expected a policy ({nearest(str(name), names)}), got {name!r}")
        return names.index(name)
