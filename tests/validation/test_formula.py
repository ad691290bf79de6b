"""Metrics in arithmetic: what a formula is, and what it is not."""

from __future__ import annotations

import pytest

from backsim.validation.formula import is_formula, parse_formula


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 - fill_rate - lost_rate", 0.125),
        ("lost_rate + cancel.told_too_long - blocked", 0.5),
        ("1 - cancel.told_too_long / (1 - fill_rate)", -1.0),
        ("sd_net_stock ** 2", 16.0),
        ("10 * shipped_per_day[high] + 2.5e-1 * sd_net_stock", 31.0),
        ("-(mean_wait[product:mug] - 3)", 1.0),
        ("(1 - fill_rate)", 0.25),
    ],
)
def test_value_of_a_formula(text: str, value: float) -> None:
    known = {
        "fill_rate": 0.75,
        "lost_rate": 0.125,
        "cancel.told_too_long": 0.5,
        "blocked": 0.125,
        "sd_net_stock": 4.0,
        "shipped_per_day[high]": 3.0,
        "mean_wait[product:mug]": 2.0,
    }
    assert is_formula(text)
    names, reckon = parse_formula(text)
    assert set(names) <= known.keys()
    assert reckon(known) == value


@pytest.mark.parametrize("text", ["fill_rate", "cost.total", "fill_rate[gold]", "mean_wait[a b]"])
def test_a_name_is_no_formula(text: str) -> None:
    assert not is_formula(text)


@pytest.mark.parametrize(
    "text", ["1 - ", "fill_rate // 2", "max(fill_rate, 1)", "1 - 'a'", "a - 1 = b"]
)
def test_nothing_else_is_one(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_formula(text)
