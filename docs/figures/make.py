"""The figures of the documentation, each from a scenario or an experiment that comes with backsim.

`make figures`, or `python docs/figures/make.py [NAME ...]` for some of them.  Written beside this
file as NAME.png.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import backsim
from backsim import plot
from backsim.cli import run as cli

HERE = Path(__file__).parent
SCENARIOS = HERE.parents[1] / "scenarios"
EXPERIMENTS = HERE.parents[1] / "experiments"


@contextlib.contextmanager
def folder() -> Iterator[None]:
    """A new folder in which commands may write."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        yield


def policies(scenario: str, replications: int, **settings: dict[str, Any]) -> Any:
    """A study of a scenario under some settings, by name (underscores stand for blanks)."""
    model = backsim.load(SCENARIOS / scenario)
    models = {name.replace("_", " "): model.replace(s) for name, s in settings.items()}
    return backsim.compare(models, replications=replications, seed=1)


def priorities() -> Any:
    """In which order backorders are cleared."""
    return plot.ranking(backsim.compare(EXPERIMENTS / "clearing_order.yaml"))


def communication() -> Any:
    """Who cancels, and why, when customers are told this or that."""
    return plot.cancellations(backsim.compare(EXPERIMENTS / "tell_customers.yaml"))


def reorder() -> Any:
    """Cost and service of reorder levels."""
    return plot.pareto(backsim.compare(EXPERIMENTS / "reorder_policy.yaml"))


def suppliers() -> Any:
    """What an early warning is worth."""
    return plot.differences(backsim.compare(EXPERIMENTS / "early_warning.yaml"))


def forecasts() -> Any:
    """Cost of car parts, by the method that forecasts their demand."""
    study = policies(
        "car_parts.yaml",
        20,
        SBA={},
        Croston={"policy.forecast": "croston"},
        TSB={"policy.forecast": "tsb"},
        smoothing={"policy.forecast": "ses"},
        static={"policy.forecast": "static"},
    )
    return plot.costs(study)


def remedies() -> Any:
    """Money with a substitute for what is out of stock, and without."""
    study = policies(
        "retail_substitutes.yaml",
        20,
        never={"policy.substitution": "never"},
        when_late={"policy.substitution": "when_late"},
        at_order={"policy.substitution": "at_order"},
        both={"policy.substitution": "both"},
    )
    return plot.ranking(study, metric="profit")


def networks() -> Any:
    """A central warehouse and its branches, with what lies and what is waited for."""
    return plot.network(backsim.simulate(SCENARIOS / "central_and_branches.yaml", seed=1))


def tutorial() -> Any:
    """Profit of the tutorial's policies against today's."""
    with folder():
        cli(["new", "experiment", "shop"])
        return plot.differences(backsim.compare("shop/experiment.yaml"))


def tutorial_export() -> Any:
    """How long customers of the tutorial's export wait, today and with 50 units more."""
    with folder():
        cli(["new", "experiment", "made"])
        low = ["policy.reorder.s.days=12", "policy.reorder.S.days=26", "horizon=730"]
        given = ["export", "made/scenario.yaml", "--seed", "1", "--out", "export"]
        cli([*given, *(part for one in low for part in ("--set", one))])
        cli(["calibrate", "export", "--out", "fitted"])
        fitted = backsim.load("fitted/scenario.yaml")
        more = {"stock[1].reorder.s": 182, "stock[1].reorder.S": 336}
        models = {"today": fitted, "50 units more": fitted.replace(more)}
        return plot.waits(backsim.compare(models, replications=20, seed=1))


FIGURES: dict[str, Callable[[], Any]] = {
    make.__name__: make
    for make in (
        priorities,
        communication,
        reorder,
        suppliers,
        forecasts,
        remedies,
        networks,
        tutorial,
        tutorial_export,
    )
}


def main(names: list[str]) -> None:
    """Make the figures of these names, or all of them."""
    for name in names or FIGURES:
        file = HERE / f"{name}.png"
        figure = FIGURES[name]().figure
        figure.savefig(file, dpi=120, facecolor="white", bbox_inches="tight")


if __name__ == "__main__":
    main(sys.argv[1:])
