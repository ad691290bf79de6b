"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest

from backsim.present.numbers import digits_of, precise, rough
from backsim.report.figures.surface import _apart


@pytest.mark.parametrize(
    ("value", "expected"),
    [(28270.4, "28,270"), (40.0, "40"), (2.5, "2.5"), (10 / 24, "0.4167"), (0.0, "0")],
)
def test_four_digits_without_zeros_at_the_end(value: float, expected: str) -> None:
    """And never with an exponent, which a planner does not read."""
    assert rough(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(100.0, "100"), (99.7, "100"), (9.96, "10"), (1234.5, "1,234"), (0.01234, "0.012")],
)
def test_so_many_digits_without_an_exponent(value: float, expected: str) -> None:
    assert digits_of(value, 2) == expected
    assert digits_of(value, 2, "+") == f"+{expected}"
    assert digits_of(-value, 2) == f"-{expected}"


@pytest.mark.parametrize(
    ("value", "half_width", "expected"),
    [
        (0.02572, 0.00196, "0.0257"),
        (1.206, 0.3, "1.21"),
        (12345.6, 196.0, "12,346"),
        (-0.0004, 0.02, "0.000"),
        (0.1856, math.nan, "0.1856"),
        (3.0, 0.0, "3.000"),
        (math.nan, 1.0, "-"),
    ],
)
def test_as_many_digits_as_the_interval_carries(
    value: float, half_width: float, expected: str
) -> None:
    assert precise(value, half_width) == expected


def test_a_difference_on_a_surface_has_the_digits_of_its_interval() -> None:
    found = [_apart(*pair) for pair in [(0.000795, 0.021), (3.14159, 0.12), (-2.0, 3.0), (0, 0)]]
    assert found == ["+0.001 ?", "+3.14", "-2.0 ?", "0"]
