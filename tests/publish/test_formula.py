"""A rule's source as a formula: what is run, in TeX."""

from __future__ import annotations

import math
from typing import Any

import pytest

from backsim.publish.formula import formula_of
from backsim.rules import FAMILIES


def value(function: Any, **symbols: str) -> str:
    found = formula_of(function, symbols)
    assert found is not None
    return found.value


def test_a_choice_is_cases() -> None:
    def s_S(position: int, s: float, S: float) -> int:
        return math.floor(S) - position if position <= s else 0

    assert value(s_S, position="X") == (
        r"\begin{cases} \left\lfloor S \right\rfloor - X & \text{if } X \le s \\ "
        r"0 & \text{otherwise} \end{cases}"
    )


def test_an_if_before_a_return_is_the_same_choice() -> None:
    def one(a: int, b: int) -> int:
        if a > b:
            return a
        if a == b:
            return 0
        return b

    assert value(one) == (
        r"\begin{cases} a & \text{if } a > b \\ 0 & \text{if } a = b \\ "
        r"b & \text{otherwise} \end{cases}"
    )


def test_brackets_stand_where_they_are_needed() -> None:
    def f(a: float, b: float, c: float) -> float:
        return (a + b) * c - (a - b) + a * b / (c - 1)

    assert value(f) == (r"\left(a + b\right) \, c - \left(a - b\right) + \frac{a \, b}{c - 1}")


def test_a_choice_within_a_sum_is_in_brackets() -> None:
    def f(told: float, days: float) -> float:
        return (0.0 if told > 1 else told) + days

    assert value(f).startswith(r"\left(\begin{cases}")


def _rounded(x: float) -> float:
    return x + 8.0 - 8.0


def _up_to(level: float, position: int) -> int:
    return math.ceil(_rounded(level)) - position


def test_small_functions_are_put_in_their_place_and_rounding_goes() -> None:
    def f(a: float, position: int) -> int:
        return _up_to(2 * a, position)

    assert value(f, position="X") == r"\left\lceil 2 \, a \right\rceil - X"


def test_what_is_given_a_name_is_said_before() -> None:
    def f(L: float, cover: float, mu: float) -> float:
        days = L + cover
        days = days + 1
        return mu * days

    found = formula_of(f, {})
    assert found is not None
    assert found.where == ((r"\mathrm{days}", r"L + \mathrm{cover} + 1"),)
    assert found.value == r"\mathrm{mu} \, \mathrm{days}"


def test_what_changes_a_memory_is_no_formula() -> None:
    def f(forecast: Any, demand: int) -> float:
        forecast.level += demand
        return float(forecast.level)

    assert formula_of(f, {}) is None
    assert formula_of(len, {}) is None


@pytest.mark.parametrize(
    "family", ["reorder", "priority", "rationing", "notice", "estimate", "sourcing", "split"]
)
def test_every_rule_that_remembers_nothing_is_a_formula(family: str) -> None:
    for rule in FAMILIES[family].rules.values():
        if not rule.built_in:
            continue
        found = formula_of(rule.function, {})
        assert found is not None, rule.name
        assert found.value.count("{") == found.value.count("}")
        assert found.value.count(r"\left") == found.value.count(r"\right")
