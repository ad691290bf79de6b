"""The models of SimOpt's problems: the same costs as the library's, programmed again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backsim
from backsim.scenario.load import load

MODELS = Path(__file__).parents[2] / "experiments" / "search" / "models"

Floats = Any


def sscont(s: float, S: float, replications: int) -> Floats:
    """Mean cost per day of each replication.

    Source: simoptlib 1.2.4, simopt/models/sscont.py (SSCont.replicate), all replications together.
    """
    random = np.random.default_rng(11)
    days, warm_up = 120, 20
    demand = random.exponential(100.0, (replications, days))
    lead = random.poisson(6.0, (replications, days))
    arriving = np.zeros((replications, days + 60))
    stock, outstanding = np.full(replications, float(s)), np.zeros(replications)
    cost = np.zeros(replications)
    for day in range(days):
        start = stock + arriving[:, day]
        outstanding -= arriving[:, day]
        stock = start - demand[:, day]
        position = stock + outstanding
        order = np.where(position < s, S - position, 0.0)
        np.add.at(arriving, (np.arange(replications), day + 1 + lead[:, day]), order)
        outstanding += order
        if day >= warm_up:
            short = np.clip(np.minimum(demand[:, day], -stock), 0.0, None)
            cost += 4.0 * short + 36.0 * (order > 0) + 2.0 * order + np.maximum(stock, 0.0)
    return cost / (days - warm_up)


def dualsourcing(express: int, regular: int, replications: int) -> Floats:
    """Mean cost per day of each replication.

    Source: simoptlib 1.2.4, simopt/models/dualsourcing.py (DualSourcing.replicate).
    """
    random = np.random.default_rng(11)
    days = 1000
    demand = np.maximum(0.0, np.rint(random.normal(30.0, 10.0, (replications, days))))
    stock = np.full(replications, 40.0)
    coming = [np.zeros(replications), np.zeros(replications)]
    cost = np.zeros(replications)
    for day in range(days):
        urgent = np.maximum(0.0, express - stock - coming[0])
        order = np.maximum(0.0, regular - stock - coming[0] - coming[1] - urgent)
        cost += 110.0 * urgent + 100.0 * order
        stock = stock + urgent + coming[0] - demand[:, day]
        coming = [coming[1], order]
        cost += 5.0 * np.maximum(stock, 0.0) + 495.0 * np.maximum(-stock, 0.0)
    return cost / days


def simulated(file: str, settings: dict[str, Any], replications: int) -> Floats:
    model = load(MODELS / file).replace(settings)
    runs = backsim.replicate(model, replications=replications, seed=3, engine="compiled", workers=1)
    return np.array([run.metrics["cost.total"] for run in runs])


def assert_same_mean(one: Floats, other: Floats) -> None:
    """Wrong by chance in 1 of 16,000 cases."""
    error = math.sqrt(one.var() / len(one) + other.var() / len(other))
    assert abs(one.mean() - other.mean()) < 4.0 * error


@pytest.mark.parametrize(("s", "S"), [(600, 1200), (581, 720), (800, 1000)])
def test_sscont(s: int, S: int) -> None:
    settings = {"policy.reorder": {"rule": "s_S", "s": s - 1, "S": S}}
    assert_same_mean(simulated("sscont.yaml", settings, 300), sscont(s, S, 4000))


def test_dualsourcing() -> None:
    settings = {
        "policy.reorder.S": 100,
        "stock[0].supplier[1].emergency": {"level": 51, "up_to": 52},
    }
    assert_same_mean(simulated("dualsourcing.yaml", settings, 40), dualsourcing(52, 100, 400))
