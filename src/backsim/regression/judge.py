"""Compare results with a baseline: to the bit where they must be equal, else by paired tests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import first_of, listed, nearest
from backsim.regression.baseline import Baseline, Digests, MadeWith, spell_value
from backsim.regression.fields import GONE, against, whole
from backsim.regression.fingerprint import fields
from backsim.results.madewith import normalised
from backsim.results.metrics import METRICS
from backsim.results.spec import MetricSpec, SpecError
from backsim.results.units import unit_suffix
from backsim.scenario.yamlfile import Document, Fault, FileError
from backsim.statistics import MAXIMISE, equivalence
from backsim.study.analysis import wanted
from backsim.study.experiment import Experiment
from backsim.study.study import Study

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


MOST_FIELDS = 5
"""Changed fields of the scenario that a message names."""


class Verdict(StrEnum):
    """What has become of a metric."""

    same = "same"
    """Every value is what it was."""
    within = "within"
    """The mean has moved by less than the margin, or in a direction that has none."""
    unsure = "unsure"
    """It may have moved beyond the margin: more replications would tell."""
    better = "better"
    """Beyond the size of its margin in the direction that has none: a change for the better."""
    beyond = "beyond"
    """The mean has moved beyond its margin."""
    unequal = "unequal"
    """It has changed although nothing has that it depends on."""

    @property
    def failed(self) -> bool:
        """Whether the check fails."""
        return self in (Verdict.beyond, Verdict.unequal)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of a policy against the baseline."""

    policy: str
    spec: MetricSpec
    verdict: Verdict
    old: float
    new: float
    """Means over the replications."""
    low: float
    high: float
    """The interval of the mean change."""
    up: float
    down: float
    """The margins, in the metric's unit; inf for none."""
    unit: str = ""
    """The metric's unit as it is said after a number: ` EUR a month`."""

    @property
    def change(self) -> float:
        """The mean change."""
        return self.new - self.old

    @property
    def worse(self) -> bool:
        """Whether it has moved the way that most people call bad."""
        return (self.change > 0) != (self.spec.sense == MAXIMISE)


@dataclass(frozen=True)
class Judgement:
    """What a check has found."""

    metrics: tuple[Metric, ...]
    exact: bool
    """Every digest must be equal; else the metrics are tested."""
    changed: tuple[str, ...]
    """What has changed since the baseline that results depend on."""
    broken: tuple[str, ...]
    """Digests that should be equal and are not, in words."""
    notes: tuple[str, ...]
    tests: int
    """How many one-sided tests share the error rate."""

    @property
    def failed(self) -> bool:
        """Whether anything has changed that counts."""
        return bool(self.broken) or any(m.verdict.failed for m in self.metrics)

    @property
    def unsure(self) -> bool:
        """Whether a metric is not surely within its margin."""
        return any(m.verdict is Verdict.unsure for m in self.metrics)

    @property
    def same(self) -> bool:
        """Whether every value is what it was."""
        return not self.broken and all(m.verdict is Verdict.same for m in self.metrics)


def judge(
    study: Study, found: Sequence[Digests], now: MadeWith, baseline: Baseline, document: Document
) -> Judgement:
    """Compare a study, its digests and what they were made with to a baseline.

    Raises FileError when the baseline has a policy or a metric that is gone.
    """
    return _Judge(study, found, now, baseline, document).judgement()


