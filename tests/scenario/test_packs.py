"""Packs: customers order whole packs, and the size of a line counts them."""

from __future__ import annotations

from typing import Any

import pytest

from backsim.scenario import from_dict
from backsim.scenario.demand.laws import flows, moments_of
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.model import Model
from backsim.streams import draw


def shop(**mug: Any) -> Model:
    return from_dict(
        {
            "horizon": 400,
            "products": {"mug": mug, "plate": {}},
            "suppliers": {"maker": {"lead_time": 5}},
            "customers": {
                "all": {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 5}},
                        "products": ["mug", "plate"],
                        "size": {"geometric": {"mean": 2}},
                    }
                }
            },
            "policy": {"reorder": {"rule": "s_S", "s": 50, "S": 200}},
        }
    )


def test_lines_are_packs_of_their_product_and_else_as_before():
    plain, packed = (draw(model, 1).columns for model in (shop(), shop(pack=12)))
    mugs = plain["stock"] == 0
    assert (packed["units"][mugs] == 12 * plain["units"][mugs]).all()
    for name in plain:
        assert (packed[name][~mugs] == plain[name][~mugs]).all(), name


def test_mean_and_law_of_demand_count_units():
    model = shop(pack=12)
    rates = mean_demand(model.scenario, {})
    assert rates["mug", "main"] == pytest.approx(2.5 * 2 * 12)
    assert rates["plate", "main"] == pytest.approx(2.5 * 2)
    (flow,) = flows(model.scenario, {})["mug", "main"]
    assert flow.mean == pytest.approx(60)
    assert moments_of(flow.units)[1] == pytest.approx(144 * (0.5 * (2 + 4) - 1))


def test_a_scenario_without_packs_is_written_as_before():
    assert "pack" not in shop().to_dict()["products"]["mug"]
    assert shop(pack=12).to_dict()["products"]["mug"]["pack"] == 12
