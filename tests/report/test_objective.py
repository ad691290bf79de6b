"""What is said of an objective that rewards running stock down or losing customers."""

from __future__ import annotations

from typing import Any

import pytest

import backsim
from backsim.scenario.load import from_dict


def asked(objective: str, price: float = 12, tolerance: Any = "none", **costs: float) -> str:
    model = from_dict(
        {
            "horizon": 30,
            "products": {"paper": {"price": price}},
            "suppliers": {"press": {"lead_time": 2}},
            "customers": {
                "reader": {
                    "demand": {"arrivals": {"poisson": {"rate": 3}}, "products": "paper"},
                    "tolerance": tolerance,
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 4}},
            "costs": {"holding": 1, **costs},
        }
    )
    more = model.replace({"policy.reorder.S": 6})
    study = backsim.compare({"few": model, "more": more}, replications=2, objective=objective)
    return "\n".join(w for w in study.warnings if "MSER" not in w)


@pytest.mark.parametrize("costs", [{"purchase": 5}, {"purchase": 5, "lost_margin": 7}])
def test_purchases_in_total_cost(costs: dict[str, float]) -> None:
    told = asked("minimise cost.total", **costs)
    assert "running stock down and losing customers look cheap: `maximise profit` is meant" in told


def test_purchases_in_total_cost_where_everybody_waits() -> None:
    told = asked("minimise cost.total", tolerance="unlimited", purchase=5)
    assert "running stock down looks cheap: `maximise profit` is meant" in told


def test_lost_customers_that_cost_nothing() -> None:
    told = asked("minimise cost.total")
    assert "customers of reader are lost and cost no lost margin" in told
    assert "`maximise profit` is meant, or set costs.lost_margin" in told
    assert "give every product its `price`" in asked("minimise cost.total", price=0)


def test_profit_without_prices() -> None:
    assert "no product has a price" in asked("maximise profit", price=0)


def test_which_products_have_no_price() -> None:
    model = from_dict(
        {
            "horizon": 30,
            "products": {"paper": {"price": 3}, "book": {}, "spare": {}},
            "suppliers": {"press": {"lead_time": 2}},
            "customers": {
                "reader": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 9}},
                        "products": ["paper", "book"],
                    },
                    "tolerance": "none",
                }
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 4}},
        }
    )
    more = model.replace({"policy.reorder.S": 6})
    study = backsim.compare(
        {"few": model, "more": more}, replications=2, objective="maximise profit"
    )
    told = "\n".join(study.warnings)
    assert "1 of 2 products has no price (book)" in told  # nobody orders spares


@pytest.mark.parametrize(
    ("objective", "tolerance", "costs"),
    [
        ("minimise cost.total", "unlimited", {}),
        ("minimise cost.total", "none", {"lost_margin": 7}),  # a lost unit costs what it is worth
        ("maximise profit", "none", {"purchase": 5}),
        ("maximise fill_rate", "none", {"purchase": 5}),
    ],
)
def test_nothing_is_said_of_an_objective_that_is_right(
    objective: str, tolerance: str, costs: dict[str, float]
) -> None:
    assert asked(objective, tolerance=tolerance, **costs) == ""


def test_an_objective_against_the_declared_direction() -> None:
    assert "maximise fairness: less of fairness is better, as it is declared" in asked(
        "maximise fairness"
    )
    assert "as it is declared" not in asked("minimise fairness")
