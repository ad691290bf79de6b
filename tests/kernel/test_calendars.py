"""Calendars of suppliers, sites and reviews.  Day 0 is Monday, the first of January 2024."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play

from backsim.engines.log import Log
from backsim.errors import InputError
from backsim.results.metrics import measure
from backsim.scenario.model import Model

OFFICE: dict[str, Any] = {"office": {}, "market": {"weekdays": ["tuesday", "saturday"]}}
EVERYTHING = ["live", "quoted", "mean_lead_time", {"rule": "quantile", "p": 0.5}]


def shop(*times: float, site: Any = None, stock: Any = None, **fields: Any) -> Model:
    """A mug is ordered at some times, and for each a purchase is placed then."""
    supplier, customer = fields.pop("supplier", {}), fields.pop("customer", {})
    return build(
        {"a": {"demand": orders(*((time, 1) for time in times)), **customer}},
        sites={"main": site or {}},
        stock=[{"reorder": {"rule": "base_stock", "S": 0}, **(stock or {})}],
        suppliers={"maker": supplier},
        policy={"notice": "at_order", "estimate": fields.pop("estimate", "live")},
        **{"horizon": 60, "start": "2024-01-01", "calendars": OFFICE, **fields},
    )


def arrivals(log: Log) -> list[float]:
    """When purchases arrive; what was quoted, expected and told is the same."""
    found: list[float] = log.purchases["arrives"].tolist()
    assert log.purchases["quoted"].tolist() == found
    assert log.purchases["expected"].tolist() == found
    return found


@pytest.mark.parametrize("estimate", EVERYTHING, ids=str)
def test_a_lead_time_in_working_days(estimate: Any):
    """Of two working days: from Monday noon, Thursday, Friday noon, Saturday, Friday's end."""
    two = {"calendar": "office", "lead_time_in": "working_days", "lead_time": 2}
    log = play(shop(0.5, 3, 4.5, 5.25, 12, supplier=two, estimate=estimate))
    assert arrivals(log) == [2.5, 5.0, 8.5, 9.0, 16.0]
    assert log.contacts["first_promise"].tolist() == [2.5, 5.0, 8.5, 9.0, 16.0]


@pytest.mark.parametrize("messages", ["never", "exact", "at_due"])
def test_a_supplier_that_is_closed_dispatches_nothing_and_travels_on_all_days(messages: str):
    closed = {"calendar": "office", "lead_time": 2, "messages": messages}
    log = play(shop(3.5, 4.5, 5.25, supplier=closed))
    assert arrivals(log) == [5.5, 6.5, 9.0]


def test_closed_days_are_the_weekend_holidays_and_closures():
    works = {
        "maker": {
            "holidays": ["2024-01-09"],
            "closures": [{"first": "2024-01-11", "last": "2024-01-12"}],
        }
    }
    one = {"calendar": "maker", "lead_time_in": "working_days", "lead_time": 1}
    log = play(shop(4.5, 7.5, 9.75, supplier=one, calendars=works))
    assert arrivals(log) == [7.5, 9.5, 14.75]  # Monday; over Tuesday; over Thursday to Sunday


def test_planned_outages_come_on_top():
    plan = {"planned": [{"starts": 6, "days": 2}, {"starts": 9, "days": 1}], "announced": True}
    one = {
        "calendar": "office",
        "lead_time_in": "working_days",
        "lead_time": 2,
        "disruptions": plan,
    }
    assert arrivals(play(shop(4.5, supplier=one))) == [10.5]  # Friday, Tuesday, Thursday


DAILY = {"calendar": "office", "lead_time_in": "working_days", "lead_time": 1}


@pytest.mark.parametrize("capacity", ["unlimited", {"servers": 9, "service": 0}], ids=str)
def test_an_outage_by_chance_comes_on_top_of_closed_days(capacity: Any):
    """Down on Tuesday and Wednesday; from Friday to Saturday, and Sunday too.

    Nobody knows of it before; then all go by its mean length, of two days.
    """
    down = {"up": 8, "down": 2, "announced": True}
    supplier = {**DAILY, "disruptions": down, "capacity": capacity}
    log = play(shop(7.5, 8.5, 17.5, 18.5, supplier=supplier))
    assert log.purchases["arrives"].tolist() == [8.5, 11.0, 18.5, 22.0]
    assert log.purchases["quoted"].tolist() == [8.5, 11.5, 18.5, 22.0]


