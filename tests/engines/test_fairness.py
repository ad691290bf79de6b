"""Fairness between classes in a simulation holds nobody down for what is not there."""

from __future__ import annotations

import pytest

import backsim

SCENARIO = """
horizon: 40
products: [x, y]
suppliers: {s: {lead_time: 50}}
customers:
  gold: {demand: {orders: [{time: 2, lines: {x: 10}}]}}
  silver: {demand: {orders: [{time: 1, lines: {y: 10}}]}}
policy: {reorder: none, priority: {rule: lp, scope: site, fairness: 0.2}}
stock:
  - {products: x, initial: 0, inbound: [{units: 10, arrives: 3}]}
  - {products: y, initial: 0, inbound: [{units: 10, arrives: 30}]}
"""


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
def test_units_of_no_use_to_others_are_not_kept(tmp_path, engine: str):
    """Gold waits a day for x; that silver waits for y until day 30 is none of its business."""
    file = tmp_path / "fair.yaml"
    file.write_text(SCENARIO)
    run = backsim.simulate(backsim.load(file), seed=1, engine=engine)
    assert run.metrics.get("mean_wait", "class", "gold") == pytest.approx(1.0)
    assert run.metrics.get("mean_wait", "class", "silver") == pytest.approx(29.0)
