"""Suppliers whose prices change on a day."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, orders, play

from backsim.errors import InputError
from backsim.results.metrics import Metrics, measure

RISE = [{"starts": 5, "factor": 1.5}, {"starts": 8, "factor": 0.5}]


def shop(factors: Any = RISE, **fields: Any) -> Metrics:
    """A mug is ordered on days 1, 5 and 9, and bought again at once; two mugs at first."""
    supplier = {"price_factors": factors, "lead_time": 1, **fields.pop("supplier", {})}
    model = build(
        {"a": {"demand": orders((1, 1), (5, 1), (9, 1))}},
        products={"mug": {"price": 10}},
        suppliers={"maker": supplier, "other": {}},
        stock=[{"reorder": {"rule": "base_stock", "S": 2}, **fields.pop("point", {})}],
        costs={"purchase": 4, "holding": {"share": 0.1, "of": "unit_cost", "per": "time_unit"}},
        horizon=10,
        **fields,
    )
    return measure(model, play(model))


def test_purchases_are_paid_at_the_price_of_the_day_on_which_they_are_placed():
    found = shop()
    assert found["cost.purchase"] == pytest.approx((4 + 6 + 2) / 10)
    assert found["purchase_cash_flow"] == found["cost.purchase"]
    assert shop([])["cost.purchase"] == pytest.approx(12 / 10)


def test_the_warm_up_counts_no_purchase_before_it():
    assert shop(warm_up=4)["cost.purchase"] == pytest.approx((6 + 2) / 6)


def test_a_unit_in_stock_costs_the_average_of_what_was_bought():
    """Two at 4 at first, then one each at 4, 6 and 2."""
    found, flat = shop(), shop([])
    average = (2 * 4 + 4 + 6 + 2) / 5
    assert found["cost_of_goods_sold"] == pytest.approx(3 * average / 10)
    assert found["cost.holding"] == flat["cost.holding"]  # a share of the price without the factor
    assert found["stock_value"] == pytest.approx(flat["stock_value"] * average / 4)


def test_the_sources_of_a_stock_point_change_apart():
    """In turn from a source that changes, and from one that does not and costs 1 more."""
    sources = [
        {"supplier": "maker", "share": 0.5},
        {"supplier": "other", "share": 0.5, "surcharge": 1},
    ]
    found = shop(point={"supplier": sources})
    assert found["cost.purchase"] == pytest.approx((4 + 5 + 2) / 10)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"supplier": {"least_value": 3}}, "no least value where the price changes"),
        (
            {"purchase_limits": [{"of": "on_order", "most": 99}]},
            "no limit in money where the price changes",
        ),
        (
            {"point": {"costs": {"purchase": {"price": 4, "breaks": [{"units": 3, "price": 3}]}}}},
            "no price breaks where the price changes",
        ),
    ],
)
def test_what_knows_one_price_is_refused(fields: dict[str, Any], told: str):
    with pytest.raises(InputError, match=told):
        shop(**fields)
