"""Numbers as people read them."""

from __future__ import annotations

import pytest

from backsim.present.numbers import rough


@pytest.mark.parametrize(
    ("value", "expected"),
    [(28270.4, "28,270"), (40.0, "40"), (2.5, "2.5"), (10 / 24, "0.4167"), (0.0, "0")],
)
def test_four_digits_without_zeros_at_the_end(value: float, expected: str) -> None:
    """And never with an exponent, which a planner does not read."""
    assert rough(value) == expected
