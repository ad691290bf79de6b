"""A study: an experiment and the results of its replications, frozen, for tables and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError, nearest
from backsim.experiment.experiment import Experiment, Policy
from backsim.experiment.stopping import Verdict
from backsim.results.metrics import METRICS, views_of
from backsim.results.profile import Profile
from backsim.results.spec import MetricSpec, parse_metric
from backsim.statistics import Feasible

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from backsim.report.analysis import Ranking

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Winner:
    """The best policy of a study, by its mean, and all that may be the best."""

    policy: Policy
    candidates: tuple[Policy, ...]
    """Those that the data do not exclude, with the confidence of the experiment (Hsu's MCB): also
    those that only may keep the constraints."""
    surely_feasible: bool = True
    """Whether the best policy surely keeps the constraints."""

    @property
    def separated(self) -> bool:
        """Nothing else may be the best, and it surely keeps the constraints."""
        return self.surely_feasible and self.candidates == (self.policy,)


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

    def spec(self, metric: str | MetricSpec, dimension: str = "", member: str = "") -> MetricSpec:
        """A metric of this study by its text or parts.  Raises InputError."""
        if isinstance(metric, MetricSpec):
            return metric
        text = f"{metric}[{dimension}:{member}]" if dimension else metric
        return parse_metric(text, self.views)

    def bound(self, replications: int | None = None) -> pd.DataFrame:
        """One row a policy and replication: its cost, what no clearing could beat, the regret.

        Plays the first `replications` again (all if None).  See `backsim.hindsight` for what the
        bound holds for.
        """
        from backsim.experiment.bounds import bounds

        return bounds(self, replications)

    def profiles(self, policy: str | int | Policy) -> tuple[Profile, ...]:
        """The course of each replication of a policy: stock, backlog, waits."""
        place = self.place(policy)
        return tuple(Profile.from_bytes(self.shapes[place, k]) for k in range(self.counts[place]))

    # -- answers -----------------------------------------------------------------------------

    def table(self) -> pd.DataFrame:
        """One row a policy: settings, replications, mean and half-width of each metric."""
        import pandas as pd

        from backsim.report.analysis import estimates, kept_words, wanted

        rows = []
        found = {str(spec): estimates(self, spec) for spec in wanted(self)}
        for i, policy in enumerate(self.policies):
            row: dict[str, Any] = {"policy": policy.name}
            row |= {f: policy.settings[f] for f in self.experiment.factors}
            row["replications"] = self.counts[i]
            for name, of_policies in found.items():
                known = of_policies[i]
                mean = np.nan if known.more else known.mean
                row |= {name: mean, f"{name} +-": known.half_width}
            words = kept_words(self, self.ranking, i) if self.experiment.constraints else ()
            row |= dict(zip(map(str, self.experiment.constraints), words, strict=True))
            rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def ranking(self) -> Ranking:
        """The policies in order of the objective, best first; those that break a constraint last.

        Raises InputError for too few replications.
        """
        from backsim.report.analysis import rank

        return rank(self)

    def differences(self, reference: str | int | Policy | None = None) -> pd.DataFrame:
        """Each policy less the reference, metric by metric, paired by replication.

        The intervals of one metric hold together (Bonferroni).  Raises InputError for an unknown
        policy.
        """
        import pandas as pd

        from backsim.report.analysis import known_values, wanted
        from backsim.statistics import differences

        place = self.place(self.experiment.reference if reference is None else reference)
        rows = []
        for spec in wanted(self):
            values = known_values(self, spec)
            if np.isnan(values).all(axis=1).any():
                continue
            for d in differences(values, place, self.experiment.confidence).comparisons:
                row: dict[str, Any] = {"policy": self.policies[d.system].name, "metric": str(spec)}
                row |= {"difference": d.mean, "half_width": d.half_width}
                row |= {"low": d.low, "high": d.high, "significant": d.significant}
                rows.append({**row, "pairs": d.count, "reduction": d.reduction})
        return pd.DataFrame(rows)

    def best(self) -> Winner:
        """The best policy of those whose means keep the constraints, and which others may be it.

        Raises InputError when the experiment has no objective, or no policy's means keep the
        constraints.
        """
        objective, found = self.experiment.objective, self.ranking
        if objective is None:
            raise InputError("best: expected an experiment with an objective: minimise cost.total")
        if found.best is None:
            kept = ", ".join(map(str, self.experiment.constraints))
            raise InputError(f"best: expected a policy that keeps {kept}, found none")
        candidates = found.candidates or (found.best,)
        return Winner(
            self.policies[found.best],
            tuple(self.policies[i] for i in candidates),
            found.state(found.best) is Feasible.surely,
        )

    def pareto(self, x: str | MetricSpec, y: str | MetricSpec) -> pd.DataFrame:
        """Means of two metrics, and whether no other policy is better in one and as good in both.

        Which way is better follows from the metric: more of a rate of service, less of a cost.
        """
        import pandas as pd

        specs = self.spec(x), self.spec(y)
        means = np.array([np.nanmean(self.array(spec), axis=1) for spec in specs])
        good = means * np.array([[1.0 if s.sense == "maximise" else -1.0] for s in specs])
        beaten = [
            bool(((good >= good[:, [i]]).all(axis=0) & (good > good[:, [i]]).any(axis=0)).any())
            for i in range(good.shape[1])
        ]
        names = [policy.name for policy in self.policies]
        columns = {"policy": names, str(specs[0]): means[0], str(specs[1]): means[1]}
        return pd.DataFrame({**columns, "efficient": [not b for b in beaten]})

    def frame(self) -> pd.DataFrame:
        """All results in long form: policy, replication, metric, dimension, member, value."""
        import pandas as pd

        tables = []
        for i, policy in enumerate(self.policies):
            index = pd.MultiIndex.from_product([list(METRICS), range(len(self._views[i]))])
            metric, view = index.get_level_values(0), index.get_level_values(1)
            dimension, member = (np.array(part)[view] for part in zip(*self._views[i], strict=True))
            for k in range(self.counts[i]):
                values = self.values[i, k].ravel()
                known = ~np.isnan(values)
                columns = {"metric": metric[known], "dimension": dimension[known]}
                columns |= {"member": member[known], "value": values[known]}
                tables.append(pd.DataFrame({"policy": policy.name, "replication": k, **columns}))
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def finding(self) -> str:
        """What was found, in a paragraph.  Raises InputError for too few replications."""
        from backsim.report.finding import finding

        return finding(self)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to mind before relying on the numbers.

        An objective that rewards what nobody means, runs or warm-ups that are too short.
        """
        from backsim.report.analysis import warm_up_verdict
        from backsim.report.objective import objective_warnings

        verdicts = [warm_up_verdict(self, i) for i in range(len(self.policies))]
        short = [v for v in verdicts if v is not None and not v.found.enough]
        early = [v for v in verdicts if v is not None and v.found.enough and not v.enough]
        told = {
            "the run is too short to see stock and backlog settle (MSER-5)": short,
            "the warm-up is too short: MSER-5 would leave out more, and it would show": early,
        }
        return objective_warnings(self) + tuple(
            f"{text}: {', '.join(self.policies[v.policy].name for v in found)}"
            for text, found in told.items()
            if found
        )

    def report(self, path: str | Path, bounds: pd.DataFrame | None = None) -> Path:
        """Write the report, one self-contained HTML file.

        With `bounds`, what `bound` gives, it shows each policy's regret against them.
        """
        from backsim.report.html import write_report

        return write_report(self, path, bounds)

    def excel(self, path: str | Path) -> Path:
        """Write the tables as a workbook (needs `backsim[excel]`)."""
        from backsim.report.excel import write_excel

        return write_excel(self, path)

    def _repr_html_(self) -> str:
        """How a notebook shows it: the table."""
        from html import escape

        title = self.experiment.title or self.experiment.name
        head = f"<h4>{escape(title)}</h4><p>{escape(self.finding)}</p>"
        html: str = self.table().to_html(index=False, float_format="{:.4g}".format, border=0)
        return head + html

    def place(self, policy: str | int | Policy) -> int:
        """A policy's place among the policies.  Raises InputError, naming the nearest."""
        if isinstance(policy, int):
            return policy
        name = policy if isinstance(policy, str) else policy.name
        names = [p.name for p in self.policies]
        if name not in names:
            raise InputError(f"expected a policy ({nearest(name, names)}), got {name!r}")
        return names.index(name)
