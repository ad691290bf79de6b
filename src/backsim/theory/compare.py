"""An estimate against a known answer: how sure it has to be, and when it disagrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backsim.statistics import Estimate
from backsim.theory.records import Record

FALSE_ALARMS = 0.01
"""Chance that at least one right answer of all that are checked together is said to differ."""

ROUNDING = 1e-9
"""Relative difference that is put down to floating-point arithmetic."""

Outcome = Literal["agrees", "differs", "too wide", "skipped"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one known answer.

    `half_width` is of the 95 % interval of `estimate` over `replications`; 0 where nothing is
    random.  `note` says what a reader has to know beside that.
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
    than a tenth of `probability` is asked for.
    """

    relative: float = 0.01
    probability: float = 0.002
    share_of_small: float = 0.05
    optimum: float = 0.001
    """Of the extra cost of an optimum's neighbours, as a share of the cost."""

    def target(self, record: Record) -> float:
        """The half-width asked for of one record."""
        size = abs(float(record.value))
        if not record.is_share:
            return self.relative * size
        if size >= 0.1:
            return self.probability
        return min(self.probability, max(self.share_of_small * size, self.probability / 10))


FULL = Precision()
COARSE = Precision(0.05, 0.01, 0.2, 0.005)


def critical_value(tests: int, count: int) -> float:
    """How many standard errors are too many, for `tests` tests of `count` replications each.

    Bonferroni: each test has an equal part of `FALSE_ALARMS`; the tests may depend on each other.
    """
    from scipy.stats import t

    return float(t.ppf(1.0 - FALSE_ALARMS / tests / 2.0, count - 1))


def judge(record: Record, found: Estimate, tests: int, precision: Precision) -> Verdict:
    """The verdict on an estimate.  A value that is an estimate itself brings its own error."""
    exact, target = float(record.value), precision.target(record)
    own = record.tolerance / 1.96 if record.is_estimate else 0.0
    allowed = ROUNDING * max(1.0, abs(exact)) + (0.0 if record.is_estimate else record.tolerance)
    error = math.hypot(found.sd / math.sqrt(max(1, found.count)), own)
    beyond = abs(found.mean - exact) - allowed
    outcome: Outcome = "agrees"
    if found.count < 2 or math.isnan(found.mean):
        outcome = "too wide"
    elif beyond > critical_value(tests, found.count) * error:
        outcome = "differs"
    elif found.half_width > target + allowed:
        outcome = "too wide"
    return _verdict(record, found.mean, found.half_width, outcome, found.count)


def judge_exactly(record: Record, found: Any) -> Verdict:
    """The verdict on a result in which nothing is random."""
    same = _equal(record.value, found, max(record.tolerance, ROUNDING))
    return _verdict(record, found, 0.0, "agrees" if same else "differs", 1)


def judge_optimum(
    record: Record, levels: list[float], found: list[Estimate], cost: float, tests: int, wide: float
) -> Verdict:
    """The verdict on a level said to be optimal, from what its neighbours cost more.

    `found` are the extra costs of `levels`; a half-width above `wide` x cost is too wide.
    """
    cheaper = [
        level
        for level, extra in zip(levels, found, strict=True)
        if extra.mean < -critical_value(tests, extra.count) * extra.sd / math.sqrt(extra.count)
    ]
    width = max(extra.half_width for extra in found)
    outcome: Outcome = (
        "differs" if cheaper else "agrees" if width <= wide * abs(cost) else "too wide"
    )
    extras = ", ".join(
        f"{level:g}: {e.mean:+.4g} ± {e.half_width:.2g}"
        for level, e in zip(levels, found, strict=True)
    )
    estimate = cheaper[0] if cheaper else record.value
    note = f"extra cost of neighbours {extras}"
    return _verdict(record, estimate, 0.0, outcome, found[0].count, note)


def judge_optimum_exactly(record: Record, extra: Mapping[float, Any]) -> Verdict:
    """The verdict on a level said to be optimal, from what its neighbours cost more."""
    cheaper = [level for level, more in extra.items() if more < 0.0]
    note = ", ".join(f"{level:g}: {more:+.4g}" for level, more in extra.items())
    estimate = cheaper[0] if cheaper else record.value
    outcome: Outcome = "differs" if cheaper else "agrees"
    return _verdict(record, estimate, 0.0, outcome, 1, f"extra cost of neighbours {note}")


def pass_over(record: Record, reason: str) -> Verdict:
    """The verdict on a record that is not expressed."""
    return _verdict(record, math.nan, math.nan, "skipped", 0, f"waits for {reason}")


def _verdict(
    record: Record, estimate: Any, half_width: float, outcome: Outcome, count: int, note: str = ""
) -> Verdict:
    return Verdict(
        id=record.id,
        instance=record.instance,
        family=record.family,
        metric=record.metric,
        exact=record.value,
        estimate=estimate,
        half_width=half_width,
        verdict=outcome,
        source=record.source,
        replications=count,
        note=note,
    )


def _equal(one: Any, other: Any, tolerance: float) -> bool:
    """Equal up to a tolerance, also inside lists and mappings."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[k], other[k], tolerance) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _equal(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= tolerance
    return bool(one == other)
