"""Units that expire: the oldest leave first, and what is left of a receipt expires at its end."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, orders, play, tell

from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model


def shop(*rows: tuple[float, int], life: float = 5, customer: Any = None, **stock: Any) -> Model:
    return build(
        {"a": {"demand": orders(*rows), **(customer or {})}},
        products={"mug": {"price": 10, "shelf_life": life}},
        stock=[{"reorder": "none", "initial": 3, **stock}],
        suppliers={"maker": {"lead_time": 1}},
        costs={"purchase": 4, "waste": 1},
    )


def expired(model: Model) -> list[tuple[float, int]]:
    log = play(model)
    check_ledger(model, log)
    return [(float(lot["expires"]), int(lot["expired"])) for lot in log.lots if lot["expired"]]


def test_what_is_left_expires_and_what_came_later_stays():
    """Of 3 and 2 units 1 is sold: 2 expire on day 5, and 2 on day 7."""
    assert expired(shop((1, 1), inbound=inbound((2, 2)))) == [(5.0, 2), (7.0, 2)]


def test_the_oldest_leave_first():
    assert expired(shop((3, 4), inbound=inbound((2, 2)))) == [(7.0, 1)]


def test_on_the_day_itself_it_is_too_late():
    model = shop((5, 1))
    assert expired(model) == [(5.0, 3)]
    assert play(model).lines["filled"].tolist() == [0]
    assert expired(shop((4.75, 3))) == []


def test_expired_units_are_bought_again():
    model = shop((19, 1), reorder={"rule": "base_stock", "S": 3})
    assert "5 expire -1 3" in tell(play(model))
    assert play(model).purchases["placed"].tolist() == [5.0, 11.0, 17.0, 19.0]


def test_units_kept_for_an_order_do_not_expire_until_they_are_free_again():
    """One unit is kept from day 1 on; the customer leaves on day 7, and it expires then."""
    demand = {"orders": [{"time": 1, "lines": {"mug": 4}}]}
    whole = {"demand": demand, "shipment": "order", "tolerance": 6}
    assert expired(shop((1, 4), customer=whole, overtaking="partial")) == [(7.0, 3)]


def test_each_part_of_a_purchase_has_its_own_life():
    """Six are bought on day 0 and on day 12 and come in two parts; one of each is waited for."""
    model = build(
        {"a": {"demand": orders((0, 4), (12, 1))}},
        products={"mug": {"shelf_life": 3}},
        stock=[{"reorder": {"rule": "r_nQ", "r": -1, "Q": 6}, "initial": 3}],
        suppliers={"maker": {"lead_time": 1, "parts": {"count": 2, "days": 2}}},
    )
    assert expired(model) == [(4.0, 2), (6.0, 3), (16.0, 2), (18.0, 3)]


def test_money_and_measures():
    model = shop((1, 1))
    found = measure(model, play(model))
    assert found["waste_per_day"] == pytest.approx(2 / 20)
    assert found["cost.waste"] == pytest.approx(2 / 20)
    assert found["cost_of_goods_sold"] == pytest.approx(3 * 4 / 20)
    assert found["profit"] == pytest.approx((10 - 12 - 2) / 20)
