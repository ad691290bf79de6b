"""The effect of each factor of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backsim.results.spec import MetricSpec
from backsim.statistics import Estimate, estimate
from backsim.study.analysis import values_of
from backsim.study.study import Study

MOST_GROUPS = 4
MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class Effect:
    """The mean over the policies at a level of a factor, less the mean over all policies."""

    factor: str
    level: str
    policies: int
    estimate: Estimate
    numeric: bool = False
    """Whether the factor's levels are numbers, in their order."""


def main_effects(study: Study, spec: MetricSpec) -> tuple[Effect, ...]:
    """The effect of each level of each factor, with paired intervals over replications.

    A factor with many numbers is put into at most 4 groups of about as many policies each.  One
    with other levels, fewer than two policies to each, sets the policies themselves apart, as the
    ranking does, and is left out.  In a design that is not balanced, the levels of other factors
    show through.
    Source: Law, Simulation Modeling and Analysis (2015), section 12.2 (main effects); the interval
    is that of the replications' own effects.
    """
    values = values_of(study, spec)
    values = values[:, ~np.isnan(values).any(axis=0)]
    if len(values) < 2 or values.shape[1] < 2:
        return ()
    centred = values - values.mean(axis=0)
    level = study.experiment.confidence
    effects = []
    for factor in study.experiment.factors:
        given = [policy.settings.get(factor) for policy in study.policies]
        groups = _groups(given)
        if len(groups) > 1 and (2 * len(groups) <= len(given) or _numbers(given)):
            effects += [
                Effect(
                    factor,
                    text,
                    len(rows),
                    estimate(centred[rows].mean(axis=0).tolist(), level),
                    bool(_numbers(given)),
                )
                for text, rows in groups.items()
            ]
    return tuple(effects)


def _groups(given: Sequence[Any]) -> dict[str, list[int]]:
    """Level -> places of its policies, in order of the level."""
    numbers = _numbers(given)
    distinct = sorted(set(numbers))
    if len(distinct) > MOST_LEVELS:
        edges = np.quantile(numbers, np.linspace(0, 1, MOST_GROUPS + 1))
        place = np.searchsorted(edges[1:-1], numbers, side="right")
        found = {}
        for group in range(MOST_GROUPS):
            rows = np.flatnonzero(place == group).tolist()
            if rows:
                inside = [numbers[i] for i in rows]
                found[f"{min(inside):.4g} to {max(inside):.4g}"] = rows
        return found
    ordered = distinct or given
    groups: dict[str, list[int]] = {level_text(v): [] for v in ordered}
    for index, value in enumerate(given):
        groups[level_text(value)].append(index)
    return groups


def _numbers(given: Sequence[Any]) -> list[float]:
    """The levels where all are numbers; else none."""
    numbers = [v for v in given if isinstance(v, int | float) and not isinstance(v, bool)]
    return numbers if len(numbers) == len(given) else []


def level_text(value: Any) -> str:
    """A level of a factor in words."""
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        parts = (str(v) if k == "rule" else f"{k} {level_text(v)}" for k, v in value.items())
        return ", ".join(parts)
    return str(value)
