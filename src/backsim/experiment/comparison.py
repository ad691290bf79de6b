"""What a comparison gives: a study, and all answers to it as tables, words and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.errors import InputError, counted
from backsim.hindsight.bound import bounds
from backsim.present.numbers import number
from backsim.report.excel import write_excel
from backsim.report.finding import finding
from backsim.report.html import write_report
from backsim.report.objective import study_warnings
from backsim.report.slides import write_pptx
from backsim.results.spec import MetricSpec
from backsim.statistics import Feasible, differences
from backsim.statistics.screening import Indices
from backsim.study.analysis import (
    Ranking,
    efficient,
    estimates,
    kept_words,
    known_values,
    rank,
    wanted,
)
from backsim.study.experiment import Policy
from backsim.study.screened import screened
from backsim.study.study import Study
from backsim.study.warm_up import warm_up_verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Winner:
    """The best policy of a study, by its mean, and all that may be the best."""

    policy: Policy
    candidates: tuple[Policy, ...]
    """Those that the data do not exclude, with the confidence of the experiment (Hsu's MCB): also
    those that may satisfy the constraints."""
    surely_feasible: bool = True
    """Whether the best policy surely keeps the constraints."""

    @property
    def separated(self) -> bool:
        """Nothing else may be the best, and it surely keeps the constraints."""
        return self.surely_feasible and self.candidates == (self.policy,)


class Comparison(Study):
    """A study with its answers: what `backsim.compare` and `load_study` give."""

    def table(self) -> pd.DataFrame:
        """A row per policy; columns by metric: (metric, "mean") and (metric, "half_width").

        Settings, replications and constraints have one column each: `table["replications"]`.
        """
        import pandas as pd

        specs = {str(spec) for spec in wanted(self)}
        frame = pd.DataFrame(self.records()).set_index("policy")
        columns = [
            (name, "mean")
            if name in specs
            else (known, "half_width")
            if (known := name.removesuffix("_half_width")) in specs and known != name
            else (name, "")
            for name in map(str, frame.columns)
        ]
        frame.columns = pd.MultiIndex.from_tuples(columns)
        return frame

    def labelled(
        self, metric: str | MetricSpec, dimension: str = "", member: str = ""
    ) -> pd.DataFrame:
        """`array` with its labels: a row per policy, by name, and a column per replication."""
        import pandas as pd

        values = self.array(metric, dimension, member)
        names = pd.Index([policy.name for policy in self.policies], name="policy")
        return pd.DataFrame(values, index=names).rename_axis(columns="replication")

    def records(self) -> list[dict[str, Any]]:
        """The table as one mapping per policy: `cost.total`, `cost.total_half_width`, ..."""
        rows = []
        found = {str(spec): estimates(self, spec) for spec in wanted(self)}
        for i, policy in enumerate(self.policies):
            row: dict[str, Any] = {"policy": policy.name}
            row |= self._factors(i)
            row["replications"] = self.counts[i]
            for name, of_policies in found.items():
                known = of_policies[i]
                mean = np.nan if known.more else known.mean
                row |= {name: mean, f"{name}_half_width": known.half_width}
            words = kept_words(self, self.ranking, i) if self.experiment.constraints else ()
            row |= dict(zip(map(str, self.experiment.constraints), words, strict=True))
            rows.append(row)
        return rows

    @cached_property
    def ranking(self) -> Ranking:
        """The policies in order of the objective, best first; those that break a constraint last.

        Raises InputError for too few replications.
        """
        return rank(self)

    def differences(self, reference: str | int | Policy | None = None) -> pd.DataFrame:
        """Each policy minus the reference, metric by metric, paired by replication.

        The intervals of one metric are simultaneous (Bonferroni).  Raises InputError for an unknown
        policy.
        """
        import pandas as pd

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
            raise InputError(f"best: expected a policy that satisfies {kept}, found none")
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
        front = efficient(means, [spec.sense for spec in specs])
        names = [policy.name for policy in self.policies]
        columns = {"policy": names, str(specs[0]): means[0], str(specs[1]): means[1]}
        return pd.DataFrame({**columns, "efficient": [i in front for i in range(len(names))]})

    def sensitivity(self, metric: str | MetricSpec | None = None) -> pd.DataFrame:
        """How much each factor matters for a metric (the objective's): one row per factor.

        Of a design `morris` the columns mu_star, mu and sigma; of `sobol_indices` S1 and ST; all
        but sigma with a half-width of their interval, such as S1_half_width.

        Raises InputError for another design.
        """
        import pandas as pd

        spec = self.ranking.spec if metric is None else self.spec(metric)
        if self.experiment.screening is None:
            raise InputError("sensitivity: expected a design `morris` or `sobol_indices`")
        rows = []
        for factor, found in screened(self, spec).items():
            named: dict[str, Any] = {"factor": factor}
            if isinstance(found, Indices):
                parts = {"S1": found.first, "ST": found.total}
            else:
                parts = {"mu_star": found.strength, "mu": found.effect}
            for name, known in parts.items():
                named |= {name: known.mean, f"{name}_half_width": known.half_width}
            if not isinstance(found, Indices):
                named["sigma"] = found.sd
            rows.append(named)
        return pd.DataFrame(rows)

    def bound(self, replications: int | None = None, *, workers: int | None = None) -> pd.DataFrame:
        """One row a policy and replication: its cost, what no clearing could beat, the regret.

        Plays the first `replications` again (all if None), on all cores unless `workers` says how
        many.  See `backsim.hindsight` for what the bound holds for.  Raises InputError.
        """
        import pandas as pd

        if replications is not None and replications < 1:
            raise InputError(f"replications: expected at least 1, got {replications}")
        models = {policy.name: policy.model for policy in self.policies}
        wanted = {
            name: min(count, replications or count)
            for name, count in zip(models, self.counts, strict=True)
        }
        rows = [
            {
                "policy": name,
                "replication": replication,
                "realised": found.realised,
                "bound": found.least,
                "regret": found.regret,
                "given_receipts": found.given_receipts,
            }
            for name, of_policy in bounds(
                models, wanted, self.experiment.seed, workers=workers
            ).items()
            for replication, found in enumerate(of_policy)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def finding(self) -> str:
        """What was found, in a paragraph.  Raises InputError for too few replications."""
        return finding(self)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What to mind before relying on the numbers.

        An objective that rewards what nobody means, a reference that can hardly be meant, runs or
        warm-ups that are too short.
        """
        verdicts = [warm_up_verdict(self, i) for i in range(len(self.policies))]
        short = [v for v in verdicts if v is not None and v.short]
        early = [v for v in verdicts if v is not None and v.early]
        told = {
            "the run is too short for stock and backlog to become stable (MSER-5)": short,
            "the warm-up is too short (MSER-5), and a longer one would change the means": early,
        }
        return study_warnings(self) + tuple(
            f"{text}: {', '.join(self.policies[v.policy].name for v in found)}"
            for text, found in told.items()
            if found
        )

    def report(self, path: str | Path, bounds: pd.DataFrame | None = None) -> Path:
        """Write the report, one self-contained HTML file.

        With `bounds`, what `bound` gives, it shows each policy's regret against them.
        """
        return write_report(self, path, bounds)

    def excel(self, path: str | Path) -> Path:
        """Write the tables as a workbook with native charts (needs `backsim[excel]`)."""
        return write_excel(self, path)

    def pptx(self, path: str | Path) -> Path:
        """Write finding, summary, native charts and ranking as slides (needs `backsim[pptx]`)."""
        return write_pptx(self, path)

    def __repr__(self) -> str:
        number = counted(len(self.policies), "policy", "policies")
        return f"Study '{self.experiment.heading}': {number}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the finding and the table."""
        title = self.experiment.heading
        head = f"<h4>{escape(title)}</h4><p>{escape(self.finding)}</p>"
        html: str = self.table().to_html(float_format=number, border=0)
        return head + html
