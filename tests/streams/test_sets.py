"""Orders of sets: one line of each product, as in assemble-to-order systems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import backsim
from backsim.errors import InputError
from backsim.scenario.demand.laws import flows
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.streams import draw

RATE, DAYS, LEVEL = 2.0, 3.0, 8


def workshop(horizon: float = 60, **entry: Any) -> Model:
    """Bicycles of a frame and a wheel, and wheels alone; a base stock of each."""
    bicycles = {
        "arrivals": {"poisson": {"rate": RATE}},
        "products": ["frame", "wheel"],
        "together": True,
        **entry,
    }
    wheels = {"arrivals": {"poisson": {"rate": 1}}, "products": "wheel", "size": 2}
    return from_dict(
        {
            "horizon": horizon,
            "warm_up": horizon / 20,
            "products": ["frame", "wheel"],
            "suppliers": {"maker": {"lead_time": DAYS}},
            "customers": {"cyclists": {"demand": bicycles}, "shops": {"demand": wheels}},
            "policy": {"reorder": {"rule": "base_stock", "S": LEVEL}},
        }
    )


def test_each_order_has_a_line_of_each_product() -> None:
    model = workshop(size={"geometric": {"mean": 2}})
    tape = draw(model, 1)
    own = tape.columns["customer_class"] == 0
    heads, lines = np.unique(tape.columns["head"][own], return_counts=True)
    assert len(heads) > 50
    assert set(lines) == {2}
    assert tape.columns["stock"][own].tolist() == [0, 1] * len(heads)
    assert len(set(tape.columns["units"][own])) > 2  # each line has a size of its own


def test_what_is_expected_of_an_order_of_a_set() -> None:
    model = workshop()
    assert model.expected_orders == pytest.approx(60 * (RATE + 1))
    assert mean_demand(model.scenario, {}) == {("frame", "main"): RATE, ("wheel", "main"): RATE + 2}
    found = flows(model.scenario, {})
    assert found["frame", "main"][0].units.tolist() == [0.0, 1.0]
    tape = draw(model.replace(horizon=5000), 1)
    units = np.bincount(tape.columns["stock"], tape.columns["units"]) / 5000
    assert units == pytest.approx([RATE, RATE + 2], rel=0.05)


def test_orders_of_a_set_are_filled_together() -> None:
    """Frames and wheels of the same orders are short together: as often as one of them is.

    With a base stock and a fixed lead time an order is filled if fewer than S came in the lead
    time before it (Palm); were lines of two orders, it would be the square of that.
    """
    model = workshop(horizon=10_000)
    values = model.to_dict()
    del values["customers"]["shops"]
    run = backsim.simulate(from_dict(values), seed=1)
    filled = stats.poisson.cdf(LEVEL - 1, RATE * DAYS)
    assert run.metrics["order_fill_rate"] == pytest.approx(filled, abs=0.02)
    assert filled**2 < filled - 0.1


def test_lines_and_together_do_not_go_together() -> None:
    with pytest.raises(InputError, match="no `lines` with `together`"):
        workshop(lines=2)
