"""Metrics of small stories, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import backsim
from backsim.errors import InputError
from backsim.results.metrics import METRICS, Metrics
from backsim.results.summary import summarise
from backsim.scenario.load import from_dict

STORY = {
    "horizon": 10,
    "products": {"mug": {"price": 5}, "plate": {"costs": {"holding": 2}}},
    "suppliers": {"acme": {}},
    "customers": {
        "gold": {
            "demand": {
                "orders": [
                    {"time": 1, "lines": {"mug": 2}},  # 1 at once, 1 on day 4
                    {"time": 2, "lines": {"plate": 3}},  # at once
                    {"time": 9, "lines": {"mug": 1}},  # still waits
                ]
            },
            "due_in": 2,
            "costs": {"backorder_unit": 10},
        },
        "silver": {
            "demand": {"orders": [{"time": 2, "lines": {"mug": 1, "plate": 1}}]},
            "tolerance": 5,  # the mug is cancelled on day 7
            "priority": 2,
            "costs": {"lost_margin": 7},
        },
    },
    "policy": {"reorder": "none", "priority": "class_priority"},
    "stock": [
        {"products": "*", "initial": 1},
        {"products": "plate", "initial": 4},
        {"products": "mug", "inbound": [{"units": 1, "arrives": 4}]},
    ],
    "costs": {"holding": 1, "backorder_time": 3},
}


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    return backsim.simulate(from_dict(STORY), seed=1).metrics


@pytest.mark.parametrize(
    ("name", "dimension", "member", "value"),
    [
        # units: gold 6 (4 at once), silver 2 (1 at once)
        ("fill_rate", "", "", 5 / 8),
        ("fill_rate", "class", "gold", 4 / 6),
        ("fill_rate", "class", "silver", 1 / 2),
        ("fill_rate", "product", "mug", 1 / 4),
        ("fill_rate", "product", "plate", 1.0),
        # orders: plates of gold; due by day 10 are three (gold day 3 and 4, silver day 2)
        ("order_fill_rate", "", "", 1 / 4),
        ("otif", "", "", 1 / 3),
        ("otif", "class", "gold", 1 / 2),
        ("otif", "class", "silver", 0.0),
        # gold 1 unit 3 days and 1 unit 1 day so far; the mug that silver cancelled does not count
        ("mean_wait", "", "", 4 / 7),
        ("mean_wait", "class", "gold", 4 / 6),
        ("mean_wait", "class", "silver", 0.0),
        ("backorder_age", "", "", 2.0),
        ("still_waiting_rate", "", "", 1 / 8),
        ("longest_wait", "", "", 3.0),
        ("wait_p50", "", "", 0.0),
        ("wait_p90", "", "", 3.0),
        ("cancel_rate", "", "", 1 / 8),
        ("cancel_rate", "class", "silver", 1 / 2),
        ("lost_rate", "", "", 0.0),
        # waiting: gold 1 unit days 1-4 and 1 unit days 9-10, silver 1 unit days 2-7
        ("mean_backlog", "", "", 0.9),
        ("backlog_growth", "", "", 3 / 5 - 6 / 5),
        ("mean_backlog", "class", "gold", 0.4),
        ("mean_backlog", "product", "plate", 0.0),
        # on hand: mug 1 until day 1; plates 4 until day 2
        ("mean_on_hand", "product", "mug", 0.1),
        ("mean_on_hand", "product", "plate", 0.8),
        ("mean_on_order", "", "", 0.4),
        ("ready_rate", "product", "mug", 0.1),
        ("ready_rate", "", "", 0.15),
        ("clear_rate", "product", "mug", 0.3),
        ("mean_net_stock", "product", "mug", -0.8),
        ("orders_per_day", "", "", 0.4),
        ("purchases_per_day", "", "", 0.0),
        ("cost.holding", "", "", 0.1 * 1 + 0.8 * 2),
        ("cost.backorder_unit", "", "", 10 * 2 / 10),
        ("cost.backorder_time", "", "", 3 * 0.9),
        ("cost.lost_margin", "", "", 7 * 1 / 10),
        ("cost.total", "", "", 1.7 + 2 + 2.7 + 0.7),
        ("revenue", "", "", 5 * 2 / 10),
        ("profit", "", "", 1 - 1.7 - 2 - 2.7),
    ],
)
def test_story(metrics: Metrics, name: str, dimension: str, member: str, value: float) -> None:
    assert metrics.get(name, dimension, member) == pytest.approx(value, abs=1e-12)


def test_warm_up_counts_later_orders_only() -> None:
    late = from_dict({**STORY, "warm_up": 1.5})
    metrics = backsim.simulate(late, seed=1).metrics
    assert metrics["fill_rate"] == pytest.approx(4 / 6)
    assert metrics["mean_backlog"] == pytest.approx((2.5 + 5 + 1) / 8.5)
    assert metrics.get("mean_on_hand", "product", "plate") == pytest.approx(4 * 0.5 / 8.5)
    assert metrics.get("mean_on_hand", "product", "mug") == 0


def test_every_metric_is_defined_and_has_a_value(metrics: Metrics) -> None:
    assert set(metrics) == set(METRICS)
    assert metrics.frame()["value"].notna().all()


def test_unknown_names(metrics: Metrics) -> None:
    with pytest.raises(InputError, match="expected a metric"):
        metrics["fillrate"]
    with pytest.raises(InputError, match="expected a class"):
        metrics.get("fill_rate", "class", "bronze")


def test_summary_over_replications() -> None:
    model = from_dict(
        {
            **STORY,
            "customers": {
                "only": {"demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "mug"}}
            },
            "policy": {"reorder": {"rule": "base_stock", "S": 3}},
            "suppliers": {"acme": {"lead_time": 1}},
            "stock": [{"products": "*"}],
        }
    )
    runs = list(backsim.replicate(model, seed=1, replications=5))
    summary = summarise(iter(runs))
    values = [run.metrics["fill_rate"] for run in runs]
    assert summary.get("fill_rate").mean == pytest.approx(np.mean(values))
    assert summary.get("fill_rate").count == 5
    assert summary.get("fill_rate").half_width > 0
    assert len({run.seed for run in runs}) == 1
    assert [run.replication for run in runs] == [0, 1, 2, 3, 4]
