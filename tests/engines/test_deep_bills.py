"""Deep bills of material: very many units of a component go into one unit of a product."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from backsim import simulate
from backsim.engines.log import records
from backsim.engines.setup import set_up
from backsim.entities import Ancestor
from backsim.errors import InputError
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model


def bill(depth: int, each: int, rule: str = "echelon_base_stock") -> Model:
    """A product made from `each` units of the next one, and so on, `depth` times."""
    names = [f"part {level}" for level in range(depth + 1)]
    stock: list[dict[str, Any]] = [
        {"products": name, "made_from": {part: each}, "reorder": {"rule": "base_stock", "S": 3}}
        for name, part in pairwise(names)
    ]
    last = {"products": names[-1], "reorder": {"rule": rule, "S": 2_000_000_000}, "lead_time": 2}
    return from_dict(
        {
            "horizon": 20,
            "products": names,
            "suppliers": {"maker": {}},
            "customers": {
                "a": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": names[0]}}
            },
            "stock": [*stock, last],
        }
    )


@pytest.mark.parametrize(("depth", "each"), [(3, 1000), (2, 30_000), (1, 1_000_000_000)])
def test_an_echelon_counts_in_64_bits(depth: int, each: int):
    model = bill(depth, each)
    setup = set_up(model)
    table = records(Ancestor, setup.ancestors)
    assert table["units"].max() == each**depth
    run = simulate(model, seed=1, engine="simpy")
    positions = np.array([node.echelon for node in setup.nodes])
    assert (positions > 0).all()
    assert run.metrics["orders_per_day"] > 0


def test_what_64_bits_do_not_hold_is_refused_with_the_field():
    with pytest.raises(InputError, match=r"stock\[0\]\.made_from: expected at most .* for an ech"):
        bill(4, 1000)


def test_without_an_echelon_rule_nothing_is_counted_in_other_units():
    run = simulate(bill(4, 1000, rule="base_stock"), seed=1, engine="simpy")
    assert run.metrics["orders_per_day"] > 0
