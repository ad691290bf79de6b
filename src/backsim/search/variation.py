"""A scenario a little different: demand, lead times, each cost, a fifth less or more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backsim.errors import InputError
from backsim.scenario.costs import CustomerCosts, StockCosts
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

FACTORS = (0.8, 1.2)
SIZES = ("mean", "sd", "variance", "scale", "low", "high", "mode", "min", "max", "value", "values")
"""Parameters of a distribution that grow with it; shapes and coefficients of variation do not.

A variance is that of counts, which grow as sums do.
"""

Plain = dict[str, Any]


@dataclass(frozen=True)
class Variation:
    """One parameter of a scenario times a factor."""

    what: str
    factor: float
    change: Callable[[Plain, float], bool]
    """Changes the explicit form; whether there was anything to change."""

    @property
    def name(self) -> str:
        """`demand +20 %`."""
        return f"{self.what} {100 * (self.factor - 1):+.0f} %"

    def of(self, model: Model) -> Model:
        """The model with the change; levels in units stay what they are.  Raises FileError."""
        values = model.to_dict()
        self.change(values, self.factor)
        return from_dict(values, name=model.name, folder=model.folder)


def variations(model: Model) -> Iterator[Variation]:
    """Those of which a scenario has the parameter."""
    changes: dict[str, Callable[[Plain, float], bool]] = {
        "demand": _demand,
        "lead time": _lead_time,
        **{
            f"{name.replace('_', ' ')} cost": _cost(name)
            for name in (*StockCosts.model_fields, *CustomerCosts.model_fields)
        },
    }
    for what, change in changes.items():
        for factor in FACTORS:
            one = Variation(what, factor, change)
            if change(model.to_dict(), factor) and _possible(one, model):
                yield one


def _possible(variation: Variation, model: Model) -> bool:
    try:
        variation.of(model)
    except InputError:
        return False
    return True


def _demand(values: Plain, factor: float) -> bool:
    """Orders arrive that much more often.  Traces and lists of orders stay as they are."""
    changed = False
    for customer in values["customers"].values():
        for entry in customer["demand"]:
            for kind, given in entry.get("arrivals", {}).items():
                if kind == "poisson":
                    given["rate"] *= factor
                elif kind == "period":
                    given["every"] = given.get("every", 1.0) / factor
                elif kind == "renewal":
                    changed |= _scale(given, "interval", 1 / factor)
                    continue
                else:
                    continue
                changed = True
    return changed


def _lead_time(values: Plain, factor: float) -> bool:
    """Lead times of suppliers, stock points and their sources."""
    changed = False
    sources = [source for point in values["stock"] for source in _several(point.get("supplier"))]
    for owner in (*values["suppliers"].values(), *values["stock"], *sources):
        if owner.get("lead_time"):
            changed |= _scale(owner, "lead_time", factor)
    return changed


def _several(supplier: Any) -> list[Plain]:
    """Those of several sources that say more than their name."""
    return [one for one in supplier if isinstance(one, dict)] if isinstance(supplier, list) else []


def _scale(owner: Plain, name: str, factor: float) -> bool:
    """Multiply a number or a distribution by a factor; whether it can be."""
    before = owner[name]
    owner[name] = _scaled(before, factor)
    return bool(owner[name] != before)


def _scaled(law: Any, factor: float) -> Any:
    """A number or a distribution times a factor; unchanged where it has no such form."""
    if isinstance(law, Mapping):
        return {
            kind: _parameters(kind, given, factor) if isinstance(given, Mapping) else given
            for kind, given in law.items()
        }
    return law * factor


def _parameters(kind: str, given: Mapping[str, Any], factor: float) -> Plain:
    """The parameters of a distribution times a factor."""
    if kind == "geometric" and "p" in given:
        given = {"mean": 1 / given["p"]}
    elif kind == "negative_binomial" and "p" in given:
        given = {"n": given["n"], "mean": given["n"] * (1 - given["p"]) / given["p"]}
    found = {k: _times(v, factor) if k in SIZES else v for k, v in given.items()}
    if kind == "exponential" and "rate" in given:
        found["rate"] = given["rate"] / factor
    elif kind == "lognormal" and "mu" in given:
        found["mu"] = given["mu"] + math.log(factor)
    return found


def _times(given: Any, factor: float) -> Any:
    """A number, or those of a list or mapping, times a factor; words and units stay as they are."""
    if isinstance(given, list | tuple):
        return [_times(one, factor) for one in given]
    if isinstance(given, Mapping):
        return {k: v if k == "units" else _times(v, factor) for k, v in given.items()}
    return given * factor if isinstance(given, int | float) else given


def _cost(name: str) -> Callable[[Plain, float], bool]:
    def change(values: Plain, factor: float) -> bool:
        owners = [values, *values["products"].values(), *values["stock"]]
        owners += values["customers"].values()
        changed = False
        for owner in owners:
            costs = owner.get("costs") or {}
            if given := costs.get(name):
                costs[name] = _times(given, factor)
                changed |= costs[name] != given
        return changed

    return change
