"""The clock of a pattern: season, calendar and trend."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim.scenario.demand.patterns import Clock, steps
from backsim.scenario.demand.schema import Cycle, Pattern

MONDAY = datetime.date(2024, 1, 1)
WORKDAYS = Pattern(weekdays=(1, 1, 1, 1, 1, 0, 0))

factors = st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any).map(tuple)
patterns = st.builds(
    Pattern,
    weekdays=st.none() | st.just((1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0)),
    months=st.none() | st.just((0.0, 2.0) * 6),
    season=st.none() | st.builds(Cycle, period=st.floats(0.5, 90), factors=factors),
    trend=st.integers(-10, 50).map(lambda share: share / 1000),
)


@given(patterns, st.floats(1, 400), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_calendar_time_is_the_inverse_of_operational_time(
    pattern: Pattern, horizon: float, shares: list[float]
) -> None:
    clock = Clock.of(pattern, horizon, MONDAY)
    operational = np.sort(shares) * clock.operational(horizon)
    times = clock.calendar(operational)
    assert (np.diff(times) >= 0).all()
    assert (times >= 0).all()
    assert (times <= horizon * (1 + 1e-12)).all()
    back = [clock.operational(float(time)) for time in times]
    assert back == pytest.approx(operational, rel=1e-9, abs=1e-9)


def test_without_a_pattern_the_clock_is_the_calendar() -> None:
    clock = Clock.of(Pattern(), 100, None)
    assert clock.operational(12.5) == 12.5
    assert clock.calendar(np.array([1.0, 2.5])).tolist() == [1.0, 2.5]


@pytest.mark.parametrize("start", range(7))
def test_nothing_arrives_at_the_weekend(start: int) -> None:
    first = MONDAY + datetime.timedelta(days=start)
    clock = Clock.of(WORKDAYS, 70, first)
    times = clock.calendar(np.linspace(0.001, clock.operational(70), 5000))
    weekday = (np.ceil(times).astype(int) - 1 + first.weekday()) % 7  # midnight ends the day before
    assert set(weekday.tolist()) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("pattern", "horizon", "mean"),
    [
        (WORKDAYS, 70.0, 1.0),
        (Pattern(season=Cycle(period=10, factors=(1, 3))), 100.0, 1.0),
        (Pattern(season=Cycle(period=10, factors=(1, 3))), 5.0, 0.5),
        (Pattern(trend=0.01), 100.0, 1.5),
        (Pattern(trend=-0.02), 100.0, 0.25),  # the rate is 0 from day 50
    ],
)
def test_the_mean_rate(pattern: Pattern, horizon: float, mean: float) -> None:
    clock = Clock.of(pattern, horizon, MONDAY)
    assert clock.operational(horizon) / horizon == pytest.approx(mean, rel=1e-3)


def test_months_follow_the_calendar() -> None:
    only_february = Pattern(months=(0, 1, *[0] * 10))
    clock = Clock.of(only_february, 366, MONDAY)
    times = clock.calendar(np.linspace(0.001, clock.operational(366), 100))
    assert times.min() >= 31
    assert times.max() <= 60  # 2024 has a 29th


def test_steps_are_counted_before_they_are_made() -> None:
    pattern = Pattern(weekdays=WORKDAYS.weekdays, season=Cycle(period=1, factors=(1, 2)))
    clock = Clock.of(pattern, 50, MONDAY)
    assert clock.times is not None
    assert len(clock.times) - 1 <= steps(pattern, 50) <= 2 * len(clock.times)
