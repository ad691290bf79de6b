"""Units sent from another site of the level: stories worked by hand, and what theory says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.test_networks import at, base
from tests.models import build, inbound, lines_of, play, tell
from tests.two_sites import backlog_when_each_may_serve_the_other

from backsim import streams
from backsim.engines import simpy
from backsim.results.metrics import measure
from backsim.scenario import Model

SITES = ("north", "south")


def north(**fields: Any) -> dict[str, Any]:
    return {"sites": ["north"], "initial": 2, **fields}


def south(**fields: Any) -> dict[str, Any]:
    return {"sites": ["south"], "initial": 3, **fields}


def test_what_customers_wait_for_is_sent_for():
    """The south keeps one of its three, so that two of the three units missing can come."""
    model = build(
        {"a": at("north", (1, 5), (2, 1))},
        sites=SITES,
        stock=[north(transfers={"sites": "south", "days": 1.5, "keep": 1}), south()],
        costs={"transfer": 4},
    )
    log = play(model)
    assert tell(log) == lines_of(
        """1 order 0 5
        1 ship 0 2
        1 wait 0 3
        1 purchase 0 2
        1 order 2 2
        1 ship 2 2
        2 order 1 1
        2 wait 1 1
        2.5 receive 0 2
        2.5 ship 0 2"""
    )
    metrics = measure(model, log)
    assert metrics.get("transferred_per_day", "site", "north") == 2 / 20
    assert metrics["cost.transfer"] == metrics["cost.total"] == 4 * 2 / 20
    assert metrics.get("mean_in_transit", "site", "north") == 2 * 1.5 / 20
    assert metrics["purchases_per_day"] == 0  # they are none
    # Two units waited 1.5 days; two more wait to the horizon, from days 1 and 2.
    assert metrics["mean_wait"] == pytest.approx((1.5 * 2 + 19 + 18) / 6)


def test_what_is_on_its_way_is_not_sent_for_again():
    """One unit is missing at each order, and one comes for each; the sender reorders them."""
    model = build(
        {"a": at("north", (1, 1), (2, 1))},
        sites=SITES,
        stock=[
            north(initial=0, transfers={"sites": "south", "days": 3}),
            south(reorder=base(3)),
        ],
        suppliers={"maker": {"lead_time": 9}},
    )
    assert [row for row in tell(play(model)) if " purchase " in row] == lines_of(
        """1 purchase 0 1
        1 purchase 1 1
        2 purchase 2 1
        2 purchase 3 1"""
    )


def test_several_sites_send_what_they_have_in_order():
    model = build(
        {"a": at("north", (1, 7))},
        sites=("north", "south", "west"),
        stock=[
            north(initial=0, transfers={"sites": ["west", "south"], "days": 1}),
            south(),
            {"sites": ["west"], "initial": 2},
        ],
    )
    log = play(model)
    assert [row for row in tell(log) if " purchase " in row] == ["1 purchase 0 2", "1 purchase 1 3"]
    assert log.lines["open"].tolist() == [2]


def test_at_a_level_units_come_before_the_stock_is_out():
    model = build(
        {"a": at("north", (1, 1), (2, 1), (3, 1))},
        sites=SITES,
        stock=[
            north(transfers={"sites": "south", "days": 1, "when": "at_level", "level": 2}),
            south(),
        ],
    )
    log = play(model)
    assert log.purchases["placed"].tolist() == [1, 2, 3]
    assert log.lines["filled"].tolist() == [1, 1, 1]


def test_never():
    model = build(
        {"a": at("north", (1, 5))},
        sites=SITES,
        stock=[north(transfers={"sites": "south", "when": "never"}), south()],
    )
    log = play(model)
    assert not len(log.purchases)
    assert str(measure(model, log)["transferred_per_day"]) == "nan"


def test_no_site_sends_what_others_wait_for_there():
    """A line that must be filled whole waits in the south and lets nobody pass."""
    model = build(
        {"a": at("south", (1, 4), shipment="line"), "b": at("north", (2, 3))},
        sites=SITES,
        stock=[north(transfers={"sites": "south"}), south(overtaking="strict")],
    )
    assert not len(play(model).purchases)


@pytest.mark.parametrize(("days", "left"), [(0, 0), (1, 1)])
def test_those_who_do_not_wait_are_lost_unless_the_units_are_there_at_once(days: int, left: int):
    model = build(
        {"a": at("north", (1, 3), tolerance="none")},
        sites=SITES,
        stock=[north(transfers={"sites": "south", "days": days}), south()],
    )
    log = play(model)
    assert len(log.purchases) == 1 - left
    assert log.lines["left"].tolist() == [left]
    assert log.lines["filled"].tolist() == [2]


def test_units_on_order_from_a_supplier_are_no_reason_to_wait():
    model = build(
        {"a": at("north", (1, 1))},
        sites=SITES,
        stock=[
            north(initial=0, transfers={"sites": "south", "days": 1}, inbound=inbound((9, 1))),
            south(),
        ],
    )
    assert play(model).shipments["time"].tolist() == [2]


@pytest.mark.parametrize("rule", ["quoted", "live", "mean_lead_time", "quantile"])
def test_an_estimate_knows_of_the_transfer(rule: str) -> None:
    """Told on day 1: two days on the way; the purchase from the maker would take nine."""
    model = build(
        {"a": at("north", (1, 1))},
        sites=SITES,
        suppliers={"maker": {"lead_time": 9}},
        stock=[north(initial=0, transfers={"sites": "south", "days": 2}), south()],
        policy={"notice": "at_order", "estimate": {"rule": rule, "padding": 0}},
    )
    assert play(model).contacts["promise"].tolist() == [3]


def test_an_estimate_knows_which_site_sends() -> None:
    """The first of the list has nothing, the second is three days away."""
    model = build(
        {"a": at("north", (1, 1))},
        sites=("north", "south", "west"),
        suppliers={"maker": {"lead_time": 9, "capacity": {"servers": 1, "service": 4}}},
        stock=[
            north(initial=0, transfers={"sites": ["west", "south"], "days": 3}),
            south(),
            {"sites": ["west"], "initial": 0},
        ],
        policy={"notice": "at_order", "estimate": "mean_lead_time"},
    )
    assert play(model).contacts["promise"].tolist() == [4]


def branches(when: str, lead_time: Any = 4, days: Any = 0, level: int = 0) -> Model:
    """Two branches with customers at random, each of which may send the other units."""
    return build(
        {
            name: {
                "demand": {
                    "arrivals": {"poisson": {"rate": rate}},
                    "products": "mug",
                    "sites": site,
                }
            }
            for name, site, rate in (("n", "north", 0.6), ("s", "south", 0.4))
        },
        sites=SITES,
        suppliers={"maker": {"lead_time": lead_time}},
        stock=[
            {
                "sites": [site],
                "reorder": base(units),
                "transfers": {"sites": other, "when": when, "days": days, "level": level},
            }
            for site, other, units in (("north", "south", 4), ("south", "north", 2))
        ],
        horizon=2000,
        warm_up=100,
    )


def test_transfers_leave_the_times_of_purchases_as_they_are():
    """The k-th purchase of a stock point has the k-th lead time, with transfers or without."""

    def lead_times(when: str) -> list[float]:
        law = {"exponential": {"mean": 4}}
        model = branches(when, lead_time=law, days={"exponential": {"mean": 1}})
        log = simpy.run(model, streams.draw(model, 5, 0))
        own = (log.purchases["stock"] == len(log.stocks) - 2) & (log.purchases["source"] < 0)
        return [float(days) for days in log.purchases["lead_time"][own][:20]]

    assert lead_times("never") == lead_times("at_stock_out")


def test_transfers_shorten_waits_the_faster_the_more_and_a_level_sends_more():
    """What is sent too early, or comes no sooner than the next purchase, need not be of use."""

    def found(when: str, days: float, level: int = 0) -> tuple[float, float]:
        model = branches(when, days=days, level=level)
        metrics = measure(model, simpy.run(model, streams.draw(model, 1, 0)))
        return metrics["mean_wait"], metrics["transferred_per_day"]

    never, at_once = found("never", 0), found("at_stock_out", 0)
    assert at_once[0] < 0.7 * never[0]
    assert found("at_stock_out", 1)[0] > found("at_stock_out", 0.25)[0] > at_once[0]
    assert found("at_level", 0, level=1)[1] > at_once[1] > 0


def test_the_backlog_is_what_a_markov_chain_says():
    """At once from the other site, exponential lead times: an exact answer.

    15 replications of 1,900 days; Student's t at 4.5 standard errors gives a false alarm once in
    2,000 seeds, and an error of 20 % shows.
    """
    model = branches("at_stock_out", lead_time={"exponential": {"mean": 4}})
    found = [
        measure(model, simpy.run(model, streams.draw(model, 1, r)))["mean_backlog"]
        for r in range(15)
    ]
    exact = backlog_when_each_may_serve_the_other((0.6, 0.4), (4, 2), mean_lead_time=4.0)
    mean = sum(found) / len(found)
    error = (sum((x - mean) ** 2 for x in found) / (len(found) - 1) / len(found)) ** 0.5
    assert error < 0.045 * exact
    assert mean == pytest.approx(exact, abs=4.5 * error)
