"""Exports of random scenarios whose truth is known, calibrated, and how near the figures come."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from backsim.api import simulate
from backsim.backtest.simulated import tables_of
from backsim.data.calibrate import Calibration, calibrate
from backsim.data.fit.interval import Interval
from backsim.data.writing import write_export
from backsim.scenario import from_dict
from backsim.streams import generator

YEAR, BEFORE = 365, 120


def random_scenario(number: int) -> dict[str, Any]:
    """Two classes, six products, two suppliers, laws and rates at random."""
    draw = generator(number, 0, "recovery")

    def between(low: float, high: float) -> float:
        return float(draw.uniform(low, high))

    def lead_time(mean: float) -> dict[str, Any]:
        if draw.random() < 0.5:
            return {"gamma": {"mean": mean, "cv": between(0.2, 0.6)}}
        return {"weibull": {"shape": between(1.5, 3), "mean": mean}}

    def patience(mean: float) -> dict[str, Any]:
        if draw.random() < 0.5:
            return {"exponential": {"mean": mean}}
        return {"weibull": {"shape": between(1.2, 2), "mean": mean}}

    products = [f"p{i}" for i in range(6)]
    classes = {
        name: {
            "tolerance": patience(mean),
            "demand": {
                "arrivals": {"poisson": {"rate": between(4, 10)}},
                "products": {name: between(1, 5) for name in products},
                "size": {"geometric": {"mean": between(1.2, 4)}},
            },
        }
        for name, mean in (("trade", between(10, 25)), ("web", between(3, 8)))
    }
    units = sum(
        c["demand"]["arrivals"]["poisson"]["rate"] * c["demand"]["size"]["geometric"]["mean"]
        for c in classes.values()
    )
    daily = units / len(products)
    suppliers = {"near": lead_time(between(5, 12)), "far": lead_time(between(20, 40))}
    return {
        "warm_up": BEFORE,
        "horizon": BEFORE + YEAR,
        "products": products,
        "suppliers": {name: {"lead_time": law} for name, law in suppliers.items()},
        "customers": classes,
        "stock": [
            {
                "products": products[k::2],
                "supplier": name,
                "reorder": {
                    "rule": "s_S",
                    "s": round(daily * days * 0.9),
                    "S": round(daily * (days * 0.9 + 5)),
                },
            }
            for k, (name, days) in enumerate((("near", 8), ("far", 30)))
        ],
    }


def export_and_calibrate(
    number: int, folder: Path, system: str = "plain"
) -> tuple[Any, Calibration]:
    """(the true model, what its export says)"""
    model = from_dict(random_scenario(number))
    run = simulate(model, seed=number, engine="simpy")
    write_export(tables_of(run), system, folder)
    return model, calibrate(folder)


def checks(model: Any, found: Calibration) -> dict[str, tuple[Interval, float]]:
    """By name: an estimate, and the truth."""
    made: dict[str, tuple[Interval, float]] = {}
    scenario = model.scenario
    for one in found.classes:
        rate = scenario.customers[one.name].demand[0].arrivals.mean_rate()
        made[f"rate of {one.name}"] = one.rate, rate
    for supplier in found.lead_times:
        mean, variance = scenario.suppliers[supplier.name].lead_time.moments()
        assert supplier.fit is not None
        made[f"mean of {supplier.name}"] = supplier.fit.mean, mean
        made[f"sd of {supplier.name}"] = supplier.fit.sd, math.sqrt(variance)
    for patience in found.patience:
        if patience.fit is not None:
            mean, _ = scenario.customers[patience.name].tolerance.moments()
            made[f"patience of {patience.name}"] = patience.fit.mean, mean
    return made
