"""What customers who wait are told, and what they do: small stories, worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play

from backsim.api import simulate
from backsim.engines.log import Log
from backsim.entities import CANCELLED, CAUSES, NEVER, NOTICES
from backsim.results.metrics import measure
from backsim.scenario.model import Model

FIXED = {"rule": "fixed", "days": 3}


def story(
    demand: dict[str, Any],
    *,
    notice: Any = "at_order",
    estimate: Any = FIXED,
    arrivals: tuple[tuple[float, int], ...] = (),
    costs: dict[str, float] | None = None,
    **customer: Any,
) -> Model:
    """A stock point with nothing on hand, which gets what is under way."""
    return build(
        {"a": {"demand": demand, **customer}},
        stock=[{"inbound": inbound(*arrivals), "notice": notice, "estimate": estimate}],
        costs=costs or {},
    )


def said(log: Log) -> list[tuple[float, str, float]]:
    """(time, what, date) of each notice and inquiry; -1 for no date."""
    return [
        (row["time"], NOTICES[row["what"]], -1 if row["promise"] == NEVER else row["promise"])
        for row in log.notices
    ]


def ends(log: Log) -> list[tuple[float, str]]:
    """When each order was closed, and the cause of a cancellation."""
    return [
        (
            line["closed"],
            CAUSES[log.contacts[line["contact"]]["cause"]] if line["status"] == CANCELLED else "",
        )
        for line in log.lines
    ]


def test_who_is_told_nothing_waits_as_long_as_they_tolerate():
    log = play(story(orders((1, 1)), notice="silent", tolerance=4))
    assert said(log) == []
    assert ends(log) == [(5, "no_notice")]


def test_who_is_told_a_date_waits_for_it_and_then_leaves():
    log = play(story(orders((1, 1)), tolerance=10))
    assert said(log) == [(1, "estimate", 4)]
    assert ends(log) == [(4, "promise_broken")]


def test_grace_is_added_to_the_promise():
    log = play(story(orders((1, 1)), tolerance=10, informed={"grace": 2.5}))
    assert ends(log) == [(6.5, "promise_broken")]


def test_an_arrival_at_the_promised_moment_keeps_the_promise():
    log = play(story(orders((1, 1)), arrivals=((4, 1),), tolerance=10))
    assert ends(log) == [(4, "")]


def test_a_promise_beyond_the_tolerance_sends_the_customer_away_at_once():
    log = play(story(orders((1, 1)), tolerance=2))
    assert said(log) == [(1, "estimate", 4)]
    assert ends(log) == [(1, "told_too_long")]


def test_the_tolerance_of_promises_may_be_another_one():
    patient = play(story(orders((1, 1)), tolerance=2, informed={"tolerance": 5}))
    assert ends(patient) == [(4, "promise_broken")]
    eager = play(story(orders((1, 1)), tolerance=20, informed={"tolerance": 1}))
    assert ends(eager) == [(1, "told_too_long")]


def test_a_promise_as_long_as_the_tolerance_is_accepted():
    log = play(story(orders((1, 1)), arrivals=((3, 1),), tolerance=3))
    assert ends(log) == [(3, "")]


def test_a_notice_after_a_delay_is_judged_from_the_order():
    log = play(story(orders((1, 1)), notice={"rule": "after_delay", "days": 2}, tolerance=4.5))
    assert said(log) == [(3, "estimate", 6)]
    assert ends(log) == [(3, "told_too_long")]


def test_who_is_served_before_the_notice_is_told_nothing():
    log = play(story(orders((1, 1)), notice={"rule": "after_delay", "days": 2}, arrivals=((2, 1),)))
    assert said(log) == []
    assert ends(log) == [(2, "")]


def test_notices_at_intervals_renew_the_promise():
    log = play(
        story(orders((1, 1)), notice={"rule": "every", "days": 2}, arrivals=((8, 1),), tolerance=99)
    )
    assert said(log) == [(3, "estimate", 6), (5, "revision", 8), (7, "revision", 10)]
    assert ends(log) == [(8, "")]


def test_the_earliest_of_several_rules_counts():
    notice = ["at_order", {"rule": "every", "days": 2}]
    log = play(story(orders((1, 1)), notice=notice, arrivals=((6, 1),), tolerance=99))
    assert said(log) == [(1, "estimate", 4), (3, "revision", 6), (5, "revision", 8)]


def test_who_forgives_waits_on_without_a_promise():
    informed = {"broken": {"leaves": 0, "shrinks": 0.5}}
    log = play(story(orders((1, 1)), tolerance=8, informed=informed))
    assert said(log) == [(1, "estimate", 4)]
    assert ends(log) == [(4 + 8 / 2, "gave_up")]  # the promise broken at 4, half the patience left


def test_patience_with_promises_shrinks_too():
    notice = ["at_order", {"rule": "after_delay", "days": 5}]
    informed = {"broken": {"leaves": 0, "shrinks": 0.5}}
    log = play(
        story(
            orders((1, 1)), notice=[notice[0], {"rule": "every", "days": 5}], informed=informed
        ).replace({"customers.a.tolerance": 14})
    )
    # Told 4; broken at 4, both tolerances 7 by then; told 9 at day 6, a wait of 8.
    assert said(log) == [(1, "estimate", 4), (6, "revision", 9)]
    assert ends(log) == [(6, "told_too_long")]


def test_a_customer_without_a_date_waits_blindly():
    log = play(story(orders((1, 1)), estimate="undated", tolerance=4))
    assert said(log) == [(1, "estimate", -1)]
    assert ends(log) == [(5, "gave_up")]


def test_unlimited_grace_keeps_the_customer():
    log = play(
        story(orders((1, 1)), arrivals=((15, 1),), tolerance=5, informed={"grace": "unlimited"})
    )
    assert ends(log) == [(15, "")]


def test_an_order_is_one_conversation():
    """Two lines of one order: one notice; the order is open until both are filled."""
    model = build(
        {"a": {"demand": orders((1, {"mug": 1, "plate": 1})), "shipment": "order", "tolerance": 9}},
        products=("mug", "plate"),
        stock=[
            {"products": ["mug"], "inbound": inbound((2, 1)), "notice": "at_order"},
            {"products": ["plate"], "inbound": inbound((6, 1))},
        ],
        policy={"estimate": "quoted"},
    )
    log = play(model)
    assert said(log) == [(1, "estimate", 6)]  # the later of the two
    assert [row[0] for row in ends(log)] == [6, 6]


# -- estimates -----------------------------------------------------------------------------------


def test_quoted_dates_are_those_of_the_purchase_that_covers_the_line():
    """Two units under way for day 5, one for day 9: the third unit comes on day 9."""
    log = play(
        story(
            orders((1, 1), (2, 2), (3, 1)),
            estimate="quoted",
            arrivals=((9, 1), (5, 2)),
            tolerance=99,
            informed={"grace": "unlimited"},
        )
    )
    # The fourth unit is under way with nobody: as if it were ordered now, lead time 0.
    assert said(log) == [(1, "estimate", 5), (2, "estimate", 9), (3, "estimate", 3)]


def test_who_stands_further_back_is_told_a_later_date():
    """The urgent customer orders last, stands first, and is told the first date."""
    model = build(
        {
            "urgent": {"demand": orders((3, 1)), "priority": 1},
            "normal": {"demand": orders((1, 1), (2, 1)), "priority": 2},
        },
        stock=[
            {
                "inbound": inbound((5, 1), (7, 1), (9, 1)),
                "priority": "class_priority",
                "notice": ["at_order", {"rule": "on_change", "threshold": 1}],
                "estimate": "quoted",
            }
        ],
    )
    log = play(model)
    # Day 3: those who stand behind the urgent one are told anew, each once.
    assert said(log) == [
        (1, "estimate", 5),
        (2, "estimate", 7),
        (3, "estimate", 5),
        (3, "revision", 7),
        (3, "revision", 9),
    ]


def test_a_change_within_the_threshold_is_not_told():
    notice = ["at_order", {"rule": "on_change", "threshold": 4}]
    model = build(
        {
            "urgent": {"demand": orders((3, 1)), "priority": 1},
            "normal": {"demand": orders((1, 1), (2, 1)), "priority": 2},
        },
        stock=[
            {
                "inbound": inbound((5, 1), (7, 1), (9, 1)),
                "priority": "class_priority",
                "notice": notice,
                "estimate": "quoted",
            }
        ],
    )
    assert len(said(play(model))) == 3


@pytest.mark.parametrize(("initial", "first"), [(0, 2), (2, 1)])
def test_what_is_held_back_has_to_come_too(initial: int, first: int):
    """On day 5 there are no more than three, which are kept for others; on day 9 there are enough.

    Whoever comes behind may have them.
    """
    arrivals = inbound((5, first), (9, 5))
    rationing = {"rule": "critical_level", "levels": {"silver": 3}}
    model = build(
        {
            "silver": {"demand": orders((1, 1)), "informed": {"grace": "unlimited"}},
            "gold": {"demand": orders((2, 1 + initial)), "informed": {"grace": "unlimited"}},
        },
        stock=[
            {
                "initial": initial,
                "inbound": arrivals,
                "rationing": rationing,
                "notice": "at_order",
                "estimate": "live",
            }
        ],
    )
    log = play(model)
    assert log.notices["promise"][0] == log.lines["closed"][0] == 9
    assert log.lines["closed"][1] == 5


@pytest.mark.parametrize(
    ("estimate", "dates"),
    [("live", [9, 9]), ("quoted", [9, 9]), ("quantile", [9, 9]), ("mean_lead_time", [5, 8])],
)
def test_units_that_are_not_ordered_yet_come_after_the_next_review(estimate: str, dates: Any):
    """Reviews on days 0, 5, 10, and four days on the way: all is placed on day 5."""
    stock = {
        "initial": 0,
        "reorder": {"rule": "base_stock", "S": 0},
        "review": 5,
        "notice": "at_order",
        "estimate": estimate,
    }
    customers = {
        "a": {"demand": orders((1, 1), (4, 1)), "informed": {"grace": "unlimited"}},
    }
    log = play(build(customers, stock=[stock], suppliers={"maker": {"lead_time": 4}}))
    assert log.notices["promise"].tolist() == dates
    assert log.lines["closed"].tolist() == [9, 9]


def test_when_someone_leaves_those_behind_hear_of_an_earlier_date():
    model = build(
        {
            "brief": {"demand": orders((1, 1)), "tolerance": 2, "informed": {"tolerance": 99}},
            "patient": {"demand": orders((2, 1))},
        },
        stock=[
            {
                "inbound": inbound((8, 1), (12, 1)),
                "notice": [{"rule": "on_change", "threshold": 1}],
                "estimate": "quoted",
            }
        ],
    )
    log = play(model)
    # The first leaves on day 3, told nothing: the other's date moves from 12 to 8.
    assert said(log) == [(3, "estimate", 8)]
    assert ends(log) == [(3, "no_notice"), (8, "")]


@pytest.mark.parametrize(("padding", "date"), [(0, 5), (2, 7)])
def test_padding_is_added(padding: float, date: float):
    log = play(
        story(orders((1, 1)), estimate={"rule": "quoted", "padding": padding}, arrivals=((5, 1),))
    )
    assert said(log) == [(1, "estimate", date)]


def test_the_mean_lead_time_counts_the_work_before_the_customer():
    """One server, 2 days a unit on average, then 1 day: the k-th in line waits 2 k + 1."""
    model = build(
        {"a": {"demand": orders((1, 1), (1.5, 1)), "informed": {"grace": "unlimited"}}},
        stock=[
            {
                "reorder": {"rule": "base_stock", "S": 0},
                "notice": "at_order",
                "estimate": {"rule": "mean_lead_time", "factor": 2, "padding": 0.5},
            }
        ],
        suppliers={
            "maker": {
                "lead_time": 1,
                "capacity": {"servers": 1, "service": {"discrete": {"values": [1, 3]}}},
            }
        },
    )
    promises = play(model).notices["promise"].tolist()
    assert promises == [1 + 2 * 3 + 0.5, 1.5 + 2 * 5 + 0.5]


def test_a_quantile_counts_from_how_long_the_purchase_has_been_under_way():
    """Lead times of 2 or 10 days: on day 0 half come by 2; who asks on day 5 is told day 10."""
    model = build(
        {"a": {"demand": orders((0, 1), (5, 1)), "informed": {"grace": "unlimited"}}},
        stock=[
            {
                "reorder": {"rule": "r_nQ", "r": -1, "Q": 2},
                "initial": 0,
                "notice": "at_order",
                "estimate": {"rule": "quantile", "p": 0.5},
            }
        ],
        suppliers={"maker": {"lead_time": {"discrete": {"values": [2, 10]}}}},
    )
    for seed in range(1, 9):
        log = play(model, seed)
        late = log.purchases["arrives"][0] == 10
        promises = log.notices["promise"].tolist()
        assert promises[0] == pytest.approx(2)
        if late:
            assert promises[1:] == pytest.approx([10])


# -- inquiries -----------------------------------------------------------------------------------


def test_customers_ask_until_a_promise_stands():
    model = story(
        orders((1, 1)),
        notice={"rule": "after_delay", "days": 4},
        arrivals=((12, 1),),
        tolerance=99,
        inquiries={"rate": 2, "at_most": 50},
        informed={"grace": "unlimited"},
    )
    for seed in (1, 2, 3):
        log = play(model, seed)
        asked = log.notices[log.notices["what"] == NOTICES.index("inquiry")]
        assert 1 <= len(asked) < 30
        assert (asked["time"] < 5).all()


def test_inquiries_have_an_end():
    model = story(orders((1, 1)), notice="silent", inquiries={"rate": 100, "at_most": 3})
    assert [what for _, what, _ in said(play(model))] == ["inquiry"] * 3


def test_inquiries_come_at_their_rate():
    """Rate 0.5 over 6 days: 3 an order on average; 400 orders, false alarm 1 in 10,000."""
    model = story(
        orders(*((0.01 * k, 1) for k in range(400))),
        notice="silent",
        tolerance=6,
        inquiries={"rate": 0.5, "at_most": 40},
    )
    count = play(model).contacts["inquiries"]
    assert abs(count.mean() - 3) < 3.9 * np.sqrt(3 / 400)


# -- metrics -------------------------------------------------------------------------------------


def test_metrics_of_conversations_by_hand():
    """Three orders told day + 3: one kept, one late by 2, one leaves at the broken promise."""
    model = story(
        orders((0, 1), (1, 1), (2, 1), (10, 1)),
        arrivals=((2, 1), (6, 1)),
        costs={"notice": 3, "broken_promise": 20, "late_day": 10, "inquiry": 1},
        tolerance=99,
        informed={"grace": 2},
    )
    log = play(model)
    assert ends(log)[:3] == [(2, ""), (6, ""), (7, "promise_broken")]
    m = measure(model, log)
    assert m["contacts_per_order"] == 1
    assert m["notice_delay"] == 0
    assert m["promise_kept"] == pytest.approx(1 / 4)
    assert m["promise_error"] == pytest.approx((1 + 2) / 2)
    assert m["promise_error.within_7"] == pytest.approx((1 + 2) / 2)
    assert np.isnan(m["promise_error.beyond_30"])
    assert m["cancel.promise_broken"] == pytest.approx(2 / 4)
    assert m["cancel_rate"] == pytest.approx(2 / 4)
    # Promises broken: the second (2 days), the third (2 days), the fourth (2 days).
    assert m["cost.contact"] == pytest.approx(4 * 3 / 20)
    assert m["cost.goodwill"] == pytest.approx((3 * 20 + 6 * 10) / 20)


def test_a_new_date_in_time_breaks_no_promise():
    model = story(
        orders((1, 1)),
        notice=["at_order", {"rule": "every", "days": 2}],
        arrivals=((6, 1),),
        costs={"broken_promise": 20, "late_day": 10},
        tolerance=99,
    )
    m = measure(model, play(model))
    assert m["cost.goodwill"] == 0
    assert m["promise_kept"] == 0  # by the first promise


def test_cancellations_have_a_cause_where_nobody_is_told_anything():
    model = story(orders((1, 1)), notice="silent", tolerance=4)
    m = measure(model, play(model))
    assert m["cancel.no_notice"] == m["cancel_rate"] == 1
    assert m["contacts_per_order"] == 0


def test_a_run_lists_what_was_said():
    model = story(orders((1, 1), (2, 1)), arrivals=((3, 1),), tolerance=99)
    shown = simulate(model, seed=1, engine="simpy").notices
    assert shown[["time", "order", "what", "promise", "closed"]].values.tolist() == [
        [1, 0, "estimate", 4, 3],
        [2, 1, "estimate", 5, 5],
    ]
    assert set(shown["class"]) == {"a"}
