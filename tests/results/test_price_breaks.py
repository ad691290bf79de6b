"""Price breaks: what purchases cost, what stock costs, and the economic order quantity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.results.test_profit import NEWSVENDOR, played

from backsim.scenario.costs import PriceBreaks

BREAKS = ({"units": 400, "price": 0.72}, {"units": 800, "price": 0.68})


def charged(discount: str, *units: int) -> list[float]:
    tiers = PriceBreaks.model_validate({"price": 0.75, "breaks": BREAKS, "discount": discount})
    found: list[float] = tiers.charge(np.array(units)).tolist()
    return found


def test_all_units_get_the_price_of_the_whole_purchase() -> None:
    known = [399 * 0.75, 400 * 0.72, 799 * 0.72, 800 * 0.68]
    assert charged("all_units", 399, 400, 799, 800) == pytest.approx(known)


def test_only_units_above_a_break_get_its_price() -> None:
    first, second = 400 * 0.75, 400 * 0.75 + 400 * 0.72
    known = [399 * 0.75, first, first + 399 * 0.72, second, second + 200 * 0.68]
    assert charged("incremental", 399, 400, 799, 800, 1000) == pytest.approx(known)


def test_purchases_and_stock_cost_what_was_paid() -> None:
    tiers = {"price": 5, "breaks": [{"units": 10, "price": 4}]}
    paper = {"price": 12, "costs": {"purchase": tiers, "lost_margin": 7}}
    found = played(NEWSVENDOR, products={"paper": paper})  # 10 bought on day 0, 7 sold
    assert found["cost.purchase"] == pytest.approx(10 * 4 / 10)
    assert found["cost_of_goods_sold"] == pytest.approx(7 * 4 / 10)
    few = played(NEWSVENDOR, products={"paper": paper}, stock=[{"initial": 1}])  # 9 bought
    assert few["cost.purchase"] == pytest.approx(9 * 5 / 10)


def eoq(Q: int, price: float, **costs: Any) -> float:
    """Cost per year of one customer 1,300 times a year, lots of Q, 30 % interest."""
    year = {
        "horizon": 2 * Q / 1300,
        "warm_up": Q / 1300,
        "products": "item",
        "suppliers": {"maker": {}},
        "customers": {
            "all": {
                "demand": {
                    "arrivals": {"period": {"every": 1 / 1300, "first": 0.5 / 1300}},
                    "products": "item",
                    "size": 1,
                }
            }
        },
        "policy": {"reorder": {"rule": "r_nQ", "r": 0, "Q": Q}},
        "costs": {"ordering": 8, "holding": 0.3 * price, **costs},
    }
    return float(played(year)["cost.total"])


def exact(Q: int, paid: float) -> float:
    """The same by the formula; stock falls in whole units, so that its mean is (Q + 1) / 2."""
    return 1300 * (paid / Q + 8 / Q) + 0.3 * paid / Q * (Q + 1) / 2


@pytest.mark.parametrize("discount", ["all_units", "incremental"])
def test_the_economic_order_quantity(discount: str) -> None:
    """Source: Snyder and Shen, Fundamentals of Supply Chain Theory (2019), section 3.4: 1,300 a
    year, 8 per order, 30 %.  Best is the last break for all units, the EOQ without it else."""
    sizes = [200, 304, 310, 399, 400, 471, 600, 799, 800, 900]
    paid = charged(discount, *sizes)
    tiers = {"price": 0.75, "breaks": list(BREAKS), "discount": discount}
    cost = {Q: eoq(Q, money / Q, purchase=tiers) for Q, money in zip(sizes, paid, strict=True)}
    for Q, money in zip(sizes, paid, strict=True):
        assert cost[Q] == pytest.approx(exact(Q, money), rel=1e-9), Q
    assert min(cost, key=lambda Q: cost[Q]) == {"all_units": 800, "incremental": 304}[discount]