def test_a_supplier_that_breaks_down_on_a_saturday_says_so():
    """From Saturday noon to Tuesday noon, three days: what was ordered before comes later."""
    down = {"up": 12.5, "down": 3, "announced": True}
    model = shop(12.25, 13, supplier={**DAILY, "disruptions": down})
    log = play(model)
    assert log.purchases["arrives"].tolist() == [16.5, 16.5]
    assert log.purchases["quoted"].tolist() == [15.0, 17.0]
    assert play(model.replace({"horizon": 13.5})).purchases["expected"].tolist() == [16.5, 17.0]


def test_an_outage_that_is_not_announced_beside_closed_days_is_refused():
    with pytest.raises(InputError, match="only disruptions that are announced, with a calendar"):
        shop(1, supplier={**DAILY, "disruptions": {"up": 8, "down": 2}})


@pytest.mark.parametrize("estimate", EVERYTHING, ids=str)
def test_a_site_receives_on_its_working_days(estimate: Any):
    log = play(
        shop(
            0,
            4,
            4.5,
            6,
            supplier={"lead_time": 1.25},
            site={"receiving": "office"},
            estimate=estimate,
        )
    )
    assert arrivals(log) == [1.25, 7.0, 7.0, 7.25]
    assert log.contacts["first_promise"].tolist() == [1.25, 7.0, 7.0, 7.25]


def test_what_was_under_way_at_the_start_is_received_so_too():
    inbound = [{"arrives": 5.5, "units": 2}]
    log = play(shop(1, site={"receiving": "office"}, stock={"inbound": inbound, "reorder": "none"}))
    assert log.purchases["arrives"].tolist() == [7.0]


def test_nobody_who_does_not_wait_is_kept_for_what_is_received_tomorrow():
    """No lead time: what a customer orders is there at once, but not on a Saturday."""
    log = play(shop(4, 5, site={"receiving": "office"}, customer={"tolerance": "none"}))
    assert log.lines["filled"].tolist() == [0, 0]
    assert log.lines["shipped"].tolist() == [1, 0]


def test_parts_and_lateness_count_working_days():
    parts = {"calendar": "office", "lead_time_in": "working_days", "lead_time": 1}
    log = play(
        shop(3, supplier={**parts, "parts": {"count": 2, "days": 1}}, stock={"least_order": 2})
    )
    assert log.shipments["time"].tolist() == [4.0]
    assert log.purchases["arrives"].tolist() == [5.0]  # Friday's end
    late = {**parts, "lateness": {"share": 1, "days": 3}}
    log = play(shop(3, supplier=late))
    assert log.purchases["quoted"].tolist() == [4.0]
    assert log.purchases["arrives"].tolist() == [9.0]


def test_how_long_a_purchase_has_been_under_way_is_counted_in_working_days():
    """Of 1 or 4 working days, on Monday noon after a Thursday noon 2 have passed: 4 it is."""
    slow = {"lead_time": {"discrete": {"values": [1, 4], "weights": [999, 1]}}, "crossing": False}
    supplier = {**slow, "calendar": "office", "lead_time_in": "working_days"}
    told = {"rule": "quantile", "p": 0.5}
    model = shop(
        3.5,
        7.5,
        supplier=supplier,
        estimate=told,
        horizon=8,
        stock={"reorder": {"rule": "s_S", "s": -1, "S": 9}},
    )
    seed = next(s for s in range(99999) if play_lead_time(model, s) == 4)
    log = play(model, seed)
    assert log.contacts["first_promise"].tolist() == [4.5, 9.5]


def play_lead_time(model: Model, seed: int) -> float:
    from backsim import streams

    place = next(i for i, (product, _) in enumerate(model.stock_points) if product == "mug")
    return float(streams.draw(model, seed).lead_times[place].first(1)[0])


# -- the way to the customer ----------------------------------------------------------------------


IN_STOCK = {"reorder": "none", "initial": 9}


