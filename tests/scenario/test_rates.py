"""The clock of a pattern: season, calendar and trend."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim import streams
from backsim.scenario.demand.laws import flows
from backsim.scenario.demand.patterns import Clock, steps
from backsim.scenario.demand.rates import expected_work, mean_demand
from backsim.scenario.demand.schema import Cycle, Pattern
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import FileError

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


# -- the mean demand that levels in days are of ---------------------------------------------------


def asked_for(horizon: float = 2000.0, start: str | None = None, **demand: Any) -> Model:
    """Two orders a day for mugs, unless the demand says otherwise."""
    entry = {"arrivals": {"poisson": {"rate": 2}}, "products": "mug", **demand}
    fields = {} if start is None else {"start": start}
    return from_dict(
        {
            **fields,
            "horizon": horizon,
            "products": "mug",
            "suppliers": {"maker": {}},
            "customers": {"all": {"demand": {"orders": demand["orders"]}}}
            if "orders" in demand
            else {"all": {"demand": entry}},
            "policy": {"reorder": "none"},
        }
    )


def mean_of(model: Model) -> float:
    return mean_demand(model.scenario, {})["mug", "main"]


ROUNDED: list[tuple[dict[str, Any], float]] = [
    ({"lines": {"poisson": {"mean": 1}}}, 2 * (1 + math.exp(-1))),
    ({"size": 1.4}, 2.0),
    ({"size": {"exponential": {"mean": 2}}}, 2 * math.exp(-0.25) / (1 - math.exp(-0.5))),
    ({"size": {"uniform": {"low": -1, "high": 2}}}, 2 * (1 + 2 * 0.5) / 3),
    ({"size": {"normal": {"mean": 1e6, "sd": 1e5}}}, 2e6),
    ({"size": {"geometric": {"mean": 3}}, "lines": {"geometric": {"mean": 2}}}, 12.0),
    ({"size": {"discrete": {"values": [0.4, 0.6, 2.5]}}}, 2 * (0 + 1 + 2) / 3),
]


@pytest.mark.parametrize(("demand", "mean"), ROUNDED, ids=str)
def test_mean_demand_is_that_of_rounded_numbers(demand: dict[str, Any], mean: float) -> None:
    """And with these 4,000 orders no more than 5 standard errors from what is drawn."""
    model = asked_for(**demand)
    assert mean_of(model) == pytest.approx(mean, rel=1e-6)
    units = streams.draw(model, 1).columns["units"]
    spread = 5 * math.sqrt(len(units)) * float(units.std() + units.mean())
    assert float(units.sum()) == pytest.approx(mean * model.horizon, abs=spread)


@pytest.mark.parametrize("mean", [0.2, 3.0, 400.0])
@pytest.mark.parametrize(
    "law", ["gamma", "lognormal", "weibull", "normal", "poisson", "negative_binomial"]
)
def test_mean_demand_and_the_demand_of_service_levels_agree(law: str, mean: float) -> None:
    shape = {
        "weibull": {"shape": 0.7},
        "normal": {"sd": 2 * mean},
        "poisson": {},
        "negative_binomial": {"n": 0.7},
    }.get(law, {"cv": 1.2})
    model = asked_for(size={law: {"mean": mean, **shape}}, lines={"poisson": {"mean": 0.5}})
    (flow,) = flows(model.scenario, {})["mug", "main"]
    assert flow.mean == pytest.approx(mean_of(model), rel=1e-6)


def test_mean_demand_is_that_of_the_horizon() -> None:
    """Trends, dates and written orders; the average of a trend is that of its middle."""
    assert mean_of(asked_for(1000.0, pattern={"trend": 0.01})) == pytest.approx(12.0, rel=1e-4)
    for on, days in (("working_day", 366), (31, 7), (["monday", "friday"], 105)):
        model = asked_for(366.0, "2024-01-01", arrivals={"dates": {"on": on}}, size=10)
        assert mean_of(model) == pytest.approx(10 * days / 366)
        assert len(streams.draw(model, 1)) == days
    orders = [{"time": 5, "lines": {"mug": 1}}, {"time": 50, "lines": {"mug": 1000}}]
    model = asked_for(10.0, orders=orders)
    assert mean_of(model) == 0.1
    assert expected_work(model.scenario, {}) == (1, 1)


def test_sizes_that_are_all_rounded_to_none_are_refused() -> None:
    with pytest.raises(
        FileError, match=r"size: expected some sizes .* half a unit.*got a mean of 0.4"
    ):
        asked_for(size=0.4)


def test_a_trend_is_the_same_in_every_unit_of_time() -> None:
    """Its rate changes by the hour, whatever the scenario counts in."""

    def times(unit: str, days: float) -> Any:
        scenario = {
            "horizon": 730 / days,
            "time_unit": unit,
            "products": "mug",
            "suppliers": {"maker": {}},
            "customers": {
                "all": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 2 * days}},
                        "pattern": {"trend": 0.002 * days},
                        "products": "mug",
                    }
                }
            },
            "policy": {"reorder": "none"},
        }
        return streams.draw(from_dict(scenario), 1).columns["time"] * days

    in_days = times("days", 1)
    for unit, days in (("weeks", 7), ("months", 365 / 12), ("years", 365)):
        assert times(unit, days) == pytest.approx(in_days, abs=1e-6)
