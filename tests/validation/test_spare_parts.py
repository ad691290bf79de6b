"""Kranenburg's spare parts: the published mixtures of two stocks from the values of whole ones.

With separate stock points each is a loss system; with at most one part per stock point and lateral
transshipment the parts that are out are one loss system with the demand of all, and by symmetry a
customer finds one at hand with probability E[on hand] / stock points.  The published stock is mixed
of the two whole ones next to the target for the mean wait.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backsim.validation import answers

COLLECTION = Path(__file__).parents[2].parent / "shared" / "opt_answers.json"
HOLDING, LATERAL, EMERGENCY = 10.0, 500.0, 1000.0
EMERGENCY_TIME = 2.0

Figures = tuple[float, float, float]
"""Mean wait, cost per unit of time, and stock."""


def loss(servers: int, load: float) -> float:
    """Erlang's loss formula."""
    found = 1.0
    for n in range(1, servers + 1):
        found = load * found / (n + load * found)
    return found


def separate(model: dict[str, Any], parts: int) -> Figures:
    """Every stock point has that many parts."""
    rate, points = model["demand_rate_per_local_warehouse"], model["num_local_warehouses"]
    lost = loss(parts, rate * model["regular_replenishment_time"])
    cost = points * (HOLDING * parts + EMERGENCY * rate * lost)
    return EMERGENCY_TIME * lost, cost, points * parts


def pooled(model: dict[str, Any], parts: int) -> Figures:
    """That many parts in all."""
    rate, points = model["demand_rate_per_local_warehouse"], model["num_local_warehouses"]
    load = points * rate * model["regular_replenishment_time"]
    lost = loss(parts, load)
    sent = 1 - lost - (parts - load * (1 - lost)) / points
    wait = model["lateral_transshipment_time"] * sent + EMERGENCY_TIME * lost
    cost = HOLDING * parts + points * rate * (LATERAL * sent + EMERGENCY * lost)
    return wait, cost, parts


def mixed(figures: Any, model: dict[str, Any]) -> tuple[float, float]:
    """(stock, cost) of the cheapest mixture of whole stocks that keeps the target."""
    target, parts = model["waiting_time_target"], 0
    while figures(model, parts)[0] > target:
        parts += 1
    (above, *low), (below, *high) = figures(model, parts - 1), figures(model, parts)
    share = (above - target) / (above - below)
    stock_and_cost = [a + share * (b - a) for a, b in zip(low, high, strict=True)]
    return stock_and_cost[1], stock_and_cost[0]


@pytest.mark.skipif(not COLLECTION.exists(), reason="the collection of known answers is not there")
def test_the_published_mixtures() -> None:
    rows = [
        row
        for row in json.loads(COLLECTION.read_text(encoding="utf-8"))
        if row["family"] == "23_spare_parts_transshipment"
    ]
    assert len(rows) == 70
    for row in rows:
        model = row["model"]
        if row["instance"].endswith("j_equal_mtotal_3"):
            # In the other rows of this kind the demand of all is 0.01; only so does it fit here.
            model = {**model, "demand_rate_per_local_warehouse": 0.01 / 3}
        (R1, C1), (R3, C3) = mixed(separate, model), mixed(pooled, model)
        known = {"total_stock_R1": R1, "total_cost_C1": C1, "total_stock_R3": R3}
        known |= {"total_cost_C3": C3, "cost_ratio": C1 / C3}
        assert known[row["metric"]] == pytest.approx(row["value"], abs=row["tolerance"]), row["id"]


@pytest.mark.parametrize(("name", "points", "rate"), [("LT3", 3, 0.01 / 3), ("LT5", 5, 0.002)])
def test_the_files_have_the_figures_of_whole_stocks(name: str, points: int, rate: float) -> None:
    model = {
        "demand_rate_per_local_warehouse": rate,
        "num_local_warehouses": points,
        "regular_replenishment_time": 10.0,
        "lateral_transshipment_time": 0.5,
    }
    found = {answer.metric: answer.value for answer in answers() if answer.instance == name}
    stocks = sorted({int(metric.split("_")[1]) for metric in found})
    for parts in stocks:
        wait, cost, _ = pooled(model, parts)
        assert found[f"wait_{parts}"] == pytest.approx(wait, abs=1e-12)
        assert found[f"cost_{parts}"] == pytest.approx(cost, abs=1e-9)
