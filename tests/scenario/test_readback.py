"""What a scenario amounts to, and what of it can hardly be meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.scenario.load import from_dict, load
from backsim.scenario.readback import described, implausible

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("*.yaml"))
HOURS = 24


SHOP = {
    "horizon": 365,
    "products": "pump",
    "suppliers": {"acme": {"lead_time": 14}},
    "customers": {"gold": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "pump"}}},
    "policy": {"reorder": {"rule": "s_S", "s": 40, "S": 64}},
}
"""Times in days: 2 units per day, levels of 20 and 32 days."""
LEAD_TIME = "suppliers.acme.lead_time"
RATE = "customers.gold.demand.arrivals.poisson.rate"
TOLERANCE = "customers.gold.tolerance"
ACCEPTS = "customers.gold.informed.tolerance"


def shop(changes: dict[str, Any]) -> tuple[str, ...]:
    """The doubts about the shop with other fields."""
    return implausible(from_dict(SHOP).replace(changes))


def test_what_is_plausible_is_not_doubted() -> None:
    assert shop({}) == ()
    assert shop({TOLERANCE: {"exponential": {"mean": 10}}, ACCEPTS: 21}) == ()
    assert shop({TOLERANCE: "none"}) == ()  # said in words, it is meant


def test_times_in_hours_are_doubted() -> None:
    lead_time = " ".join(shop({LEAD_TIME: 14 * HOURS}))
    assert "purchases of pump take up to 336 days and the run lasts 365" in lead_time
    assert "32 days of demand, and it arrives after 336" in lead_time
    assert "the scenario counts in days, its `time_unit`" in lead_time
    (reviewed,) = shop({"policy.review": {"period": 7 * HOURS}})
    assert "32 days of demand, and it arrives after 182" in reviewed


@pytest.mark.parametrize("field", [TOLERANCE, ACCEPTS])
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0.01, "gold waits 0.01 days on average and a purchase takes 14: hardly anyone is left"),
        ({"exponential": {"mean": 10 / HOURS}}, "gold waits 0.4167 days on average and a purchase"),
        (20 * HOURS, "gold waits 480 days on average and the run lasts 365: nobody leaves in it"),
    ],
)
def test_patience_in_another_unit_is_doubted(field: str, days: Any, expected: str) -> None:
    found = shop({field: days})
    assert [text[: len(expected)] for text in found] == [expected]
    assert f"check {field} (the scenario counts in days" in found[0]


def test_a_lead_time_in_another_unit_than_patience_is_doubted() -> None:
    """Even where levels follow the lead time and the run is long, so that nothing else shows it."""
    long = {"horizon": 3650, "policy.reorder.s": 800, "policy.reorder.S": 900}
    found = shop({**long, LEAD_TIME: 14 * HOURS, TOLERANCE: {"exponential": {"mean": 10}}})
    assert [text[:62] for text in found] == [
        "gold waits 10 days on average and a purchase takes 336: hardly"
    ]


def test_a_lead_time_in_another_unit_than_the_others_is_doubted() -> None:
    two: dict[str, Any] = {
        "suppliers.near": {"lead_time": 10},
        "products": ["pump", "seal"],
        "stock": [
            {"products": "pump", "supplier": "acme"},
            {"products": "seal", "supplier": "near"},
        ],
        "horizon": 3650,
        "policy.reorder.s": 800,
        "policy.reorder.S": 900,
    }
    assert shop(two) == ()
    (found,) = shop(two | {LEAD_TIME: 14 * HOURS})
    assert found.startswith("acme takes 336 days and the next slowest supplier, near, 10; check")


def test_how_long_things_last_is_read_back() -> None:
    """An hour for a day shows where no rule of thumb can tell it."""
    changes = {"horizon": 365 * HOURS, "warm_up": 90, TOLERANCE: {"gamma": {"mean": 9, "cv": 1}}}
    assert list(described(from_dict(SHOP).replace(changes))) == [
        "a run lasts 8760 days (24 years), the first 90 as warm-up",
        "gold: 2 units of pump per day on average",
        "customers wait (days): gold 9",
        "mean lead times (days): acme 14",
    ]


WORKS: dict[str, Any] = {
    "start": "2026-01-05",
    "horizon": 1456,  # 208 weeks
    "calendars": {"office": {}},
    "suppliers.acme.calendar": "office",
    "suppliers.acme.lead_time_in": "working_days",
}


def test_working_days_are_read_back_as_such() -> None:
    late = {"share": 0.15, "days": {"gamma": {"mean": 5, "cv": 0.6}}}
    model = from_dict(SHOP).replace({**WORKS, LEAD_TIME: 10, "suppliers.acme.lateness": late})
    assert list(described(model))[-1] == (
        "mean lead times (days): acme 10 working days (about 14 days), "
        "5 working days late for 15 % of purchases"
    )


def test_a_run_of_a_closed_day_has_a_mean_lead_time() -> None:
    """The average is that of a year: no day of the run is open."""
    model = from_dict(SHOP).replace({**WORKS, "start": "2026-01-03", "horizon": 1, LEAD_TIME: 10})
    assert list(described(model))[-1] == (
        "mean lead times (days): acme 10 working days (about 14 days)"
    )


def test_lateness_is_read_back() -> None:
    late = {"share": 0.15, "days": 5}
    model = from_dict(SHOP).replace({"suppliers.acme.lateness": late})
    assert list(described(model))[-1] == (
        "mean lead times (days): acme 14, 5 days late for 15 % of purchases"
    )


@pytest.mark.parametrize(
    ("changes", "days"),
    [
        ({LEAD_TIME: 48}, 48),
        ({LEAD_TIME: 72}, 72),
        ({LEAD_TIME: 14, "policy.review.period": 28}, 42),
        ({**WORKS, LEAD_TIME: 30}, 42),
    ],
)
def test_levels_below_the_demand_of_the_lead_time_are_doubted(
    changes: dict[str, Any], days: int
) -> None:
    (told,) = shop(changes)
    assert told.startswith(
        "the levels of pump cover less than the lead time "
        f"(pump: 32 days of demand, and a purchase arrives after {days}): most customers wait; "
    )


@pytest.mark.parametrize(
    "meant",
    [
        {LEAD_TIME: 36},  # a little less: backorders may be cheap
        {TOLERANCE: "none"},
        {"customers.gold.backorder_share": 0.5},
        {"suppliers.acme.capacity": {"servers": 1, "service": 0.1}},
        {RATE: 0.05, "policy.reorder": {"rule": "base_stock", "S": 1}},  # 2.4 in a lead time
    ],
)
def test_low_levels_that_may_be_meant_are_not_doubted(meant: dict[str, Any]) -> None:
    assert shop({LEAD_TIME: 48, "horizon": 3650} | meant) == ()


def test_a_rate_per_minute_is_doubted() -> None:
    assert [text[:26] for text in shop({RATE: 2 / HOURS / 60})] == [
        "the levels of pump last fo",
        "about 0.5069 orders are ex",
    ]


def test_levels_in_another_unit_are_doubted() -> None:
    """Pallets of 40 for units."""
    (told,) = shop({"policy.reorder.s": 1, "policy.reorder.S": 2})
    assert told.startswith("the levels of pump are far below the demand")


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_no_scenario_that_is_shipped_is_doubted(file: Path) -> None:
    try:
        model = load(file)
    except InputError:
        pytest.skip("its data are not on this machine")
    assert implausible(model) == ()
    assert list(described(model))


def test_weights_are_read_back_as_shares() -> None:
    model = from_dict(
        {
            "horizon": 100,
            "products": {"pump": {}, "seal": {}},
            "suppliers": {"acme": {"lead_time": 3}},
            "customers": {
                "gold": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 2}},
                        "products": {"pump": 1, "seal": 3},
                        "size": 5,
                    }
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 40}},
        }
    )
    assert list(described(model)) == [
        "a run lasts 100 days",
        "gold: 10 units (seal 75 %, pump 25 %) per day on average",
        "customers wait (days): gold until served",
        "mean lead times (days): acme 3",
    ]
