"""Numbers as people read them: the same on the console, on a page, and in a sentence."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

PLUS_MINUS = "\N{PLUS-MINUS SIGN}"
ASCII_PLUS_MINUS = "+-"
"""For a terminal that cannot show the sign."""
NOTHING = "-"
"""Stands where there is no number."""
MOST_DECIMALS = 8


@runtime_checkable
class Interval(Protocol):
    """A mean with its interval, such as an `Estimate` or a `Difference`."""

    @property
    def mean(self) -> float:
        """The middle of the interval."""

    @property
    def half_width(self) -> float:
        """How far the interval reaches to either side; nan where it is not known."""


def number(value: float, half_width: float = math.nan) -> str:
    """A value, to the precision that its half-width has; `-` for nan."""
    if math.isnan(value):
        return NOTHING
    if math.isnan(half_width):
        return plain_number(value)
    if not half_width > 1e-12 * abs(value):  # the same in every replication
        return plain_number(value)
    decimals = _decimals_of(half_width)
    return f"{value:,.{decimals}f} {PLUS_MINUS} {half_width:,.{decimals}f}"


def precise(value: float, half_width: float) -> str:
    """A value to the precision that its half-width has, where that is not shown; `-` for nan."""
    if math.isnan(value) or math.isnan(half_width) or not half_width > 1e-12 * abs(value):
        return number(value)
    decimals = _decimals_of(half_width)
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"  # no -0.00


def _decimals_of(half_width: float) -> int:
    return min(decimals_for(half_width, 2), 6)


def plain_number(value: float) -> str:
    """A value to four digits."""
    if abs(value) < 0.5 * 10.0**-MOST_DECIMALS:
        return "0"
    return f"{value:,.{min(decimals_for(value, 4), MOST_DECIMALS)}f}"


def rough(value: float) -> str:
    """A value to four digits, without zeros at its end: for sentences and labels."""
    text = plain_number(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits_of(value: float, digits: int, sign: str = "") -> str:
    """A value to so many digits, and all that stand before the point: 0.0123, 12,345."""
    text = f"{value:{sign},.{digits}g}"
    return f"{value:{sign},.0f}" if "e+" in text else text


def decimals_for(value: float, digits: int) -> int:
    """Decimals that show a value with so many digits."""
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def interval(found: Interval, times: float = 1.0) -> str:
    """A mean and its half-width, times a number; `> 40` where it is known only to be more."""
    if getattr(found, "more", False):
        return f"> {number(times * found.mean)}"
    return number(times * found.mean, times * found.half_width)


def percent(share: float) -> str:
    """A share as a percentage to four digits, as few as it has: 95 %, 99.95 %."""
    digits = number(100 * share)
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} %"


def money(value: float) -> str:
    """Money with thousands apart, and cents where they matter."""
    return f"{value:,.2f}" if abs(value) < 10_000 else f"{value:,.0f}"


def units(value: float) -> str:
    """Units or days, without decimals where there are none."""
    return f"{value:,.4g}" if abs(value) < 1000 and value % 1 else f"{value:,.0f}"


class Share(float):
    """A number that is shown in percent, in a column where others are not."""


def share(value: float) -> str:
    """A share as a percentage to one decimal, so that a column of them lines up."""
    return f"{100 * value:.1f} %"
