"""Searches in the form of SimOpt, so that its solvers run on them (`backsim[simopt]`).

`problem("experiments/search/levels.yaml")` is a `simopt` Problem: its decision variables are the
numbers that the file searches, its objective and constraints those of the file.  A replication
plays the SimPy or the compiled engine once; the random number generator that SimOpt hands over says
which replication, so its common random numbers are ours.

Source: Eckman, Henderson and Shashaani, "SimOpt: A testbed for simulation-optimization
experiments", INFORMS Journal on Computing 35 (2023) 495-508.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, create_model

from backsim.engines.choose import choose
from backsim.errors import InputError
from backsim.results.metrics import Metrics
from backsim.results.run import play_and_check
from backsim.results.spec import MetricSpec
from backsim.scenario.model import Model as Played
from backsim.search.problem import Problem, load_problem
from backsim.search.space import Point
from backsim.streams import draw

try:
    from simopt.base import (
        ConstraintType,
        Model,
        Objective,
        RepResult,
        StochasticConstraint,
        VariableType,
    )
    from simopt.base import Problem as SimOptProblem
except ImportError:
    raise InputError("backsim.simopt: expected SimOpt: pip install 'backsim[simopt]'") from None

REPLICATIONS = 2**31
"""Replications among which SimOpt's generators choose."""
EXPECTED_RUNS = 1000
"""Runs by which the engine is chosen."""


class BackorderModel(Model):  # type: ignore[misc]
    """The scenario of a search: its factors are the numbers searched."""

    class_name_abbr = "BACKORDER"
    class_name = "Backorders of a scenario"
    n_rngs = 1
    search: Problem
    n_responses = 1

    def before_replicate(self, rng_list: list[Any]) -> None:
        """The generator says which replication is played."""
        self.replication = int(rng_list[0].random() * REPLICATIONS)

    def replicate(self) -> tuple[dict[str, float], dict[str, Any]]:
        """Play one replication: every metric that is asked for, and no gradients."""
        search = self.search
        space = search.space
        point = tuple(
            space.nearest(i, float(self.factors[axis.label])) for i, axis in enumerate(space.axes)
        )
        model, engine, reason = _playable(search, point)
        run = play_and_check(
            model, draw(model, search.asked.seed, self.replication), engine, reason
        )
        return {str(spec): _value(run.metrics, spec) for spec in asked(search)}, {}


@lru_cache(maxsize=16)
def _playable(search: Problem, point: Point) -> tuple[Played, str, str]:
    """The model of a point, which a solver plays many times, with its engine and why that one."""
    model = search.with_settings(search.space.settings(point))
    return model, *choose(model, "auto", EXPECTED_RUNS)


class BackorderProblem(SimOptProblem):  # type: ignore[misc]
    """A search: its objective, its constraints and the ends of its numbers."""

    class_name = "Backorders: a search of backsim"
    model_class: type[BackorderModel]
    gradient_available = False
    variable_type = VariableType.DISCRETE
    n_objectives = 1
    model_default_factors: dict[str, Any] = {}  # noqa: RUF012 (SimOpt's own form)
    search: Problem

    @property
    def dim(self) -> int:
        """How many numbers are searched."""
        return len(self.search.space.axes)

    @property
    def lower_bounds(self) -> tuple[float, ...]:
        """The least of each number."""
        return tuple(axis.amount(0) for axis in self.search.space.axes)

    @property
    def upper_bounds(self) -> tuple[float, ...]:
        """The largest of each number."""
        return tuple(axis.amount(len(axis.values) - 1) for axis in self.search.space.axes)

    def vector_to_factor_dict(self, vector: tuple[float, ...]) -> dict[str, float]:
        """Numbers by their names."""
        names = [axis.label for axis in self.search.space.axes]
        return dict(zip(names, map(float, vector), strict=True))

    def factor_dict_to_vector(self, factor_dict: dict[str, float]) -> tuple[float, ...]:
        """Numbers in the order of the axes."""
        return tuple(factor_dict[axis.label] for axis in self.search.space.axes)

    def check_deterministic_constraints(self, x: tuple[float, ...], /) -> bool:
        """Whether numbers are within their ends, and above those that they have to exceed."""
        inside = all(
            low <= value <= high
            for low, value, high in zip(self.lower_bounds, x, self.upper_bounds, strict=True)
        )
        space = self.search.space
        return inside and space.allowed(tuple(space.nearest(i, v) for i, v in enumerate(x)))

    def get_random_solution(self, rand_sol_rng: Any) -> tuple[float, ...]:
        """Numbers of the search's own, all alike, of a policy that is allowed."""
        space = self.search.space
        while True:
            places = [int(rand_sol_rng.random() * len(axis.values)) for axis in space.axes]
            point = space.repaired(tuple(places))
            if point is not None:
                return tuple(axis.amount(p) for axis, p in zip(space.axes, point, strict=True))

    def replicate(self, x: tuple[float, ...], /) -> RepResult:
        """Play the policy once; a constraint is met where its left side is at most 0."""
        values, _ = self.model.replicate()
        objective = self.search.asked.objective
        assert objective is not None
        limits = [(c.bound - values[str(c.metric)]) * c.sign for c in self.search.asked.constraints]
        return RepResult(
            objectives=[Objective(stochastic=values[str(objective.metric)])],
            stochastic_constraints=[StochasticConstraint(stochastic=limit) for limit in limits],
        )


def asked(search: Problem) -> list[MetricSpec]:
    """The metrics of the objective and the constraints."""
    assert search.asked.objective is not None
    return [search.asked.objective.metric, *(c.metric for c in search.asked.constraints)]


def _value(metrics: Metrics, spec: MetricSpec) -> float:
    return float(metrics.get(spec.metric, spec.dimension, spec.member))


def problem(search: Problem | str | Path, budget: int = 1000) -> BackorderProblem:
    """A search, as a file or read already, as a problem of SimOpt; `budget` is in replications.

    Raises InputError for a search that also chooses among rules, or searches the levels of items,
    as SimOpt's solvers move numbers.
    """
    found = search if isinstance(search, Problem) else load_problem(search)
    if found.items is not None or found.space.chosen or found.asked.objective is None:
        raise InputError(
            f"{found.asked.name}: backsim.simopt: expected a search of numbers with an objective"
        )
    axes = found.space.axes
    middle = found.space.repaired(tuple(len(axis.values) // 2 for axis in axes))
    assert middle is not None
    start = tuple(axis.amount(place) for axis, place in zip(axes, middle, strict=True))
    fields: dict[str, Any] = {a.label: (float, v) for a, v in zip(axes, start, strict=True)}
    config = create_model("BackorderFactors", __base__=BaseModel, **fields)
    own: dict[str, Any] = {"config_class": config, "search": found}
    model_class = type("BackorderModel", (BackorderModel,), own)
    constraints = len(found.asked.constraints)
    settings: dict[str, Any] = {
        "initial_solution": (tuple[float, ...], Field(start)),
        "budget": (int, Field(budget, gt=0)),
    }
    made = {
        "search": found,
        "model_class": model_class,
        "class_name_abbr": f"BACKORDER-{Path(found.asked.name).stem}".upper(),
        "config_class": create_model("BackorderProblem", __base__=BaseModel, **settings),
        "minmax": (-1 if found.sign > 0 else 1,),
        "n_stochastic_constraints": constraints,
        "constraint_type": ConstraintType.STOCHASTIC if constraints else ConstraintType.BOX,
        "model_decision_factors": {axis.label for axis in axes},
    }
    problem_class = type("BackorderProblem", (BackorderProblem,), made)
    ready: BackorderProblem = problem_class()
    return ready
