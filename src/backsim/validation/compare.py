"""An estimate against a known answer: how sure it has to be, and when it disagrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from backsim.statistics import Estimate
from backsim.validation.answers import Answer
from backsim.validation.collection import LeftOut

FALSE_ALARMS = 0.01
"""Chance that at least one right answer of all that are checked together is said to differ."""

ROUNDING = 1e-9
"""Relative difference that is put down to floating-point arithmetic."""

Outcome = Literal["agrees", "differs", "too wide", "skipped"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one known answer.

    `half_width` is of the 95 % interval of `estimate` over `replications`; 0 where nothing is
    random.  `note` says what a reader has to know in addition.
    """

    id: str
    instance: str
    family: str
    metric: str
    exact: Any
    estimate: Any
    half_width: float
    verdict: Outcome
    source: str
    replications: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Precision:
    """The half-width that is asked for: a share of the value, absolute for probabilities.

    Of a probability below 0.1, `share_of_small` of it is enough to see a deviation, but no less
    than a tenth of `probability` is asked for.  Where a file says how precisely, as for what the
    neighbours of an optimum cost more, `times` that is asked for.
    """

    relative: float = 0.01
    probability: float = 0.002
    share_of_small: float = 0.05
    times: float = 1.0

    def target(self, answer: Answer) -> float:
        """The half-width asked for of one answer."""
        size = abs(float(answer.value))
        if answer.precision:
            return self.times * answer.precision * size
        if not answer.share:
            return self.relative * size
        if size >= 0.1:
            return self.probability
        return min(self.probability, max(self.share_of_small * size, self.probability / 10))

    def of_neighbours(self, answer: Answer) -> float:
        """The half-width asked of the neighbours' extra cost, as a share of the cost."""
        return self.times * answer.precision


FULL = Precision()
COARSE = Precision(0.05, 0.01, 0.2, 5.0)


USUAL = 30
"""Replications that a half-width is thought to come from, where it says how far off is too far."""


@cache
def critical_value(tests: int, count: int) -> float:
    """How many standard errors are too many, for `tests` tests of `count` replications each.

    Bonferroni: each test has an equal part of `FALSE_ALARMS`; the tests may depend on each other.
    """
    from scipy.special import stdtrit

    return float(stdtrit(count - 1, 1.0 - FALSE_ALARMS / tests / 2.0))


def shortage(found: Estimate, target: float, tests: int) -> float:
    """How much narrower an estimate has to become, as a factor; 1 or less when it will do.

    Its half-width is to be the one asked for.  And what is said to differ is to be no further off
    than what `USUAL` replications of that half-width would show: few replications need narrower
    intervals, as their critical value is larger.
    """
    from scipy.special import stdtrit

    shown = critical_value(tests, USUAL) / float(stdtrit(USUAL - 1, 0.975)) * target
    least = critical_value(tests, found.count) * found.sd / math.sqrt(found.count)
    return max(found.half_width / target, least / shown)


def judge(answer: Answer, found: Estimate, tests: int, precision: Precision) -> Verdict:
    """The verdict on an estimate.  A value that is an estimate itself brings its own error."""
    exact, target = float(answer.value), precision.target(answer)
    allowed = ROUNDING * max(1.0, abs(exact)) + answer.tolerance
    error = math.hypot(found.sd / math.sqrt(max(1, found.count)), answer.half_width / 1.96)
    beyond = abs(found.mean - exact) - allowed
    outcome: Outcome = "agrees"
    if found.count < 2 or math.isnan(found.mean):
        outcome = "too wide"
    elif beyond > critical_value(tests, found.count) * error:
        outcome = "differs"
    elif found.half_width > target + allowed:
        outcome = "too wide"
    return _verdict(answer, found.mean, found.half_width, outcome, found.count)


def judge_exactly(answer: Answer, found: Any) -> Verdict:
    """The verdict on a result in which nothing is random."""
    same = equal(answer.value, found, max(answer.tolerance, ROUNDING))
    return _verdict(answer, found, 0.0, "agrees" if same else "differs", 1)


def judge_optimum(
    answer: Answer, found: list[Estimate], cost: float, tests: int, precision: Precision
) -> Verdict:
    """The verdict on a level said to be optimal, from what its neighbours cost more."""
    levels = list(answer.neighbours)
    cheaper = [
        level
        for level, extra in zip(levels, found, strict=True)
        if extra.mean < -critical_value(tests, extra.count) * extra.sd / math.sqrt(extra.count)
    ]
    width = max(extra.half_width for extra in found)
    outcome: Outcome = (
        "agrees" if width <= precision.of_neighbours(answer) * abs(cost) else "too wide"
    )
    extras = ", ".join(
        f"{level:g}: {e.mean:+.4g} ± {e.half_width:.2g}"
        for level, e in zip(levels, found, strict=True)
    )
    return _of_optimum(answer, cheaper, outcome, found[0].count, extras)


def judge_optimum_exactly(answer: Answer, extra: Mapping[float, Any]) -> Verdict:
    """The verdict on a level said to be optimal, from what its neighbours cost more."""
    cheaper = [level for level, more in extra.items() if more < 0.0]
    extras = ", ".join(f"{level:g}: {more:+.4g}" for level, more in extra.items())
    return _of_optimum(answer, cheaper, "agrees", 1, extras)


def _of_optimum(
    answer: Answer, cheaper: list[float], outcome: Outcome, count: int, extras: str
) -> Verdict:
    return _verdict(
        answer,
        cheaper[0] if cheaper else answer.value,
        0.0,
        "differs" if cheaper else outcome,
        count,
        f"extra cost of neighbours {extras}",
    )


def too_rare(answer: Answer) -> Verdict:
    """The verdict on a probability that replications are too short to show."""
    note = "its probability is below what a simulation shows"
    return _verdict(answer, math.nan, math.nan, "skipped", 0, note)


def pass_over(row: LeftOut) -> Verdict:
    """The verdict on an answer that is not simulated."""
    return Verdict(
        id=row.id,
        instance=row.instance,
        family=row.family,
        metric=row.metric,
        exact=math.nan,
        estimate=math.nan,
        half_width=math.nan,
        verdict="skipped",
        source="",
        replications=0,
        note=row.reason,
    )


def _verdict(
    answer: Answer, estimate: Any, half_width: float, outcome: Outcome, count: int, note: str = ""
) -> Verdict:
    return Verdict(
        id=answer.id,
        instance=answer.instance,
        family=answer.family,
        metric=answer.metric,
        exact=answer.value,
        estimate=estimate,
        half_width=half_width,
        verdict=outcome,
        source=answer.source,
        replications=count,
        note=note,
    )


def equal(one: Any, other: Any, tolerance: float) -> bool:
    """Equal up to a tolerance, also inside lists and mappings."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k], tolerance) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            equal(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= tolerance
    return bool(one == other)
