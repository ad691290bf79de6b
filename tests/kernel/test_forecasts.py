"""Forecasts in the kernel: what is observed when, and what reorder rules make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play, played_fast

from backsim.engines.log import Log
from backsim.results.metrics import measure
from backsim.scenario.model import Model


def one(*rows: tuple[float, Any], **fields: Any) -> dict[str, Any]:
    """One class of customers who order what is written."""
    return {"a": {"demand": orders(*rows), **fields}}


def point(**fields: Any) -> dict[str, Any]:
    """A stock point that forecasts by the last period's demand."""
    return {
        "reorder": {"rule": "forecast_base_stock", "cover": 1},
        "forecast": {"rule": "ses", "alpha": 1},
        "observe": {"every": 1, "mean": 2},
        **fields,
    }


def observed(log: Log) -> list[tuple[float, int]]:
    """(forecast, demand) of the periods that ended; the last row of the block stays empty."""
    return [(float(row["forecast"]), int(row["units"])) for row in log.observations]


def bought(log: Log) -> list[tuple[float, int]]:
    return [(float(row["placed"]), int(row["units"])) for row in log.purchases]


def last(log: Log, count: int) -> list[tuple[float, int]]:
    """The first `count` periods of the last stock point."""
    at = int(log.stocks[-1]["forecast_row"])
    assert at >= 0
    return observed(log)[-SPAN:][:count]


SPAN = 4
"""Rows of a block: those of 3 periods that end before a horizon of 4 days, and one."""


def test_the_demand_up_to_an_instant_is_seen_before_the_review_of_that_instant():
    model = build(one((0.5, 3), (1, 4), (1.5, 1)), stock=[point(review=1)], horizon=4)
    log = play(model)
    # At day 1 the order of that instant is not seen yet; the review uses the new forecast at once.
    assert last(log, 4) == [(2, 3), (3, 5), (5, 0), (0, 0)]
    # Lead time 0 and one day of cover: S = 2 at first, then the last day's demand.
    assert log.stocks[-1]["initial"] == 2
    assert bought(log) == [(1, 3 - (2 - 3)), (2, 5 - (3 - 5))]
    metrics = measure(model, log)
    assert metrics.get("forecast_error", "product", "mug") == (1 + 2 + 5 + 0) / (3 + 5)
    assert metrics.get("forecast_bias", "product", "mug") == (-1 - 2 + 5 + 0) / (3 + 5)
    for warm_up in (1.5, 2):  # the periods that end at 2 and 3; the next one ends at the horizon
        late = measure(model.replace(warm_up=warm_up), log)
        assert late.get("forecast_error", "product", "mug") == (2 + 5) / 5
    assert np.isnan(measure(model.replace(warm_up=2.5), log).get("forecast_bias", "product", "mug"))


def test_after_the_demand_where_reviews_are():
    review = {"period": 1, "after_demand": True}
    model = build(one((0.5, 3), (1, 4), (1.5, 1)), stock=[point(review=review)], horizon=4)
    log = play(model)
    assert last(log, 4) == [(2, 7), (7, 1), (1, 0), (0, 0)]
    assert bought(log) == [(1, 7 - (2 - 7))]


def test_the_first_period_may_end_at_another_time_than_one_period_after_the_start():
    given = point(review=1, observe={"every": 2, "first": 1, "mean": 1})
    log = play(build(one((0.5, 3), (1, 4), (2.5, 1)), stock=[given], horizon=4))
    assert observed(log)[-3:] == [(2, 3), (3, 5), (0, 0)]


def test_a_forecast_that_rises_orders_at_once_under_continuous_review():
    log = play(build(one((0.5, 3)), stock=[point(initial=2)], horizon=4))
    assert bought(log) == [(0.5, 3), (1, 1)]  # S = 2 until day 1, then 3


def test_what_is_lost_is_seen_unless_demand_is_censored():
    customers = one((0.5, 5), tolerance="none")
    model = build(customers, stock=[point(review=1)], horizon=4)
    assert last(play(model), 1) == [(2, 5)]
    censored = point(review=1, observe={"every": 1, "mean": 2, "censored": True})
    assert last(play(build(customers, stock=[censored], horizon=4)), 1) == [(2, 2)]


def test_who_cancels_later_was_seen():
    censored = point(review=1, observe={"every": 1, "mean": 2, "censored": True})
    model = build(one((0.5, 5), tolerance=0.25), stock=[censored], horizon=4)
    assert last(play(model), 1) == [(2, 5)]


def test_the_error_is_smoothed():
    given = point(
        reorder={"rule": "forecast_base_stock", "z": 2, "cover": 1},
        forecast="static",
        observe={"every": 1, "mean": 2, "variance": 4, "error_smoothing": 0.25},
        review=1,
        initial=0,
    )
    log = play(build(one((0.5, 8)), stock=[given], horizon=1.2))
    # S = 2 + 2 x 2 at day 0; the squared error becomes 4 + (36 - 4) / 4 = 12: S = 2 + 2 sqrt 12.
    assert bought(log) == [(0, 6), (1, 9 - (6 - 8))]


