"""Closures that are known: planned outages, weekends.  Every date takes them into account.

The week starts on day 0, a Monday; the supplier is closed on days 5 and 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play, tell

from backsim.engines.log import Log
from backsim.entities import NOTE_EXPECT, NOTE_EXPEDITE, WITHDRAWN
from backsim.scenario.model import Model

WEEKENDS = [{"starts": 7.0 * week + 5, "days": 2} for week in range(12)]
CLOSED = {"planned": WEEKENDS, "announced": True}
THREE_DAYS = {"capacity": {"servers": 9, "service": 3}}
ESTIMATES: list[Any] = [
    "live",
    "quoted",
    "mean_lead_time",
    {"rule": "quantile", "p": 0.5},
    {"rule": "live", "padding": 0},
]


def shop(
    *times: float,
    estimate: Any = "live",
    horizon: float = 40,
    stock: Any = None,
    disruptions: Any = CLOSED,
    **supplier: Any,
) -> Model:
    """A mug is ordered at some times; each is made or sent for then."""
    return build(
        {"a": {"demand": orders(*((time, 1) for time in times))}},
        stock=[{"reorder": {"rule": "base_stock", "S": 0}, **(stock or {})}],
        suppliers={"maker": {"disruptions": disruptions, **supplier}},
        policy={"notice": "at_order", "estimate": estimate},
        horizon=horizon,
    )


def dates(log: Log, name: str) -> list[float]:
    return log.purchases[name].tolist()


@pytest.mark.parametrize("messages", ["never", "exact", "at_due"])
@pytest.mark.parametrize("estimate", ESTIMATES, ids=str)
def test_three_working_days_end_after_the_weekend(estimate: Any, messages: str):
    """Ordered on Tuesday, on Friday noon, on Saturday; told Friday, Wednesday noon, Thursday."""
    log = play(shop(1, 4.5, 5.25, estimate=estimate, messages=messages, **THREE_DAYS))
    assert dates(log, "arrives") == [4.0, 9.5, 10.0]
    assert dates(log, "quoted") == dates(log, "expected") == dates(log, "arrives")
    assert log.contacts["first_promise"].tolist() == [4.0, 9.5, 10.0]


@pytest.mark.parametrize("estimate", ESTIMATES, ids=str)
def test_what_is_on_its_way_is_not_stopped_and_what_is_ordered_on_a_weekend_waits(estimate: Any):
    log = play(shop(4, 5, 6.5, 7, estimate=estimate, lead_time=3))
    assert dates(log, "arrives") == [7.0, 10.0, 10.0, 10.0]
    assert dates(log, "quoted") == dates(log, "arrives")
    assert log.contacts["first_promise"].tolist() == [7.0, 10.0, 10.0, 10.0]


@pytest.mark.parametrize("lead_time", [0, 2])
def test_saturday_and_sunday_are_one_weekend(lead_time: float):
    days = [{"starts": 5, "days": 1}, {"starts": 6, "days": 1}]
    closed = {"planned": days, "announced": True}
    log = play(shop(5.25, disruptions=closed, lead_time=lead_time))
    assert dates(log, "arrives") == dates(log, "quoted") == [7.0 + lead_time]
    log = play(shop(4.5, disruptions=closed, messages="exact", **THREE_DAYS))
    assert dates(log, "arrives") == dates(log, "quoted") == [9.5]


def test_work_that_goes_on_for_weeks_counts_every_weekend():
    log = play(shop(1, capacity={"servers": 1, "service": 12}, lead_time=1))
    assert dates(log, "arrives") == dates(log, "quoted") == [18.0]  # 4 + 5 + 3 days, then 1


def test_work_behind_a_queue_counts_the_weekends_of_all_of_it():
    log = play(shop(3, 3, 3, capacity={"servers": 1, "service": 2}, messages="exact"))
    assert dates(log, "arrives") == dates(log, "expected") == [5.0, 9.0, 11.0]
    assert log.contacts["first_promise"].tolist()[0] == 5.0


def test_work_that_ends_when_the_supplier_closes_is_done():
    log = play(shop(2, 4, capacity={"servers": 2, "service": 3}))
    assert dates(log, "arrives") == dates(log, "quoted") == [5.0, 9.0]


def test_an_outage_that_nobody_is_told_of_is_in_no_date_but_the_suppliers_own():
    hidden = {"planned": WEEKENDS}
    quiet = play(shop(4.5, disruptions=hidden, **THREE_DAYS))
    assert (dates(quiet, "quoted"), dates(quiet, "arrives")) == ([7.5], [9.5])
    exact = play(shop(4.5, disruptions=hidden, messages="exact", **THREE_DAYS))
    assert (dates(exact, "quoted"), dates(exact, "expected")) == ([7.5], [9.5])
    asked = {"when": "every", "days": 1}
    every = play(shop(4.5, disruptions=hidden, messages=asked, **THREE_DAYS, horizon=6))
    assert (dates(every, "quoted"), dates(every, "expected")) == ([7.5], [9.5])


def test_closures_after_the_horizon_are_known_too():
    log = play(shop(4.5, horizon=4.75, **THREE_DAYS))
    assert log.contacts["first_promise"].tolist() == [9.5]


def test_a_supplier_that_is_down_for_an_unknown_time_is_told_of_too():
    """Who is told on the day on which a purchase would be placed now knows of the outage."""
    outage = {"up": 2, "down": 4, "announced": True}
    for estimate in ("live", "mean_lead_time"):
        log = play(shop(3, disruptions=outage, lead_time=1, estimate=estimate))
        assert log.contacts["first_promise"].tolist() == [8.0]  # 3, the mean of 4, and 1


def test_nobody_cancels_or_expedites_what_is_late_by_a_weekend_only():
    stock = {"cancel_late": 1, "expedite": {"days": 1, "late": 1}}
    log = play(shop(4.5, 5.25, stock=stock, messages="exact", **THREE_DAYS))
    assert not (log.purchases["status"] == WITHDRAWN).any()
    assert not (log.notes["what"] == NOTE_EXPEDITE).any()
    hidden = {"planned": WEEKENDS}
    log = play(shop(5.25, stock=stock, disruptions=hidden, horizon=6.5))
    assert (log.purchases["status"] == WITHDRAWN).any()  # 5.25 was quoted
    log = play(shop(5.25, stock=stock, horizon=6.5))
    assert not (log.purchases["status"] == WITHDRAWN).any()  # 7 was quoted


def test_an_emergency_source_counts_its_own_weekend():
    """On Saturday the near supplier is closed: what the far one brings on Tuesday is as early."""
    rows = {"far": {"lead_time": 3}, "near": {"lead_time": 1, "disruptions": CLOSED}}
    near = {"supplier": "near", "emergency": {"level": -1, "up_to": 0}}
    stock = {"supplier": ["far", near], "reorder": {"rule": "base_stock", "S": 0}}
    demand = {"a": {"demand": orders((5, 1))}}
    story = tell(play(build(demand, suppliers=rows, stock=[stock])))
    assert [line for line in story if "purchase" in line] == ["5 purchase 0 1"]


@pytest.mark.parametrize("servers", [1, 2, 3])
@pytest.mark.parametrize("per", ["purchase", "unit"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_exact_dates_never_move(servers: int, per: str, seed: int):
    """Who knows the queue and the calendar knows the day; times are multiples of 1/64."""
    chance = np.random.default_rng([seed, servers])
    starts = np.cumsum(chance.integers(16, 400, 40)) / 64
    lengths = np.append(np.diff(starts), 1) * chance.integers(1, 8, 40) / 8
    lengths = np.maximum(np.floor(lengths * 64), 1) / 64
    planned = [{"starts": float(s), "days": float(d)} for s, d in zip(starts, lengths, strict=True)]
    service = {"discrete": {"values": [0.25, 0.5, 1.75]}}
    times = np.sort(chance.integers(0, 60 * 64, 25)) / 64
    model = shop(
        *times.tolist(),
        capacity={"servers": servers, "service": service, "per": per},
        lead_time={"discrete": {"values": [0, 2]}},
        messages="exact",
        disruptions={"planned": planned},
        horizon=400,
    )
    log = play(model)
    assert (log.purchases["expected"] == log.purchases["arrives"]).all()
    moved = log.notes[log.notes["what"] == NOTE_EXPECT]
    assert (moved["time"] == log.purchases["placed"][moved["subject"]]).all()
