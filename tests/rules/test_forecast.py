"""Forecast methods: worked by hand, and against another package's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from backsim.entities import Forecast
from backsim.rules import FAMILIES
from backsim.rules.forecast import (
    croston,
    holt,
    moving_average,
    sba,
    seasonal_naive,
    ses,
    static,
    tsb,
)

Series = Sequence[int]


def run(
    method: Callable[..., float], series: Series, start: float = 0.0, **given: Any
) -> list[float]:
    """The forecast after each period."""
    state, rule, found = Forecast(mean=start), FAMILIES["forecast"].get(method.__name__), []
    back = int(next(iter(given.values()), 0))
    for period, demand in enumerate(series):
        offers = {"forecast": state, "demand": demand, "periods": period}
        offers["ago"] = series[period + 1 - back] if 0 <= period + 1 - back <= period else 0
        values = {p.name: p.default for p in rule.parameters} | offers | given
        state.mean = method(*(values[name] for name in rule.arguments))
        state.periods += 1
        found.append(state.mean)
    return found


# -- worked by hand --------------------------------------------------------------------------------


def test_static_stays():
    assert run(static, [3, 9, 0], start=4.0) == [4, 4, 4]


def test_moving_average_forgets():
    assert run(moving_average, [3, 9, 0, 6], window=2) == [3, 6, 4.5, 3]
    assert run(moving_average, [3, 9, 0], window=1) == [3, 9, 0]


def test_exponential_smoothing():
    assert run(ses, [8, 0], start=4.0, alpha=0.5) == [6, 3]


def test_holt_follows_a_line():
    # Started on the line, it stays on it: level + trend is the next value.
    state = Forecast(mean=10.0, trend=2.0)
    for demand in (10, 12, 14):
        state.mean = holt(state, demand, 0.3, 0.2)
    assert state.mean == pytest.approx(16)
    assert state.trend == pytest.approx(2)


def test_seasonal_naive_repeats():
    assert run(seasonal_naive, [3, 6, 0, 9, 4], season=3) == [3, 4.5, 3, 6, 0]
    assert run(seasonal_naive, [3, 6], season=1) == [3, 6]


def test_croston_is_size_over_interval():
    # 0 0 6 0 4: first 6 every 3; then sizes 6 -> 5, intervals 3 -> 2.5 with alpha 1/2.
    assert run(croston, [0, 0, 6, 0, 4], start=1.0, alpha=0.5) == [1, 1, 2, 2, 2]
    assert run(sba, [0, 0, 6, 0, 4], start=1.0, alpha=0.5) == [1, 1, 1.5, 1.5, 1.5]


def test_tsb_falls_while_there_is_no_demand():
    assert run(tsb, [4, 0, 0, 8], alpha=0.5, beta=0.5) == [4, 2, 1, 0.625 * 6]


# -- against statsforecast -------------------------------------------------------------------------

SPARSE = np.random.default_rng(7).poisson(0.4, 60) * np.random.default_rng(8).integers(1, 9, 60)
DENSE = np.random.default_rng(9).poisson(20, 60)
CLOSE = {"rel": 1e-12, "abs": 1e-12}


def peer(name: str, series: Any, **given: Any) -> float:
    """The forecast of the period after a series."""
    models = pytest.importorskip("statsforecast.models")
    model = getattr(models, name)(**given)
    return float(model.forecast(np.asarray(series, float), h=1)["mean"][0])


@pytest.mark.parametrize("series", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("count", [20, 21, 47, 60])
def test_the_forecasts_are_those_of_another_package(series: Any, count: int):
    part = [int(units) for units in series[:count]]
    first = float(part[0])
    assert run(ses, part, start=first, alpha=0.3)[-1] == pytest.approx(
        peer("SimpleExponentialSmoothing", part, alpha=0.3), **CLOSE
    )
    assert run(moving_average, part, window=7)[-1] == pytest.approx(
        peer("WindowAverage", part, window_size=7), **CLOSE
    )
    assert run(seasonal_naive, part, season=12)[-1] == peer("SeasonalNaive", part, season_length=12)
    assert run(croston, part)[-1] == pytest.approx(peer("CrostonClassic", part), **CLOSE)
    assert run(sba, part)[-1] == pytest.approx(peer("CrostonSBA", part), **CLOSE)
    assert run(tsb, part, alpha=0.2, beta=0.3)[-1] == pytest.approx(
        peer("TSB", part, alpha_d=0.2, alpha_p=0.3), **CLOSE
    )


def test_holt_s_forecasts_are_those_of_another_package():
    """Its exponential smoothing with additive error and trend, as it fits it, from its start.

    There beta is a share of the error, here one of the level's correction: ours times alpha.
    """
    ets = pytest.importorskip("statsforecast.ets")
    series = DENSE.astype(float) + np.arange(60)
    fit = ets.ets_f(series, m=1, model="AAN", damped=False)
    (alpha, both), (level, trend) = fit["par"][:2], fit["states"][0][:2]
    beta = both / alpha
    assert 0 < beta < 1
    state = Forecast(mean=level + trend, trend=trend)
    found = [state.mean]
    for demand in series:
        state.mean = holt(state, demand, alpha, beta)
        found.append(state.mean)
    assert np.array(found[:-1]) == pytest.approx(series - fit["residuals"], rel=1e-9)
