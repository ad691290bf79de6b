"""backsim: discrete-event simulation and optimisation of backorders.

Names are imported on first use, so that `import backsim` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsim import plot, statistics
    from backsim.ahead.outlook import Outlook, outlook
    from backsim.allocation.book.assemble import read_book
    from backsim.allocation.plan.allocate import allocate
    from backsim.api import Model, Run, load, replicate, simulate
    from backsim.errors import BacksimError, InputError, LedgerError
    from backsim.experiment import (
        Experiment,
        Study,
        compare,
        experiment_from,
        load_experiment,
        load_study,
    )
    from backsim.results.metrics import metric
    from backsim.rules import above, estimate, forecast, notice, priority, rationing, reorder
    from backsim.scenario.capacity import Capacity, capacity
    from backsim.scenario.demand.arrivals import Arrivals, arrivals
    from backsim.scenario.distributions.base import Distribution, distribution
    from backsim.search.optimise import optimise
    from backsim.search.search import Search

_HOMES = {
    "backsim.ahead.outlook": ("Outlook", "outlook"),
    "backsim.allocation.book.assemble": ("read_book",),
    "backsim.allocation.plan.allocate": ("allocate",),
    "backsim.api": ("Model", "Run", "load", "replicate", "simulate"),
    "backsim.errors": ("BacksimError", "InputError", "LedgerError"),
    "backsim.experiment": (
        *("Experiment", "Study", "compare", "experiment_from", "load_experiment", "load_study"),
    ),
    "backsim.results.metrics": ("metric",),
    "backsim.rules": (
        *("above", "estimate", "forecast", "notice", "priority", "process"),
        *("rationing", "reorder", "sourcing", "split"),
    ),
    "backsim.search.optimise": ("optimise",),
    "backsim.search.search": ("Search",),
    "backsim.scenario.capacity": ("Capacity", "capacity"),
    "backsim.scenario.demand.arrivals": ("Arrivals", "arrivals"),
    "backsim.scenario.distributions.base": ("Distribution", "distribution"),
}
_MODULES = ("plot", "statistics")
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Arrivals",
    "BacksimError",
    "Capacity",
    "Distribution",
    "Experiment",
    "InputError",
    "LedgerError",
    "Model",
    "Outlook",
    "Run",
    "Search",
    "Study",
    "above",
    "allocate",
    "arrivals",
    "capacity",
    "compare",
    "distribution",
    "estimate",
    "experiment_from",
    "forecast",
    "load",
    "load_experiment",
    "load_study",
    "metric",
    "notice",
    "optimise",
    "outlook",
    "plot",
    "priority",
    "process",
    "rationing",
    "read_book",
    "reorder",
    "replicate",
    "simulate",
    "sourcing",
    "split",
    "statistics",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("backsim")
    if name not in _MODULES and name not in _HOME:
        raise AttributeError(f"module 'backsim' has no attribute {name!r}")
    from backsim.garbage import uncollected

    with uncollected():
        found = import_module(_HOME.get(name, f"backsim.{name}"))
    return found if name in _MODULES else getattr(found, name)


def __dir__() -> list[str]:
    """What there is to use, also what has not been imported yet."""
    return sorted([*__all__, "__version__", "__doc__", "__file__", "__name__", "__path__"])
