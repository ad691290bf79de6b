"""What the numbers of a study say: the ranking, the differences, the effects of the factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError, counted
from backsim.results.metrics import METRICS
from backsim.results.overload import BACKLOG, GROWTH, WAITING
from backsim.results.spec import Constraint, MetricSpec
from backsim.statistics import (
    MINIMISE,
    Difference,
    Estimate,
    Feasible,
    WithBest,
    differences,
    estimate_from_below,
    feasible,
    together,
    with_best,
)
from backsim.study.study import Study

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KEPT = {
    Feasible.surely: "satisfied",
    Feasible.perhaps: "may be satisfied",
    Feasible.no: "violated",
}
"""What is said of a policy and a constraint."""
NOTHING = "no order to measure"
"""What is said where nobody ordered what a constraint is about."""


DIGITS = 12
"""To which policies must agree in every replication to be told as exactly the same."""


def values_of(study: Study, spec: MetricSpec) -> Floats:
    """A metric's values, (policies, replications).

    Sums in another order differ in the last two or three digits, which tell no policies apart:
    those that agree but for them have the values of the first.
    """
    values = study.array(spec.metric, spec.dimension, spec.member)
    first: dict[bytes, int] = {}
    for place, rounded in enumerate(_to_digits(values, DIGITS)):
        values[place] = values[first.setdefault(rounded.tobytes(), place)]
    return values


def _to_digits(values: Floats, digits: int) -> Floats:
    known = np.isfinite(values) & (values != 0)
    sizes = np.floor(np.log10(np.abs(values, where=known, out=np.ones_like(values))))
    scale = 10.0 ** (digits - 1 - np.clip(sizes, -200, 200))
    return np.where(known, np.round(values * scale) / scale, values)


def means(values: Floats) -> Floats:
    """Means over replications, of (policies, replications); nan for a policy that has none."""
    known = np.count_nonzero(~np.isnan(values), axis=1)
    return np.where(known > 0, np.nansum(values, axis=1) / np.maximum(known, 1), np.nan)


def estimates(study: Study, spec: MetricSpec) -> tuple[Estimate, ...]:
    """The mean of each policy with its interval; from below where it is not known."""
    level, values = study.experiment.confidence, values_of(study, spec)
    pairs = zip(values, bounds_of(study, spec), strict=True)
    return tuple(estimate_from_below(row, least, level) for row, least in pairs)


def bounds_of(study: Study, spec: MetricSpec) -> Floats:
    """What a metric's values are larger than, (policies, replications); nan where known, or none.

    A percentile of waits is not known where too many customers still wait.
    """
    values, bound = values_of(study, spec), spec.declared.more_than
    if not bound or not np.isnan(values).any():
        return np.full(values.shape, np.nan)
    least = values_of(study, replace(spec, metric=bound))
    return np.where(np.isnan(values), least, np.nan)


def against(study: Study, spec: MetricSpec, reference: int) -> dict[int, Difference]:
    """Each policy less the reference, where there are pairs; the intervals hold together."""
    values = known_values(study, spec)
    pairs = (~np.isnan(values - values[reference])).sum(axis=1)
    some = [i for i in range(len(values)) if i == reference or pairs[i] >= 2]
    if pairs[reference] < 2 or len(some) < 2:
        return {}
    number = len(values) - 1
    level = study.experiment.confidence
    found = differences(values[some], some.index(reference), level, comparisons=number)
    return {
        some[d.system]: Difference(some[d.system], d.mean, d.half_width, d.sd, d.count, d.reduction)
        for d in found.comparisons
    }


@dataclass(frozen=True)
class Ranking:
    """The policies in order of one metric, best first; those that break a constraint last.

    The one that a search has chosen comes before all, unless the data exclude it as the best.

    `kept` holds for each policy and constraint whether it is kept, `feasible` the policies whose
    means keep them all.  `with_best` compares each policy with the best of the others that keep the
    constraints; it is empty without an objective.  All of `kept` and `with_best` holds together
    with the confidence of the experiment.
    """

    spec: MetricSpec
    sense: str
    objective: bool
    order: tuple[int, ...]
    estimates: tuple[Estimate, ...]
    reference: int
    against: dict[int, Difference]
    kept: tuple[tuple[Feasible, ...], ...]
    feasible: tuple[int, ...]
    with_best: dict[int, WithBest]

    @property
    def best(self) -> int | None:
        """The first in order, if there is one whose means keep the constraints."""
        return self.order[0] if self.feasible else None

    @property
    def candidates(self) -> tuple[int, ...]:
        """Those that the data do not exclude as the best, in order."""
        return tuple(i for i in self.order if i in self.with_best and self.with_best[i].may_be_best)

    def state(self, policy: int) -> Feasible:
        """Whether a policy keeps all constraints."""
        return together(self.kept[policy])

    def verdict(self, policy: int) -> str:
        """A policy's place in a word or two."""
        if self.state(policy) is Feasible.no:
            return "violates a constraint"
        if not self.with_best:
            return ""
        if self.with_best[policy].is_best:
            return "best"
        return "may be best" if self.with_best[policy].may_be_best else "worse"


