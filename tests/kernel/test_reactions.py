"""What a buyer does about suppliers: small stories worked by hand, then effects.

A story's lines are "time what subject units", as in test_stories.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import assert_equal, build, inbound, lines_of, orders, play, tell

from backsim import streams
from backsim.engines import compiled, simpy
from backsim.entities import RECEIVED, WITHDRAWN
from backsim.results.metrics import measure
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

BASE = {"rule": "base_stock", "S": 0}
DOWN = {"planned": [{"starts": 2, "days": 8}]}
"""From day 2 to day 10."""


def one(*rows: tuple[float, int], stock: Any = None, other: Any = None, **supplier: Any) -> Model:
    """Orders for mugs, each of which is purchased at once; there is another supplier."""
    return build(
        {"a": {"demand": orders(*rows)}},
        stock=[{"reorder": BASE, **(stock or {})}],
        suppliers={"maker": supplier, "other": other or {"lead_time": 1}},
        horizon=30,
    )


def rows(log: Any, *but: str) -> list[str]:
    """The event log without some kinds of notes."""
    return [row for row in tell(log) if row.split()[1] not in but]


def column(log: Any, name: str) -> list[float]:
    return log.purchases[name].tolist()


# -- expediting ------------------------------------------------------------------------------------


def test_when_stock_runs_low_the_next_purchase_is_brought_forward():
    stock = {"expedite": {"days": 3, "level": 0}, "initial": 2, "reorder": {**BASE, "S": 2}}
    log = play(one((1, 1), (4, 1), (5, 1), stock=stock, lead_time=8))
    # Ordered on days 1, 4 and 5, for days 9, 12 and 13.  On day 4 nothing is left: the first is
    # expedited, which makes one to come, above the level.  On day 5 one waits: the second too.
    assert rows(log, "order", "wait") == lines_of(
        """1 ship 0 1
        1 purchase 0 1
        4 ship 1 1
        4 purchase 1 1
        4 expedite 0 1
        4 expect 0 1
        5 purchase 2 1
        5 expedite 1 1
        5 expect 1 1
        6 receive 0 1
        6 ship 2 1
        9 receive 1 1
        13 receive 2 1"""
    )
    assert log.deliveries["expedited_at"].tolist() == [4, 5, np.inf]


def test_no_purchase_arrives_before_now_nor_is_expedited_twice():
    stock = {"expedite": {"days": 3, "level": -1}}
    log = play(one((1, 1), (2, 1), (2.5, 1), stock=stock, lead_time=2))
    # On day 1 one waits, and its own purchase comes forward to now.
    assert column(log, "arrives") == [1, 2, 2.5]
    assert log.deliveries["expedited"].tolist() == [1, 1, 1]
    log = play(
        one((1, 1), (9, 1), stock={**stock, "expedite": {"days": 3, "level": -1}}, lead_time=9)
    )
    assert column(log, "arrives") == [7, 15]


def test_without_crossing_an_expedited_purchase_waits_for_those_before_it():
    law = {"discrete": {"values": [8, 12]}}
    stock = {
        "expedite": {"days": 20, "level": 0},
        "initial": 1,
        "reorder": "none",
        "inbound": inbound((9, 2), (12, 2)),
    }
    crossing = play(one((1, 1), (2, 3), stock=stock, lead_time=law))
    assert column(crossing, "arrives") == [1, 2]
    late = {"expedite": {"days": 2, "late": 0}, "reorder": BASE}
    messages, lateness = "at_due", {"share": 1, "days": {"discrete": {"values": [5, 6]}}}
    supplier = {"lead_time": 4, "lateness": lateness, "messages": messages, "crossing": False}
    log = play(one((1, 1), (1.25, 1), (1.5, 1), stock=late, **supplier))
    # Each is expedited on the day it was quoted, when it has not come.
    assert log.deliveries["expedited_at"].tolist()[0] == 5
    assert column(log, "arrives") == sorted(column(log, "arrives"))
    assert log.purchases["arrives"][0] == log.deliveries["delay"][0] + 5 - 2
    assert (log.purchases["status"] == RECEIVED).all()


def test_without_crossing_one_that_is_late_does_not_overtake_those_in_time():
    stock = {"expedite": {"days": 20, "late": 0}}
    supplier = {"lead_time": 4, "lateness": {"share": 0.5, "days": 4}, "messages": "exact"}
    daily = [(float(day), 1) for day in range(1, 20)]
    log = play(one(*daily, stock=stock, crossing=False, **supplier))
    assert (np.diff(log.purchases["arrives"]) >= 0).all()
    assert 0 < np.isfinite(log.deliveries["expedited_at"]).sum() < 19


@pytest.mark.parametrize(
    ("messages", "when"),
    [({"when": "on_delay", "learns": 0.5}, 1 + 0.5 * 10), ("exact", 1), ("never", 1 + 4 + 2)],
)
def test_a_purchase_that_is_late_is_expedited_as_soon_as_the_buyer_knows(
    messages: Any, when: float
):
    """Quoted for day 5, it comes on day 11; at more than 2 days late it is brought forward by 3."""
    stock = {"expedite": {"days": 3, "late": 2}}
    supplier = {"lead_time": 4, "lateness": {"share": 1, "days": 6}, "messages": messages}
    log = play(one((1, 1), stock=stock, **supplier))
    assert log.deliveries["expedited_at"].tolist() == [when]
    assert column(log, "arrives") == [8]
    assert column(log, "expected") == [5 if messages == "never" else 8]


def test_a_message_on_its_way_knows_of_the_days_bought():
    stock = {"expedite": {"days": 3, "level": -2}}
    messages = {"when": "on_delay", "learns": 0, "lag": 2}
    supplier = {"lead_time": 4, "lateness": {"share": 1, "days": 6}, "messages": messages}
    log = play(one((1, 1), (2, 1), stock=stock, **supplier))
    # On day 2 two wait: the first is expedited, from day 11 (expected on day 5) to day 8.  What the
    # supplier said on day 1, heard on day 3, is then: day 8.
    assert [row for row in rows(log) if " expect 0" in row] == ["2 expect 0 1", "3 expect 0 1"]
    assert log.purchases["expected"][0] == log.purchases["arrives"][0] == 8


def test_the_parts_of_an_expedited_purchase_come_one_after_the_other():
    stock = {"expedite": {"days": 2, "level": -4}}
    log = play(one((1, 4), stock=stock, lead_time=5, parts={"count": 2, "days": 1.5}))
    receipts = [row for row in rows(log) if "receive" in row]
    assert receipts == ["4 receive 0 2", "5.5 receive 0 2"]


def test_purchases_are_expedited_where_suppliers_do_nothing_else():
    """No supplier is late, tells anything or is down: there are no outcomes on the tape."""
    model = from_dict(
        {
            "horizon": 60,
            "products": "mug",
            "suppliers": {"maker": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}}},
            "customers": {
                "a": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}
            },
            "policy": {
                "reorder": {"rule": "base_stock", "S": 12},
                "expedite": {"days": 2, "level": 0},
                "cancel_late": 1,
            },
        }
    )
    tape = streams.draw(model, 1)
    log = simpy.run(model, tape, record=True)
    assert_equal(log, compiled.run(model, tape, record=True))
    assert (log.deliveries["expedited"] > 0).any()
    assert (log.deliveries["rejected"] == 0).all()


# -- withdrawing what is late ----------------------------------------------------------------------


def test_a_late_purchase_that_is_held_is_withdrawn_and_ordered_elsewhere():
    stock = {"cancel_late": 2, "supplier": ["maker", "other"]}
    log = play(one((1, 1), (3, 1), stock=stock, lead_time=2, disruptions=DOWN))
    # What is dispatched on day 1 comes.  The purchase of day 3 is quoted for day 5 and held: on day
    # 7 it is 2 days late.
    assert rows(log, "order", "wait") == lines_of(
        """1 purchase 0 1
        3 receive 0 1
        3 ship 0 1
        3 purchase 1 1
        7 withdraw 1 1
        7 purchase 2 1
        8 receive 2 1
        8 ship 1 1"""
    )
    assert log.purchases["status"].tolist() == [RECEIVED, WITHDRAWN, RECEIVED]
    assert log.deliveries["cancelled_at"].tolist() == [np.inf, 7, np.inf]


def test_it_is_withdrawn_as_soon_as_the_supplier_says_so():
    stock = {"cancel_late": 2, "supplier": ["maker", "other"]}
    told = {"lead_time": 2, "disruptions": DOWN, "messages": "on_delay"}
    log = play(one((3, 1), stock=stock, **told))
    # Said at once: the outage ends on day 10, so that it comes on day 12, not on day 5.
    assert rows(log, "order", "wait") == lines_of(
        """3 purchase 0 1
        3 expect 0 1
        3 withdraw 0 1
        3 purchase 1 1
        4 receive 1 1
        4 ship 0 1"""
    )


def test_what_is_in_service_or_under_way_is_not_withdrawn():
    stock = {"cancel_late": 1}
    capacity = {"servers": 1, "service": 2}
    log = play(one((1, 1), (1, 1), stock=stock, lead_time=1, capacity=capacity, disruptions=DOWN))
    # The first is in service when the server stops on day 2.  The second is withdrawn on day 7, a
    # day late, and ordered again from the same supplier: there is no other.
    assert column(log, "quoted") == [4, 6, 12]
    assert log.deliveries["cancelled_at"].tolist() == [np.inf, 7, np.inf]
    assert column(log, "arrives") == [12, np.inf, 14]


def test_under_periodic_review_it_is_ordered_anew_at_the_next_review():
    stock = {"cancel_late": 1, "review": 4, "supplier": ["maker", "other"]}
    log = play(one((3, 1), stock=stock, lead_time=1, disruptions=DOWN))
    # Ordered on day 4, quoted for day 5, withdrawn on day 6, ordered from the other on day 8.
    assert rows(log, "order", "wait") == lines_of(
        """4 purchase 0 1
        6 withdraw 0 1
        8 purchase 1 1
        9 receive 1 1
        9 ship 0 1"""
    )


# -- a second source -------------------------------------------------------------------------------


def urgent(level: int, up_to: int, **fields: Any) -> list[Any]:
    plan = {"level": level, "up_to": up_to}
    return ["maker", {"supplier": "other", "emergency": plan, **fields}]


def test_when_stock_runs_short_the_other_supplier_is_asked_first():
    stock = {"supplier": urgent(0, 2), "reorder": {**BASE, "S": 3}, "initial": 3}
    log = play(one((1, 1), (2, 1), (3, 1), (9, 1), stock=stock, lead_time=10))
    # On day 3 nothing is left, and by day 4 nothing comes: 2 from the other, so that the position
    # is 4 and nothing is ordered from the maker.
    assert rows(log, "order", "ship") == lines_of(
        """1 purchase 0 1
        2 purchase 1 1
        3 purchase 2 2
        4 receive 2 2
        11 receive 0 1
        12 receive 1 1"""
    )
    assert log.stocks[-1]["on_hand"] == 3


def test_without_a_level_the_other_is_asked_for_whatever_is_missing():
    def log(plan: dict[str, int]) -> Any:
        stock = {
            "supplier": ["maker", {"supplier": "other", "emergency": plan}],
            "reorder": {**BASE, "S": 6},
            "initial": 6,
        }
        return play(one((1, 1), (2, 1), (3, 2), (9, 1), stock=stock, lead_time=10))

    assert rows(log({"up_to": 4})) == rows(log({"level": 3, "up_to": 4}))
    assert rows(log({"up_to": 4})) != rows(log({"level": 2, "up_to": 4}))


def test_what_comes_before_the_other_could_deliver_counts():
    stock = {"supplier": urgent(0, 1), "reorder": BASE, "initial": 1, "inbound": inbound((3, 1))}
    log = play(one((1.5, 1), (2.5, 1), stock=stock, lead_time=10))
    # On day 1.5 what comes on day 3 is too far off; on day 2.5, what was bought has just come.
    assert [row for row in rows(log) if "purchase" in row] == ["1.5 purchase 1 1"]


def test_a_message_can_make_it_an_emergency():
    stock = {"supplier": urgent(-1, 0), "reorder": {**BASE, "S": 1}, "initial": 1}
    supplier = {"lead_time": 1, "lateness": {"share": 1, "days": 9}, "messages": "at_due"}
    log = play(one((1, 1), (1.5, 1), stock=stock, other={"lead_time": 2}, **supplier))
    # Both purchases are quoted in time.  On days 2 and 2.5 the maker says that they come 9 days
    # later; on day 2 the second is still thought to come, then nothing is.
    purchases = [row for row in rows(log) if "purchase" in row]
    assert purchases == ["1 purchase 0 1", "1.5 purchase 1 1", "2.5 purchase 2 1"]
    assert log.lines["closed"].tolist() == [1, 4.5]


def test_purchases_of_an_emergency_may_come_before_others():
    stock = {"supplier": urgent(-2, -1), "reorder": BASE}
    slow = {"lead_time": 10, "crossing": False}
    log = play(one((1, 1), (2, 1), stock=stock, other={"lead_time": 1, "crossing": False}, **slow))
    assert log.purchases["arrives"].tolist() == [11, 3]
    assert log.purchases["quoted"].tolist() == [11, 3]


def test_the_figures_of_the_stories():
    stock = {
        "supplier": urgent(0, 2, surcharge=3),
        "reorder": {**BASE, "S": 3},
        "initial": 3,
        "expedite": {"days": 2, "level": 0},
        "costs": {"purchase": 10, "expedite": 4, "expedite_purchase": 5},
    }
    model = one((1, 1), (2, 1), (3, 1), (9, 1), stock=stock, lead_time=10)
    metrics = measure(model, play(model))
    # As above; on day 3 also the first purchase of the maker is expedited ... once a look is due.
    assert metrics["emergency_per_day"] == pytest.approx(1 / 30)
    assert metrics["emergency_share"] == pytest.approx(2 / 4)
    assert metrics["cost.purchase"] == pytest.approx((4 * 10 + 2 * 3) / 30)
    count = metrics["expedited_per_day"] * 30
    assert count == pytest.approx(1)
    assert metrics["cost.expedite"] == pytest.approx((4 * 2 + 5) / 30)


# -- effects, on the same random world -------------------------------------------------------------

LATE = {"share": 0.3, "days": {"exponential": {"mean": 8}}}


def shop(stock: Any, horizon: float = 400, **supplier: Any) -> Model:
    """Two customers a day; a base stock that lasts for the lead time, more or less."""
    law = {"gamma": {"mean": 8, "cv": 0.4}}
    return build(
        {"a": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}},
        stock=[{"reorder": {"rule": "base_stock", "S": 20}, **stock}],
        suppliers={"maker": {"lead_time": law, **supplier}, "other": {"lead_time": 2}},
        horizon=horizon,
        costs={"purchase": 10, "expedite": 1},
    )


@pytest.mark.parametrize("reason", [{"level": 1}, {"late": 1}], ids=["level", "late"])
def test_the_more_days_are_bought_the_shorter_the_waits_and_the_dearer(reason: dict[str, Any]):
    """The same purchases at the same times; each arrives no later than without the days bought."""
    models = [
        shop({"expedite": {"days": days, **reason}} if days else {}, lateness=LATE)
        for days in (0, 1, 3, 6)
    ]
    logs = [play(model, record=False) for model in models]
    for log in logs[1:]:
        assert (log.purchases["placed"] == logs[0].purchases["placed"]).all()
        assert (log.purchases["arrives"] <= logs[0].purchases["arrives"]).all()
    found = [measure(model, log) for model, log in zip(models, logs, strict=True)]
    waits = [metrics["mean_wait"] for metrics in found]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] < 0.8 * waits[0]
    assert found[0]["cost.expedite"] == 0
    assert all(metrics["cost.expedite"] > 0 for metrics in found[1:])
    assert all(
        metrics["cost.total"] == pytest.approx(metrics["cost.purchase"] + metrics["cost.expedite"])
        for metrics in found[1:]
    )


def test_a_second_source_cuts_the_backlog_at_the_price_of_its_surcharge():
    """The earlier it is asked, the smaller the backlog and the more it sells."""
    told = {"lateness": LATE, "messages": "exact"}
    models = [shop({}, **told)] + [
        shop({"supplier": urgent(level, level + 2, surcharge=5)}, **told) for level in (-2, 0, 2)
    ]
    found = [measure(model, play(model, record=False)) for model in models]
    backlog = [metrics["mean_backlog"] for metrics in found]
    assert backlog == sorted(backlog, reverse=True)
    assert backlog[-1] < 0.3 * backlog[0]
    shares = [metrics["emergency_share"] for metrics in found]
    assert 0 == shares[0] < shares[1] < shares[2] < shares[3] < 1
    for metrics in found[1:]:
        units = metrics["purchases_per_day"] * metrics["units_per_purchase"]
        money = units * (10 + 5 * metrics["emergency_share"])
        assert metrics["cost.purchase"] == pytest.approx(money)


def test_withdrawing_what_is_held_cuts_the_backlog_when_there_is_another_supplier():
    outages = {"up": {"exponential": {"mean": 40}}, "down": {"exponential": {"mean": 10}}}
    stock = {"supplier": ["maker", "other"]}
    found = {
        days: measure(model, play(model, record=False))
        for days in (None, 8, 2)
        if (model := shop({**stock, "cancel_late": days}, disruptions=outages))
    }
    backlog = [metrics["mean_backlog"] for metrics in found.values()]
    assert backlog == sorted(backlog, reverse=True)
    assert backlog[-1] < 0.8 * backlog[0]
    assert found[2]["withdrawn_late_per_day"] > found[8]["withdrawn_late_per_day"] > 0


def test_a_buyer_who_is_told_early_makes_more_of_it():
    """The same delays; the earlier the buyer hears of one, the more of the days bought are gained.

    Of a purchase that would have come before long, fewer days can be gained.
    """
    said = ["never", "at_due", {"when": "on_delay", "learns": 0.5}, "exact"]
    stock = {"expedite": {"days": 12, "late": 3}}
    models = [shop(stock, lateness=LATE, messages=messages) for messages in said]
    logs = [play(model, record=False) for model in models]
    for log in logs[1:]:
        for name in ("delay", "luck"):
            assert (log.deliveries[name] == logs[0].deliveries[name]).all()
    waits = [measure(m, log)["mean_wait"] for m, log in zip(models, logs, strict=True)]
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] < 0.9 * waits[0]


# -- one index or two ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "purchases"),
    [
        ("all", [(1, 3, 1), (1, 1, 0), (2, 2, 0)]),
        ("soon", [(1, 3, 1), (1, 1, 0), (2, 2, 1)]),  # what comes on day 6 does not count
    ],
)
def test_what_is_on_order_elsewhere_counts_or_does_not(counts: str, purchases: Any):
    plan = {"level": 3, "up_to": 5, "counts": counts}
    model = build(
        {"a": {"demand": orders((1, 4), (2, 2))}},
        stock=[
            {
                "reorder": {"rule": "base_stock", "S": 6},
                "supplier": ["far", {"supplier": "near", "emergency": plan}],
            }
        ],
        suppliers={"far": {"lead_time": 5}, "near": {"lead_time": 1}},
        horizon=30,
    )
    rows = play(model).purchases
    found = [tuple(row) for row in rows[["placed", "units", "supplier"]].tolist()]
    assert found == purchases
