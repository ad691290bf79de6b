"""How many replications of each policy: fixed, until precise enough, or until the best is known.

A rule is asked again and again with the results there are, until it asks for no more.  What it
finally uses depends on the results alone: not on how many there happened to be, nor on workers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backsim.errors import InputError
from backsim.results.spec import MetricSpec
from backsim.study.experiment import Experiment, Fixed, Precise, Separated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backsim.statistics import Selection

    Floats = NDArray[np.float64]

Values = Callable[[MetricSpec], "Floats"]
"""A metric's values so far, of shape (policies, replications); nan where there is none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many replications of each policy should be there, and whether these are enough."""

    counts: tuple[int, ...]
    enough: bool
    note: str = ""
    """What came of it, in a sentence; "" for a fixed number."""
    selection: Selection | None = None


def first_verdict(experiment: Experiment) -> Verdict:
    """What to begin with."""
    rule = experiment.stopping
    count = rule.count if isinstance(rule, Fixed) else rule.least
    return Verdict((count,) * len(experiment.policies), False)


def judge(experiment: Experiment, verdict: Verdict, values: Values) -> Verdict:
    """What to do next, once all that `verdict` asked for is there."""
    rule = experiment.stopping
    if isinstance(rule, Fixed):
        return Verdict(verdict.counts, True)
    if isinstance(rule, Precise):
        return _precise(experiment, rule, verdict, values)
    return _separated(experiment, rule, verdict, values)


def _precise(experiment: Experiment, rule: Precise, verdict: Verdict, values: Values) -> Verdict:
    """The same number for all policies: enough for the one that needs most."""
    from backsim.statistics import precision

    count = verdict.counts[0]
    more, widest = 0, ""
    for spec, width in rule.widths.items():
        table = values(spec)[:, :count]
        for policy, row in zip(experiment.policies, table, strict=True):
            if np.isnan(row).all():
                raise InputError(f"replications.until: {spec} means nothing for '{policy.name}'")
            share = rule.relative[spec]
            found = precision(
                row,
                None if share else width,
                width if share else None,
                confidence=experiment.confidence,
                least=rule.least,
            )
            if found.more > more:
                more, widest = found.more, f"{spec} of '{policy.name}'"
    number = len(experiment.policies)
    if more == 0:
        wanted_text = ", ".join(map(str, rule.widths))
        return Verdict((count,) * number, True, f"{wanted_text} known closely enough at {count}")
    if count >= rule.most:
        note = f"stopped at {count} replications, the most allowed: {widest} is not close enough"
        return Verdict((count,) * number, True, note)
    return Verdict((min(count + more, 2 * count, rule.most),) * number, False)


def _separated(
    experiment: Experiment, rule: Separated, verdict: Verdict, values: Values
) -> Verdict:
    """Some more of each survivor; what counts in the end is what the selection used."""
    found = _selected(experiment, rule, verdict, values)
    if found.done:
        return Verdict(found.used, True, _selected_note(experiment, rule, found), found)
    have = max(found.used)
    if have >= rule.most:
        left = ", ".join(experiment.policies[i].name for i in found.survivors)
        note = (
            f"stopped at {have} replications, the most allowed: not separated are {left} "
            f"({found.method})"
        )
        return Verdict(found.used, True, note, found)
    ahead = min(have + max(5, have // 4), rule.most)
    counts = [ahead if i in found.survivors else used for i, used in enumerate(found.used)]
    return Verdict(tuple(counts), False)


def _selected(
    experiment: Experiment, rule: Separated, verdict: Verdict, values: Values
) -> Selection:
    """KN++, or with constraints the procedure of Andradottir and Kim, on what there is."""
    from backsim.statistics import constrained_kn, kn

    objective = experiment.objective
    assert objective is not None
    level, least = experiment.confidence, rule.least
    table = _so_far(values(objective.metric), verdict)
    if not experiment.constraints:
        return kn(table, rule.indifference, objective.sense, level, least)
    excess = [
        (1.0 if c.relation == ">=" else -1.0) * (_so_far(values(c.metric), verdict) - c.bound)
        for c in experiment.constraints
    ]
    return constrained_kn(
        table, excess, rule.indifference, rule.tolerances, objective.sense, level, least
    )


def _so_far(table: Floats, verdict: Verdict) -> Floats:
    """The replications that were asked for; those beyond do not count."""
    table = table.copy()
    for row, count in zip(table, verdict.counts, strict=True):
        row[count:] = np.nan
    return table


def _selected_note(experiment: Experiment, rule: Separated, found: Selection) -> str:
    """What a selection has found, with its guarantee."""
    level, by = f"{found.confidence:g}", f"{rule.indifference:g} or more"
    if not experiment.constraints:
        assert found.best is not None
        name = experiment.policies[found.best].name
        return (
            f"'{name}' is the best with probability {level} if the others are worse by {by} "
            f"({found.method})"
        )
    limits = " and ".join(
        f"{constraint} to within {tolerance:g}"
        for constraint, tolerance in zip(experiment.constraints, rule.tolerances, strict=True)
    )
    if found.best is None:
        return (
            f"no policy keeps {limits}: right with probability {level} if all break a bound by "
            f"more than that ({found.method})"
        )
    name = experiment.policies[found.best].name
    return (
        f"'{name}' is the best of the policies that keep {limits}: right with probability {level} "
        f"if each other is worse by {by}, or breaks a bound by more than that ({found.method})"
    )