def test_levels_follow_a_forecast():
    given = point(
        reorder={"rule": "forecast_s_S", "order_days": 3, "safety_stock": 1},
        lead_time=2,
        review=1,
        initial=9,
    )
    log = play(build(one((0.5, 4), (1.5, 4)), stock=[given], horizon=4))
    # Day 1: position 5, s = 2 x 4 + 1, S = s + 3 x 4.  Day 2: position 17.  Days 3, 4: s = 1.
    assert bought(log) == [(1, 21 - 5)]


def test_a_forecast_without_a_method_is_the_scenario_s_mean():
    customers = {
        "a": {
            "demand": {
                "arrivals": {"poisson": {"rate": 3}},
                "products": "mug",
                "size": {"geometric": {"mean": 2}},
            }
        }
    }
    model = build(customers, stock=[{"reorder": {"rule": "forecast_base_stock", "cover": 2}}])
    explicit = model.scenario.stock[-1]
    assert explicit.forecast.rule == "static"
    assert explicit.observe.mean == pytest.approx(6)
    assert explicit.observe.variance == pytest.approx(3 * (2 + 4), rel=1e-6)
    assert explicit.initial == 12


def test_a_safety_factor_may_come_from_a_service():
    reorder = {"rule": "forecast_base_stock", "z": {"cycle_service": 0.975}}
    model = build(one((1, 1)), stock=[{"reorder": reorder}])
    rule = model.scenario.stock[-1].reorder
    assert rule is not None
    assert rule.params["z"] == pytest.approx(1.959963984540054)


# -- what theory says of it ------------------------------------------------------------------------


def periods(forecast: Any, lead_time: int = 2) -> Model:
    """Demand of 10,000 +- 500 a period; order up to L F + SS after it."""
    demand = {
        "arrivals": {"period": {"every": 1}},
        "products": "mug",
        "size": {"normal": {"mean": 10_000, "sd": 500}},
    }
    return build(
        {"a": {"demand": demand}},
        suppliers={"maker": {"lead_time": lead_time}},
        stock=[
            {
                "reorder": {"rule": "forecast_base_stock", "safety_stock": 2_000},
                "forecast": forecast,
                "observe": {"every": 1, "first": 0},
                "review": {"period": 1, "after_demand": True},
            }
        ],
        horizon=20_000,
        warm_up=100,
    )


def bullwhip(model: Model, seed: int) -> float:
    """Variance of the units purchased a period over that of the demand."""
    log = played_fast(model, seed)
    late = log.purchases[log.purchases["placed"] >= model.warm_up]
    units = log.column("units")[log.column("time") >= model.warm_up]
    assert len(late) == len(units)  # an order every period
    return float(late["units"].var() / units.var())


@pytest.mark.parametrize(
    ("forecast", "expected"),
    [
        ("static", 1.0),
        ({"rule": "ses", "alpha": 0.2}, 1 + 2 * 2 * 0.2 + 2 * 2**2 * 0.2**2 / 1.8),
        ({"rule": "moving_average", "window": 4}, 1 + 2 * 2 / 4 + 2 * 2**2 / 4**2),
    ],
    ids=["static", "ses", "moving average"],
)
def test_the_bullwhip_of_a_forecast(forecast: Any, expected: float):
    """1 + 2 L a + 2 L^2 a^2 / (2 - a) for smoothing, 1 + 2 L/p + 2 L^2/p^2 for p periods' mean.

    Of 20,000 periods: the standard error is about 1.5 %, so 8 % is beyond 5 of them (6e-7).
    Source: Chen, Drezner, Ryan and Simchi-Levi, Management Science 46 (2000) 436-443; Naval
    Research Logistics 47 (2000) 269-286.
    """
    assert bullwhip(periods(forecast), seed=3) == pytest.approx(expected, rel=0.08)


def test_more_smoothing_less_bullwhip_and_longer_lead_times_more():
    quick = bullwhip(periods({"rule": "ses", "alpha": 0.2}), seed=4)
    slow = bullwhip(periods({"rule": "ses", "alpha": 0.05}), seed=4)
    far = bullwhip(periods({"rule": "ses", "alpha": 0.2}, lead_time=6), seed=4)
    assert 1 < slow < quick < far


def test_censored_demand_lets_the_stock_dwindle():
    """Who does not see lost sales forecasts too little, so loses more."""

    def lost(censored: bool) -> float:
        demand = {
            "arrivals": {"poisson": {"rate": 5}},
            "products": "mug",
            "size": {"geometric": {"mean": 2}},
        }
        model = build(
            {"a": {"demand": demand, "tolerance": "none"}},
            suppliers={"maker": {"lead_time": 2}},
            stock=[
                {
                    "reorder": {"rule": "forecast_base_stock", "cover": 1},
                    "forecast": {"rule": "ses", "alpha": 0.1},
                    "observe": {"every": 1, "censored": censored},
                    "review": 1,
                }
            ],
            horizon=2_000,
        )
        found = [measure(model, played_fast(model, 1, r)) for r in range(3)]
        return float(np.mean([metrics.get("lost_rate", "product", "mug") for metrics in found]))

    assert lost(True) > 2 * lost(False)
