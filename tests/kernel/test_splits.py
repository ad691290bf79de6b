"""The units of a line from several sites, where none has all of them.

Customers of the north; there is one mug in the north, two in the south and four in the west.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from tests.kernel.test_networks import at, base
from tests.models import build, play, tell

from backsim.engines.log import Log
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model

SITES = ("north", "south", "west")


def shops(*rows: tuple[float, Any], split: Any = "units", **fields: Any) -> Model:
    serving = {"sites": ["south", "west"], "split": split}
    customer = at("north", *rows, served_by=serving, **fields.pop("customer", {}))
    return build(
        {"a": customer},
        products={"mug": {"price": 10}},
        sites={site: fields.pop(f"{site}_site", {}) for site in SITES},
        suppliers={"maker": {"lead_time": 2}},
        stock=[
            {"sites": [site], "initial": initial, **fields.pop(site, {})}
            for site, initial in zip(SITES, (1, 2, 4), strict=True)
        ],
        **fields,
    )


def split(log: Log) -> list[tuple[int, int, int]]:
    """(line, place of the site, units) of what further sites served."""
    first = len(log.stocks) - len(SITES)
    return [(int(r["line"]), int(r["stock"]) - first, int(r["units"])) for r in log.splits]


def played(model: Model) -> Log:
    log = play(model)
    check_ledger(model, log)
    return log


def test_each_site_serves_what_it_has_in_order():
    log = played(shops((1, 5)))
    assert split(log) == [(0, 1, 2), (0, 2, 2)]
    assert tell(log) == ["1 order 0 5", "1 ship 0 1", "1 ship 0 2", "1 ship 0 2"]
    assert log.lines[["filled", "shipped", "closed"]].tolist() == [(5, 5, 1.0)]
    assert log.stocks["on_hand"][-3:].tolist() == [0, 0, 2]


def test_the_fewest_parts():
    """The west alone has the four that the north has not; in order the south would send two."""
    log = played(shops((1, 5), split="fewest_parts"))
    assert split(log) == [(0, 2, 4)]
    assert split(played(shops((1, 5)))) == [(0, 1, 2), (0, 2, 2)]


def test_the_fewest_parts_end_with_the_first_site_that_has_the_rest():
    """Of six: one in the north, four in the west, which has most, and the last one in the south."""
    log = played(shops((1, 6), split="fewest_parts"))
    assert split(log) == [(0, 2, 4), (0, 1, 1)]
    assert log.stocks["on_hand"][-3:].tolist() == [0, 1, 0]
    full = played(shops((1, 5), split="fewest_parts", south={"initial": 4}))
    assert split(full) == [(0, 1, 4)]  # both have four: the first one in order


@pytest.mark.parametrize("seed", range(5))
def test_no_smaller_set_of_sites_has_all_of_a_line(seed: int):
    """Against all sets of sites."""
    random = np.random.default_rng(seed)
    initial = random.integers(0, 6, 5).tolist()
    wanted = int(random.integers(1, max(2, sum(initial))))
    sites = [f"s{i}" for i in range(len(initial))]
    customer = at(sites[0], (1, wanted), served_by={"split": "fewest_parts"})
    stock = [{"sites": [s], "initial": n} for s, n in zip(sites, initial, strict=True)]
    log = played(build({"a": customer}, sites=sites, suppliers={"maker": {}}, stock=stock))
    rest = wanted - initial[0]
    others = range(1, len(sites))
    enough = (
        size
        for size in range(len(sites))
        for some in combinations(others, size)
        if sum(initial[i] for i in some) >= rest
    )
    whole = any(n >= wanted for n in initial)
    parts = len(log.splits) + (len(log.reroutes) > 0)
    assert parts == (int(initial[0] < wanted) if whole else next(enough))
    assert log.lines["filled"].tolist() == [wanted]


def test_one_site_that_has_all_comes_first():
    assert split(played(shops((1, 4)))) == []
    assert split(played(shops((1, 5), split=True))) == []


def test_what_none_of_them_has_waits_where_it_was_ordered():
    log = played(shops((1, 9), north={"inbound": [{"units": 2, "arrives": 3}]}))
    assert split(log) == [(0, 1, 2), (0, 2, 4)]
    assert [(s["time"], s["units"]) for s in log.shipments] == [(3.0, 2)]
    assert log.stocks["backlog"][-3:].tolist() == [0, 0, 0]


def test_who_does_not_wait_takes_what_there_is():
    log = played(shops((1, 9), customer={"tolerance": "none"}))
    assert log.lines[["filled", "left"]].tolist() == [(7, 2)]


def test_each_site_orders_what_it_has_sent():
    levels = {site: {"reorder": base(level)} for site, level in zip(SITES, (1, 2, 4), strict=True)}
    log = played(shops((1, 5), **levels))
    first = len(log.stocks) - len(SITES)
    bought = [(int(p["stock"]) - first, int(p["units"])) for p in log.purchases]
    assert sorted(bought) == [(0, 1), (1, 2), (2, 2)]


def test_units_that_are_not_free_stay():
    """Rationing keeps the last mug of the west, and others wait in the south."""
    kept = {"rule": "critical_level", "levels": {"a": 3}}
    model = shops((1, 5), west={"rationing": kept})
    assert split(played(model)) == [(0, 1, 2), (0, 2, 1)]


def test_money_and_measures():
    """Three parcels of 4, two parts more than one of 1.5, and 5 for each of four units."""
    costs = {"shipment": 4, "split": 1.5, "reroute": 5, "purchase": 3}
    model = shops((1, 5), costs=costs, horizon=10, west={"costs": {"purchase": 6}})
    found = measure(model, played(model))
    assert found["shipments_per_order"] == 3
    assert found["cost.shipment"] == pytest.approx(12 / 10)
    assert found["cost.split"] == pytest.approx(3 / 10)
    assert found["cost.reroute"] == pytest.approx(20 / 10)
    assert found["rerouted_rate"] == 4 / 5
    assert found.get("cost.shipment", "site", "west") == pytest.approx(4 / 10)
    assert found.get("cost.split", "site", "north") == 0
    assert found["fill_rate"] == 1
    assert found["revenue"] == pytest.approx(50 / 10)
    assert found["cost_of_goods_sold"] == pytest.approx((3 * 3 + 2 * 6) / 10)


def test_a_line_waits_for_nobody_else():
    """Two lines of an order: the plate is nowhere, the mugs leave from three sites."""
    model = build(
        {"a": at("north", (1, {"mug": 5, "plate": 1}), served_by={"split": "units"})},
        products=("mug", "plate"),
        sites=SITES,
        stock=[
            {"sites": [site], "products": [product], "initial": initial if product == "mug" else 0}
            for site, initial in zip(SITES, (1, 2, 4), strict=True)
            for product in ("mug", "plate")
        ],
    )
    log = played(model)
    assert log.lines["filled"].tolist() == [5, 0]
    assert log.lines["lines_open"][0] == 1


@pytest.mark.parametrize(
    ("rows", "south", "days", "otif"),
    [
        # Of six mugs three leave the south, on Tuesday at 0:00.
        (((0.5, 6),), {"shipping": "market"}, 3 * 0.5 / 6, 0.0),
        # The south serves the first two alone and one of six; its carrier takes one per day.
        (((0.5, 2), (0.5, 6)), {"shipping": {"capacity": 1}}, 0.5 / 8, 0.5),
    ],
)
def test_each_site_ships_by_its_own_calendar(rows: Any, south: Any, days: float, otif: float):
    calendars = {"market": {"weekdays": ["tuesday"]}}
    model = shops(
        *rows,
        south={"initial": 3},
        south_site=south,
        customer={"due_in": 0.25},
        start="2024-01-01",  # a Monday
        calendars=calendars,
    )
    metrics = measure(model, played(model))
    assert metrics["delivery_time"] == pytest.approx(days)
    assert metrics["otif"] == otif
