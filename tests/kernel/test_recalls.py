"""Recalls: units in stock leave on a day, and some of those with customers come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.models import build, inbound, orders, play, tell

from backsim import streams
from backsim.results.metrics import measure
from backsim.results.profile import profile
from backsim.scenario.model import Model


def shop(*rows: tuple[float, int], recall: Any, **fields: Any) -> Model:
    customer = fields.pop("customer", {})
    product = {"price": 10, "recall": recall, **fields.pop("product", {})}
    return build(
        {"a": {"demand": orders(*rows), **customer}},
        products={"mug": product},
        stock=[{"reorder": "none", "initial": 5, **fields.pop("stock", {})}],
        suppliers={"maker": {"lead_time": 1}},
        **fields,
    )


def taken(model: Model) -> list[tuple[float, int, int, int]]:
    """What the recall took from the one stock point: (time, units, to_repair, repaired)."""
    row = play(model).recalls[-1]
    return [(float(row["time"]), int(row["units"]), int(row["to_repair"]), int(row["repaired"]))]


def test_a_recall_from_beginning_to_end():
    """Of 5 in stock 3 are repaired in 2 days; of the 2 that were sold one is, the other is scrap.

    The 5 are ordered again on the day itself.  `5 return -1 3`: units of no line.
    """
    model = shop(
        (1, 2),
        (4, 3),
        recall={"starts": 3, "repair": {"share": 0.5, "days": 2}, "within": 5},
        stock={"reorder": {"rule": "base_stock", "S": 5}},
        costs={"purchase": 4, "waste": 1, "rework": 2, "returned": 3, "repair": 5},
        horizon=12,
    )
    log = play(model)
    assert tell(log) == [
        *("1 order 0 2", "1 ship 0 2", "1 purchase 0 2", "2 receive 0 2"),
        *("3 recall -1 5", "3 purchase 1 5", "4 receive 1 5"),
        *("4 order 1 3", "4 ship 1 3", "4 purchase 2 3", "5 receive 2 3"),
        *("5 return 0 1", "5 return -1 3"),
    ]
    names = ["time", "units", "restocked", "to_repair", "repaired", "recalled"]
    assert log.returns[names].tolist() == [(3, 2, 0, 1, 0, 1), (5, 0, 0, 0, 1, 1)]
    assert log.stocks["on_hand"][-1] == 9
    found = measure(model, log)
    assert found["waste_per_day"] == pytest.approx(2 / 12)
    assert found["cost.waste"] == pytest.approx(2 / 12)
    assert found["cost.rework"] == pytest.approx(2 * 3 / 12)
    assert found["cost.returned"] == pytest.approx(3 * 2 / 12)
    assert found["cost.repair"] == pytest.approx(5 * 1 / 12)
    assert found["revenue"] == pytest.approx((50 - 20) / 12)
    assert found["cost_of_goods_sold"] == pytest.approx(4 * (5 - 1 + 2) / 12)
    assert found["return_rate"] == pytest.approx(2 / 5)
    assert found["scrap_rate"] == pytest.approx(1 / 5)
    stock = profile(model, log)
    for day, units in ((2.5, 5), (3.5, 0), (4.5, 2), (5.5, 9)):
        at = int(np.searchsorted(stock.times, day, "right")) - 1
        assert stock.stock[at] == units, day


def test_without_a_repair_all_is_scrap():
    assert taken(shop((1, 2), recall={"starts": 3})) == [(3, 3, 0, 0)]


def test_a_repair_that_is_not_done_by_the_end_is_no_stock():
    recall = {"starts": 3, "repair": {"share": 1, "days": 60}}
    assert taken(shop((1, 2), recall=recall)) == [(3, 5 - 2, 3, 0)]


def test_what_arrives_on_the_day_is_sound():
    """The recall comes first on its day: neither that purchase nor a later one is recalled."""
    model = shop((5, 4), recall={"starts": 3}, stock={"inbound": inbound((3, 2), (4, 2))})
    log = play(model)
    assert log.recalls["units"][-1] == 5
    assert log.lines["filled"].tolist() == [4]


def test_nothing_in_stock_is_no_recall():
    model = shop((1, 5), recall={"starts": 3, "repair": {"share": 1}})
    assert taken(model) == [(3, 0, 0, 0)]
    assert not any("recall" in told for told in tell(play(model)))


def test_lines_whose_units_are_kept_wait_again():
    """3 of 4 units are kept for a line that ships whole: they go, and it ships on day 6."""
    model = shop(
        (1, 4),
        recall={"starts": 2},
        customer={"shipment": "line"},
        stock={"initial": 3, "overtaking": "partial", "inbound": inbound((5, 1), (6, 3))},
    )
    log = play(model)
    assert log.recalls["units"][-1] == 3
    assert [(s["time"], s["units"]) for s in log.shipments] == [(6.0, 4)]


def test_a_line_with_all_its_units_kept_goes_back_to_its_place():
    """The mugs of a whole order are kept while its cup is awaited; after the recall it is first."""
    both = {"orders": [{"time": 1, "lines": {"mug": 2, "cup": 1}}]}
    model = build(
        {
            "whole": {"demand": both, "shipment": "order"},
            "plain": {"demand": orders((3, 2))},
        },
        products={"mug": {"recall": {"starts": 2}}, "cup": {}},
        stock=[
            {
                "products": "mug",
                "reorder": "none",
                "initial": 2,
                "inbound": inbound((4, 2), (9, 2)),
            },
            {"products": "cup", "reorder": "none", "initial": 0, "inbound": inbound((5, 1))},
        ],
        suppliers={"maker": {"lead_time": 1}},
    )
    log = play(model)
    shipped = sorted((s["time"], s["line"], s["units"]) for s in log.shipments)
    assert shipped == [(5.0, 0, 2), (5.0, 1, 1), (9.0, 2, 2)]


def test_only_what_was_shipped_in_the_days_before_comes_back():
    """Shipped on days 1, 3 and 5, recalled on day 6 with the 3 days before: after 2 days."""
    recall = {"starts": 6, "within": 3, "after": 2}
    log = play(shop((1, 1), (3, 1), (5, 1), (7, 1), recall=recall))
    assert log.returns[["time", "line", "units"]].tolist() == [(8, 1, 1), (8, 2, 1)]


def test_a_backorder_counts_from_its_shipment():
    """Ordered on day 1, shipped on day 4, of which the recall asks."""
    recall = {"starts": 6, "within": 3}
    stock = {"initial": 0, "inbound": inbound((4, 1))}
    log = play(shop((1, 1), recall=recall, stock=stock))
    assert log.returns[["time", "line", "units"]].tolist() == [(6, 0, 1)]


def test_a_site_takes_what_comes_back_on_its_working_days():
    """Recalled on Friday, back on Saturday, received on Monday; so is what has been repaired."""
    model = shop(
        (3, 2),
        recall={"starts": 4, "within": 9, "after": 1, "repair": {"share": 1, "days": 2}},
        sites={"main": {"receiving": "office"}},
        start="2024-01-01",
        calendars={"office": {}},
    )
    log = play(model)
    assert log.returns["time"].tolist() == [7.0, 9.0]
    assert log.recalls["back"][-1] == 7.0


def test_recalled_units_do_not_expire_as_well():
    model = shop((1, 1), recall={"starts": 2}, product={"shelf_life": 4})
    log = play(model)
    assert log.stocks["expired"][-1] == 0
    assert log.recalls["units"][-1] == 4


def test_every_site_orders_again_what_it_lost():
    """The shop has 2 and the hub 6; the hub's rule sees the position of the whole echelon."""
    model = build(
        {"a": {"demand": {"orders": [{"time": 9, "lines": {"mug": 1}, "site": "store"}]}}},
        products={"mug": {"recall": {"starts": 3}}},
        sites=["hub", "store"],
        stock=[
            {"sites": "hub", "reorder": {"rule": "echelon_base_stock", "S": 8}, "initial": 6},
            {
                "sites": "store",
                "supplier": {"site": "hub", "transport": 1},
                "reorder": {"rule": "base_stock", "S": 2},
                "initial": 2,
            },
        ],
        suppliers={"maker": {"lead_time": 1}},
    )
    log = play(model)
    assert sorted(log.recalls["units"].tolist())[-2:] == [2, 6]
    bought = log.purchases[log.purchases["placed"] == 3]
    hub = [len(log.stocks) - 2 + k for k in (0, 1, 0)]
    assert bought[["stock", "units"]].tolist() == list(zip(hub, (6, 2, 2), strict=True))


