"""What there is at the start: open orders, purchases under way, and who has waited how long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, lines_of, orders, play, tell

from backsim.entities import CAUSES, LINE_STATUS
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model
from backsim.streams import draw, generator
from backsim.streams.opening import arrivals as arrivals_under_way


def opened(*rows: dict[str, Any]) -> dict[str, Any]:
    """Open orders of class a for mugs, unless they say otherwise."""
    return {"orders": [{"customer": "a", "lines": {"mug": 1}, **row} for row in rows]}


def shop(*rows: dict[str, Any], customer: Any = None, **fields: Any) -> Model:
    """A shop with these open orders, and a new one for two mugs on day 1."""
    return build(
        {"a": {"demand": orders((1, 2)), **(customer or {})}}, opening=opened(*rows), **fields
    )


def arrivals_of(model: Model, replications: int) -> Any:
    """When the purchases under way arrive, a row a replication."""
    return np.array(
        [
            arrivals_under_way(model, lambda name, k=k: lambda: generator(1, k, name))
            for k in range(replications)
        ]
    )


def told(log: Any) -> list[tuple[float, float]]:
    """(day, promise) of every notice."""
    return [(n["time"].item(), n["promise"].item()) for n in log.notices]


# -- they wait, and are served first -------------------------------------------------------------


def test_open_orders_are_served_from_stock_at_the_start_the_oldest_first():
    model = shop(
        {"age": 3, "lines": {"mug": 2}},
        {"age": 5, "lines": {"mug": 2}},
        stock=[{"initial": 3, "inbound": inbound((4, 3))}],
    )
    log = play(model)
    assert tell(log) == lines_of(
        """-5 order 0 2
        -5 wait 0 2
        -3 order 1 2
        -3 wait 1 2
        0 ship 0 2
        0 ship 1 1
        1 order 2 2
        1 wait 2 2
        4 receive 0 3
        4 ship 1 1
        4 ship 2 2"""
    )
    assert log.lines["filled"].tolist() == [0, 0, 0]
    check_ledger(model, log)


def test_they_are_part_of_the_position_of_the_first_review():
    policy = {"reorder": {"rule": "base_stock", "S": 4}}
    log = play(shop({"age": 1, "lines": {"mug": 5}}, policy=policy, stock=[{"initial": 2}]))
    assert tell(log)[:4] == ["-1 order 0 5", "-1 wait 0 5", "0 ship 0 2", "0 purchase 0 7"]


def test_an_order_of_today_comes_before_the_start_too():
    log = play(shop({"age": 0}, {"age": 0, "lines": {"mug": 2}}, stock=[{"initial": 3}]))
    assert log.lines["closed"].tolist()[:2] == [0.0, 0.0]
    assert (log.lines["time"][:2] < 0).all()
    assert (log.lines["time"][:2] > -1e-6).all()
    assert not log.lines["filled"][:2].any()


def test_lines_of_one_order_ship_together_where_the_class_wants_it():
    model = build(
        {"a": {"demand": orders((9, 1)), "shipment": "order"}},
        products=("mug", "plate"),
        stock=[
            {"products": "mug", "initial": 2},
            {"products": "plate", "initial": 0, "inbound": inbound((6, 1))},
        ],
        opening=opened({"age": 2, "lines": {"mug": 2, "plate": 1}}),
    )
    assert tell(play(model))[-4:-2] == ["6 ship 0 2", "6 ship 1 1"]


def test_the_metrics_count_it_as_an_order_from_before_the_window():
    """One unit waits from day -2 to day 4, one from day 1 on; only the latter is of the window."""
    model = build(
        {"a": {"demand": orders((1, 1))}},
        stock=[{"initial": 0, "inbound": inbound((4, 1), (5, 1))}],
        opening=opened({"age": 2}),
        horizon=10,
    )
    log = play(model)
    found = measure(model, log)
    assert found["fill_rate"] == 0
    assert found["units_per_day"] == pytest.approx(0.1)
    assert found["mean_backlog"] == pytest.approx((4 + 4) / 10)
    assert found["longest_wait"] == 4  # of the order of the window, not six days
    assert found["backorder_age"] == pytest.approx(8)  # Little's law: all the waiting of the window
    shipment = log.shipments[0]
    assert shipment["time"] - log.lines["time"][shipment["line"]] == 6


# -- patience ------------------------------------------------------------------------------------


def test_a_customer_who_has_waited_leaves_when_the_patience_from_the_order_is_over():
    log = play(shop({"age": 5}, customer={"tolerance": 7}, stock=[{"initial": 0}]))
    assert "2 leave 0 1" in tell(log)


def test_an_order_may_have_a_patience_of_its_own():
    log = play(
        shop(
            {"age": 50, "tolerance": "unlimited"},
            {"age": 50, "tolerance": 51},
            customer={"tolerance": "none"},
            stock=[{"initial": 0}],
        )
    )
    assert [LINE_STATUS[s] for s in log.lines["status"]] == ["waiting", "cancelled", "lost"]


def test_patience_is_that_of_those_who_have_stayed():
    """Uniform on 0 to 10 days, and 4 have passed: 0 to 6 are left."""
    rows = [{"age": 4}] * 4000
    model = shop(*rows, customer={"tolerance": {"uniform": {"low": 0, "high": 10}}})
    left = draw(model, 1).columns["tolerance"][:4000] - 4
    assert left.min() >= 0
    assert left.max() <= 6
    assert left.mean() == pytest.approx(3, abs=4 * 6 / np.sqrt(12 * 4000))


def test_exponential_patience_forgets_how_long_it_has_lasted_even_if_that_is_long():
    model = shop(*[{"age": 400}] * 4000, customer={"tolerance": {"exponential": {"mean": 5}}})
    left = draw(model, 1).columns["tolerance"][:4000] - 400
    assert left.mean() == pytest.approx(5, abs=4 * 5 / np.sqrt(4000))


# -- promises ------------------------------------------------------------------------------------


def test_a_promise_that_was_given_stands():
    """Promised for day 2, with a day of grace: who is not served by day 3 leaves."""
    customer = {"informed": {"grace": 1}, "tolerance": 30}
    log = play(shop({"age": 5, "promised": 2}, customer=customer, stock=[{"initial": 0}]))
    assert "3 leave 0 1" in tell(log)
    contact = log.contacts[log.lines["contact"][0]]
    assert CAUSES[contact["cause"]] == "promise_broken"
    assert (contact["first_promise"], contact["first_told"], contact["broken"]) == (2, -5, 1)


def test_who_stayed_after_a_broken_promise_has_forgiven_it():
    """Promised for day -1; the customer waits on blindly, 3 days from then, and leaves on day 2."""
    customer = {"informed": {"tolerance": "unlimited", "broken": {"leaves": 0}}, "tolerance": 3}
    log = play(
        shop({"age": 5, "promised": -1, "told": 4}, customer=customer, stock=[{"initial": 0}])
    )
    assert "2 leave 0 1" in tell(log)


def test_a_promise_that_slips_is_revised():
    """Promised for day 2, but the purchase comes on day 6: at the start they hear so."""
    policy = {"notice": "on_change", "estimate": "live"}
    model = shop(
        {"age": 5, "promised": 2},
        policy=policy,
        stock=[{"initial": 0, "inbound": inbound((6, 1), (8, 2))}],
    )
    log = play(model)
    assert told(log)[0] == (0.0, 6.0)
    assert log.contacts["notices"][0] == 2


def test_who_was_told_nothing_is_told_as_the_rules_say():
    model = shop(
        {"age": 5},
        policy={"notice": "at_order", "estimate": "live"},
        stock=[{"initial": 0, "inbound": inbound((6, 1), (8, 2))}],
    )
    assert told(play(model)) == [(0.0, 6.0), (1.0, 8.0)]


# -- purchases under way -------------------------------------------------------------------------


def test_a_purchase_of_an_age_comes_when_its_lead_time_is_over():
    suppliers = {"maker": {"lead_time": 6}}
    stock = [{"initial": 0, "inbound": [{"units": 1, "age": 4}, {"units": 1, "age": 5.5}]}]
    log = play(shop({"age": 1}, suppliers=suppliers, stock=stock))
    assert log.purchases["arrives"].tolist() == [0.5, 2.0]
    assert log.purchases["placed"].tolist() == [-5.5, -4.0]


def test_a_lead_time_that_has_lasted_is_longer():
    """Uniform on 0 to 10 days, ordered 4 days ago: it comes within the next 6."""
    suppliers = {"maker": {"lead_time": {"uniform": {"low": 0, "high": 10}}}}
    stock = [{"inbound": [{"units": 1, "age": 4}] * 4000}]
    arrivals = draw(shop(suppliers=suppliers, stock=stock), 1).arrivals
    assert arrivals.min() >= 0
    assert arrivals.max() <= 6
    assert arrivals.mean() == pytest.approx(3, abs=4 * 6 / np.sqrt(12 * 4000))


def test_delays_that_nobody_foresaw_are_part_of_it():
    """A lead time of 5 days, half of them 3 days late: after 6 days it is one of these."""
    suppliers = {"maker": {"lead_time": 5, "lateness": {"share": 0.5, "days": 3}}}
    stock = [{"inbound": [{"units": 1, "age": 6}, {"units": 1, "age": 1}]}]
    found = {tuple(draw(shop(suppliers=suppliers, stock=stock), s).arrivals) for s in range(20)}
    assert found == {(2.0, 4.0), (2.0, 7.0)}


def test_of_a_supplier_in_sequence_a_later_purchase_comes_no_earlier():
    suppliers = {"maker": {"lead_time": {"uniform": {"low": 0, "high": 10}}, "crossing": False}}
    stock = [{"inbound": [{"units": 1, "age": a} for a in (9.9, 2, 1)]}]
    model = shop(suppliers=suppliers, stock=stock)
    found = arrivals_of(model, 2000)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found[:, 0].max() <= 0.1
    # Of the second one's lead time nothing is known: it comes now, or has 0 to 8 days to go.
    assert (found[:, 1] <= 0.1).mean() == pytest.approx(0.2, abs=0.05)


def test_what_the_supplier_says_is_what_customers_hear():
    stock = [{"initial": 0, "inbound": [{"units": 3, "arrives": 5, "expected": 3}]}]
    model = shop(
        {"age": 1}, policy={"notice": "at_order", "estimate": "live"}, stock=stock, horizon=4
    )
    assert told(play(model)) == [(0.0, 3.0), (1.0, 3.0)]


@pytest.mark.parametrize(
    ("messages", "heard"),
    [
        ({"when": "at_due"}, 3.0),
        ({"when": "every", "days": 4}, 3.0),  # 8 days after it was placed
        ({"when": "on_delay", "learns": 0.8}, 3.0),  # of the 10 days from placing to arrival
        ({"when": "exact"}, 0.0),
    ],
    ids=lambda value: value["when"] if isinstance(value, dict) else "",
)
def test_the_supplier_goes_on_to_speak_of_it(messages: dict[str, Any], heard: float):
    suppliers = {"maker": {"messages": messages}}
    stock = [{"initial": 0, "inbound": [{"units": 3, "age": 5, "arrives": 5, "expected": 3}]}]
    log = play(shop({"age": 1}, suppliers=suppliers, stock=stock))
    said = [float(line.split()[0]) for line in tell(log) if " expect " in line]
    assert said == [heard]


# -- an exact answer -----------------------------------------------------------------------------


def test_the_time_to_clear_what_waits_at_a_base_stock_of_nothing():
    """Three units wait and three purchases are under way, of exponential lead times of mean 10.

    How long they have been under way does not matter.  The last of three comes after
    10 (1 + 1/2 + 1/3) days on average, the first after 10/3.
    """
    suppliers = {"maker": {"lead_time": {"exponential": {"mean": 10}}}}
    stock = [{"initial": 0, "inbound": [{"units": 1, "age": a} for a in (3, 30, 300)]}]
    model = build(
        {"a": {"demand": orders((199, 1))}},
        suppliers=suppliers,
        stock=stock,
        opening=opened({"age": 3}, {"age": 30}, {"age": 300}),
        horizon=200,
    )
    arrivals = arrivals_of(model, 4000)
    log = play(model, 1)
    assert sorted(log.lines["closed"][:3]) == sorted(arrivals[0])
    first, last = arrivals.min(axis=1), arrivals.max(axis=1)
    assert first.mean() == pytest.approx(10 / 3, abs=4 * 10 / 3 / np.sqrt(4000))
    deviation = 10 * np.sqrt(1 + 1 / 4 + 1 / 9)
    assert last.mean() == pytest.approx(10 * 11 / 6, abs=4 * deviation / np.sqrt(4000))


# -- the rest of the tape ------------------------------------------------------------------------


def test_it_shifts_no_other_number_on_the_tape():
    customer = {
        "demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "mug"},
        "tolerance": {"exponential": {"mean": 3}},
    }
    suppliers = {"maker": {"lead_time": {"gamma": {"mean": 3, "cv": 0.5}}}}
    plain = build({"a": customer}, suppliers=suppliers)
    stock = [{"inbound": [{"units": 1, "age": 1}]}]
    rows = opened({"age": 1}, {"age": 2})
    other = build({"a": customer}, suppliers=suppliers, stock=stock, opening=rows)
    one, two = draw(plain, 5), draw(other, 5)
    for name in ("time", "tolerance", "units"):
        assert two.columns[name][2:].tolist() == one.columns[name].tolist()
    for a, b in zip(one.lead_times, two.lead_times, strict=True):
        assert a.first(9)[:9].tolist() == b.first(9)[:9].tolist()


def test_purchases_of_what_is_made_stand_by_their_dates():
    """A workshop without crossing: the older purchase is expected later, and stands second."""
    model = build(
        {"a": {"demand": orders((1, {"mug": 3}))}},
        products=("mug", "clay"),
        suppliers={"maker": {"lead_time": 2, "crossing": False}},
        stock=[
            {
                "products": ["mug"],
                "made_from": {"clay": 1},
                "inbound": [
                    {"units": 2, "arrives": 4, "expected": 5, "age": 3},
                    {"units": 1, "arrives": 6, "expected": 2, "age": 1},
                ],
            },
            {"products": ["clay"]},
        ],
        policy={"notice": "at_order", "estimate": {"rule": "live"}},
        horizon=3,
    )
    log = play(model)
    mug = log.stocks[-2]
    assert log.purchases["units"][[mug["pipeline_first"], mug["pipeline_last"]]].tolist() == [1, 2]
