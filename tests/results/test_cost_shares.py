"""Costs as shares of a price or of a unit cost, worked by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.errors import InputError
from backsim.hindsight.program import histories
from backsim.results.metrics import Metrics
from backsim.scenario.load import from_dict

ENGINES = ("simpy", "compiled")


def asks(time: float, **units: int) -> dict[str, Any]:
    return {"time": time, "site": "main", "lines": units}


SHOP: dict[str, Any] = {
    "horizon": 10,
    "products": {"mug": {"price": 10, "costs": {"purchase": 6}}, "cup": {"price": 20}},
    "suppliers": {"acme": {"lead_time": 20}},
    "customers": {
        "gold": {"demand": {"orders": [asks(2, mug=4), asks(4, mug=3, cup=1)]}},
        "web": {"demand": {"orders": [asks(5, mug=2, cup=2)]}},
    },
    "policy": {"reorder": {"rule": "base_stock", "S": 0}, "review": {"period": 50}},
    "stock": [{"initial": 0}, {"products": "mug", "initial": 5}],
}
"""5 mugs on hand for 2 days, 1 for 2 more; then 2 gold and 2 web mugs and 3 cups are missing."""


def played(changes: Mapping[str, Any], engine: Any = "simpy") -> Metrics:
    model = from_dict(SHOP, changes=changes)
    return backsim.simulate(model, seed=1, engine=engine).metrics


@pytest.mark.parametrize("engine", ENGINES)
def test_stock_costs_twenty_per_cent_of_its_unit_cost_a_year(engine: str) -> None:
    share = {"share": 0.2, "of": "unit_cost", "per": "year"}
    found = played({"costs.holding": share, "products.cup.costs.purchase": 9}, engine)
    held = (5 * 2 + 1 * 2) / 10
    assert found["cost.holding"] == pytest.approx(held * 0.2 * 6 / 365)
    assert found["cost.total"] == pytest.approx(held * 0.2 * 6 / 365)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lost_unit_costs_a_class_its_share_of_each_price(engine: str) -> None:
    """Gold misses 2 mugs and 1 cup, the web 2 mugs and 2 cups."""
    changes = {
        **{f"customers.{name}.tolerance": "none" for name in ("gold", "web")},
        "customers.gold.costs.lost_margin": {"share": 0.4, "of": "price"},
        "costs.lost_margin": {"share": 0.1, "of": "price"},
    }
    found = played(changes, engine)
    gold, web = 0.4 * (2 * 10 + 1 * 20), 0.1 * (2 * 10 + 2 * 20)
    assert found["cost.lost_margin"] == pytest.approx((gold + web) / 10)
    assert found.get("cost.lost_margin", "class", "gold") == pytest.approx(gold / 10)
    assert found.get("cost.lost_margin", "product", "cup") == pytest.approx(
        (0.4 * 20 + 0.1 * 2 * 20) / 10
    )


def test_waiting_costs_a_share_of_what_a_unit_costs_in_stock() -> None:
    """2 gold mugs wait 6 days, 2 of the web 5 days; a cup's own cost wins over the share."""
    share = {"share": 0.05, "of": "unit_cost", "per": "week"}
    found = played({"costs.backorder_time": share, "products.cup.costs.backorder_time": 0})
    assert found["cost.backorder_time"] == pytest.approx((2 * 6 + 2 * 5) * 0.05 * 6 / 7 / 10)


LAYERS = (
    ({"costs.lost_margin": 1}, 1.0),
    ({"products.mug.costs.lost_margin": {"share": 0.2, "of": "price"}}, 2.0),
    ({"stock[1].costs": {"lost_margin": 3}}, 3.0),
    ({"costs.lost_margin": {"web": 9, "gold": 4}}, 4.0),
    ({"customers.gold.costs.lost_margin": {"share": 0.5, "of": "price"}}, 5.0),
    ({"products.mug.costs.lost_margin": {"gold": 6}}, 6.0),
    ({"stock[1].costs": {"lost_margin": {"gold": {"share": 0.7, "of": "price"}}}}, 7.0),
)
"""Each wins over all before it."""


@pytest.mark.parametrize("specific", range(len(LAYERS)))
@pytest.mark.parametrize("general", range(len(LAYERS)))
def test_the_more_specific_cost_wins(general: int, specific: int) -> None:
    if general > specific:
        return
    (first, _), (second, cost) = LAYERS[general], LAYERS[specific]
    changes: dict[str, Any] = {**first, **second}
    model = from_dict(SHOP, changes=changes)
    at = model.classes.index("gold"), model.stock_points.index(("mug", "main"))
    assert model.costs["lost_margin"][at] == pytest.approx(cost)
    explicit = model.to_dict()
    again = from_dict(explicit)
    assert again.to_dict() == explicit
    assert again.costs["lost_margin"][at] == pytest.approx(cost)


def test_the_explicit_form_says_what_counts_at_each_stock_point() -> None:
    changes = {"costs": {"holding": 0.1}, "products.cup.costs.holding": 0.3}
    model = from_dict(SHOP, changes=changes)
    said = {p["products"][0]: p["costs"]["holding"] for p in model.to_dict()["stock"]}
    assert said == {"mug": 0.1, "cup": 0.3}
    assert "costs" not in model.to_dict()


def test_what_stands_in_one_place_stays_there() -> None:
    explicit = from_dict(SHOP, changes={"costs.holding": 0.1}).to_dict()
    assert explicit["costs"] == {"holding": 0.1}
    assert not any("costs" in point for point in explicit["stock"])


@pytest.mark.parametrize(
    ("unit", "years"),
    [("days", 365), ("hours", 8760), ("weeks", 365 / 7), ("months", 12), ("Years", 1)],
)
def test_a_year_is_a_year_in_every_unit_of_time(unit: str, years: float) -> None:
    share = {"share": 0.2, "of": "price", "per": "year"}
    model = from_dict(SHOP, changes={"time_unit": unit, "costs.holding": share})
    assert model.costs["holding"] == pytest.approx([0.2 * 10 / years, 0.2 * 20 / years])


def test_a_unit_of_time_of_one_s_own_has_no_year() -> None:
    share = {"share": 0.2, "of": "price", "per": "year"}
    with pytest.raises(InputError, match="not known how long a 'shift' is"):
        from_dict(SHOP, changes={"time_unit": "shifts", "costs.holding": share})
    share["per"] = "time_unit"
    model = from_dict(SHOP, changes={"time_unit": "shifts", "costs.holding": share})
    assert model.costs["holding"] == pytest.approx([2, 4])


def test_components_and_surcharges_are_in_the_unit_cost() -> None:
    changes = {
        "costs.holding": {"share": 0.1, "of": "unit_cost", "per": "time_unit"},
        "stock": [
            {"initial": 0, "supplier": {"supplier": "acme", "surcharge": 1}},
            {"products": "cup", "made_from": {"mug": 2}, "supplier": "acme"},
        ],
    }
    model = from_dict(SHOP, changes=changes)
    assert model.costs["holding"] == pytest.approx([0.1 * 7, 0.1 * 2 * 7])


def test_the_bound_in_hindsight_knows_the_costs_of_a_stock_point() -> None:
    model = from_dict(SHOP, changes={"stock[1].costs": {"holding": 0.7, "backorder_time": 3}})
    log = backsim.simulate(model, seed=1).log
    mugs = list(histories(model, log))[model.stock_points.index(("mug", "main"))]
    assert mugs.holding == 0.7
    np.testing.assert_array_equal(mugs.per_day, [3, 3])
