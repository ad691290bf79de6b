"""Allocation problems with known optima, answered by the linear program and the sharing rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from backsim.allocation.allocate import optimise
from backsim.allocation.greedy import Desk
from backsim.allocation.plan import Plan
from backsim.allocation.pulpform import has_cbc
from backsim.allocation.shares import class_pro_rata, max_min
from backsim.allocation.transport import small_book
from backsim.theory.parts import understand
from backsim.theory.records import Answer, Record, Unsupported

COMMON = ("type", "shipping_cost", "generator", "seed")
SECOND = "optimum_by_own_min_cost_flow"
"""The same optimum by another algorithm: here by another solver, where there is one."""


def is_program(record: Record) -> bool:
    """Whether a record is about an allocation, and nothing is simulated."""
    return record.family.startswith("10")


def answer(record: Record) -> Any:
    """What the package finds for a record.  Raises Unsupported."""
    model = dict(record.model)
    other = "cbc" if has_cbc() else "highs"
    for kind, solve in KINDS.items():
        if model["type"].startswith(kind):
            answers = solve(model, other if record.metric == SECOND else "highs")
            name = "optimum" if record.metric == SECOND else record.metric
            if name not in answers:
                raise Unsupported(f"the metric {record.metric!r}")
            return answers[name]()
    if "data" in model:
        raise Unsupported("a data file of another collection, which is not stored here")
    raise Unsupported("an allocation problem of a kind that is not known")


Answers = Mapping[str, Callable[[], Any]]


def _transportation(model: Answer, solver: str) -> Answers:
    """Demand met exactly: all of it is promised."""
    understand(model, *COMMON, "supply", "demand", "cost")
    book = small_book(model["supply"], model["demand"], cost=model["cost"], promised=0.0)
    return {"optimum": lambda: optimise(book, solver=solver).cost}


def _knapsack(model: Answer, solver: str) -> Answers:
    understand(model, *COMMON, "supply", "backorders")
    rows = model["backorders"]
    weights = np.array([row["weight"] for row in rows], float)
    book = small_book(model["supply"], [row["qty"] for row in rows], lost=weights)
    return {
        "optimum": lambda: _saved(optimise(book, solver=solver)),
        "allocation": lambda: _served(optimise(book)),
        "greedy_value": lambda: float(Desk(book).serve(np.argsort(-weights)) @ weights),
    }


def _general(model: Answer, solver: str) -> Answers:
    understand(model, *COMMON, "m", "n", "supply", "demand", "weight", "cost")
    book = small_book(model["supply"], model["demand"], cost=model["cost"], lost=model["weight"])
    return {"optimum": lambda: _saved(optimise(book, solver=solver))}


def _time_phased(model: Answer, solver: str) -> Answers:
    """What is never served counts as served in the period after the last."""
    understand(model, *COMMON, "supply_in_period_1_on", "orders", "unserved", "early_delivery")
    supply, rows = model["supply_in_period_1_on"], model["orders"]
    weight = np.array([row["weight_per_unit_period_late"] for row in rows], float)
    due = np.array([row["due_period"] for row in rows], float)
    book = small_book(
        supply,
        [row["qty"] for row in rows],
        weight=weight,
        due=due,
        lost=weight * (len(supply) + 1 - due),
        arrives=np.arange(1, len(supply) + 1),
    )
    return {"optimum": lambda: optimise(book, solver=solver).cost}


def _ship_complete(model: Answer, solver: str) -> Answers:
    understand(model, *COMMON, "supply", "orders")
    units = [float(row["qty"]) for row in model["orders"]]
    value = np.array([row["value_if_complete"] for row in model["orders"]], float)

    def best(complete: bool) -> float:
        book = small_book([model["supply"]], units, lost=value / np.array(units), complete=complete)
        return _saved(optimise(book, solver=solver))

    return {"lp_relaxation": lambda: best(False), "integer_optimum": lambda: best(True)}


def _strict_classes(model: Answer, solver: str) -> Answers:
    understand(model, *COMMON, "supply", "qty", "cls")
    classes = model["cls"]
    book = small_book(model["supply"], model["qty"], lost=1.0, classes=classes)

    def totals() -> list[float]:
        served = class_pro_rata(book).served
        return [float(served[np.equal(classes, c)].sum()) for c in sorted(set(classes))]

    return {"allocation": lambda: _served(class_pro_rata(book)), "class_totals": totals}


def _max_min(model: Answer, solver: str) -> Answers:
    understand(model, *COMMON, "supply", "qty", "caps")
    if model["caps"] is not None:
        raise Unsupported("caps on what a line may get")
    book = small_book([model["supply"]], model["qty"], lost=1.0)
    return {
        "allocation": lambda: _served(max_min(book)),
        "min_fill_fraction": lambda: float((max_min(book).served / book.lines.units).min()),
    }


def _served(plan: Plan) -> list[float]:
    return [float(units) for units in plan.served]


def _saved(plan: Plan) -> float:
    """What a plan is worth, against serving nobody."""
    return float(plan.book.lines.lost @ plan.book.lines.units) - plan.cost


KINDS: Mapping[str, Callable[[Answer, str], Answers]] = {
    "transportation": _transportation,
    "single supply, fractional knapsack": _knapsack,
    "general allocation": _general,
    "time-phased allocation": _time_phased,
    "ship-complete": _ship_complete,
    "strict class priority": _strict_classes,
    "max-min": _max_min,
}
