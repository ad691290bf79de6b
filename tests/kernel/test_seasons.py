"""Lead times by season: a purchase has the factor of the day on which it is placed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders, play

from backsim.scenario.model import Model

ESTIMATES = ["live", "quoted", "mean_lead_time", {"rule": "quantile", "p": 0.5}]
SUMMER = [{"starts": 5, "factor": 2}, {"starts": "2024-01-11", "factor": 1}]


def shop(*times: float, estimate: Any = "live", **fields: Any) -> Model:
    supplier = {"lead_time": 3, "lead_time_factors": SUMMER, **fields.pop("supplier", {})}
    return build(
        {"a": {"demand": orders(*((time, 1) for time in times))}},
        stock=[{"reorder": {"rule": "base_stock", "S": 0}, **fields.pop("stock", {})}],
        suppliers={"maker": supplier, "near": {"lead_time": 1, "lead_time_factors": SUMMER}},
        policy={"notice": "at_order", "estimate": estimate},
        horizon=40,
        start="2024-01-01",
        **fields,
    )


@pytest.mark.parametrize("estimate", ESTIMATES, ids=str)
def test_lead_times_of_the_season_are_in_every_date(estimate: Any):
    log = play(shop(4, 5, 9.5, 10, estimate=estimate))
    assert log.purchases["arrives"].tolist() == [7, 11, 15.5, 13]
    assert log.purchases["quoted"].tolist() == [7, 11, 15.5, 13]
    assert log.purchases["lead_time"].tolist() == [3, 6, 6, 3]
    # The last customer gets the mug that comes first of those under way.
    told = sorted(log.contacts["first_promise"].tolist())
    assert told[:2] == [7, 11]


def test_without_crossing_a_shorter_season_does_not_overtake():
    log = play(shop(9.5, 10, supplier={"crossing": False}))
    assert log.purchases["arrives"].tolist() == [15.5, 15.5]
    assert log.purchases["quoted"].tolist() == [15.5, 15.5]


def test_working_days_are_multiplied():
    """Six working days from Saturday, 6 January: to the end of Monday the fifteenth."""
    office = {"calendar": "office", "lead_time_in": "working_days"}
    log = play(shop(5, supplier=office, calendars={"office": {}}))
    assert log.purchases["arrives"].tolist() == log.purchases["quoted"].tolist() == [15.0]


def test_how_long_a_purchase_still_takes_is_a_matter_of_its_own_season():
    """Of 1 or 4 days, doubled: one that has not come after 3 days takes 8, 5 more."""
    law = {"discrete": {"values": [1, 4], "weights": [1, 1]}}
    model = shop(
        *(5, 8),
        estimate={"rule": "quantile", "p": 0.9},
        supplier={"lead_time": law, "crossing": False},
        stock={"reorder": {"rule": "s_S", "s": -1, "S": 9}, "initial": 0},
    )
    log = next(
        log for seed in range(99) if (log := play(model, seed)).purchases["lead_time"][0] == 8
    )
    assert log.contacts["first_promise"].tolist() == [13, 13]


def test_rules_that_ask_for_the_lead_time_get_that_of_the_season():
    stock = {
        "reorder": {"rule": "forecast_base_stock", "z": 0},
        "review": 4,
        "observe": {"mean": 1, "variance": 0, "every": 99},
        "initial": 0,
    }
    log = play(shop(39, stock=stock, supplier={"crossing": True}))
    assert log.purchases["units"].tolist()[:2] == [3, 3]  # on day 0, and on day 8


def test_a_factor_of_one_changes_nothing():
    flat, none = {"lead_time_factors": [{"starts": 3, "factor": 1}]}, {"lead_time_factors": []}
    one, other = play(shop(1, 4, 9, supplier=flat)), play(shop(1, 4, 9, supplier=none))
    for table in ("lines", "purchases", "shipments"):
        assert getattr(one, table).tobytes() == getattr(other, table).tobytes()
