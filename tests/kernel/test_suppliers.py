"""Suppliers who are late, tell, are down, deliver in parts or too little: small stories by hand.

A story's lines are "time what subject units", as in test_stories.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim import load, simulate
from backsim.engines.log import Log
from backsim.entities import NOTE_EXPECT, PURCHASE_STATUS, WITHDRAWN
from backsim.scenario.model import Model

BASE = {"rule": "base_stock", "S": 0}
MESSAGES = "suppliers.factory.messages"
HALF_LATE = {"share": 0.5, "days": 4}
DOWN = {"planned": [{"starts": 2, "days": 3}]}
"""From day 2 to day 5."""


def one(*rows: tuple[float, int], stock: Any = None, horizon: float = 20, **supplier: Any) -> Model:
    """Orders for mugs, each of which is purchased at once from a supplier."""
    return build(
        {"a": {"demand": orders(*rows)}},
        stock=[{"reorder": BASE, **(stock or {})}],
        suppliers={"maker": supplier},
        horizon=horizon,
    )


def daily(count: int, **fields: Any) -> Model:
    return one(*((float(t), 1) for t in range(1, count + 1)), horizon=count + 40.0, **fields)


def changes(log: Log) -> list[tuple[float, int]]:
    """(time, purchase) of each change of an expected date."""
    rows = log.notes[log.notes["what"] == NOTE_EXPECT]
    return list(zip(rows["time"].tolist(), rows["subject"].tolist(), strict=True))


def column(log: Log, name: str) -> list[float]:
    return log.purchases[name].tolist()


# -- lateness --------------------------------------------------------------------------------------


def test_a_late_purchase_arrives_later_than_quoted():
    log = play(daily(40, lead_time=2, lateness=HALF_LATE))
    late = log.purchases["arrives"] - log.purchases["quoted"]
    assert set(late.tolist()) == {0.0, 4.0}
    assert 10 < np.count_nonzero(late) < 30  # 20 on average, sd 3.2
    assert (late == log.deliveries["delay"]).all()
    assert changes(log) == []  # the supplier says nothing


def test_a_larger_share_adds_late_purchases_and_changes_no_other():
    few, many = (
        play(
            daily(40, lead_time=2, lateness={"share": share, "days": {"exponential": {"mean": 3}}})
        )
        for share in (0.3, 0.6)
    )
    late = few.deliveries["delay"] > 0
    assert (few.deliveries["delay"][late] == many.deliveries["delay"][late]).all()
    assert np.count_nonzero(many.deliveries["delay"]) > np.count_nonzero(late) > 0


# -- what the supplier tells -----------------------------------------------------------------------


def test_at_due_it_says_so_when_the_quoted_date_has_passed():
    log = play(daily(40, lead_time=2, lateness=HALF_LATE, messages="at_due"))
    p = log.purchases
    late = np.flatnonzero(p["arrives"] > p["quoted"]).tolist()
    assert changes(log) == [(p["quoted"][i], i) for i in late]
    assert (p["expected"] == p["arrives"]).all()


def test_a_message_is_heard_after_its_lag():
    messages = {"when": "at_due", "lag": 1.5}
    log = play(daily(40, lead_time=2, lateness=HALF_LATE, messages=messages))
    p = log.purchases
    late = np.flatnonzero(p["arrives"] > p["quoted"]).tolist()
    assert changes(log) == [(p["quoted"][i] + 1.5, i) for i in late]


def test_a_message_that_comes_too_late_changes_nothing():
    messages = {"when": "at_due", "lag": 4.5}
    log = play(daily(40, lead_time=2, lateness=HALF_LATE, messages=messages))
    assert changes(log) == []


def test_on_delay_it_says_so_when_it_has_learnt_of_it():
    messages = {"when": "on_delay", "learns": 0.25}
    log = play(daily(40, lead_time=2, lateness=HALF_LATE, messages=messages))
    p = log.purchases
    late = np.flatnonzero(p["arrives"] > p["quoted"]).tolist()
    assert changes(log) == [(p["placed"][i] + 0.25 * 6, i) for i in late]


def test_every_few_days_it_errs_less_and_less():
    messages = {"when": "every", "days": 2, "error": 0.8}
    log = play(daily(1, lead_time=10, messages=messages))
    p, error = log.purchases[0], 2 * log.deliveries[0]["error"] - 1
    assert changes(log) == [(3, 0), (5, 0), (7, 0), (9, 0)]
    assert p["expected"] == pytest.approx(11 + 0.8 * error * 2)
    assert 0 < abs(error) < 1


def test_messages_with_an_error_are_unbiased():
    messages = {"when": "every", "days": 2, "error": 1}
    log = play(daily(2000, lead_time=3, messages=messages), record=False)
    error = log.purchases["expected"] - log.purchases["arrives"]
    # One message each, when a day is left: uniform on (-1, 1), sd 0.577.  5 standard errors.
    assert abs(error).max() < 1
    assert abs(error.mean()) < 5 * 0.577 / 2000**0.5


@pytest.mark.parametrize("capacity", ["unlimited", {"servers": 2, "service": 3}])
def test_messages_change_no_delay_and_bring_the_date_nearer_to_the_truth(capacity: Any):
    """The same delays, with and without the message; the more is said, the smaller the error."""
    policies = [
        "never",
        {"when": "at_due", "lag": 1},
        "at_due",
        {"when": "on_delay", "learns": 0.5},
        "exact",
    ]
    logs = [
        play(
            daily(
                300,
                lead_time=6,
                capacity=capacity,
                lateness={"share": 0.4, "days": {"exponential": {"mean": 8}}},
                messages=messages,
            ),
            record=False,
        )
        for messages in policies
    ]
    assert all((log.purchases["arrives"] == logs[0].purchases["arrives"]).all() for log in logs)
    assert all((log.purchases["quoted"] == logs[0].purchases["quoted"]).all() for log in logs)
    came = np.isfinite(logs[0].purchases["arrives"])
    errors = [
        np.abs(log.purchases["expected"][came] - log.purchases["arrives"][came]).mean()
        for log in logs
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > errors[1] > errors[-1] == 0


def test_an_exact_supplier_with_servers_knows_its_queue():
    capacity = {"servers": 2, "service": {"exponential": {"mean": 4}}}
    log = play(
        daily(60, lead_time={"exponential": {"mean": 3}}, capacity=capacity, messages="exact")
    )
    # Each date is said when the purchase is placed, and never again.
    assert changes(log) == [(time, i) for i, time in enumerate(column(log, "placed"))]
    came = np.isfinite(log.purchases["arrives"])
    wrong = log.purchases["expected"][came] - log.purchases["arrives"][came]
    assert np.abs(wrong).max() < 1e-9


# -- disruptions -----------------------------------------------------------------------------------


def test_a_supplier_that_is_down_holds_purchases_and_sends_them_when_it_recovers():
    log = play(one((1, 1), (2, 1), (3, 2), (6, 1), lead_time=2, disruptions=DOWN))
    # On day 2 it is down before the customer orders; what was sent on day 1 arrives.
    assert column(log, "arrives") == [3, 7, 7, 8]
    assert column(log, "quoted") == [3, 4, 5, 8]
    assert changes(log) == []


def test_an_announced_outage_moves_the_dates_of_what_is_held():
    disruptions = {"up": 2, "down": {"discrete": {"values": [3]}}, "announced": True}
    capacity = {"servers": 1, "service": 2}
    log = play(one((1, 1), (1, 1), lead_time=1, disruptions=disruptions, capacity=capacity))
    # The first has been worked on for a day when the supplier goes down on day 2, for 3 days; it
    # goes down again on day 7, when the second has been worked on for a day.
    assert column(log, "quoted") == [4, 6]
    assert column(log, "arrives") == [7, 12]
    # The second: one purchase before it counts in whole, as on the day it was quoted.
    assert changes(log) == [(2, 0), (2, 1), (5, 1), (7, 1), (10, 1)]
    assert column(log, "expected") == [7, 12]


def test_purchases_placed_in_an_announced_outage_are_quoted_its_end():
    told = one((3, 1), lead_time=2, disruptions={**DOWN, "announced": True})
    silent = one((3, 1), lead_time=2, disruptions=DOWN)
    assert column(play(told), "quoted") == [7]
    assert column(play(silent), "quoted") == [5]
    assert column(play(silent), "arrives") == [7]


def test_at_recovery_an_announcing_supplier_corrects_the_dates():
    disruptions = {"up": 2, "down": {"discrete": {"values": [1, 5]}}, "announced": True}
    log = play(one((2.5, 1), lead_time=2, disruptions=disruptions))
    assert column(log, "quoted") == [2.5 + 3 + 2]  # as if the outage had just begun
    assert column(log, "arrives") == column(log, "expected")
    assert column(log, "arrives")[0] in (3 + 2, 7 + 2)


def test_an_unannounced_outage_is_told_by_message():
    log = play(one((3, 1), lead_time=1, disruptions=DOWN, messages="at_due"))
    # Due on day 4; then the supplier says: at the end of its outage, and a day.
    assert changes(log) == [(4, 0)]
    assert column(log, "expected") == column(log, "arrives") == [6]
    log = play(one((3, 1), lead_time=1, disruptions=DOWN, messages="on_delay"))
    assert changes(log) == [(3, 0)]


def test_servers_stop_and_go_on():
    capacity = {"servers": 2, "service": 2}
    log = play(one((1, 1), (1.5, 1), (1.5, 1), capacity=capacity, disruptions=DOWN))
    assert column(log, "arrives") == [6, 6.5, 8]


def test_a_held_purchase_can_be_withdrawn():
    customers = {"a": {"demand": orders((3, 1)), "tolerance": 1}, "b": {"demand": orders((3, 1))}}
    model = build(
        customers,
        stock=[{"reorder": BASE, "withdraw": True}],
        suppliers={"maker": {"lead_time": 1, "disruptions": DOWN}},
    )
    log = play(model)
    assert log.purchases["status"].tolist().count(WITHDRAWN) == 1
    assert [t for t in column(log, "arrives") if t < 99] == [6]


def test_thousands_of_held_purchases_are_sent_at_once():
    model = build(
        {"a": {"demand": {"arrivals": {"period": {"every": 0.001}}, "products": "mug"}}},
        stock=[{"reorder": BASE}],
        suppliers={"maker": {"disruptions": {"planned": [{"starts": 0, "days": 5}]}}},
        horizon=6,
    )
    log = play(model)
    assert np.count_nonzero(log.purchases["arrives"] == 5) == 5001


@pytest.mark.parametrize("messages", ["never", "exact"])
@pytest.mark.parametrize(("crossing", "closed"), [(True, [8, 5, 6]), (False, [8, 8, 8])])
def test_without_crossing_what_another_server_has_done_before_waits_for_the_earlier_purchase(
    messages: str, crossing: bool, closed: list[float]
):
    # The first is worked on from day 1 to 6, the others from 2 to 3 and from 3 to 4, and 2 days on
    # their way.
    servers = {"servers": 2, "service": 1, "per": "unit"}
    supplier = {"lead_time": 2, "capacity": servers, "crossing": crossing, "messages": messages}
    stock = {"notice": "at_order", "estimate": "live"}
    log = play(one((1, 5), (2, 1), (3, 1), stock=stock, **supplier))
    assert column(log, "arrives") == closed
    if messages == "exact" and not crossing:
        assert log.notices["promise"].tolist() == log.lines["closed"].tolist() == closed


def test_many_that_wait_for_an_earlier_purchase_arrive_with_it():
    """Of 2,001 purchases the first is worked on for 50 days, the others by the other server."""
    servers = {"servers": 2, "service": 0.01, "per": "unit"}
    rows = ((1.0, 5000), *((2.0 + 0.02 * k, 1) for k in range(2000)))
    log = play(one(*rows, horizon=60, capacity=servers, crossing=False), record=False)
    assert (log.purchases["arrives"] == 51).all()


# -- parts and yield -------------------------------------------------------------------------------


def test_a_purchase_arrives_in_parts():
    log = play(one((1, 5), lead_time=2, parts={"count": 3, "days": 1.5}))
    assert tell(log) == lines_of(
        """1 order 0 5
        1 wait 0 5
        1 purchase 0 5
        3 receive 0 2
        3 expect 0 3
        3 ship 0 2
        4.5 receive 0 2
        4.5 expect 0 1
        4.5 ship 0 2
        6 receive 0 1
        6 ship 0 1"""
    )


def test_a_purchase_whose_last_part_is_withdrawn_has_arrived():
    """The customer leaves on day 4, between the parts of days 3 and 5."""
    log = play(
        build(
            {"a": {"demand": orders((1, 4)), "tolerance": 3}},
            stock=[{"reorder": BASE, "withdraw": True}],
            suppliers={"maker": {"lead_time": 2, "parts": {"count": 2, "days": 2}}},
            horizon=4.5,
        )
    )
    (purchase,) = log.purchases
    assert (purchase["units"], purchase["arrives"]) == (2, 4.0)
    assert PURCHASE_STATUS[purchase["status"]] == "received"
    assert log.deliveries["withdrawn"][-1] == 2


def test_there_are_no_more_parts_than_units():
    log = play(one((1, 2), lead_time=2, parts={"count": 9, "days": 1}))
    assert [row for row in tell(log) if "receive" in row] == ["3 receive 0 1", "4 receive 0 1"]


def told_of_parts(*rows: tuple[float, int], notice: Any, estimate: Any) -> list[Any]:
    """(time, date) of each notice: a purchase takes 4 days, its second half comes 3 days later."""
    model = build(
        {"a": {"demand": orders(*rows), "informed": {"grace": "unlimited"}}},
        stock=[{"initial": 0, "reorder": BASE, "notice": notice, "estimate": estimate}],
        suppliers={"maker": {"lead_time": 4, "parts": {"count": 2, "days": 3}}},
    )
    return [(row["time"], row["promise"]) for row in play(model).notices]


@pytest.mark.parametrize("estimate", ["live", "quoted", "mean_lead_time", "quantile"])
def test_customers_are_told_the_part_that_brings_their_units(estimate: str):
    # Of purchases of 2 and 4 units, 1 comes on day 4.5, 2 on day 5, 1 on day 7.5 and 2 on day 8.
    told = told_of_parts((0.5, 2), (1, 4), notice="at_order", estimate=estimate)
    assert told == [(0.5, 7.5), (1, 8)]


def test_a_later_part_comes_behind_the_first_of_the_next_purchase():
    # The second purchase is there on day 5, between the parts of the first, and goes to its line.
    notice = ["at_order", {"rule": "on_change", "threshold": 1}]
    told = told_of_parts((0.5, 2), (1, 1), notice=notice, estimate="live")
    assert told == [(0.5, 7.5), (1, 7.5), (1, 5)]


@pytest.mark.parametrize(
    ("estimate", "date"),
    [("live", 7.5), ("quoted", 7.5), ("quantile", 7.5), ("mean_lead_time", 8.5)],
)
def test_once_a_part_has_come_the_next_is_near(estimate: str, date: float):
    notice = {"rule": "after_delay", "days": 5}
    assert told_of_parts((0.5, 2), notice=notice, estimate=estimate) == [(5.5, date)]


def test_an_emergency_source_counts_the_parts_that_come_before_it():
    """Of the four units placed on day 1 the first two come in time, so two are missing on day 2."""
    far = {"lead_time": 4, "parts": {"count": 2, "days": 5}}
    near = {"supplier": "near", "emergency": {"level": -1, "up_to": 0}}
    stock = {"initial": 4, "reorder": {**BASE, "S": 4}, "supplier": ["far", near]}
    log = play(
        build(
            {"a": {"demand": orders((1, 4), (2, 4))}},
            stock=[stock],
            suppliers={"far": far, "near": {"lead_time": 5}},
        )
    )
    assert [row for row in tell(log) if "purchase" in row] == lines_of(
        """1 purchase 0 4
        2 purchase 1 2
        2 purchase 2 2"""
    )
    assert column(log, "arrives") == [10, 7, 11]


def test_what_is_not_fit_for_use_is_rejected_and_ordered_again():
    log = play(one((1, 4), lead_time=2, yield_share=0.6))
    assert tell(log) == lines_of(
        """1 order 0 4
        1 wait 0 4
        1 purchase 0 4
        3 receive 0 2
        3 reject 0 2
        3 ship 0 2
        3 purchase 1 2
        5 receive 1 1
        5 reject 1 1
        5 ship 0 1
        5 purchase 2 1
        7 receive 2 1
        7 ship 0 1"""
    )
    assert log.stocks[-1]["on_order"] == 0


def test_the_parts_of_a_purchase_share_its_yield():
    # 70 % of 2, 4 and 6 units are 1, 3 and 4, halves up: nothing is lost by rounding each part.
    stock = {"reorder": {"rule": "r_nQ", "r": 0, "Q": 6}, "initial": 1}
    log = play(
        one((1, 1), lead_time=2, parts={"count": 3, "days": 1}, yield_share=0.7, stock=stock)
    )
    rows = [row for row in tell(log) if "receive" in row or "reject" in row]
    assert rows == lines_of(
        """3 receive 0 1
        3 reject 0 1
        4 receive 0 2
        5 receive 0 1
        5 reject 0 1"""
    )


def test_what_is_under_way_at_the_start_arrives_whole():
    stock = {"reorder": "none", "inbound": inbound((2, 5)), "initial": 0}
    supplier = {"yield_share": 0.5, "parts": {"count": 2, "days": 1}}
    log = play(one((1, 5), stock=stock, **supplier))
    assert log.lines["closed"].tolist() == [2]


def test_the_mean_yield_is_what_arrives():
    law = {"uniform": {"low": 0.4, "high": 1}}
    log = play(daily(1000, stock={"reorder": {"rule": "r_nQ", "r": 0, "Q": 20}}, yield_share=law))
    got = log.deliveries["received"].sum() / log.deliveries["ordered"].sum()
    # About 70 purchases; the sd of a yield is 0.173.  5 standard errors.
    assert abs(got - 0.7) < 5 * 0.173 / len(log.purchases) ** 0.5


# -- what a message is worth -----------------------------------------------------------------------


def test_the_more_a_supplier_tells_the_better_promises_are_kept():
    """The same delays; customers are told what the supplier says."""
    model = load(Path(__file__).parents[2] / "scenarios" / "late_supplier.yaml")
    found = {}
    for messages in ("never", "every", "exact"):
        changed = model if messages == "every" else model.replace({MESSAGES: messages})
        runs = [simulate(changed, seed=seed, engine="simpy") for seed in range(1, 6)]
        found[messages] = [
            sum(run.metrics[name] for run in runs) / len(runs)
            for name in ("promise_kept", "cancel.promise_broken", "cost.total")
        ]
    kept, broken, cost = zip(*found.values(), strict=True)
    assert kept[0] < kept[1] < kept[2] == 1
    assert broken[0] > broken[1] > broken[2] == 0
    assert cost[0] > cost[1] > cost[2]


@pytest.mark.parametrize("outage", [True, False], ids=["held", "queued"])
def test_an_exact_supplier_without_crossing_says_no_date_before_that_of_an_earlier_purchase(
    outage: bool,
):
    """What it holds or queues leaves in turn: each date is said once, and is the right one."""
    lead_time = {"exponential": {"mean": 5}}
    holds = {"disruptions": {"planned": [{"starts": 3, "days": 10}], "announced": True}}
    queues = {"capacity": {"servers": 1, "service": 0.9}}
    terms = holds if outage else queues
    log = play(daily(40, lead_time=lead_time, messages="exact", crossing=False, **terms))
    placed = column(log, "placed")
    assert all(time == placed[i] for time, i in changes(log))
    came = np.isfinite(log.purchases["arrives"])
    wrong = log.purchases["expected"][came] - log.purchases["arrives"][came]
    assert np.abs(wrong).max() < 1e-9
