"""Products that start and end, their successors, and prices that change on a day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, orders, play

from backsim import streams
from backsim.results.metrics import measure
from backsim.scenario.model import Model
from backsim.streams import Tape


def shop(demand: Any, horizon: float = 20, **products: Any) -> Model:
    return build(
        {"a": {"demand": demand}},
        products=products,
        stock=[{"reorder": {"rule": "base_stock", "S": 99}}],
        start="2024-01-01",
        horizon=horizon,
    )


def lines(model: Model) -> list[tuple[float, str, int]]:
    """(time, product, units) of each line on the tape."""
    tape = streams.draw(model, 1)
    names = [model.stock_points[code][0] for code in tape.columns["stock"]]
    return list(
        zip(tape.columns["time"].tolist(), names, tape.columns["units"].tolist(), strict=True)
    )


EVERY_DAY = {"arrivals": {"period": {"every": 1}}, "products": "mug"}


@pytest.mark.parametrize(
    ("starts", "ends"), [(3, 6), ("2024-01-04", "2024-01-07"), (3, "2024-01-07")]
)
def test_a_product_is_ordered_from_its_first_day_up_to_its_end(starts: Any, ends: Any):
    model = shop(EVERY_DAY, mug={"starts": starts, "ends": ends})
    assert lines(model) == [(3, "mug", 1), (4, "mug", 1), (5, "mug", 1)]
    assert len(play(model).lines) == 3


def test_orders_go_to_the_successor_and_to_its_successor():
    model = shop(
        {**EVERY_DAY, "size": 2},
        mug={"ends": 2, "successor": "cup"},
        cup={"ends": 4, "successor": "glass"},
        glass={"starts": 5, "ends": 6},
    )
    assert lines(model) == [
        (0, "mug", 2),
        (1, "mug", 2),
        (2, "cup", 2),
        (3, "cup", 2),
        (5, "glass", 2),
    ]


def test_lines_of_an_order_stay_together():
    demand = orders((1, {"mug": 1, "cup": 2}), (3, {"mug": 1, "cup": 2}), (5, {"mug": 3}))
    model = shop(demand, mug={"ends": 2}, cup={})
    assert lines(model) == [(1, "mug", 1), (1, "cup", 2), (3, "cup", 2)]
    assert streams.draw(model, 1).columns["head"].tolist() == [0, 0, 2]


def test_nothing_else_on_the_tape_moves():
    """What is ordered of other products, when and by whom, is as it was."""
    demand = {
        "arrivals": {"poisson": {"rate": 9}},
        "products": ["mug", "cup"],
        "lines": {"geometric": {"mean": 2}},
        "size": {"poisson": {"mean": 2}},
    }
    plain = streams.draw(shop(demand, mug={}, cup={}), 3)
    short = streams.draw(shop(demand, mug={"starts": 4, "ends": 11}, cup={}), 3)
    others = plain.columns["stock"] == plain.columns["stock"].max()
    sold = others | ((plain.columns["time"] >= 4) & (plain.columns["time"] < 11))
    for name in ("time", "units", "stock", "due", "tolerance"):
        assert (short.columns[name] == plain.columns[name][sold]).all(), name
    assert _orders(short) == len(np.unique(plain.columns["head"][sold]))


def _orders(tape: Tape) -> int:
    return tape.orders


def test_a_successor_has_the_demand_of_those_before_it():
    """Levels in days know the demand while a product is sold."""
    model = build(
        {
            "a": {
                "demand": [
                    {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"},
                    {"arrivals": {"poisson": {"rate": 1}}, "products": "cup"},
                ]
            }
        },
        products={"mug": {"ends": 5, "successor": "cup"}, "cup": {}},
        stock=[{"reorder": {"rule": "base_stock", "S": {"days": 10}}}],
    )
    levels = {p.product: p.reorder.params.get("S") for p in model.scenario.stock}
    assert (levels["mug"], levels["cup"]) == (20, 30)


def test_revenue_is_at_the_price_of_the_day_of_the_order():
    prices = {
        "price": 1,
        "prices": [{"starts": 2, "price": 10}, {"starts": "2024-01-05", "price": 100}],
    }
    model = shop(orders((1, 1), (2, 1), (3, 2), (4, 1), (5, 1)), mug=prices, horizon=10)
    assert measure(model, play(model))["revenue"] == pytest.approx((1 + 10 + 20 + 200) / 10)
    short = model.replace(
        {
            "stock": [
                {"products": [p.product for p in model.scenario.stock], "supplier": "idle"},
                {"products": "mug", "supplier": "maker", "reorder": "none", "initial": 3},
            ]
        }
    )
    found = measure(short, play(short))
    assert found["revenue"] == pytest.approx((1 + 10 + 10) / 10)
    flat = {"price": 7, "prices": [{"starts": 0, "price": 3}]}
    dated, plain = (shop({**EVERY_DAY, "size": 3}, mug=given) for given in (flat, {"price": 3}))
    assert measure(dated, play(dated))["revenue"] == measure(plain, play(plain))["revenue"]
