"""Units wait some days for the rest of their order, and shipments cost money.

An order of day 0 asks for two mugs, which are in stock, and a plate, which comes later.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play, tell

from backsim.engines.log import Log
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model

BOTH = {"mug": 2, "plate": 1}
WAITS = {"consolidate": 3}


def shop(plate: float, shipment: Any = WAITS, **fields: Any) -> Model:
    """Two mugs are in stock; a plate comes on a day."""
    customer = {"demand": orders((0, BOTH)), "shipment": shipment, **fields.pop("customer", {})}
    return build(
        {"a": customer},
        products={"mug": {"price": 5}, "plate": {"price": 5}},
        stock=[
            {"products": ["mug"], "initial": 2},
            {"products": ["plate"], "initial": 0, "inbound": inbound((plate, 1))},
        ],
        **fields,
    )


def sent(log: Log) -> list[tuple[float, int, int]]:
    """What left after the order was placed: (day, line, units)."""
    return [tuple(row[name] for name in ("time", "line", "units")) for row in log.shipments]  # type: ignore[misc]


def played(model: Model) -> Log:
    log = play(model)
    check_ledger(model, log)
    return log


def test_what_is_ready_leaves_when_its_days_are_over():
    log = played(shop(5))
    assert sent(log) == [(3.0, 0, 2), (5.0, 1, 1)]
    assert [line for line in tell(log) if "reserve" in line or "ship" in line] == [
        "0 reserve 0 2",
        "3 ship 0 2",
        "5 reserve 1 1",
        "5 ship 1 1",
    ]
    assert log.lines["closed"].tolist() == [3.0, 5.0]
    assert log.lines["filled"].tolist() == [0, 0]  # nothing left on the day of the order


@pytest.mark.parametrize("day", [2, 3])
def test_an_order_that_is_whole_in_time_is_one_shipment(day: float):
    """Also when the rest comes on the last day: what arrives comes before what leaves."""
    model = shop(day)
    assert sent(played(model)) == [(day, 0, 2), (day, 1, 1)]
    assert measure(model, play(model))["shipments_per_order"] == 1


def test_an_order_from_stock_leaves_immediately():
    log = played(shop(0))
    assert sent(log) == []
    assert log.lines["filled"].tolist() == [2, 1]


def test_what_has_been_kept_ships_when_the_rest_is_cancelled():
    log = played(shop(5, customer={"tolerance": 2}))
    assert sent(log) == [(2.0, 0, 2)]
    assert log.lines["left"].tolist() == [0, 1]


def test_who_does_not_wait_is_served_as_if_parts_were_shipped():
    log = played(shop(5, customer={"tolerance": "none"}))
    assert log.lines["filled"].tolist() == [2, 0]
    assert log.lines["left"].tolist() == [0, 1]


def test_the_days_count_from_the_first_unit_that_is_ready():
    """Of a line of six, two leave after three days; then one waits for the last three."""
    model = build(
        {"a": {"demand": orders((1, 6)), "shipment": WAITS}},
        stock=[{"initial": 2, "inbound": inbound((6, 1), (8, 3))}],
    )
    assert sent(played(model)) == [(4.0, 0, 2), (8.0, 0, 4)]


def test_a_batch_run_may_take_back_what_waits():
    """Gold comes on day 1 and gets at the run of day 2 what was kept for silver; on day 3 nothing
    is there to leave, and from day 4 on the next unit waits again."""
    model = build(
        {
            "gold": {"demand": orders((1, 1))},
            "silver": {"demand": orders((0, 2)), "shipment": WAITS, "priority": 2},
        },
        stock=[
            {
                "initial": 1,
                "inbound": inbound((3.5, 1), (9, 1)),
                "priority": "class_priority",
                "clearing": {"every": 2, "reallocate": True},
            }
        ],
    )
    log = played(model)
    silver = int(np.flatnonzero(log.lines["units"] == 2)[0])
    assert sent(log) == [(2.0, 1 - silver, 1), (7.0, silver, 1), (10.0, silver, 1)]
    assert log.reallocations["units"].tolist() == [1, 0]  # on day 6 silver keeps what it had


@pytest.mark.parametrize(
    ("shipment", "count", "wait"),
    [("partial", 2, 5 / 3), (WAITS, 2, 11 / 3), ("order", 1, 5), ("line", 2, 5 / 3)],
)
def test_a_shipment_has_a_price(shipment: str, count: int, wait: float):
    """Complete orders save a shipment and cost days of waiting."""
    model = shop(5, shipment, costs={"shipment": 4, "backorder_time": 1}, horizon=10)
    found = measure(model, play(model))
    assert found["shipments_per_order"] == count
    assert found["shipments_per_day"] == pytest.approx(count / 10)
    assert found["cost.shipment"] == pytest.approx(4 * count / 10)
    assert found["mean_wait"] == pytest.approx(wait)
    assert found["cost.total"] == pytest.approx((4 * count + 3 * wait) / 10)
    assert found["profit"] == pytest.approx((15 - 4 * count - 3 * wait) / 10)


def test_the_price_of_a_shipment_is_that_of_its_first_line():
    costs = {"shipment": 1}
    model = shop(5, "partial", costs=costs, horizon=10).replace(
        {"products.plate.costs": {"shipment": 7}}
    )
    found = measure(model, play(model))
    assert found.get("cost.shipment", "product", "mug") == pytest.approx(1 / 10)
    assert found.get("cost.shipment", "product", "plate") == pytest.approx(7 / 10)
    assert found.get("cost.shipment", "class", "a") == pytest.approx(8 / 10)


def test_two_sites_send_two_shipments_at_one_instant():
    order = {"time": 0, "lines": BOTH, "site": "north"}
    model = build(
        {"a": {"demand": {"orders": [order]}, "served_by": "*"}},
        products=("mug", "plate"),
        sites=("north", "south"),
        stock=[
            {"products": ["mug"], "sites": ["north"], "initial": 2},
            {"products": ["plate"], "sites": ["south"], "initial": 1},
            {"products": ["plate"], "sites": ["north"], "initial": 0},
        ],
        costs={"shipment": 4},
        horizon=10,
    )
    found = measure(model, play(model))
    assert found["shipments_per_order"] == 2
    assert found.get("cost.shipment", "site", "north") == pytest.approx(4 / 10)
    assert found.get("cost.shipment", "site", "south") == pytest.approx(4 / 10)


def test_a_substitute_is_shipped_too():
    """A substitute from stock leaves with what there is of the order, or alone."""
    model = build(
        {"a": {"demand": orders((0, 3), (1, 2))}},
        products={"mug": {"substitutes": "cup"}, "cup": {}},
        stock=[
            {"products": ["mug"], "initial": 2, "substitution": "at_order"},
            {"products": ["cup"], "initial": 3},
        ],
        costs={"shipment": 1},
        horizon=10,
    )
    log = played(model)
    assert log.substitutions["units"].tolist() == [1, 2]
    found = measure(model, log)
    assert found["shipments_per_order"] == 1
    assert found["cost.shipment"] == pytest.approx(2 / 10)
