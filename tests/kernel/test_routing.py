"""Which site serves an order: small stories, worked by hand, and what theory says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.test_networks import at, base
from tests.models import build, lines_of, play, played_fast, tell
from tests.two_sites import backlog_when_each_may_serve_the_other

from backsim import streams
from backsim.engines import simpy
from backsim.results.metrics import measure

SITES = {"north": {"place": [0, 0]}, "south": {"place": [0, 9]}, "west": {"place": [3, 4]}}


def shop(site: str, initial: int, **fields: Any) -> dict[str, Any]:
    return {"sites": [site], "initial": initial, **fields}


def served_at(customers: dict[str, Any], *stock: dict[str, Any], **fields: Any) -> list[Any]:
    """For each line its site (None: where it was ordered) and the units shipped at once."""
    model = build(customers, sites=SITES, stock=stock, **fields)
    log = play(model)
    moved = set(log.reroutes["line"].tolist())
    site = [model.sites[log.stocks["site"][line["stock"]]] for line in log.lines]
    return [
        (site[i] if i in moved else None, int(line["filled"])) for i, line in enumerate(log.lines)
    ]


def test_an_order_goes_to_the_first_site_that_has_it_all():
    """The third finds two in the south, one in the west, and waits where it was placed."""
    model = build(
        {"a": at("north", (1, 2), (2, 1), (3, 3), served_by=["south", "west"])},
        sites=SITES,
        stock=[shop("north", 1), shop("south", 4), shop("west", 1)],
        costs={"reroute": 5},
    )
    log = play(model)
    assert tell(log) == lines_of(
        """1 reroute 0 2
        1 order 0 2
        1 ship 0 2
        2 order 1 1
        2 ship 1 1
        3 order 2 3
        3 wait 2 3"""
    )
    metrics = measure(model, log)
    assert metrics["rerouted_rate"] == 2 / 6
    assert metrics.get("rerouted_rate", "site", "south") == 1
    assert metrics["cost.reroute"] == metrics["cost.total"] == 5 * 2 / 20
    assert metrics.get("units_per_day", "site", "south") == 2 / 20
    assert log.stocks["on_hand"][-3:].tolist() == [0, 2, 1]


def test_as_given_or_the_nearest_first():
    def at_a(**served_by: Any) -> list[Any]:
        customers = {"a": at("north", (1, 2), served_by=served_by)}
        return served_at(customers, shop("north", 0), shop("south", 4), shop("west", 4))

    assert at_a(sites=["south", "west"]) == [("south", 2)]
    assert at_a(sites=["west", "south"]) == [("west", 2)]
    assert at_a() == [("south", 2)]  # all, in the order of the file
    assert at_a(order="nearest") == [("west", 2)]
    assert at_a(order="nearest", sites="south") == [("south", 2)]


def test_an_order_may_be_split_or_not():
    def of_two(split: bool, west: int) -> list[Any]:
        order = (1, {"mug": 2, "plate": 1})
        served_by = {"sites": ["south", "west"], "split": split}
        return served_at(
            {"a": at("north", order, served_by=served_by)},
            shop("north", 0),
            {**shop("south", 3), "products": ["mug"]},
            {**shop("west", west), "products": ["mug", "plate"]},
            products=["mug", "plate"],
        )

    assert of_two(True, west=2) == [("south", 2), ("west", 1)]
    assert of_two(False, west=2) == [("west", 2), ("west", 1)]
    assert of_two(False, west=1) == [(None, 0), (None, 0)]


def test_a_product_twice_in_an_order_counts_twice():
    """Two lines of two units each: the west has three, the south four."""
    customers = {
        "a": {
            "demand": {
                "arrivals": {"period": {"every": 100, "first": 1}},
                "products": "mug",
                "sites": "north",
                "lines": 2,
                "size": 2,
            },
            "served_by": {"sites": ["west", "south"], "split": False},
        }
    }
    stock = (shop("north", 0), shop("south", 4), shop("west", 3))
    assert served_at(customers, *stock) == [("south", 2), ("south", 2)]


def test_units_held_back_or_waited_for_are_not_free():
    rationing = {"rule": "critical_level", "levels": {"a": 3}}
    customers = {"a": at("north", (1, 2), served_by=["south", "west"])}
    south = shop("south", 4, rationing=rationing)
    assert served_at(customers, shop("north", 0), south, shop("west", 2)) == [("west", 2)]
    customers |= {"b": at("south", (0.5, 5), shipment="line")}
    south = shop("south", 4, overtaking="strict")
    found = served_at(customers, shop("north", 0), south, shop("west", 2))
    assert found == [(None, 0), ("west", 2)]


def test_those_who_do_not_wait_are_served_elsewhere():
    customers = {"a": at("north", (1, 2), served_by="south", tolerance="none")}
    assert served_at(customers, shop("north", 1), shop("south", 2), shop("west", 0)) == [
        ("south", 2)
    ]


def test_the_site_that_serves_reorders():
    model = build(
        {"a": at("north", (1, 2), served_by="south")},
        sites=SITES,
        stock=[shop("north", 1), shop("south", 4, reorder=base(4)), shop("west", 0)],
    )
    south = model.stock_points.index(("mug", "south"))
    assert play(model).purchases[["stock", "units"]].tolist() == [(south, 2)]


def test_an_announced_order_is_known_at_one_site_and_served_by_another():
    """The north orders two at once for day 4, when the south has them."""
    model = build(
        {"a": at("north", (4, 2), served_by="south", announced=3)},
        sites=("north", "south"),
        suppliers={"maker": {"lead_time": 9}},
        stock=[shop("north", 0, reorder=base(0)), shop("south", 2)],
    )
    log = play(model)
    north = model.stock_points.index(("mug", "north"))
    assert log.purchases[["placed", "units", "stock"]].tolist() == [(1, 2, north)]
    assert log.lines["filled"].tolist() == [2]
    assert log.stocks["announced"].tolist() == [0] * len(log.stocks)


def test_both_engines_with_many_orders_in_a_network():
    """Transfers and other sites for customers at once; the table of reroutes grows."""
    model = build(
        {
            "a": {
                "demand": {
                    "arrivals": {"poisson": {"rate": 40}},
                    "size": {"discrete": {"values": [1, 4]}},
                    "products": "mug",
                    "sites": ["north", "south"],
                },
                "served_by": ["north", "south"],
            }
        },
        sites=SITES,
        stock=[
            {
                "sites": ["north", "south"],
                "supplier": {"site": "west", "transport": 1},
                "transfers": {"sites": ["north", "south"], "days": 0.1},
                "reorder": base(45),
            },
            shop("west", 150, reorder=base(200)),
        ],
        suppliers={"maker": {"lead_time": 1}},
        horizon=400,
    )
    log = play(model, record=False)
    assert len(log.reroutes) > 1024
    assert measure(model, log)["transferred_per_day"] > 0


def test_the_backlog_is_what_a_markov_chain_says():
    """Exponential lead times: an exact answer.

    25 replications of 8,000 days; Student's t at 4.5 standard errors gives a false alarm once in
    7,000 seeds, and an error of 10 % shows.
    """
    model = build(
        {
            name: {
                "demand": {
                    "arrivals": {"poisson": {"rate": rate}},
                    "products": "mug",
                    "sites": site,
                },
                "served_by": "*",
            }
            for name, site, rate in (("n", "north", 0.6), ("s", "south", 0.4))
        },
        sites=("north", "south"),
        suppliers={"maker": {"lead_time": {"exponential": {"mean": 4}}}},
        stock=[shop("north", 4, reorder=base(4)), shop("south", 2, reorder=base(2))],
        horizon=8100,
        warm_up=100,
    )
    found = [measure(model, played_fast(model, 1, r))["mean_backlog"] for r in range(25)]
    exact = backlog_when_each_may_serve_the_other((0.6, 0.4), (4, 2), mean_lead_time=4.0)
    mean = sum(found) / len(found)
    error = (sum((x - mean) ** 2 for x in found) / (len(found) - 1) / len(found)) ** 0.5
    assert error < 0.0225 * exact
    assert mean == pytest.approx(exact, abs=4.5 * error)


def test_serving_from_elsewhere_fills_more_and_leaves_the_tape_as_it_is():
    def fill_rate(**fields: Any) -> float:
        demand = {
            "arrivals": {"poisson": {"rate": 2}},
            "products": "mug",
            "sites": ["north", "south"],
        }
        model = build(
            {"a": {"demand": demand, **fields}},
            sites=("north", "south"),
            suppliers={"maker": {"lead_time": 2}},
            stock=[{"sites": ["north", "south"], "reorder": base(4)}],
            horizon=500,
        )
        return measure(model, simpy.run(model, streams.draw(model, 1, 0)))["fill_rate"]

    assert fill_rate(served_by="*") > fill_rate() + 0.02
