"""Metrics of small stories, computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backsim
from backsim.errors import InputError
from backsim.results.metrics import METRICS, Metrics, measure
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
        # lines: plates of gold and of silver; of value only mugs, which cost 5: 1 of 4
        ("line_fill_rate", "", "", 2 / 5),
        ("line_fill_rate", "class", "gold", 1 / 3),
        ("line_fill_rate", "product", "plate", 1.0),
        ("value_fill_rate", "", "", 1 / 4),
        ("value_fill_rate", "class", "silver", 0.0),
        # one mug arrives, on day 4, when two customers wait
        ("cycle_service", "", "", 0.0),
        ("stock_at_receipt", "product", "mug", -2.0),
        # shipments: gold on days 1 and 4, and on day 2; silver on day 2
        ("shipments_per_order", "", "", 4 / 4),
        ("shipments_per_order", "class", "gold", 3 / 3),
        # within 1 day 5 of 8; of the 7 units ordered by day 7 (and by day 3) 6 within 3 (and 7)
        ("shipped_within_1", "", "", 5 / 8),
        ("shipped_within_3", "", "", 6 / 7),
        ("shipped_within_3", "class", "silver", 1 / 2),
        ("shipped_within_7", "", "", 6 / 7),
        ("bullwhip", "", "", 0.0),  # nothing is purchased
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
        # of holding gold has the mugs' 0.1 and 3/4 of the plates' 1.6; it got 5 units, silver 1
        ("cost_to_serve", "", "", 10 * 7.1 / 6),
        ("cost_to_serve", "class", "gold", 10 * (0.1 + 1.2 + 2 + 3 * 0.4) / 5),
        ("cost_to_serve", "class", "silver", 10 * (0.4 + 3 * 0.5 + 0.7) / 1),
        ("revenue", "", "", 5 * 2 / 10),
        ("profit", "", "", 1 - 1.7 - 2 - 2.7),
    ],
)
def test_story(metrics: Metrics, name: str, dimension: str, member: str, value: float) -> None:
    assert metrics.get(name, dimension, member) == pytest.approx(value, abs=1e-12)


def test_an_age_that_no_order_has_reached_is_not_known(metrics: Metrics) -> None:
    assert np.isnan(metrics["shipped_within_14"])


def one_product(rows: list[tuple[float, int]], **fields: Any) -> Metrics:
    demand = {"orders": [{"time": t, "lines": {"mug": n}} for t, n in rows]}
    scenario = {
        "horizon": 10,
        "products": "mug",
        "suppliers": {"acme": {"lead_time": 2}},
        "customers": {"all": {"demand": demand}},
        "policy": {"reorder": {"rule": "base_stock", "S": 3}},
    }
    return backsim.simulate(from_dict({**scenario, **fields}), seed=1).metrics


def test_cycles_in_which_nobody_had_to_wait() -> None:
    # Arrivals on days 3, 4 and 8.  Until day 3 two are ordered, of which three are in stock; on
    # day 2 two more, of which one waits; nothing is ordered from day 4 to day 8, except on day 6.
    found = one_product([(1, 2), (2, 2), (6, 1)])
    assert found["cycle_service"] == pytest.approx(2 / 3)
    assert found["stock_at_receipt"] == pytest.approx((-1 + 1 + 2) / 3)
    lost = {"all": {"demand": {"orders": [{"time": 1, "lines": {"mug": 4}}]}, "tolerance": "none"}}
    assert one_product([], customers=lost)["cycle_service"] == 0


def test_cycles_count_from_the_end_of_the_warm_up() -> None:
    found = one_product([(1, 2), (2, 2), (6, 1)], warm_up=4)
    assert found["stock_at_receipt"] == pytest.approx((1 + 2) / 2)  # on days 4 and 8


def test_what_leaves_at_one_instant_is_one_shipment() -> None:
    demand = {"orders": [{"time": 1, "lines": {"mug": 5, "plate": 2}}]}
    found = one_product(
        [],
        products=["mug", "plate"],
        stock=[{"products": "*"}, {"products": "plate", "initial": 1}],
        customers={"all": {"demand": demand}},
    )
    # Day 1: three mugs and a plate; day 2: the plate that was ordered on day 0; day 3: two mugs.
    assert found["shipments_per_order"] == 3


def test_purchases_vary_as_demand_does_under_base_stock() -> None:
    rows = [(0.5, 1), (2.5, 3), (5.5, 2)]
    assert one_product(rows)["bullwhip"] == pytest.approx(1.0)
    lots = {"reorder": {"rule": "r_nQ", "r": 0, "Q": 6}}
    # Demand 1, 0, 3, 0, 0, 2: of six 10-day totals mean 0.6, mean square 1.4; one lot of 6: 3.6.
    found = one_product(rows, policy=lots)
    assert found["bullwhip"] == pytest.approx((3.6 - 0.36) / (1.4 - 0.36))


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


@pytest.mark.parametrize("sites", [["centre"], ["centre", "north"]])
def test_without_views_of_places_the_rest_is_the_same(sites: list[str]) -> None:
    """Bit for bit, for every metric; with several stock points and with the only one."""
    model = from_dict(
        {
            "horizon": 60,
            "products": "mug",
            "sites": sites,
            "suppliers": {"acme": {"lead_time": {"exponential": {"mean": 4}}}},
            "customers": {
                name: {
                    "demand": {
                        "arrivals": {"poisson": {"rate": 2}},
                        "products": "mug",
                        "sites": sites,
                    },
                    "tolerance": {"exponential": {"mean": 5}},
                }
                for name in ("gold", "web")
            },
            "policy": {"reorder": {"rule": "s_S", "s": 8, "S": 12}, "notice": "at_order"},
            "costs": {"holding": 1, "backorder_time": 2, "purchase": 3},
        }
    )
    log = backsim.simulate(model, seed=1).log
    whole, some = measure(model, log), measure(model, log, by_place=False)
    assert some.views == (("", ""), ("class", "gold"), ("class", "web"))
    for name, values in some.values.items():
        np.testing.assert_array_equal(values, whole.values[name][: len(values)], err_msg=name)
