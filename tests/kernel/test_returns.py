"""Customers send units back: to stock, to a repair, or to be scrapped.  The ledger counts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play, tell

from backsim import streams
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model

ALL = {"share": 1, "after": 2}


def shop(*rows: tuple[float, int], returns: Any = ALL, **fields: Any) -> Model:
    customer = fields.pop("customer", {})
    stock = {"reorder": {"rule": "base_stock", "S": 3}, **fields.pop("stock", {})}
    return build(
        {"a": {"demand": orders(*rows), "returns": returns, **customer}},
        products={"mug": {"price": 10}},
        stock=[stock],
        suppliers={"maker": {"lead_time": 1}},
        costs={"purchase": 4, **fields.pop("costs", {})},
        **fields,
    )


def returned(model: Model) -> list[tuple[float, int, int, int, int]]:
    log = play(model)
    check_ledger(model, log)
    names = ("time", "units", "restocked", "to_repair", "repaired")
    return [tuple(row[name] for name in names) for row in log.returns]  # type: ignore[misc]


def test_all_that_is_sent_back_is_stock_again():
    """One unit is bought for the first order; those that come back are more than the level."""
    model = shop((1, 1), (2, 2))
    assert returned(model) == [(3.0, 1, 1, 0, 0), (4.0, 2, 2, 0, 0)]
    log = play(model)
    assert log.purchases["units"].tolist() == [1, 2]
    assert log.stocks["on_hand"][-1] == 6
    assert log.stocks["returned"][-1] == 3
    assert "3 return 0 1" in tell(log)


def test_returns_come_first_to_those_who_wait():
    """The unit of the first customer is that of the second, who has waited for two days."""
    model = shop((0, 1), (1, 1), stock={"reorder": "none", "initial": 1})
    log = play(model)
    assert [(s["time"], s["line"]) for s in log.shipments] == [(2.0, 1)]
    assert returned(model) == [(2.0, 1, 1, 0, 0), (4.0, 1, 1, 0, 0)]


def test_a_line_comes_back_once_it_has_been_shipped_whole():
    model = shop((0, 3), stock={"reorder": "none", "initial": 1, "inbound": inbound((5, 2))})
    assert returned(model) == [(7.0, 3, 3, 0, 0)]
    gone = {"tolerance": 3}
    model = shop((0, 3), customer=gone, stock={"reorder": "none", "initial": 1})
    assert returned(model) == []


@pytest.mark.parametrize(
    ("kinds", "rows", "on_hand"),
    [
        ({"restock": 0}, [(3.0, 4, 0, 0, 0)], 0),
        (
            {"restock": 0, "repair": {"share": 1, "days": 5}},
            [(3.0, 4, 0, 4, 0), (8.0, 0, 0, 0, 4)],
            4,
        ),
    ],
)
def test_scrap_and_repair(kinds: Any, rows: Any, on_hand: int):
    model = shop((1, 4), returns=ALL | kinds, stock={"reorder": "none", "initial": 4})
    assert returned(model) == rows
    assert play(model).stocks["on_hand"][-1] == on_hand


def test_a_repair_that_is_not_done_by_the_end_is_no_stock():
    slow = {"restock": 0, "repair": {"share": 1, "days": 50}}
    model = shop((1, 4), returns=ALL | slow, stock={"reorder": "none", "initial": 4})
    assert returned(model) == [(3.0, 4, 0, 4, 0)]


def test_a_site_takes_returns_on_its_working_days():
    """Shipped on Thursday, back on Saturday, received on Monday; repaired on the next weekend."""
    model = shop(
        (3, 2),
        returns=ALL | {"restock": 0, "repair": {"share": 1, "days": 5}},
        stock={"reorder": "none", "initial": 2},
        sites={"main": {"receiving": "office"}},
        start="2024-01-01",
        calendars={"office": {}},
    )
    assert [row[0] for row in returned(model)] == [7.0, 14.0]


def test_money_and_measures():
    """Of 8 units 8 come back: a half in stock again, a half scrapped; two thirds are refunded."""
    some = ALL | {"restock": 0.5, "refund": 0.75}
    rates = {"returned": 1, "repair": 2}
    model = shop(
        (1, 8), returns=some, stock={"reorder": "none", "initial": 8}, costs=rates, horizon=10
    )
    log = play(model)
    back, again = int(log.returns["units"].sum()), int(log.returns["restocked"].sum())
    assert back == 8
    found = measure(model, log)
    assert found["return_rate"] == 1
    assert found["scrap_rate"] == pytest.approx((8 - again) / 8)
    assert found["revenue"] == pytest.approx((80 - 0.75 * 80) / 10)
    assert found["cost_of_goods_sold"] == pytest.approx(4 * (8 - again) / 10)
    assert found["cost.returned"] == pytest.approx(8 / 10)
    assert found["cost.repair"] == 0
    assert found["cost.total"] == pytest.approx(8 / 10)
    none = shop((1, 8), returns=None)
    assert np.isnan(measure(none, play(none))["return_rate"])


def test_what_comes_back_belongs_to_the_customer():
    """Whatever the policy, the same units come back, the same time after they were shipped."""
    demand = {
        "arrivals": {"poisson": {"rate": 5}},
        "products": "mug",
        "size": {"poisson": {"mean": 2}},
    }
    half = {"share": 0.4, "after": {"exponential": {"mean": 3}}, "restock": 0.6}
    tapes = []
    for returns in (half, None):
        model = shop((0, 1), returns=returns).replace({"customers.a.demand": demand})
        tapes.append(streams.draw(model, 1).columns)
    with_returns, without = tapes
    for name, column in without.items():
        assert (with_returns[name] == column).all()
    assert {with_returns[name].dtype for name in ("returned", "restocked", "to_repair")} == {
        np.dtype("i4")
    }
    units = with_returns["units"]
    assert (with_returns["returned"] <= units).all()
    assert (with_returns["restocked"] <= with_returns["returned"]).all()


def test_each_unit_comes_back_with_its_probability():
    """20,000 units: the share is within 4 standard errors, and so are its parts."""
    demand = {
        "arrivals": {"period": {"every": 0.01}},
        "products": "mug",
        "size": {"poisson": {"mean": 10}},
    }
    kinds = {"share": 0.3, "restock": 0.5, "repair": {"share": 0.2, "days": 1}}
    model = shop((0, 1), returns=kinds).replace({"customers.a.demand": demand, "horizon": 20})
    columns = streams.draw(model, 1).columns
    units, back = columns["units"].sum(), columns["returned"].sum()
    for part, whole, share in (
        (back, units, 0.3),
        (columns["restocked"].sum(), back, 0.5),
        (columns["to_repair"].sum(), back, 0.2),
    ):
        assert abs(part - whole * share) < 4 * np.sqrt(whole * share * (1 - share))
