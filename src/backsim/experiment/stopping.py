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
from backsim.experiment.experiment import Experiment, Fixed, Precise, Separated
from backsim.results.spec import MetricSpec

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
    """KN++: some more of each survivor; what counts in the end is what KN++ used."""
    from backsim.statistics import kn

    assert experiment.objective is not None
    table = values(experiment.objective.metric)
    table = table.copy()
    for row, count in zip(table, verdict.counts, strict=True):
        row[count:] = np.nan
    found = kn(
        table,
        rule.indifference,
        experiment.objective.sense,
        experiment.confidence,
        rule.least,
    )
    if found.best is not None:
        name = experiment.policies[found.best].name
        note = (
            f"'{name}' is the best with probability {found.confidence:g} if the others are worse "
            f"by {rule.indifference:g} or more (KN++)"
        )
        return Verdict(found.used, True, note, found)
    have = max(found.used)
    if have >= rule.most:
        left = ", ".join(experiment.policies[i].name for i in found.survivors)
        note = f"stopped at {have} replications, the most allowed: not separated are {left} (KN++)"
        return Verdict(found.used, True, note, found)
    ahead = min(have + max(5, have // 4), rule.most)
    counts = [ahead if i in found.survivors else used for i, used in enumerate(found.used)]
    return Verdict(tuple(counts), False)
