"""A small shop and experiments on it, for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backsim.experiment import Experiment, load_experiment
from backsim.results.store import to_yaml
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

SHOP: dict[str, Any] = {
    "horizon": 120,
    "warm_up": 10,
    "products": ["mug", "plate"],
    "suppliers": {"acme": {"lead_time": {"gamma": {"mean": 3, "cv": 0.5}}}},
    "customers": {
        "gold": {
            "priority": 1,
            "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": ["mug", "plate"]},
        },
        "silver": {
            "priority": 2,
            "tolerance": {"exponential": {"mean": 2}},
            "demand": {
                "arrivals": {"poisson": {"rate": 3}},
                "products": ["mug", "plate"],
                "size": {"geometric": {"mean": 2}},
            },
        },
    },
    "policy": {"reorder": {"rule": "s_S", "s": 10, "S": 18}, "priority": "fcfs"},
    "costs": {"holding": 0.1, "ordering": 2, "backorder_time": 1, "lost_margin": 3},
}

POLICIES: dict[str, Any] = {
    "fcfs": {"policy.priority": "fcfs"},
    "classes": {"policy.priority": "class_priority"},
    "lean": {"policy.reorder": {"rule": "s_S", "s": 4, "S": 12}},
}


def shop(**changes: Any) -> Model:
    """The shop as a model."""
    return from_dict(SHOP, name="shop", changes=changes)


def write(folder: Path, **fields: Any) -> Path:
    """An experiment file on the shop, written to a folder; None leaves a field out."""
    (folder / "shop.yaml").write_text(to_yaml(SHOP))
    values = {
        "scenario": "shop.yaml",
        "policies": POLICIES,
        "replications": 4,
        "objective": "minimise cost.total",
        **fields,
    }
    file = folder / "experiment.yaml"
    file.write_text(to_yaml({k: v for k, v in values.items() if v is not None}))
    return file


def experiment(folder: Path, **fields: Any) -> Experiment:
    """An experiment on the shop."""
    return load_experiment(write(folder, **fields))