def rank(study: Study, spec: MetricSpec | None = None) -> Ranking:
    """The ranking by the objective, or by another metric.

    Without an objective the first metric of the experiment counts, and no policy is called best.
    Raises InputError when there are fewer than 2 replications of a policy.
    """
    return study.once(("ranking", spec), lambda: _ranking(study, spec))


def _is_chosen(study: Study, policy: int, compared: WithBest) -> bool:
    """A search has chosen the policy, and the data do not speak against it."""
    return study.policies[policy].name == study.experiment.chosen and compared.may_be_best


def _ranking(study: Study, spec: MetricSpec | None) -> Ranking:
    experiment = study.experiment
    spec, judged, sense = _ranked_by(study, spec)
    found = estimates(study, spec)
    if reason := _unranked(study, spec, judged, found):
        raise InputError(reason)
    kept = keeping(study)
    states = [together(row) for row in kept]
    means_keep = tuple(i for i in range(len(found)) if _by_mean(study, i))
    sign = 1.0 if sense == MINIMISE else -1.0
    order = sorted(
        range(len(found)),
        key=lambda i: (i not in means_keep, states[i] is Feasible.no, sign * found[i].mean),
    )
    reference = study.place(experiment.reference or study.policies[0].name)
    compared: dict[int, WithBest] = {}
    if judged and len(found) > 1:
        level = 1.0 - _share_of_error(study)
        best = with_best(values_of(study, spec), sense, level, states)
        compared = dict(enumerate(best.comparisons))
        order.sort(key=lambda i: not _is_chosen(study, i, compared[i]))
    return Ranking(
        spec,
        sense,
        judged,
        tuple(order),
        found,
        reference,
        against(study, spec, reference),
        kept,
        means_keep,
        compared,
    )


def why_unranked(study: Study, spec: MetricSpec | None = None) -> str:
    """Why `rank` cannot be told, or nothing where it can."""
    spec, judged, _ = _ranked_by(study, spec)
    return _unranked(study, spec, judged, estimates(study, spec))


def _ranked_by(study: Study, spec: MetricSpec | None) -> tuple[MetricSpec, bool, str]:
    """The metric, whether it is that of the objective, and which way is better."""
    objective = study.experiment.objective
    if spec is None:
        spec = objective.metric if objective else main_metric(study)
    judged = objective is not None and spec == objective.metric
    return spec, judged, objective.sense if objective is not None and judged else spec.sense


def _unranked(study: Study, spec: MetricSpec, judged: bool, found: Sequence[Estimate]) -> str:
    for policy, one in zip(study.policies, found, strict=True):
        if one.count < 2:
            return (
                f"policy {policy.name}: expected at least 2 replications with {spec}, "
                f"got {one.count}"
            )
        if one.more and judged:
            return (
                f"policy {policy.name}: {spec} is not known, only that it is more than "
                f"{one.mean:.4g}: too many customers still wait at the end. Simulate longer, or "
                "choose another objective"
            )
    return ""


def main_metric(study: Study) -> MetricSpec:
    """The metric that stands for the study when there is no objective."""
    return study.experiment.metrics[0] if study.experiment.metrics else MetricSpec("cost.total")


def wanted(study: Study) -> tuple[MetricSpec, ...]:
    """The metrics to report: the objective's, those asked for, the constraints'."""
    experiment = study.experiment
    first = [experiment.objective.metric] if experiment.objective else []
    more = [constraint.metric for constraint in experiment.constraints]
    return tuple(dict.fromkeys([*first, *experiment.metrics, *more])) or (MetricSpec("cost.total"),)


