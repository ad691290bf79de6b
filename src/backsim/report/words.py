"""Names and numbers as people read them: the same on the console, the page and in a workbook."""

from __future__ import annotations

import math

from backsim.results.spec import Constraint, MetricSpec
from backsim.results.units import unit_suffix, unit_words
from backsim.statistics import Difference, Estimate
from backsim.study.study import Study

PLUS_MINUS = "+-"
PAGE_PLUS_MINUS = "\N{PLUS-MINUS SIGN}"


def label(spec: MetricSpec) -> str:
    """A metric in words: `total cost`, `fill rate of gold`."""
    words = spec.declared.label
    return f"{words} of {spec.member}" if spec.dimension else words


def condition(constraint: Constraint) -> str:
    """A constraint in words: `fill rate of gold >= 0.95`."""
    return f"{label(constraint.metric)} {constraint.relation} {constraint.bound:g}"


def unit_of(study: Study, unit: str) -> str:
    """A unit in words, with the time unit and currency of the study's scenarios."""
    return unit_words(unit, study.policies[0].model.scenario)


def suffix_of(study: Study, spec: MetricSpec) -> str:
    """A metric's unit as it is said after a number: ` a month`."""
    return unit_suffix(spec.unit, study.policies[0].model.scenario)


def with_unit(study: Study, spec: MetricSpec) -> str:
    """A metric in words with its unit, for an axis."""
    return f"{label(spec)} ({unit_of(study, spec.unit)})"


def number(value: float, half_width: float = math.nan, sign: str = PLUS_MINUS) -> str:
    """A value, to the precision that its half-width has; `-` for nan."""
    if math.isnan(value):
        return "-"
    if math.isnan(half_width):
        return plain_number(value)
    if not half_width > 1e-12 * abs(value):  # the same in every replication
        return plain_number(value)
    decimals = min(decimals_for(half_width, 2), 6)
    return f"{value:,.{decimals}f} {sign} {half_width:,.{decimals}f}"


def plain_number(value: float) -> str:
    """A value to four digits."""
    if value == 0:
        return "0"
    return f"{value:,.{min(decimals_for(value, 4), 8)}f}"


def decimals_for(value: float, digits: int) -> int:
    """Decimals that show a value with so many digits."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def interval(found: Estimate | Difference, sign: str = PLUS_MINUS) -> str:
    """A mean and its half-width; `> 40` where it is known only to be more."""
    if isinstance(found, Estimate) and found.more:
        return f"> {number(found.mean)}"
    return number(found.mean, found.half_width, sign)


def percent(share: float) -> str:
    """A level such as 95 %."""
    return f"{100 * share:.4g} %"


def listed(names: list[str], most: int = 4) -> str:
    """`a, b and c`; of many the first few and how many more."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
