"""Names as people read them: the same on the console, the page and in a workbook."""

from __future__ import annotations

from backsim.results.spec import Constraint, MetricSpec
from backsim.results.units import unit_suffix, unit_words
from backsim.study.analysis import Ranking
from backsim.study.study import Study


def label(spec: MetricSpec) -> str:
    """A metric in words: `total cost`, `fill rate of gold`."""
    words = spec.declared.label
    member = f"group {spec.member}" if spec.dimension == "group" else spec.member
    return f"{words} of {member}" if spec.dimension else words


def condition(constraint: Constraint) -> str:
    """A constraint in words: `fill rate of gold >= 0.95`."""
    return f"{label(constraint.metric)} {constraint.relation} {constraint.bound:g}"


def unit_of(study: Study, unit: str) -> str:
    """A unit in words, with the time unit and currency of the study's scenarios."""
    return unit_words(unit, study.policies[0].model.scenario)


def suffix_of(study: Study, spec: MetricSpec) -> str:
    """A metric's unit as it is said after a number: ` per month`."""
    return unit_suffix(spec.unit, study.policies[0].model.scenario)


def with_unit(study: Study, spec: MetricSpec) -> str:
    """A metric in words with its unit, for an axis."""
    return f"{label(spec)} ({unit_of(study, spec.unit)})"


def policy_name(study: Study, ranking: Ranking, policy: int) -> str:
    """A policy's name, and whether the others are compared with it."""
    mark = " (reference)" if policy == ranking.reference and len(study.policies) > 1 else ""
    return f"{study.policies[policy].name}{mark}"
