"""Names as people read them: the same on the console, the page and in a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backsim.present.numbers import percent, plain_number
from backsim.present.table import Column, Kind
from backsim.results.metrics.registry import LESS, MORE, NEITHER
from backsim.results.spec import Constraint, MetricSpec
from backsim.results.units import unit_suffix, unit_words

if TYPE_CHECKING:  # `backsim run` writes words without a study
    from backsim.study.analysis import Ranking
    from backsim.study.study import Study


def label(spec: MetricSpec) -> str:
    """A metric in words: `total cost`, `fill rate of gold`."""
    words = spec.declared.label
    member = f"group {spec.member}" if spec.dimension == "group" else spec.member
    return f"{words} of {member}" if spec.dimension else words


def condition(constraint: Constraint) -> str:
    """A constraint in words: `fill rate of gold >= 95 %`."""
    return f"{label(constraint.metric)} {constraint.relation} {limit(constraint)}"


def limit(constraint: Constraint) -> str:
    """What a metric is compared with: `95 %`."""
    bound = constraint.bound
    return f"{100 * bound:.8g} %" if constraint.metric.is_share else f"{bound:.10g}"


def direction(spec: MetricSpec) -> str:
    """Which way of a metric is better, as it declares: `less is better`, or nothing."""
    better = spec.declared.better
    return "" if better == NEITHER else f"{better} is better"


def is_worse(spec: MetricSpec, change: float) -> bool:
    """Whether a change of a metric is for the worse, as it declares."""
    return spec.declared.better == (LESS if change > 0 else MORE)


def unit_of(study: Study, unit: str) -> str:
    """A unit in words, with the time unit and currency of the study's scenarios."""
    return unit_words(unit, study.policies[0].model.scenario)


def scale_of(spec: MetricSpec) -> float:
    """By what a value of a metric is multiplied where people read it: shares are in percent."""
    return 100.0 if spec.is_share else 1.0


def said(spec: MetricSpec, value: float) -> str:
    """A value of a metric to four digits, without its unit unless it is a share: `96 %`."""
    return percent(value) if spec.is_share else plain_number(value)


def suffix_of(study: Study, spec: MetricSpec) -> str:
    """A metric's unit as it is said after a number, times its scale: ` per month`, ` %`."""
    return " %" if spec.is_share else unit_suffix(spec.unit, study.policies[0].model.scenario)


def apart_suffix(study: Study, spec: MetricSpec) -> str:
    """The same after a difference: ` percentage points`."""
    return " percentage points" if spec.is_share else suffix_of(study, spec)


def shown_unit(study: Study, spec: MetricSpec) -> str:
    """A metric's unit in words, of its values times its scale."""
    return "%" if spec.is_share else unit_of(study, spec.unit)


def with_unit(study: Study, spec: MetricSpec) -> str:
    """A metric in words with its unit, for an axis."""
    return f"{label(spec)} ({shown_unit(study, spec)})"


def column_of(study: Study, spec: MetricSpec, heading: str = "", keep: bool = False) -> Column:
    """A column of values of a metric, under its name unless another heading is given."""
    kind: Kind = "percent" if spec.is_share else ""
    return Column(heading or label(spec), shown_unit(study, spec), kind, keep)


def policy_name(study: Study, ranking: Ranking, policy: int) -> str:
    """A policy's name, and whether the others are compared with it."""
    mark = " (reference)" if policy == ranking.reference and len(study.policies) > 1 else ""
    return f"{study.policies[policy].name}{mark}"
