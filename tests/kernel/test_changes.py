"""Rules that change on a day: levels by season, a last purchase, another priority."""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, inbound, orders, play

from backsim.engines.log import Log
from backsim.scenario.model import Model


def base(level: float) -> dict[str, Any]:
    return {"rule": "base_stock", "S": level}


def shop(*rows: tuple[float, int], customers: Any = None, **stock: Any) -> Model:
    """A mug point that follows `changes`."""
    supplier = {"lead_time": stock.pop("lead_time", 1)}
    return build(
        customers or {"a": {"demand": orders(*rows)}},
        stock=[{"reorder": base(2), **stock}],
        suppliers={"maker": supplier},
        start="2024-01-01",
    )


def bought(log: Log) -> list[tuple[float, int]]:
    return [(float(p["placed"]), int(p["units"])) for p in log.purchases]


def test_a_higher_level_is_ordered_up_to_on_its_day():
    log = play(shop((1, 1), (4, 2), changes=[{"starts": 3, "reorder": base(5)}]))
    assert bought(log) == [(1, 1), (3, 3), (4, 2)]


def test_a_lower_level_is_reached_as_customers_order():
    log = play(shop((4, 1), (5, 1), (6, 2), changes=[{"starts": 3, "reorder": base(0)}]))
    assert bought(log) == [(6, 2)]


@pytest.mark.parametrize("day", ["2024-01-04", 3])
def test_a_date_is_a_day_from_the_start(day: Any):
    model = shop((1, 1), changes=[{"starts": day, "reorder": base(5)}])
    assert model.scenario.stock[-1].changes[0].starts == 3.0
    assert bought(play(model)) == [(1, 1), (3, 3)]


def test_a_date_before_the_start_is_the_start():
    assert bought(
        play(shop((1, 1), initial=2, changes=[{"starts": "2023-06-01", "reorder": base(5)}]))
    ) == [
        (0, 3),
        (1, 1),
    ]


def test_a_last_purchase():
    """Seven units for all that is still asked for; nothing is bought after it."""
    last = [{"starts": 3, "reorder": base(7)}, {"starts": 3.5, "reorder": "none"}]
    log = play(shop((1, 1), (5, 4), (9, 4), changes=last))
    assert bought(log) == [(1, 1), (3, 5)]
    assert log.lines["open"].tolist() == [0, 0, 1]


def test_under_periodic_review_the_next_review_knows_the_new_level():
    rules = {"review": {"period": 2, "first": 1}, "initial": 2}
    log = play(shop((9, 1), **rules, changes=[{"starts": 4, "reorder": base(5)}]))
    assert bought(log)[0] == (5, 3)
    log = play(shop((9, 1), **rules, changes=[{"starts": 5, "reorder": base(5)}]))
    assert bought(log)[0] == (5, 3)


def test_levels_of_a_change_are_resolved_as_those_of_the_policy():
    """Three units in 20 days: 40 days of demand are six units."""
    changes = [{"starts": 3, "reorder": base({"days": 40})}]  # type: ignore[arg-type]
    model = shop((1, 1), (4, 2), changes=changes)
    assert model.scenario.stock[-1].changes[0].reorder.params == {"S": 6}
    again = model.to_dict()["stock"][-1]["changes"]
    assert again == [{"starts": 3.0, "reorder": {"rule": "base_stock", "S": 6}}]


def two_classes(**stock: Any) -> Model:
    customers = {
        "gold": {"priority": 1, "demand": orders((2, 1))},
        "iron": {"priority": 2, "demand": orders((1, 1))},
    }
    return shop(customers=customers, reorder="none", initial=0, **stock)


def test_those_who_wait_are_put_into_the_order_of_the_new_priority():
    """Both wait, iron first; gold comes first from day 3 on."""
    change = [{"starts": 3, "priority": "class_priority"}]
    log = play(two_classes(inbound=inbound((2.5, 1), (4, 1)), changes=change))
    assert log.shipments["line"].tolist() == [0, 1]
    log = play(two_classes(inbound=inbound((4, 1), (5, 1)), changes=change))
    assert log.shipments["line"].tolist() == [1, 0]
    assert log.shipments["time"].tolist() == [4.0, 5.0]


def test_units_that_are_no_longer_held_back_go_to_those_who_wait():
    """Two units are kept from iron; gold takes one, and iron the other when they no longer are."""
    kept = {"rule": "critical_level", "levels": {"iron": 2}}
    change = [{"starts": 3, "rationing": "none"}]
    log = play(two_classes(rationing=kept, inbound=inbound((2.25, 2)), changes=change))
    assert [(s["time"], s["line"]) for s in log.shipments] == [(2.25, 1), (3.0, 0)]


def test_a_change_to_what_is_already_there_changes_nothing():
    rows = [(float(day), 1 + day % 3) for day in range(15)]
    same = [
        {"starts": 4, "reorder": base(2)},
        {"starts": 9, "priority": "fcfs", "rationing": "none"},
    ]
    one, other = play(shop(*rows)), play(shop(*rows, changes=same))
    for table in ("lines", "purchases", "shipments"):
        assert getattr(one, table).tobytes() == getattr(other, table).tobytes()
