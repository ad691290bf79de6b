"""Small stories, worked by hand: what happens when, in which order.

A story's lines are "time what subject units"; the subject is an order line or a purchase, both
counted from 0.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.models import build, deliveries, inbound, lines_of, orders, play, tell

from backsim.entities import LINE_STATUS, PURCHASE_STATUS


def one(*rows: tuple[float, Any], **fields: Any) -> dict[str, Any]:
    """One class of customers who order what is written."""
    return {"a": {"demand": orders(*rows), **fields}}


def statuses(log: Any) -> list[str]:
    return [LINE_STATUS[code] for code in log.lines["status"]]


# -- how orders are shipped ------------------------------------------------------------------------


def test_partial_shipment_takes_what_there_is():
    model = build(one((1, 2), (2, 2)), stock=[{"initial": 3, "inbound": inbound((4, 2))}])
    log = play(model)
    assert tell(log) == lines_of(
        """1 order 0 2
        1 ship 0 2
        2 order 1 2
        2 ship 1 1
        2 wait 1 1
        4 receive 0 2
        4 ship 1 1"""
    )
    assert log.lines["filled"].tolist() == [2, 1]
    assert log.lines["closed"].tolist() == [1.0, 4.0]
    stock = log.stocks[-1]
    assert (stock["on_hand"], stock["backlog"], stock["received"]) == (1, 0, 2)


def test_line_shipment_waits_for_the_whole_line():
    model = build(
        one((1, 2), (2, 2), shipment="line"), stock=[{"initial": 3, "inbound": inbound((4, 1))}]
    )
    assert tell(play(model)) == lines_of(
        """1 order 0 2
        1 ship 0 2
        2 order 1 2
        2 wait 1 2
        4 receive 0 1
        4 ship 1 2"""
    )


def test_a_whole_order_is_reserved_until_its_last_line_is_filled():
    customers = one((1, {"mug": 2, "plate": 1}), (2, {"mug": 1}), shipment="order")
    model = build(
        customers,
        products=("mug", "plate"),
        stock=[
            {"products": ["mug"], "initial": 2, "inbound": inbound((3, 1))},
            {"products": ["plate"], "initial": 0, "inbound": inbound((5, 1))},
        ],
    )
    log = play(model)
    assert tell(log) == lines_of(
        """1 order 0 2
        1 reserve 0 2
        1 order 1 1
        1 wait 1 1
        2 order 2 1
        2 wait 2 1
        3 receive 0 1
        3 reserve 2 1
        3 ship 2 1
        5 receive 1 1
        5 reserve 1 1
        5 ship 0 2
        5 ship 1 1"""
    )
    mug = log.stocks[-2]
    assert mug["reserved_days"] == 4 * 2  # two units from day 1 to day 5
    assert log.lines["filled"].tolist() == [0, 0, 0]


def test_a_whole_order_in_stock_is_shipped_at_once():
    model = build(
        one((1, {"mug": 2, "plate": 1}), shipment="order"),
        products=("mug", "plate"),
        stock=[{"initial": 2}],
    )
    log = play(model)
    assert log.lines["filled"].tolist() == [2, 1]
    assert len(log.shipments) == 0


def test_units_reserved_for_a_customer_who_leaves_serve_the_next():
    customers = {
        "a": {
            "demand": orders((1, {"mug": 2, "plate": 1})),
            "shipment": "order",
            "tolerance": 3,
        },
        "b": {"demand": orders((2, 2))},
    }
    model = build(
        customers,
        products=("mug", "plate"),
        stock=[{"products": ["mug"], "initial": 2}, {"products": ["plate"], "initial": 0}],
    )
    log = play(model)
    assert tell(log) == lines_of(
        """1 order 0 2
        1 reserve 0 2
        1 order 1 1
        1 wait 1 1
        2 order 2 2
        2 wait 2 2
        4 leave 0 2
        4 leave 1 1
        4 ship 2 2"""
    )
    assert statuses(log) == ["cancelled", "cancelled", "shipped"]


def test_a_leaving_order_serves_none_of_its_own_lines():
    # The plates a leaving order lets go would fill its other line of plates, were it still there.
    # Here both of an order's lines, of 3 units each, are at one stock point that holds 5.
    demand = {
        "arrivals": {"period": {"every": 1, "first": 1}},
        "products": "mug",
        "lines": 2,
        "size": 3,
    }
    customers = {"a": {"demand": demand, "shipment": "order", "tolerance": 2}}
    log = play(build(customers, stock=[{"initial": 5}], horizon=3.5))
    assert tell(log) == lines_of(
        """1 order 0 3
        1 reserve 0 3
        1 order 1 3
        1 wait 1 3
        2 order 2 3
        2 wait 2 3
        2 order 3 3
        2 wait 3 3
        3 order 4 3
        3 wait 4 3
        3 order 5 3
        3 wait 5 3
        3 leave 0 3
        3 leave 1 3
        3 reserve 2 3"""
    )


def test_a_lost_order_that_must_ship_whole_takes_nothing():
    demand = {
        "arrivals": {"period": {"every": 10, "first": 1}},
        "products": "mug",
        "lines": 3,
        "size": 2,
    }
    customers = {"a": {"demand": demand, "shipment": "order", "tolerance": "none"}}
    log = play(build(customers, stock=[{"initial": 5}], horizon=5))
    assert tell(log) == lines_of(
        """1 order 0 2
        1 reserve 0 2
        1 order 1 2
        1 reserve 1 2
        1 order 2 2
        1 wait 2 2
        1 lose 0 2
        1 lose 1 2
        1 lose 2 2"""
    )
    assert log.stocks[-1]["on_hand"] == 5


# -- who is served first ---------------------------------------------------------------------------


@pytest.mark.parametrize(("overtaking", "small"), [("strict", 6.0), ("skip", 4.0)])
def test_may_a_small_line_overtake_a_large_one(overtaking: str, small: float):
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line"},
        "small": {"demand": orders((2, 1)), "shipment": "line"},
    }
    stock = {"initial": 0, "overtaking": overtaking, "inbound": inbound((4, 2), (6, 2))}
    log = play(build(customers, stock=[stock]))
    assert log.lines["closed"].tolist() == [6.0, small]


def test_strict_order_holds_for_new_customers_too():
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line"},
        "small": {"demand": orders((2, 1))},
    }
    for overtaking, filled in (("strict", [0, 0]), ("skip", [0, 1])):
        log = play(build(customers, stock=[{"initial": 2, "overtaking": overtaking}]))
        assert log.lines["filled"].tolist() == filled


T1_INBOUND = inbound((4, 2), (7, 2), (9, 1), (10, 2))
T1 = {
    # rules; deliveries of a to f; unit-days waited and on hand; filled at once; on hand at the end
    "T1_fcfs": (
        {"priority": "fcfs"},
        [[1, 1], [2, 4], [4], [7, 7], [9], [10]],
        (12.0, 6.0, 3, 1),
    ),
    "T1_priority": (
        {"priority": "class_priority"},
        [[1, 1], [2, 4], [4], [7, 7], [10], [9]],
        (12.0, 6.0, 3, 1),
    ),
    "T1_critical_level_1": (
        {
            "priority": "class_priority",
            "rationing": {"rule": "critical_level", "levels": {"second": 1}},
        },
        [[1, 1], [4, 4], [10], [5, 7], [10], [8]],
        (17.0, 11.0, 4, 1),
    ),
}


@pytest.mark.parametrize("name", T1)
def test_hand_trace(name: str):
    """Source: hand traces T1_fcfs, T1_priority and T1_critical_level_1 (own, exact)."""
    rules, expected, figures = T1[name]
    customers = {
        "first": {"demand": orders((1, 2), (5, 2), (8, 1)), "priority": 1},
        "second": {"demand": orders((2, 2), (3, 1), (6, 1)), "priority": 2},
    }
    model = build(customers, stock=[{"initial": 3, "inbound": T1_INBOUND, **rules}], horizon=12)
    log = play(model)
    assert deliveries(log) == expected
    stock = log.stocks[-1]
    waited = sum(
        t - line["time"] for line, ts in zip(log.lines, deliveries(log), strict=False) for t in ts
    )
    on_hand = stock["on_hand_days"] + (12 - stock["since"]) * stock["on_hand"]
    assert (waited, on_hand, log.lines["filled"].sum(), stock["on_hand"]) == figures
    assert not log.lines["left"].any()


def test_a_line_kept_from_stock_does_not_block_others():
    customers = {
        "second": {"demand": orders((1, 1)), "priority": 2},
        "first": {"demand": orders((2, 1)), "priority": 1},
    }
    levels = {"rule": "critical_level", "levels": {"second": 1}}
    for overtaking in ("strict", "skip"):
        stock = {"initial": 1, "rationing": levels, "overtaking": overtaking, "priority": "fcfs"}
        log = play(build(customers, stock=[stock]))
        assert log.lines["filled"].tolist() == [0, 1]


def test_a_critical_level_counts_the_unit_itself():
    # Level 2: a unit goes out only if more than 2 are there, counting it.
    levels = {"rule": "critical_level", "levels": {"a": 2}}
    log = play(build(one((1, 5)), stock=[{"initial": 4, "rationing": levels}]))
    assert log.lines["filled"].tolist() == [2]
    assert log.stocks[-1]["on_hand"] == 2


def test_whole_lines_and_a_critical_level():
    levels = {"rule": "critical_level", "levels": {"a": 2}}
    stock = {"initial": 4, "rationing": levels, "inbound": inbound((3, 1))}
    log = play(build(one((1, 3), shipment="line"), stock=[stock]))
    assert log.lines["closed"].tolist() == [3.0]


# -- how long customers wait -----------------------------------------------------------------------


def test_lost_sale_of_what_is_not_there():
    log = play(build(one((1, 3), (2, 1), tolerance="none"), stock=[{"initial": 2}]))
    assert tell(log) == lines_of(
        """1 order 0 3
        1 ship 0 2
        1 wait 0 1
        1 lose 0 1
        2 order 1 1
        2 wait 1 1
        2 lose 1 1"""
    )
    assert log.stocks[-1]["backlog"] == 0


def test_stock_that_arrives_as_tolerance_ends_is_in_time():
    customers = one((1, 1), (1, 1), tolerance=3)
    log = play(build(customers, stock=[{"initial": 0, "inbound": inbound((4, 1))}]))
    assert tell(log)[-3:] == ["4 receive 0 1", "4 ship 0 1", "4 leave 1 1"]


def test_a_customer_who_was_served_does_not_leave():
    customers = one((1, 1), tolerance=3)
    log = play(build(customers, stock=[{"initial": 0, "inbound": inbound((3.5, 1))}]))
    assert statuses(log) == ["shipped"]


def test_what_was_shipped_before_leaving_stays_shipped():
    customers = one((1, 3), tolerance=3)
    log = play(build(customers, stock=[{"initial": 2, "inbound": inbound((5, 9))}]))
    (line,) = log.lines
    assert (line["shipped"], line["left"], line["closed"]) == (2, 1, 4.0)
    assert log.stocks[-1]["on_hand"] == 9


def test_leaving_takes_every_line_that_waits():
    customers = one((1, {"mug": 2, "plate": 1}), tolerance=3)
    model = build(
        customers,
        products=("mug", "plate"),
        stock=[{"products": ["mug"], "initial": 1}, {"products": ["plate"], "initial": 1}],
    )
    assert tell(play(model)) == lines_of(
        """1 order 0 2
        1 ship 0 1
        1 wait 0 1
        1 order 1 1
        1 ship 1 1
        4 leave 0 1"""
    )


def test_a_blocking_line_that_leaves_lets_others_through():
    customers = {
        "large": {"demand": orders((1, 3)), "shipment": "line", "tolerance": 4},
        "small": {"demand": orders((2, 1))},
    }
    log = play(build(customers, stock=[{"initial": 2, "overtaking": "strict"}]))
    assert tell(log)[-2:] == ["5 leave 0 3", "5 ship 1 1"]


# -- when and how much is ordered ------------------------------------------------------------------


def base(level: int) -> dict[str, Any]:
    return {"rule": "base_stock", "S": level}


def after(days: float, **fields: Any) -> dict[str, Any]:
    return {"maker": {"lead_time": days, **fields}}


def test_lead_time_zero_arrives_at_the_same_instant():
    log = play(build(one((1, 2)), stock=[{"reorder": base(1)}]))
    assert tell(log) == lines_of(
        """1 order 0 2
        1 ship 0 1
        1 wait 0 1
        1 purchase 0 2
        1 receive 0 2
        1 ship 0 1"""
    )
    assert log.lines["filled"].tolist() == [1]  # the other was never on the shelf


def test_the_demand_that_reaches_s_triggers():
    model = build(
        one((1, 1), (2, 1), (3, 1)),
        stock=[{"reorder": {"rule": "s_S", "s": 1, "S": 4}, "initial": 3}],
        suppliers=after(10),
    )
    assert tell(play(model)) == lines_of(
        """1 order 0 1
        1 ship 0 1
        2 order 1 1
        2 ship 1 1
        2 purchase 0 3
        3 order 2 1
        3 ship 2 1
        12 receive 0 3"""
    )


def test_r_nQ_orders_the_least_multiple_that_brings_it_above_r():
    model = build(
        one((1, 1), (2, 7)),
        stock=[{"reorder": {"rule": "r_nQ", "r": 2, "Q": 3}, "initial": 4}],
        suppliers=after(10),
    )
    # day 1: 3 > 2.  day 2: 4 - 8 = -4 <= 2, so 3 x 3 = 9 brings it to 5.
    assert [row for row in tell(play(model)) if "purchase" in row] == ["2 purchase 0 9"]


@pytest.mark.parametrize(
    ("after_demand", "purchases"),
    [
        (False, ["0 purchase 0 2", "4 purchase 1 1", "6 purchase 2 2"]),
        (True, ["0 purchase 0 2", "2 purchase 1 1", "4 purchase 2 2"]),
    ],
)
def test_periodic_review_before_or_after_the_demand(after_demand: bool, purchases: list[str]):
    model = build(
        one((2, 1), (4, 2)),
        stock=[
            {
                "reorder": base(5),
                "initial": 3,
                "review": {"period": 2, "after_demand": after_demand},
            }
        ],
        suppliers=after(1),
        horizon=7,
    )
    assert [row for row in tell(play(model)) if "purchase" in row] == purchases


def test_first_review_may_come_after_the_horizon():
    model = build(
        one((2, 1)),
        stock=[{"reorder": base(5), "initial": 1, "review": {"period": 2, "first": 21}}],
    )
    assert not any("purchase" in row for row in tell(play(model)))


def test_reviews_fall_on_multiples_of_the_period():
    model = build(
        one((0.05, 1), (0.25, 1)),
        stock=[{"reorder": base(9), "initial": 9, "review": {"period": 0.1, "first": 0.1}}],
        suppliers=after(5),
        horizon=1,
    )
    log = play(model)
    assert log.purchases["placed"].tolist() == [0.1, 0.3]
    assert log.stocks[-1]["reviews"] == 9  # the tenth, at 0.1 + 9 x 0.1, would be at the horizon


def test_kinds_at_one_instant():
    """Arrival, review, order, late review, end of tolerance."""
    customers = one((3, 1), (5, 2), (5, 1), tolerance=2)
    stock = {
        "initial": 0,
        "reorder": base(2),
        "review": {"period": 5, "first": 5, "after_demand": True},
        "inbound": inbound((5, 1)),
    }
    log = play(build(customers, stock=[stock], suppliers=after(0), horizon=8))
    assert tell(log) == lines_of(
        """3 order 0 1
        3 wait 0 1
        5 receive 0 1
        5 ship 0 1
        5 order 1 2
        5 wait 1 2
        5 order 2 1
        5 wait 2 1
        5 purchase 1 5
        5 receive 1 5
        5 ship 1 2
        5 ship 2 1"""
    )


def test_a_review_before_demand_orders_what_comes_before_that_demand():
    # A lead time of 0: what the review orders is there for the demand of the same instant.
    stock = {"initial": 0, "reorder": base(2), "review": {"period": 5, "first": 5}}
    log = play(build(one((5, 2)), stock=[stock], horizon=8))
    assert tell(log) == ["5 purchase 0 2", "5 receive 0 2", "5 order 0 2", "5 ship 0 2"]


def test_orders_of_one_instant_come_in_the_order_of_the_classes():
    customers = {"a": {"demand": orders((1, 1))}, "b": {"demand": orders((1, 1))}}
    log = play(build(customers, stock=[{"initial": 1}]))
    assert log.lines["filled"].tolist() == [1, 0]
    assert log.lines["customer_class"].tolist() == [0, 1]


def test_what_is_due_at_the_horizon_is_left_out():
    customers = one((8, 1), (8, 1), (10, 1), tolerance=2)
    stock = {"initial": 0, "inbound": inbound((9.75, 1), (10, 1))}
    log = play(build(customers, stock=[stock], horizon=10))
    assert tell(log)[-3:] == ["8 wait 1 1", "9.75 receive 0 1", "9.75 ship 0 1"]
    assert len(log.lines) == 2


# -- what suppliers do -----------------------------------------------------------------------------


def draws(*values: float) -> dict[str, Any]:
    """Lead times that differ: uniform over the values."""
    return {"discrete": {"values": list(values)}}


def test_without_crossing_a_purchase_never_passes_an_earlier_one():
    model = build(
        one(*((t, 1) for t in range(1, 15))),
        stock=[{"reorder": base(9)}],
        suppliers={"maker": {"lead_time": draws(1, 6), "crossing": False}},
        horizon=30,
    )
    log = play(model)
    raw = log.purchases["placed"] + log.purchases["lead_time"]
    assert (raw[1:] < raw[:-1]).any()  # they would have crossed
    running = raw.copy()
    for k in range(1, len(raw)):
        running[k] = max(running[k], running[k - 1])
    assert log.purchases["arrives"].tolist() == running.tolist()


def test_without_crossing_what_is_under_way_at_the_start_comes_first():
    stock = {"reorder": base(2), "initial": 1, "inbound": inbound((9, 1))}
    model = build(one((1, 1)), stock=[stock], suppliers=after(2, crossing=False))
    assert play(model).purchases["arrives"].tolist() == [9.0, 9.0]


def servers(count: int, days: float, **fields: Any) -> dict[str, Any]:
    return {"maker": {"capacity": {"servers": count, "service": days, **fields}}}


def test_one_server_works_on_one_purchase_after_the_other():
    model = build(
        one((1, 1), (2, 1), (3, 1)), stock=[{"reorder": base(3)}], suppliers=servers(1, 2)
    )
    assert play(model).purchases["arrives"].tolist() == [3.0, 5.0, 7.0]


def test_two_servers():
    model = build(
        one((1, 1), (2, 1), (3, 1), (4, 1)), stock=[{"reorder": base(4)}], suppliers=servers(2, 3)
    )
    assert play(model).purchases["arrives"].tolist() == [4.0, 5.0, 7.0, 8.0]


def test_service_then_lead_time():
    suppliers = servers(1, 2)
    suppliers["maker"]["lead_time"] = 10
    model = build(one((1, 1), (1, 1)), stock=[{"reorder": base(2)}], suppliers=suppliers)
    assert play(model).purchases["arrives"].tolist() == [13.0, 15.0]


def test_service_for_each_unit_and_units_per_day():
    for capacity in ({"servers": 1, "service": 0.5, "per": "unit"}, {"units_per_day": 2}):
        model = build(
            one((1, 4), (2, 2)),
            stock=[{"reorder": base(6)}],
            suppliers={"maker": {"capacity": capacity}},
        )
        assert play(model).purchases["arrives"].tolist() == [3.0, 4.0]


def test_products_share_their_supplier():
    model = build(
        one((1, {"mug": 1, "plate": 1})),
        products=("mug", "plate"),
        stock=[{"reorder": base(1)}],
        suppliers=servers(1, 2),
    )
    assert play(model).purchases["arrives"].tolist() == [3.0, 5.0]


# -- withdrawing purchases -------------------------------------------------------------------------


def purchases(log: Any) -> list[tuple[int, str]]:
    return [(int(p["units"]), PURCHASE_STATUS[p["status"]]) for p in log.purchases]


def leaver(units: int, time: float = 1.0, days: float = 2.0) -> dict[str, Any]:
    return {"leaver": {"demand": orders((time, units)), "tolerance": days}}


def test_a_customer_who_leaves_raises_the_position():
    # S = 0: the purchase for the customer who left serves the next one, who triggers none.
    model = build(
        {**leaver(1), "next": {"demand": orders((4, 1))}},
        stock=[{"reorder": base(0)}],
        suppliers=after(5),
    )
    assert tell(play(model)) == lines_of(
        """1 order 0 1
        1 wait 0 1
        1 purchase 0 1
        3 leave 0 1
        4 order 1 1
        4 wait 1 1
        6 receive 0 1
        6 ship 1 1"""
    )


def test_withdrawing_takes_the_latest_purchases_back():
    model = build(
        {"stays": {"demand": orders((0.5, 2), (1.5, 1))}, **leaver(2, days=1)},
        stock=[{"reorder": base(0), "withdraw": True}],
        suppliers=after(5),
    )
    log = play(model)
    assert [row for row in tell(log) if "withdraw" in row] == ["2 withdraw 2 1", "2 withdraw 1 1"]
    assert purchases(log) == [(2, "received"), (1, "received"), (0, "withdrawn")]


def test_withdrawing_leaves_a_purchase_that_is_being_worked_on():
    model = build(
        {**leaver(1), "stays": {"demand": orders((1.5, 1))}},
        stock=[{"reorder": base(0), "withdraw": True}],
        suppliers=servers(1, 4),
    )
    log = play(model)  # the queued one is withdrawn, though the one in service was for the leaver
    assert purchases(log) == [(1, "received"), (0, "withdrawn")]
    assert log.lines["closed"].tolist() == [3.0, 5.0]


def test_nothing_is_withdrawn_once_the_supplier_has_started():
    suppliers = servers(1, 1)
    suppliers["maker"]["lead_time"] = 5
    for days in (0.5, 2.0):  # in service; served and under way
        model = build(
            leaver(1, days=days),
            stock=[{"reorder": base(0), "withdraw": True}],
            suppliers=suppliers,
        )
        assert purchases(play(model)) == [(1, "received")]


def test_work_shrinks_with_a_purchase_of_which_units_are_withdrawn():
    # One unit a day.  Day 1.5: 3 units are ordered, and done on day 4.5.  Day 2: 4 more queue; on
    # day 3 two of them are withdrawn, so the others are done on day 6.5.
    model = build(
        {
            "stays": {"demand": orders((1, 3), (1.5, 2))},
            **leaver(2, time=1.5, days=1.5),
        },
        stock=[{"reorder": base(0), "review": {"period": 0.5}, "withdraw": True}],
        suppliers={"maker": {"capacity": {"units_per_day": 1}}},
    )
    log = play(model)
    assert purchases(log) == [(3, "received"), (2, "received")]
    assert log.purchases["arrives"].tolist() == [4.5, 6.5]


def test_a_lost_sale_withdraws_nothing():
    model = build(
        {
            "lost": {"demand": orders((2, 1)), "tolerance": "none"},
            "stays": {"demand": orders((1, 1))},
        },
        stock=[{"reorder": base(0), "withdraw": True}],
        suppliers=after(5),
    )
    assert purchases(play(model)) == [(1, "received")]


def test_partial_withdrawal_keeps_the_rest_under_way():
    model = build(
        {"stays": {"demand": orders((1, 3))}, **leaver(2)},
        stock=[{"reorder": base(0), "review": {"period": 1.5}, "withdraw": True}],
        suppliers=after(5),
    )
    log = play(model)
    assert purchases(log) == [(3, "received")]
    assert statuses(log) == ["shipped", "cancelled"]


@pytest.mark.parametrize("day", [1.0, 7.0, 0.25, 30.4, 365 / 12, 1 / 24, 0.1, 1 / 1440])
def test_kinds_at_one_instant_in_any_unit(day: float):
    """Arrival, review, order, late review, end of tolerance: where the unit is no power of 2."""
    customers = one((3 * day, 1), (5 * day, 2), tolerance=2 * day)
    stock = {
        "initial": 0,
        "reorder": base(2),
        "review": {"period": day, "first": 3 * day},
        "inbound": inbound((5 * day, 1)),
    }
    log = play(build(customers, stock=[stock], suppliers=after(2 * day), horizon=5.5 * day))
    assert [row.split(maxsplit=1)[1] for row in tell(log) if row.startswith(f"{5 * day:g} ")] == [
        "receive 0 1",
        "ship 0 1",
        "receive 1 1",
        "order 1 2",
        "ship 1 1",
        "wait 1 1",
    ]