class _Judge:
    """The steps of a comparison."""

    def __init__(
        self,
        study: Study,
        found: Sequence[Digests],
        now: MadeWith,
        baseline: Baseline,
        document: Document,
    ) -> None:
        self.study, self.now, self.baseline = study, now, baseline
        self.specs = _known(study, baseline, document)
        after = {p.name: d for p, d in zip(study.policies, found, strict=True)}
        self.digests = {
            name: (results.digests, after[name]) for name, results in baseline.policies.items()
        }
        self.changed = self.changes()
        self.exact = not self.changed
        self.limits = {
            (name, text): baseline.margins[text].limits(baseline.policies[name].array(text))
            for name, text in self.specs
        }
        self.tests = sum(limit < math.inf for limits in self.limits.values() for limit in limits)
        self.confidence = 1.0 - baseline.error_rate / max(self.tests, 1)

    def judgement(self) -> Judgement:
        """All that is found."""
        broken, notes = self.broken()
        metrics = tuple(self.metric(name, text) for name, text in self.specs)
        return Judgement(
            metrics, self.exact, self.changed, broken, (*notes, *self.new()), self.tests
        )

    def changes(self) -> tuple[str, ...]:
        """What results depend on and has changed, in words."""
        before = self.baseline.made_with.provenance
        told = [change.brief for change in before.changes(self.now.provenance)]
        moved = [n for n, (old, new) in self.digests.items() if old.scenario != new.scenario]
        if moved:
            of = "every policy" if len(moved) == len(self.digests) else listed(moved)
            told.append(f"the resolved scenario or rules of {of}{self.which(moved)}")
        elif any(old.tape != new.tape for old, new in self.digests.values()):
            told.append("the order of classes, products, sites or suppliers in the scenario")
        return tuple(told)

    def which(self, moved: Sequence[str]) -> str:
        """The fields that have changed in those policies; "" if the baseline does not hold them."""
        if not self.baseline.fields:
            return ""
        now = fields(self.study)
        lines: dict[str, list[str]] = {}
        for name in moved:
            before = whole(self.baseline.fields, self.baseline.policies[name].sets)
            for path, value in against(before, now[name]).items():
                lines.setdefault(f"{path}: {before.get(path, GONE)} -> {value}", []).append(name)
        told = [
            line if len(names) == len(moved) else f"{line} ({listed(names)})"
            for line, names in lines.items()
        ]
        return f" ({'; '.join(first_of(told, MOST_FIELDS, 'fields'))})" if told else ""

    def broken(self) -> tuple[tuple[str, ...], list[str]]:
        """Digests that should be equal and are not; and what is worth a remark."""
        broken, notes = [], []
        for name, (old, new) in self.digests.items():
            if self.exact and (old.log, old.results) != (new.log, new.results):
                broken.append(
                    f"{name}: {'log' if old.log != new.log else 'metrics'} not bit-identical, "
                    "though nothing has changed that results depend on"
                )
            for what, field in (("what customers do", "orders"), ("lead times", "lead_times")):
                if old.tape != new.tape or getattr(old, field) == getattr(new, field):
                    continue
                text = f"{name}: the random numbers of {what} have changed"
                if self.same_numbers():
                    broken.append(f"{text}, though the scenario and numpy have not")
                else:
                    notes.append(f"{text}: pairs of replications are independent")
        return tuple(broken), notes

    def same_numbers(self) -> bool:
        """Whether the same seed must give the same random numbers."""
        before, now = self.baseline.made_with, self.now
        return normalised(before.arithmetic) == normalised(now.arithmetic) and all(
            before.versions.get(name) == now.versions.get(name)
            for name in ("backsim", "numpy", "scipy")
        )

    def metric(self, name: str, text: str) -> Metric:
        """The verdict on one metric of a policy."""
        spec, results = self.specs[name, text], self.baseline.policies[name]
        old, new = results.array(text), self.study.array(spec)[self.study.place(name)]
        up, down = self.limits[name, text]
        unit = unit_suffix(spec.unit, self.study.policies[0].model.scenario)
        written = [spell_value(value) for value in new]
        if written == results.values[text].split():
            mean = float(np.nanmean(old))
            return Metric(name, spec, Verdict.same, mean, mean, 0.0, 0.0, up, down, unit)
        known = ~np.isnan(old - new)
        means = float(old[known].mean()), float(new[known].mean())
        margin = min(up, down)
        found = equivalence(new, old, margin if margin < math.inf else 1.0, self.confidence)
        verdict = Verdict.unequal if self.exact else _verdict(found.low, found.high, up, down)
        return Metric(name, spec, verdict, *means, found.low, found.high, up, down, unit)

    def new(self) -> Iterator[str]:
        """What the experiment has and the baseline has not."""
        fresh = [p.name for p in self.study.policies if p.name not in self.baseline.policies]
        if fresh:
            yield f"not in the baseline, so not checked: policy {listed(fresh)} (--update adds it)"
        known = set(self.specs.values())
        metrics = [str(spec) for spec in checked(self.study) if spec not in known]
        if metrics:
            yield f"not in the baseline, so not checked: {listed(metrics)} (--update adds it)"


def checked(study: Study) -> tuple[MetricSpec, ...]:
    """The metrics that a baseline holds.

    Every metric overall, a cost only where it is not always 0; those that the experiment asks for
    also by customer class.
    """
    classes = [member for dimension, member in study.views if dimension == "class"]
    found: list[MetricSpec] = []
    for spec in wanted(study):
        found.append(spec)
        if not spec.dimension and len(classes) > 1:
            found += [MetricSpec(spec.metric, "class", name) for name in classes]
    found += [MetricSpec(name) for name in METRICS]
    arrays = ((spec, study.array(spec)) for spec in dict.fromkeys(found))
    return tuple(
        spec
        for spec, values in arrays
        if (~np.isnan(values)).sum() > 1
        and (not spec.metric.startswith("cost.") or np.nan_to_num(values).any())
    )


def gone_policies(experiment: Experiment, baseline: Baseline, document: Document) -> list[Fault]:
    """The policies of a baseline that the experiment does not have."""
    names = [policy.name for policy in experiment.policies]
    return [
        document.fault(
            ("policies", name),
            f"a policy of the experiment ({nearest(name, names)})",
            f"{name!r}, which is gone",
        )
        for name in baseline.policies
        if name not in names
    ]


def _known(
    study: Study, baseline: Baseline, document: Document
) -> dict[tuple[str, str], MetricSpec]:
    """(policy, metric as written) -> metric, of all that the baseline holds."""
    faults = gone_policies(study.experiment, baseline, document)
    names = [policy.name for policy in study.policies]
    found = {}
    classes = [member for dimension, member in study.views if dimension == "class"]
    of_classes = [MetricSpec(metric, "class", name) for metric in METRICS for name in classes]
    written = {str(spec): spec for spec in of_classes}  # a site may have a class's name
    for name, results in baseline.policies.items():
        for text in results.values if name in names else ():
            place = ("policies", name, "values", text)
            try:
                spec = written.get(text) or study.spec(text)
            except SpecError as error:
                expected, gone = error.expected, f"{error.found}, which is gone"
                faults.append(document.fault(place, expected, gone))
                continue
            if text not in baseline.margins:
                faults.append(document.fault(("margins",), f"a margin for {text}", "none"))
            elif (~np.isnan(study.array(spec)[names.index(name)] - results.array(text))).sum() < 2:
                expected = f"values of {text} as in the baseline"
                faults.append(document.fault(place, expected, "none: it means nothing any more"))
            else:
                found[name, text] = spec
    if faults:
        raise FileError(document.name, list(dict.fromkeys(faults)))
    return found


def _verdict(low: float, high: float, up: float, down: float) -> Verdict:
    """What an interval of the mean change says, with the margins of both directions."""
    if low > up or high < -down:
        return Verdict.beyond
    if high < up and low > -down:
        open_end = up if down == math.inf else down if up == math.inf else math.inf
        moved_well = (down == math.inf and high < -open_end) or (up == math.inf and low > open_end)
        return Verdict.better if moved_well else Verdict.within
    return Verdict.unsure
