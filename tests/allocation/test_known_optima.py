"""Published and hand-worked optima of allocation problems, by the program and the sharing rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.allocation.small import small_book

from backsim.allocation.plan.allocate import optimise
from backsim.allocation.plan.greedy import Serving
from backsim.allocation.plan.plan import Plan
from backsim.allocation.plan.shares import class_pro_rata, max_min
from backsim.allocation.solver.pulpform import has_cbc
from backsim.scenario.yamlfile import read_yaml

PROBLEMS = read_yaml(Path(__file__).parent / "known_optima.yaml").values
SECOND = "optimum_by_own_min_cost_flow"
"""The same optimum by another algorithm: here by another solver, where there is one."""
Answers = Mapping[str, Callable[[], Any]]


def transportation(solver: str, supply: Any, demand: Any, cost: Any) -> Answers:
    """Demand met exactly: all of it is promised."""
    book = small_book(supply, demand, cost=cost, promised=0.0)
    return {"optimum": lambda: optimise(book, solver=solver).cost}


def knapsack(solver: str, supply: Any, backorders: Any) -> Answers:
    weights = np.array([row["weight"] for row in backorders], float)
    book = small_book(supply, [row["qty"] for row in backorders], lost=weights)
    return {
        "optimum": lambda: saved(optimise(book, solver=solver)),
        "allocation": lambda: served(optimise(book)),
        "greedy_value": lambda: float(Serving(book).serve(np.argsort(-weights)) @ weights),
    }


def general(solver: str, supply: Any, demand: Any, weight: Any, cost: Any) -> Answers:
    book = small_book(supply, demand, cost=cost, lost=weight)
    return {"optimum": lambda: saved(optimise(book, solver=solver))}


def time_phased(solver: str, supply_in_period_1_on: Any, orders: Any) -> Answers:
    """What is never served counts as served in the period after the last."""
    periods = len(supply_in_period_1_on)
    weight = np.array([row["weight_per_unit_period_late"] for row in orders], float)
    due = np.array([row["due_period"] for row in orders], float)
    book = small_book(
        supply_in_period_1_on,
        [row["qty"] for row in orders],
        weight=weight,
        due=due,
        lost=weight * (periods + 1 - due),
        arrives=np.arange(1, periods + 1),
    )
    return {"optimum": lambda: optimise(book, solver=solver).cost}


def ship_complete(solver: str, supply: float, orders: Any) -> Answers:
    units = [float(row["qty"]) for row in orders]
    value = np.array([row["value_if_complete"] for row in orders], float)

    def best(complete: bool) -> float:
        book = small_book([supply], units, lost=value / np.array(units), complete=complete)
        return saved(optimise(book, solver=solver))

    return {"lp_relaxation": lambda: best(False), "integer_optimum": lambda: best(True)}


def strict_classes(solver: str, supply: Any, qty: Any, cls: Any) -> Answers:
    book = small_book(supply, qty, lost=1.0, classes=cls)

    def totals() -> list[float]:
        units = class_pro_rata(book).served
        return [float(units[np.equal(cls, c)].sum()) for c in sorted(set(cls))]

    return {"allocation": lambda: served(class_pro_rata(book)), "class_totals": totals}


def fairest(solver: str, supply: float, qty: Any) -> Answers:
    book = small_book([supply], qty, lost=1.0)
    return {
        "allocation": lambda: served(max_min(book)),
        "min_fill_fraction": lambda: float((max_min(book).served / book.lines.units).min()),
    }


KINDS: Mapping[str, Callable[..., Answers]] = {
    "transportation": transportation,
    "knapsack": knapsack,
    "general": general,
    "time_phased": time_phased,
    "ship_complete": ship_complete,
    "strict_classes": strict_classes,
    "max_min": fairest,
}


def served(plan: Plan) -> list[float]:
    return [float(units) for units in plan.served]


def saved(plan: Plan) -> float:
    """What a plan is worth, against serving nobody."""
    return float(plan.book.lines.lost @ plan.book.lines.units) - plan.cost


@pytest.mark.parametrize(
    ("name", "metric"),
    [(name, metric) for name, problem in PROBLEMS.items() for metric in problem["known"]],
)
def test_the_known_optimum_is_found(name: str, metric: str):
    problem = PROBLEMS[name]
    solver = "cbc" if metric == SECOND and has_cbc() else "highs"
    answers = KINDS[problem["kind"]](solver, **problem["book"])
    found = answers["optimum" if metric == SECOND else metric]()
    assert found == pytest.approx(problem["known"][metric], rel=0, abs=problem["tolerance"])


def test_every_problem_has_a_source():
    assert sum(len(problem["known"]) for problem in PROBLEMS.values()) == 25
    assert all(problem["source"] for problem in PROBLEMS.values())


def test_a_wrong_optimum_is_found_out():
    problem = PROBLEMS["LP_knap60"]
    answers = knapsack("highs", **problem["book"])
    assert answers["optimum"]() != pytest.approx(problem["known"]["optimum"] + 0.5)