@pytest.mark.parametrize(
    ("time", "shipping", "delivery", "days"),
    [
        (4.5, None, 1, 1.0),
        (4.5, "office", 1, 1.0),  # Friday noon, at once
        (5.5, "office", 1, 2.5),  # Saturday noon: on Monday
        (4.5, {"calendar": "office", "cut_off": 12}, 1, 1.0),  # at the cut-off itself
        (4.5, {"calendar": "office", "cut_off": 6}, 1, 3.75),  # Monday at 6
        (4.5, {"cut_off": 6}, 1, 1.75),  # Saturday at 6
        (4.5, {"cut_off": 6}, {"days": 1, "calendar": "office"}, 2.5),  # Sunday, so Monday
        (1.5, None, {"days": 1, "calendar": "market"}, 3.5),  # Wednesday, so Saturday
    ],
    ids=str,
)
def test_what_is_ready_leaves_with_the_next_departure(
    time: float, shipping: Any, delivery: Any, days: float
):
    site = {} if shipping is None else {"shipping": shipping}
    model = shop(time, site=site, stock=IN_STOCK, customer={"delivery": delivery, "due_in": days})
    log = play(model)
    assert log.lines["filled"].tolist() == [1]
    metrics = measure(model, log)
    assert metrics["delivery_time"] == days
    assert metrics["otif"] == 1
    early = model.replace({"customers.a.due_in": days - 1 / 16})
    assert measure(early, play(early))["otif"] == 0


def test_customers_are_told_when_their_units_leave():
    ships = {"calendar": "office", "cut_off": 12}
    log = play(shop(3, supplier={"lead_time": 2}, site={"shipping": ships}))
    assert log.purchases["arrives"].tolist() == [5.0]
    assert log.contacts["first_promise"].tolist() == [7.5]  # Monday noon


def test_errors_of_promises_are_counted_to_the_departure():
    """Ready on Saturday as expected, so gone on Monday noon as told; or on Tuesday, a day late."""
    times = [3.0, 10.0, 17.0, 24.0, 31.0, 38.0]
    model = shop(
        *times,
        supplier={"lead_time": {"empirical": {"values": [2, 5]}}},
        site={"shipping": {"calendar": "office", "cut_off": 12}},
        estimate={"rule": "mean_lead_time", "factor": 4 / 7},
        costs={"late_day": 5, "broken_promise": 1},
        customer={"informed": {"grace": 30}},
    )
    log = play(model)
    took = log.purchases["arrives"] - times
    assert set(took.tolist()) == {2, 5}
    assert (log.contacts["first_promise"] - times).tolist() == [4.5] * 6  # Monday noon
    late = np.where(took == 2, 0.0, 1.0)
    metrics = measure(model, log)
    assert metrics["promise_kept"] == np.mean(late == 0)
    assert metrics["promise_error"] == metrics["promise_error.within_7"] == np.mean(late)
    assert metrics["cost.goodwill"] == pytest.approx(late.sum() * (5 + 1) / model.horizon)


def test_a_site_ships_to_another_with_its_next_departure():
    sites = {"shop": {}, "hub": {"shipping": {"calendar": "office", "cut_off": 12}}}
    model = build(
        {
            "a": {
                "demand": {
                    "orders": [{"time": t, "site": "shop", "lines": {"mug": 1}} for t in (4, 4.75)]
                }
            }
        },
        sites=sites,
        stock=[
            {
                "sites": "shop",
                "supplier": {"site": "hub", "transport": 1},
                "reorder": {"rule": "base_stock", "S": 0},
            },
            {"sites": "hub", "initial": 9},
        ],
        policy={"notice": "at_order", "estimate": "live"},
        start="2024-01-01",
        calendars=OFFICE,
    )
    log = play(model)
    assert arrivals(log) == [5.5, 8.5]


# -- reviews --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["monday", "thursday"], [0, 3, 7, 10, 14, 17, 21, 24, 28, 31, 35, 38]),
        ({"on": "friday", "hour": 9}, [4.375, 11.375, 18.375, 25.375, 32.375, 39.375]),
        ({"on": "sunday", "calendar": "office"}, [7, 14, 21, 28, 35]),
        ({"on": "working_day", "calendar": "market"}, [1, 5, 8, 12, 15, 19, 22, 26, 29, 33, 36]),
        ("first_working_day", [0, 31]),
        ({"on": "first_working_day", "calendar": "market"}, [1, 33]),
        ({"on": "last_working_day", "calendar": "market"}, [29]),
        ({"on": [6, 8], "calendar": "office"}, [7, 36, 38]),
        (31, [30]),
    ],
    ids=str,
)
def test_reviews_on_dates(dates: Any, days: list[float]):
    """At each review what has been ordered since the last one is bought."""
    stock = {"review": {"dates": dates}, "reorder": {"rule": "base_stock", "S": 9}, "initial": 0}
    log = play(shop(*(day + 0.5 for day in range(40)), stock=stock, horizon=40))
    assert log.purchases["placed"].tolist() == days


