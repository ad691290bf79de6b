"""Profit, stock at cost and purchases, computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.results.metrics import Metrics
from backsim.scenario.load import from_dict


def orders(product: str, *units: int) -> dict[str, Any]:
    """One order a day, from day 2."""
    each = [{"time": 2 + day, "lines": {product: n}} for day, n in enumerate(units)]
    return {"demand": {"orders": each}, "tolerance": "none"}


NEWSVENDOR = {
    "horizon": 10,
    "products": {"paper": {"price": 12, "costs": {"purchase": 5, "lost_margin": 7}}},
    "suppliers": {"press": {"lead_time": 1}},
    "customers": {"reader": orders("paper", 4, 3)},
    "policy": {"reorder": {"rule": "base_stock", "S": 10}, "review": {"period": 10}},
    "stock": [{"initial": 0}],
}


def played(scenario: Mapping[str, Any], **changes: Any) -> Metrics:
    return backsim.simulate(from_dict({**scenario, **changes}), seed=1).metrics


def test_left_over_stock_is_stock_and_no_cost() -> None:
    found = played(NEWSVENDOR)  # 10 bought on day 0, 7 sold on days 2 and 3
    assert found["revenue"] == pytest.approx(7 * 12 / 10)
    assert found["cost_of_goods_sold"] == pytest.approx(7 * 5 / 10)
    assert found["profit"] == pytest.approx(7 * (12 - 5) / 10)
    assert found["purchase_cash_flow"] == found["cost.purchase"] == pytest.approx(10 * 5 / 10)
    assert found["cost.total"] == pytest.approx(10 * 5 / 10)
    units = (10 * 1 + 6 * 1 + 3 * 7) / 10  # days 1-2, 2-3, 3-10
    assert found["stock_units"] == pytest.approx(units)
    assert found["stock_value"] == pytest.approx(5 * units)
    assert found.get("stock_value", "product", "paper") == pytest.approx(5 * units)
    assert found["cash_tied_up"] == pytest.approx(5 * (units + 10 * 1 / 10))  # on order for a day


def test_selling_off_stock_gives_no_profit() -> None:
    bought = played(NEWSVENDOR)
    sold_off = played(NEWSVENDOR, stock=[{"initial": 10}])  # buys nothing
    assert sold_off["purchase_cash_flow"] == 0
    assert sold_off["profit"] == pytest.approx(bought["profit"])


def test_a_lost_customer_costs_the_margin() -> None:
    customers = {"reader": orders("paper", 4, 3, 3, 2)}
    lost = played(NEWSVENDOR, customers=customers)  # the last two papers are missing
    served = played(NEWSVENDOR, customers=customers, stock=[{"initial": 12}])
    assert lost["cost.lost_margin"] == pytest.approx(2 * 7 / 10)
    assert lost["profit"] == pytest.approx(10 * 7 / 10)
    assert served["profit"] - lost["profit"] == pytest.approx(2 * (12 - 5) / 10)


def test_running_costs_come_off_profit() -> None:
    costs = {"holding": 0.1, "ordering": 8, "express": 1, "backorder_time": 2}
    found = played(NEWSVENDOR, costs=costs)
    assert found["profit"] == pytest.approx(4.9 - 0.1 * 3.7 - 8 / 10)


def test_the_surcharge_of_a_source_is_in_the_cost_of_a_unit() -> None:
    found = played(
        NEWSVENDOR, stock=[{"initial": 0, "supplier": {"supplier": "press", "surcharge": 2}}]
    )
    assert found["cost_of_goods_sold"] == pytest.approx(7 * (5 + 2) / 10)


def test_units_of_several_sources_cost_their_average() -> None:
    """5 at the start for 5; 5 on day 2 and 3 on day 3 from the courier, for 8."""
    sources = [
        {"supplier": "press"},
        {"supplier": "courier", "surcharge": 3, "emergency": {"level": 3, "up_to": 6}},
    ]
    found = played(
        NEWSVENDOR,
        suppliers={"press": {}, "courier": {"lead_time": 1}},
        policy={"reorder": "none"},
        stock=[{"initial": 5, "supplier": sources}],
    )
    assert found["purchase_cash_flow"] == pytest.approx(8 * (5 + 3) / 10)
    assert found["cost_of_goods_sold"] == pytest.approx(7 * (5 * 5 + 8 * 8) / 13 / 10)


def test_rejected_units_make_the_good_ones_dear() -> None:
    found = played(NEWSVENDOR, suppliers={"press": {"lead_time": 1, "yield_share": 0.8}})
    # 8 of 10 are good; the review of day 0 is the only one
    assert found["purchase_cash_flow"] == pytest.approx(5.0)
    assert found["cost_of_goods_sold"] == pytest.approx(7 * (5 / 0.8) / 10)


def test_what_sites_order_from_each_other_is_bought_once() -> None:
    found = played(
        {
            **NEWSVENDOR,
            "sites": ["centre", "kiosk"],
            "customers": {"reader": _at("kiosk", orders("paper", 4, 3))},
            "stock": [
                {"sites": "centre", "supplier": "press", "initial": 10},
                {"sites": "kiosk", "supplier": {"site": "centre", "transport": 0.5}, "initial": 0},
            ],
        }
    )
    assert found["cost_of_goods_sold"] == pytest.approx(7 * 5 / 10)
    assert found["purchase_cash_flow"] == pytest.approx(10 * 5 / 10)  # the kiosk's ten, replaced


def _at(site: str, reader: dict[str, Any]) -> dict[str, Any]:
    each = [{**order, "site": site} for order in reader["demand"]["orders"]]
    return {**reader, "demand": {"orders": each}}


def test_what_is_made_costs_its_components_and_the_work() -> None:
    found = played(
        {
            "horizon": 10,
            "products": {
                "bicycle": {"price": 100, "costs": {"purchase": 5}},
                "wheel": {"costs": {"purchase": 10}},
                "frame": {"costs": {"purchase": 30}},
            },
            "suppliers": {"workshop": {"lead_time": 1}, "maker": {}},
            "customers": {"rider": orders("bicycle", 2)},
            "policy": {"reorder": "none"},
            "stock": [
                {"products": "bicycle", "supplier": "workshop", "initial": 3,
                 "made_from": {"wheel": 2, "frame": 1}},
                {"products": ["wheel", "frame"], "supplier": "maker", "initial": 4},
            ],
        }
    )  # fmt: skip
    assert found["cost_of_goods_sold"] == pytest.approx(2 * (2 * 10 + 30 + 5) / 10)
    assert found["profit"] == pytest.approx(2 * (100 - 55) / 10)
    assert found.get("stock_value", "product", "frame") == pytest.approx(4 * 30)


def test_a_substitute_costs_what_it_costs_itself() -> None:
    found = played(
        {
            **NEWSVENDOR,
            "products": {
                "paper": {
                    "price": 12,
                    "substitutes": {"weekly": {"discount": 1}},
                    "costs": {"purchase": 5},
                },
                "weekly": {"price": 20, "costs": {"purchase": 9}},
            },
            "customers": {
                "reader": {**orders("paper", 1), "takes_substitute": 1.0},
            },
            "policy": {"reorder": "none", "substitution": "at_order"},
            "stock": [{"products": "paper", "initial": 0}, {"products": "weekly", "initial": 5}],
        }
    )  # fmt: skip
    assert found["revenue"] == pytest.approx(20 / 10)
    assert found["profit"] == pytest.approx((20 - 1 - 9) / 10)


def test_the_difference_of_profit_has_no_noise_of_the_container_that_is_bought_last() -> None:
    """Two base-stock levels, 560 and 800, bought by the container of 500; nobody is lost.

    From 600 units the low level buys after 41, 541, 1041, 1541 and 2041 units of demand, the high
    one at the start, after 301, 801, 1301 and 1801.  Of those in the window (500 to 2040 units on
    average) only the one after 2041 is a matter of luck, with a probability of about 1/2: it is in
    the difference as a whole container, c = 500 x 5 / 308 per day, with variance c^2 / 4.  Of 40
    fair coins the share of heads is within 0.15 and 0.85 but for 1 in 100,000, so that its variance
    is at least 0.12 c^2.  Units shipped are the same, so that profit differs by holding alone.
    """
    model = {
        "horizon": 408,
        "warm_up": 100,
        "products": {"paper": {"price": 12, "costs": {"purchase": 5, "holding": 0.01}}},
        "suppliers": {"press": {"lead_time": 10}},
        "customers": {
            "reader": {
                "demand": {"arrivals": {"poisson": {"rate": 5}}, "products": "paper"},
                "tolerance": "none",
            }
        },
        "policy": {"multiple": 500},
        "stock": [{"initial": 600}],
    }

    def metrics(level: int) -> list[Metrics]:
        scenario = {**model, "policy": {**model["policy"], "reorder": _base(level)}}  # type: ignore[dict-item]
        runs = backsim.replicate(from_dict(scenario), seed=1, replications=40)
        return [run.metrics for run in runs]

    pairs = list(zip(metrics(560), metrics(800), strict=True))

    def gain(name: str) -> Any:
        return np.array([high[name] - low[name] for low, high in pairs])

    container = 500 * 5 / 308
    bought = gain("purchase_cash_flow") / container
    np.testing.assert_allclose(bought, np.round(bought), atol=1e-9)
    np.testing.assert_allclose(gain("profit"), -gain("cost.holding"), atol=1e-9)
    with_purchases = gain("revenue") - gain("cost.total")
    assert np.var(with_purchases, ddof=1) > 0.12 * container**2
    assert np.var(gain("profit"), ddof=1) < 0.12 * container**2 / 50


def _base(level: int) -> dict[str, Any]:
    return {"rule": "base_stock", "S": level}
