"""Experiments: how they are read and run, and the study that comes of them.

Names are imported on first use: what plays a replication does not load what shows it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsim.experiment.comparison import Comparison as Study
    from backsim.experiment.load import experiment_from, load_experiment
    from backsim.experiment.play import compare, load_study
    from backsim.study.experiment import Experiment, Policy

_HOMES = {
    "Experiment": ("backsim.study.experiment", "Experiment"),
    "Policy": ("backsim.study.experiment", "Policy"),
    "Study": ("backsim.experiment.comparison", "Comparison"),
    "compare": ("backsim.experiment.play", "compare"),
    "experiment_from": ("backsim.experiment.load", "experiment_from"),
    "load_experiment": ("backsim.experiment.load", "load_experiment"),
    "load_study": ("backsim.experiment.play", "load_study"),
}

__all__ = [
    "Experiment",
    "Policy",
    "Study",
    "compare",
    "experiment_from",
    "load_experiment",
    "load_study",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'backsim.experiment' has no attribute {name!r}")
    home, what = _HOMES[name]
    return getattr(import_module(home), what)