def test_a_unit_comes_back_once():
    """What the customer sends back anyway is not recalled: together they are all units."""
    demand = {
        "arrivals": {"period": {"every": 0.05}},
        "products": "mug",
        "size": {"poisson": {"mean": 4}},
    }
    model = shop((0, 1), recall={"starts": 15, "within": 9}, customer={"returns": {"share": 0.5}})
    columns = streams.draw(model.replace({"customers.a.demand": demand}), 1).columns
    assert (columns["returned"] + columns["recalled"] == columns["units"]).all()
    assert columns["returned"].sum() > 0 < columns["recalled"].sum()


def test_what_is_recalled_belongs_to_the_customer():
    """The draws shift no other number, and each unit comes back with its probability."""
    demand = {
        "arrivals": {"period": {"every": 0.01}},
        "products": "mug",
        "size": {"poisson": {"mean": 10}},
    }
    recall = {"starts": 15, "within": 9, "share": 0.3, "repair": {"share": 0.5}}
    tapes = [
        streams.draw(shop((0, 1), recall=r).replace({"customers.a.demand": demand}), 1).columns
        for r in (recall, None)
    ]
    with_recall, without = tapes
    for name, column in without.items():
        assert (with_recall[name] == column).all()
    units, back = with_recall["units"].sum(), with_recall["recalled"].sum()
    for part, whole, share in (
        (back, units, 0.3),
        (with_recall["recalled_to_repair"].sum(), back, 0.5),
    ):
        assert abs(part - whole * share) < 4 * np.sqrt(whole * share * (1 - share))


def test_each_product_has_its_own_recall():
    """The cups are all back, the plates with their probability, the mugs not at all."""
    demand = {
        "arrivals": {"period": {"every": 0.01}},
        "products": {"mug": 1, "cup": 1, "plate": 1},
        "size": {"poisson": {"mean": 10}},
    }
    model = build(
        {"a": {"demand": demand}},
        products={
            "mug": {"recall": {"starts": 3}},
            "cup": {"recall": {"starts": 9, "within": 4}},
            "plate": {"recall": {"starts": 9, "within": 4, "share": 0.4}},
        },
        stock=[{"products": name} for name in ("mug", "cup", "plate")],
        suppliers={"maker": {"lead_time": 1}},
    )
    columns = streams.draw(model, 1).columns
    of = np.array([product for product, _ in model.stock_points])[columns["stock"]]
    sums = {
        name: (columns["units"][of == name].sum(), columns["recalled"][of == name].sum())
        for name in ("mug", "cup", "plate")
    }
    assert sums["mug"][1] == 0
    assert sums["cup"][1] == sums["cup"][0]
    units, back = sums["plate"]
    assert abs(back - 0.4 * units) < 4 * np.sqrt(units * 0.4 * 0.6)
