"""Metrics by group of products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backsim
from backsim.errors import InputError
from backsim.results.metrics import METRICS
from backsim.scenario.load import from_dict


def three(**groups: str) -> dict[str, Any]:
    """Three products, each with a backlog of its own; some of them in groups."""
    orders = [
        {"time": 1, "lines": {"mug": 4, "plate": 2}},
        {"time": 2, "lines": {"cup": 6}},
    ]
    return {
        "horizon": 10,
        "products": {
            n: {"group": groups[n]} if n in groups else {} for n in ("mug", "plate", "cup")
        },
        "suppliers": {"acme": {}},
        "customers": {"all": {"demand": {"orders": orders}}},
        "policy": {"reorder": "none"},
        "stock": [{"products": "*", "initial": 2}],
        "costs": {"holding": 1.0, "backorder_time": 2.0},
    }


def test_a_group_is_its_products_together() -> None:
    found = backsim.simulate(from_dict(three(mug="A", plate="B", cup="A")), seed=1).metrics
    assert found.get("fill_rate", "group", "A") == pytest.approx(4 / 10)
    assert found.get("fill_rate", "group", "B") == 1.0
    assert found.get("mean_backlog", "group", "A") == pytest.approx((2 * 9 + 4 * 8) / 10)
    whole = found["cost.total"]
    parts = [found.get("cost.total", "group", name) for name in "AB"]
    assert sum(parts) == pytest.approx(whole)


def test_products_of_no_group_count_in_none() -> None:
    found = backsim.simulate(from_dict(three(cup="A")), seed=1).metrics
    for name in METRICS:
        one, other = found.get(name, "group", "A"), found.get(name, "product", "cup")
        assert one == other or np.isnan([one, other]).all(), name
    with pytest.raises(InputError, match=r"expected a group \(A\), got 'B'"):
        found.get("fill_rate", "group", "B")


def test_waits_of_the_only_group_are_not_those_of_products_that_are_in_none() -> None:
    """Of the group all 4 units wait from day 1 to 4, while 6 others never wait."""
    values = three(mug="A")
    values["customers"]["all"]["demand"]["orders"][0]["lines"] = {"mug": 4}
    stock: list[dict[str, Any]] = [{"products": "*", "initial": 6}]
    stock += [{"products": "mug", "initial": 0, "inbound": [{"units": 4, "arrives": 4}]}]
    found = backsim.simulate(from_dict({**values, "stock": stock}), seed=1).metrics
    assert found["wait_p50"] == 0.0
    assert found.get("wait_p50", "group", "A") == found.get("wait_p50", "product", "mug") == 3.0


def test_without_groups_there_are_no_such_views() -> None:
    found = backsim.simulate(from_dict(three()), seed=1).metrics
    assert {dimension for dimension, _ in found.views} == {"", "class", "product", "site"}


def test_a_constraint_names_a_group() -> None:
    models = {"one": from_dict(three(mug="A")), "other": from_dict(three(mug="A"))}
    study = backsim.compare(
        models,
        replications=2,
        objective="minimise cost.total",
        constraints=["fill_rate[group:A] >= 0.4"],
    )
    assert study.array("fill_rate", "group", "A").tolist() == [[0.5, 0.5]] * 2
    assert "fill rate of group A >= 40 %" in study.finding
