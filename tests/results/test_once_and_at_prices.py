"""Metrics that have counted a thing twice, or at another price: each reckoned by hand."""

from __future__ import annotations

from typing import Any

import pytest

import backsim
from backsim.scenario.load import from_dict

ENGINES = pytest.mark.parametrize("engine", ["simpy", "compiled"])
MAKER = {"w": {"lead_time": 5}}


def metrics(engine: str, **scenario: Any) -> Any:
    model = from_dict({"horizon": 30, "suppliers": MAKER, **scenario})
    return backsim.simulate(model, seed=1, engine=engine).metrics


def orders(*placed: tuple[float, dict[str, int]], **more: Any) -> dict[str, Any]:
    demand = {"orders": [{"time": time, "lines": lines} for time, lines in placed]}
    return {"c": {"demand": demand, **more}}


@ENGINES
@pytest.mark.parametrize("beside", [{}, {"b": 1}])
def test_what_several_purchases_of_an_instant_bring_leaves_in_one_shipment(
    engine: str, beside: dict[str, int]
) -> None:
    """Ten units are bought in lots of two, which arrive together."""
    found = metrics(
        engine,
        products=["a", "b"],
        customers=orders((1, {"a": 10, **beside}), costs={"shipment": 30}),
        policy={"reorder": {"rule": "capped_base_stock", "S": 0, "cap": 2}},
    )
    assert found["shipments_per_order"] == 1
    assert found["cost.shipment"] == pytest.approx(1.0)


@ENGINES
def test_what_leaves_later_is_a_shipment_of_its_own(engine: str) -> None:
    """Three units from stock, then two purchases of one day."""
    found = metrics(
        engine,
        products="a",
        customers=orders((1, {"a": 5})),
        policy={"reorder": "none"},
        stock=[{"products": "a", "initial": 3, "inbound": [{"arrives": 4, "units": 1}] * 2}],
    )
    assert found["shipments_per_order"] == 2


@ENGINES
def test_value_is_at_the_prices_of_each_product_s_own_units(engine: str) -> None:
    """10 kg in quarters at 1 a kg from stock, 10 pans at 10 each not: 10 of 110."""
    found = metrics(
        engine,
        products={"flour": {"unit": "kg", "smallest": 0.25, "price": 1}, "pan": {"price": 10}},
        customers=orders((1, {"flour": 10}), (2, {"pan": 10})),
        policy={"reorder": "none"},
        stock=[{"products": "flour", "initial": 10}, {"products": "pan", "initial": 0}],
    )
    assert found["value_fill_rate"] == pytest.approx(1 / 11)


@ENGINES
def test_value_is_at_the_prices_of_the_day_of_the_order(engine: str) -> None:
    """10 at 1 from stock, and 10 at 9 that are not there: 10 of 100."""
    found = metrics(
        engine,
        products={"a": {"price": 1, "prices": [{"starts": 5, "price": 9}]}},
        customers=orders((1, {"a": 10}), (6, {"a": 10})),
        policy={"reorder": "none"},
        stock=[{"products": "a", "initial": 10}],
    )
    assert found["value_fill_rate"] == pytest.approx(0.1)


@pytest.mark.parametrize("name", ["bicycle_assembly", "ventilators", "substitute_or_not"])
def test_what_it_costs_to_serve_the_classes_adds_up(name: str) -> None:
    """Costs of components and substitutes are somebody's, too."""
    model = backsim.load(f"scenarios/{name}.yaml")
    found = backsim.simulate(model, seed=1).metrics
    shares = [
        found.get("cost_to_serve", "class", c) * found.get("shipped_per_day", "class", c)
        for c in model.scenario.customers
    ]
    expected = found["cost_to_serve"] * found["shipped_per_day"]
    assert sum(shares) == pytest.approx(expected)