def test_customers_who_order_on_dates():
    """Shops order on Mondays and on the first working day of the month, at nine."""
    on = {"dates": {"on": ["monday", "first_working_day"], "calendar": "office", "hour": 9}}
    model = shop(0, horizon=40).replace({"customers.a.demand": {"arrivals": on, "products": "mug"}})
    times = [0.375, 7.375, 14.375, 21.375, 28.375, 31.375, 35.375]
    assert play(model).lines["time"].tolist() == times


def test_a_rule_that_asks_for_the_lead_time_or_the_review_period_gets_today_s():
    """One unit a day is forecast for two working days: on Thursday noon, these are four days."""
    stock = {
        "review": {"dates": {"on": ["wednesday", "thursday"], "hour": 12}},
        "reorder": {"rule": "forecast_base_stock", "z": 0},
        "observe": {"mean": 1, "variance": 0, "every": 99},
        "initial": 0,
    }
    two = {"calendar": "office", "lead_time_in": "working_days", "lead_time": 2}
    log = play(shop(59, stock=stock, supplier=two, horizon=4))
    assert log.purchases["units"].tolist() == [2, 2]
    assert log.stocks["review_period"][-1] == 6  # to Wednesday


def test_who_asks_more_often_than_the_calendar_is_not_asked_between():
    """A customer who does not wait is lost between two reviews, and served at one."""
    stock = {"review": {"dates": "monday"}}
    log = play(shop(0, 1, 7, stock=stock, customer={"tolerance": "none"}))
    assert log.lines["shipped"].tolist() == [0, 0, 0]
    stock = {"review": {"dates": "monday", "after_demand": True}}
    log = play(shop(0, 1, 7, stock=stock, customer={"tolerance": "none"}))
    assert log.lines["shipped"].tolist() == [1, 0, 1]


# -- the same in another clock --------------------------------------------------------------------


@pytest.mark.parametrize(
    "supplier",
    [
        {"lead_time": {"gamma": {"mean": 3, "cv": 0.7}}},
        {"lead_time": {"gamma": {"mean": 3, "cv": 0.7}}, "crossing": False},
        {
            "lead_time": 0.3,
            "capacity": {"servers": 1, "service": {"exponential": {"mean": 0.4}}},
            "messages": "exact",
        },
        {"lead_time": {"uniform": {"low": 0, "high": 4}}, "parts": {"count": 3, "days": 0.7}},
        {
            "lead_time": {"exponential": {"mean": 2}},
            "lateness": {"share": 0.4, "days": {"exponential": {"mean": 5}}},
            "yield_share": 0.7,
        },
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "reorder", [{"rule": "base_stock", "S": 2}, {"rule": "s_S", "s": 1, "S": 9}]
)
def test_without_weekends_it_is_the_same_model_in_another_clock(supplier: Any, reorder: Any):
    """A base-stock model whose clock runs on working days only: each time t is t + 2 [t / 5]."""
    times = np.sort(np.random.default_rng(7).uniform(0, 250, 500))
    stock = {"reorder": reorder}
    plain = shop(*times.tolist(), supplier=supplier, stock=stock, horizon=250)
    weekly = {**supplier, "calendar": "office", "lead_time_in": "working_days"}
    dated = shop(*map(in_week, times), supplier=weekly, stock=stock, horizon=350)
    one, other = play(plain, 3), play(dated, 3)
    assert len(one.purchases) >= 40
    for table, name in (("purchases", "placed"), ("purchases", "arrives"), ("shipments", "time")):
        expected = np.array([in_week(t) for t in getattr(one, table)[name]])
        assert np.allclose(getattr(other, table)[name], expected, rtol=0, atol=1e-8), name
    for table, name in (("purchases", "units"), ("shipments", "line"), ("lines", "filled")):
        assert (getattr(one, table)[name] == getattr(other, table)[name]).all(), name


def in_week(time: float) -> float:
    """A time of a clock that runs on working days, in days of the week."""
    return float(time + 2 * np.floor(time / 5))
