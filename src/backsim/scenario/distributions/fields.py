"""Probability distributions as a file spells them, by the names and parameters people know.

A plain number (always that value), or one key: ``{gamma: {mean: 6, cv: 0.5}}``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter

import backsim.scenario.distributions.continuous  # noqa: F401 (it registers its distributions)
from backsim.quantities import Described, Number, Portion, from_percent
from backsim.scenario.distributions.base import Distribution, distribution
from backsim.scenario.distributions.discrete import Deterministic
from backsim.scenario.named import OneOf
from backsim.scenario.part import fault


def _of_number(value: Any) -> Any:
    """A number as the distribution that always has that value."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"deterministic": {"value": value}}
    return value


def _of_share(value: Any) -> Any:
    """The same, also of a share in percent."""
    return _of_number(from_percent(value))


def _number(found: Distribution) -> Any:
    return found.value if isinstance(found, Deterministic) else found


def _any(expected: str, read: Callable[[Any], Any] = _of_number, short: Any = Number) -> Any:
    """Any distribution, or a number: `read` from what a file says, which has the type `short`."""
    return OneOf(distribution, expected, read, _number, TypeAdapter(short).core_schema)


EXPECTED = "a number, or one distribution such as {gamma: {mean: 6, cv: 0.5}}"
AnyDistribution = Annotated[Distribution, _any(EXPECTED)]
"""Any distribution, or a number."""
AnyLength = Annotated[Distribution, _any(f"{EXPECTED} (days)")]
"""Any distribution of times, or a number."""
AnyShare = Annotated[
    Distribution,
    _any(
        "a share such as 0.95 or 95 %, or one distribution such as {uniform: {low: 0.9, high: 1}}",
        _of_share,
        Portion,
    ),
]
"""Any distribution of shares, or a number that may be in percent."""


def _found(distribution: Distribution, text: str) -> str:
    return "" if isinstance(distribution, Deterministic) else text


def _not_negative(distribution: Distribution) -> Distribution:
    least = distribution.least()
    if least < 0:
        expected = "a number or distribution of values >= 0 (days)"
        raise fault(expected, _found(distribution, f"values from {least:g}"))
    return distribution


def _advances(distribution: Distribution) -> Distribution:
    mean = distribution.moments()[0]
    if mean <= 0:
        expected = "a number or distribution with a mean > 0 (days)"
        raise fault(expected, _found(distribution, f"a mean of {mean:g}"))
    return distribution


def _orderable(distribution: Distribution) -> Distribution:
    mean, variance = distribution.moments()
    if mean <= 0:
        expected = "a number or distribution with a mean > 0"
        raise fault(expected, _found(distribution, f"a mean of {mean:g}"))
    if mean + 10 * variance**0.5 > LARGEST_SIZE:
        expected = f"a number or distribution of values up to {LARGEST_SIZE:,.0f}"
        raise fault(expected, _found(distribution, f"a mean of {mean:g}"))
    return distribution


def _share(distribution: Distribution) -> Distribution:
    least, most = distribution.least(), distribution.most()
    if least < 0 or most > 1 or distribution.moments()[0] <= 0:
        expected = "a number or distribution of values from 0 to 1 with a mean > 0"
        raise fault(expected, _found(distribution, f"values from {least:g} to {most:g}"))
    return distribution


def _multiplies(distribution: Distribution) -> Distribution:
    least = distribution.least()
    if least < 0:
        expected = "a number or distribution of values >= 0"
        raise fault(expected, _found(distribution, f"values from {least:g}"))
    return distribution


LARGEST_SIZE = 2e9
"""Ten standard deviations above the mean."""

Duration = Annotated[AnyLength, AfterValidator(_not_negative), Described("days")]
"""Days, never negative."""
Interval = Annotated[Duration, AfterValidator(_advances)]
"""Days between events: time must advance."""
Fraction = Annotated[AnyShare, AfterValidator(_share), Described("share")]
"""A share of something, from 0 to 1."""
Factor = Annotated[AnyDistribution, AfterValidator(_multiplies)]
"""What a quantity is multiplied by."""
Lines = Annotated[AnyDistribution, AfterValidator(_orderable)]
"""Lines an order."""
Size = Annotated[Lines, Described("units")]
"""Units a line."""

__all__ = [
    "AnyDistribution",
    "Deterministic",
    "Distribution",
    "Duration",
    "Factor",
    "Fraction",
    "Interval",
    "Lines",
    "Size",
]
