"""How fine the grid of time is: what people write lies on it, in any unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backsim.kernel.grid import to_grid
from backsim.scenario.grid import MOST_TICKS, denominator, ticks_per_day
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def model(horizon: float = 1000.0, lead_time: Any = 0, **fields: Any) -> Model:
    demand = {"arrivals": {"poisson": {"rate": 3 / horizon}}, "products": "mug"}
    return from_dict(
        {
            "horizon": horizon,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": lead_time}},
            "customers": {"all": {"demand": demand}},
            "policy": {"reorder": "none"},
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("time", "of"),
    [
        *((0.1, 10), (30.4, 5), (365 / 12, 12), (1 / 24, 24), (1 / 1440, 1440), (7.0, 1)),
        *((0.125 / 1440, 11520), (2 / 365.25, 1461), (1 / 30.4, 152), (12 / 365 * 30.4, 1825)),
        *((math.pi, 0), (math.sqrt(2), 0), (1e-12, 10**12)),
    ],
)
def test_the_fraction_that_a_number_stands_for(time: float, of: int):
    assert denominator(time) == of


@pytest.mark.parametrize("horizon", [1.0, 12.0, 365.0, 1000.0, 3650.0, 36500.0])
@pytest.mark.parametrize("time", [0.1, 30.4, 365 / 12, 1 / 24, 1 / 1440, 1 / 86400, 0.25])
def test_what_people_write_meets(horizon: float, time: float):
    """Sums of it are equal, whichever way they are made, and are the numbers that people write."""
    ticks = model(horizon).ticks
    assert to_grid(time, ticks) == time
    count = np.arange(1.0, 1 + min(10_000, horizon // time))
    one_by_one = np.zeros(len(count))
    now = 0.0
    for place in range(len(count)):
        now = one_by_one[place] = to_grid(now + time, ticks)
    assert (to_grid(count * time, ticks) == one_by_one).all()


@given(st.floats(1e-6, 6.5e9), st.sampled_from([1.0, 1 / 7, 365 / 12, 1 / 30.4, math.pi, 1 / 487]))
def test_a_horizon_has_room_for_its_ticks(horizon: float, lead_time: float):
    ticks = ticks_per_day(model(horizon, lead_time).scenario)
    assert MOST_TICKS / 8 <= ticks * horizon <= MOST_TICKS
    if lead_time * 16 <= horizon:
        assert to_grid(3 * lead_time, ticks) == to_grid(
            to_grid(lead_time, ticks) + 2 * lead_time, ticks
        )


@pytest.mark.parametrize("lead_time", [1e-14, 1e-160, 1e-300, 5e-324])
def test_no_time_is_too_short(lead_time: float):
    """One that is shorter than a tick is none, and the grid stays what it is."""
    assert model(lead_time=lead_time).ticks == model().ticks


def test_the_tape_is_the_worlds_and_no_policys():
    base = model(lead_time=2.5)
    other = base.replace({"policy.review": 1 / 17, "policy.clearing": 1 / 19, "warm_up": 1 / 23})
    assert other.ticks == base.ticks


def test_never_stays_never():
    assert to_grid(math.inf, 1e9) == math.inf
    assert math.isnan(to_grid(math.nan, 1e9))


@given(st.floats(0, 1e15), st.floats(0, 1e15))
def test_the_grid_keeps_the_order_of_times(one: float, other: float):
    earlier, later = sorted([one, other])
    ticks = model().ticks
    assert to_grid(earlier, ticks) <= to_grid(later, ticks)
    assert to_grid(to_grid(one, ticks), ticks) == to_grid(one, ticks)


def test_a_horizon_counts_as_the_moment_of_the_grid_next_to_it():
    assert model(horizon=12 * 30.4).horizon == 364.8
    assert 12 * 30.4 != 364.8
