"""A scenario a little different: demand, lead times, each cost, a fifth less or more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backsim.errors import InputError
from backsim.scenario.costs import CustomerCosts, StockCosts
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

FACTORS = (0.8, 1.2)
SIZES = ("mean", "sd", "scale", "low", "high", "mode", "min", "max", "value")
"""Parameters of a distribution that grow with it; shapes and coefficients of variation do not."""

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
                    given["interval"] = _scaled(given["interval"], 1 / factor)
                else:
                    continue
                changed = True
    return changed


def _lead_time(values: Plain, factor: float) -> bool:
    """Lead times of suppliers and stock points, and the service of limited suppliers."""
    changed = False
    for owner in (*values["suppliers"].values(), *values["stock"]):
        if owner.get("lead_time"):
            owner["lead_time"] = _scaled(owner["lead_time"], factor)
            changed = True
    return changed


def _scaled(law: Any, factor: float) -> Any:
    """A number or a distribution times a factor."""
    if isinstance(law, Mapping):
        return {
            name: {k: v * factor if k in SIZES else v for k, v in given.items()}
            if isinstance(given, Mapping)
            else given
            for name, given in law.items()
        }
    return law * factor


def _times(cost: Any, factor: float) -> Any:
    """A cost, or the breaks of a price, times a factor; a word stays what it is."""
    if isinstance(cost, list):
        return [{**one, "price": one["price"] * factor} for one in cost]
    return cost * factor if isinstance(cost, int | float) else cost


def _cost(name: str) -> Callable[[Plain, float], bool]:
    def change(values: Plain, factor: float) -> bool:
        owners = [values, *values["products"].values(), *values["stock"]]
        owners += values["customers"].values()
        changed = False
        for owner in owners:
            costs = owner.get("costs") or {}
            given = costs.get(name)
            if isinstance(given, Mapping):
                costs[name] = {k: _times(v, factor) for k, v in given.items()}
                changed |= any(v for v in given.values() if isinstance(v, int | float))
            elif given:
                costs[name] = given * factor
                changed = True
        return changed

    return change
