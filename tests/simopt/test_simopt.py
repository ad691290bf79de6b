"""Searches as problems of SimOpt: the same worlds, the same numbers, and its solvers run."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("simopt.base")

from mrg32k3a.mrg32k3a import MRG32k3a
from simopt.base import Solution
from simopt.solvers.randomsearch import RandomSearch

from backsim import simulate
from backsim.errors import InputError
from backsim.examples import example
from backsim.search.problem import load_problem
from backsim.simopt import problem

SHORT = {"set": {"policy.rationing": "none", "horizon": 60, "warm_up": 10}}


def levels() -> Any:
    return problem(load_problem(example("experiments/search/levels.yaml"), SHORT))


def played(made: Any, x: tuple[float, ...], runs: int = 2) -> Any:
    solution = Solution(x, made)
    solution.attach_rngs([MRG32k3a(s_ss_sss_index=[0, 1, 0])], copy=False)
    made.simulate(solution, runs)
    return solution


def test_a_problem_says_what_the_file_says() -> None:
    made = levels()
    assert (made.dim, made.lower_bounds, made.upper_bounds) == (1, (0.0,), (60.0,))
    assert made.minmax == (-1,)
    assert made.n_stochastic_constraints == 1
    assert made.factor_dict_to_vector(made.vector_to_factor_dict((12,))) == (12.0,)
    assert made.check_deterministic_constraints((60,))
    assert not made.check_deterministic_constraints((61,))


def test_a_replication_is_a_run_of_the_scenario() -> None:
    made = levels()
    found = played(made, (18,), 1)
    search = made.search
    model = search.with_settings({"policy.reorder.S": 18})
    run = simulate(model, seed=search.asked.seed, replication=made.model.replication)
    assert found.objectives[0, 0] == run.metrics["cost.total"]
    gold = run.metrics.get("fill_rate", "class", "gold")
    assert found.stoch_constraints[0, 0] == pytest.approx(0.99 - gold)


def test_two_policies_meet_the_same_world() -> None:
    made = levels()
    one = played(made, (18,), 1)
    first = made.model.replication
    other = played(made, (30,), 1)
    assert made.model.replication == first
    assert one.objectives[0, 0] != other.objectives[0, 0]


def test_a_solver_of_simopt_runs() -> None:
    made = levels()
    made.factors["budget"] = 60
    solver = RandomSearch(fixed_factors={"sample_size": 2})
    solver.attach_rngs([MRG32k3a(s_ss_sss_index=[0, 2 + i, 0]) for i in range(3)])
    solver.solution_progenitor_rngs = [MRG32k3a(s_ss_sss_index=[0, 9, 0])]
    made.attach_rngs([MRG32k3a(s_ss_sss_index=[0, 8, 0])])
    found = solver.run(made)
    assert 1 <= found["budget"].max() <= 60
    assert all(0 <= x[0] <= 60 for x in found["solution"])


def test_what_its_solvers_cannot_move_is_refused() -> None:
    with pytest.raises(InputError, match="expected a search of numbers"):
        problem(example("experiments/search/promise_padding.yaml"))