def keeping(study: Study) -> tuple[tuple[Feasible, ...], ...]:
    """For each policy and constraint whether it is kept; all of it holds together (Bonferroni)."""
    constraints, number = study.experiment.constraints, len(study.policies)
    error = _share_of_error(study) / max(1, number * len(constraints))
    found = [
        feasible(known_values(study, c.metric, np.inf), c.relation, c.bound, error)
        for c in constraints
    ]
    return tuple(tuple(row[i] for row in found) for i in range(number))


def known_values(study: Study, spec: MetricSpec, instead: float = np.nan) -> Floats:
    """A metric's values, without those of policies of which one is known only from below."""
    values = np.array(values_of(study, spec))
    values[~np.isnan(bounds_of(study, spec)).all(axis=1)] = instead
    return values


def _share_of_error(study: Study) -> float:
    """The chance of error of the comparison with the best, and as much for the constraints.

    Source: Andradottir and Kim, Naval Research Logistics 57 (2010) 403-421 (alpha in two parts).
    """
    alpha = 1.0 - study.experiment.confidence
    return alpha / 2 if study.experiment.constraints else alpha


def _by_mean(study: Study, policy: int) -> bool:
    """Whether the means keep every constraint; what cannot be measured breaks none."""
    constraints = study.experiment.constraints
    found = [means(known_values(study, c.metric, np.inf))[policy] for c in constraints]
    values = zip(constraints, map(float, found), strict=True)
    return all(np.isnan(mean) or constraint.holds(mean) for constraint, mean in values)


def measured(study: Study, ranking: Ranking, constraint: Constraint, policy: int) -> str:
    """What is to be said of a constraint that could not be measured in every replication."""
    values = known_values(study, constraint.metric, np.inf)[policy]
    found, count = int(np.count_nonzero(~np.isnan(values))), ranking.estimates[policy].count
    if found >= count:
        return ""
    if found == 0:
        return NOTHING
    return f"measured in {found} of {counted(count, 'replication')}"


def kept_words(study: Study, ranking: Ranking, policy: int) -> Iterator[str]:
    """For each constraint whether a policy keeps it, and where that could not be measured."""
    for constraint, state in zip(study.experiment.constraints, ranking.kept[policy], strict=True):
        told = measured(study, ranking, constraint, policy)
        if told == NOTHING:
            yield NOTHING
        else:
            yield f"{KEPT[state]}, {told}" if told else KEPT[state]


def efficient(means: Floats, senses: Sequence[str]) -> list[int]:
    """Places of the systems that no other beats in one metric while as good in the other."""
    good = means * np.array([[1.0 if sense == "maximise" else -1.0] for sense in senses])
    found = []
    for i in np.flatnonzero(~np.isnan(good).any(axis=0)):
        beaten = (good >= good[:, [i]]).all(axis=0) & (good > good[:, [i]]).any(axis=0)
        if not beaten.any():
            found.append(int(i))
    return found


def ends_of(study: Study) -> list[tuple[Estimate, Estimate, Estimate]]:
    """Of each policy what tells whether its system is overloaded: see `results.overload`."""
    growth, backlog, waiting = (
        estimates(study, MetricSpec(name)) for name in (GROWTH, BACKLOG, WAITING)
    )
    return list(zip(growth, backlog, waiting, strict=True))


def present(study: Study, names: Sequence[str]) -> list[str]:
    """Those of the metrics that exist and are not 0 everywhere."""
    return [n for n in names if n in METRICS and np.nan_to_num(study.array(n)).any()]


def shown_policies(study: Study, ranking: Ranking, most: int) -> tuple[int, ...]:
    """The policies that a crowded figure shows: the best, the reference, and the next in order.

    A policy that agrees with one of them in every replication is passed over.
    """
    values = values_of(study, ranking.spec)
    shown: list[int] = []
    for i in dict.fromkeys([ranking.order[0], ranking.reference, *ranking.order]):
        twin = any(np.array_equal(values[i], values[j], equal_nan=True) for j in shown)
        if len(shown) < most and (not twin or i == ranking.reference):
            shown.append(i)
    return tuple(shown)
