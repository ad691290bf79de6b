"""A trend and a season are told apart, and neither is seen where there is none."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backsim.data.fit.rate import Pattern, rate_of
from backsim.streams import generator

MEAN, SEASON = 8.0, 0.3


def found(days: int, growth: float, season: float, seed: int) -> tuple[Pattern, Any]:
    """Poisson orders: the rate grows by `growth` of its mean, and swings by month."""
    draw = generator(seed, days, "rate")
    first = datetime.date(2023, 3, 1)
    day = np.arange(days)
    month = (np.datetime64(first) + day).astype("datetime64[M]").astype(int) % 12
    rate = MEAN * (1 + growth * (day / (days - 1) - 0.5))
    count = draw.poisson(rate * (1 + season * np.sin(2 * np.pi * month / 12)))
    history: Any = SimpleNamespace(days=float(days), first=first)
    return rate_of(history, np.repeat(day, count) + 0.5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [365, 420, 730])
def test_growth_is_no_season(days: int, seed: int):
    pattern, rate = found(days, 1.0, 0.0, seed)
    assert pattern.months is None
    assert pattern.trend * days == pytest.approx(2, rel=0.35)  # from half the mean to 1.5 times it
    assert rate.value == pytest.approx(MEAN, rel=0.05)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("days", [365, 420, 730])
def test_a_season_is_no_growth(days: int, seed: int):
    pattern, rate = found(days, 0.0, SEASON, seed)
    assert pattern.trend == 0
    assert pattern.months is not None
    assert max(pattern.months) == pytest.approx(1 + SEASON, rel=0.15)
    assert rate.value == pytest.approx(MEAN, rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_both_are_found_in_two_years(seed: int):
    pattern, rate = found(730, 1.0, SEASON, seed)
    assert pattern.months is not None
    truth = 1 + SEASON * np.sin(2 * np.pi * np.arange(12) / 12)
    assert np.abs(np.array(pattern.months) / truth - 1).max() < 0.15
    assert pattern.trend * 730 == pytest.approx(2, rel=0.35)
    assert rate.value == pytest.approx(MEAN, rel=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_where_there_is_nothing(seed: int):
    pattern, _ = found(500, 0.0, 0.0, seed)
    assert (pattern.weekdays, pattern.months, pattern.trend) == (None, None, 0)


def test_a_few_days_of_a_second_year_make_no_trend():
    """Orders stop nine days before the end: with months, that looked as a fall by 91 % a year."""
    day = np.repeat(np.arange(365), 8) + 0.5
    history: Any = SimpleNamespace(days=374.0, first=datetime.date(2024, 1, 1))
    _, rate = rate_of(history, day)
    assert rate.value == pytest.approx(8 * 365 / 374, rel=0.02)
