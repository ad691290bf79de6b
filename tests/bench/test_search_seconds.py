"""Seconds until a search has found a policy near the optimum of a scenario, beside Optuna.

(s, S) of the scenario of 20,000 orders in `test_search.py`.  A person with Optuna averages
replications by hand: `backsim.replicate`, compiled, new random numbers for each policy.  Near is
what costs at most 0.5 % more than the best known policy, over replications that neither has seen;
found, what stays near from then on.  Other tools need `pip install optuna`.
"""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.bench.figures import FIGURES, aim
from tests.bench.test_search import SEARCH
from tests.bench.test_search_peers import numbers

import backsim
from backsim.results.store import to_yaml
from backsim.scenario import Model
from backsim.search.memo import Memo
from backsim.search.optimise import decide
from backsim.search.problem import load_problem

pytestmark = pytest.mark.bench
COST = "cost.total"
BEST, NEAR = (75, 138), 1.005
"""What the search finds, and how much more another may cost."""
TIMES = 20
"""So many times fewer seconds are aimed for."""
RUNS = 9
UNSEEN = {"seed": 987_654_321, "replications": 400, "engine": "compiled"}
"""Random numbers apart from those of searches, whose seeds are small."""

Course = list[tuple[float, tuple[int, int]]]
"""(processor seconds so far, the policy that would be answered)."""


def present() -> Model:
    return backsim.load(SEARCH["scenario"]).replace(SEARCH["set"])


def at(policy: tuple[int, int]) -> Model:
    """The scenario with an (s, S)."""
    return present().replace(dict(zip(SEARCH["search"], policy, strict=True)))


@cache
def costs(policy: tuple[int, int]) -> Any:
    """The cost of each unseen replication."""
    return np.array([run.metrics[COST] for run in backsim.replicate(at(policy), **UNSEEN)])


def near(policy: tuple[int, int]) -> bool:
    return bool(np.mean(costs(policy)) <= NEAR * np.mean(costs(BEST)))


def found_after(course: Course) -> float:
    """Seconds from which on the answer stays near; infinity where it never does."""
    since = float("inf")
    for seconds, policy in course:
        since = min(since, seconds) if near(policy) else float("inf")
    return since


def ours(file: Path, seed: int) -> tuple[Course, float]:
    """The course of our search and choice, and its seconds."""
    course: Course = []
    asked = load_problem(file, {"seed": seed})
    started = time.process_time()

    def note(_done: int, _most: int, best: str) -> None:
        if best:
            course.append((time.process_time() - started, numbers(best)))

    decide(asked, "compiled", Memo(None, asked), note)
    return course, time.process_time() - started


def theirs(seed: int, each: int, limit: float) -> Course:
    """The course of TPE on means of `each` replications."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    model = present()
    course: Course = []

    def mean_cost(trial: Any) -> float:
        s, S = trial.suggest_int("s", 0, 120), trial.suggest_int("S", 1, 240)
        if s >= S:
            raise optuna.TrialPruned
        policy = model.replace(dict(zip(SEARCH["search"], (s, S), strict=True)))
        other = 1000 * seed + trial.number + 1
        runs = backsim.replicate(policy, seed=other, replications=each, engine="compiled")
        return float(np.mean([run.metrics[COST] for run in runs]))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    started = time.process_time()
    while (seconds := time.process_time() - started) < limit:
        study.optimize(mean_cost, n_trials=1)
        if any(trial.value is not None for trial in study.trials):
            course.append((seconds, (study.best_params["s"], study.best_params["S"])))
    return course


def test_seconds_against_optuna(tmp_path: Path) -> None:
    """Optuna is stopped after so many times our seconds, those of the promise included."""
    file = tmp_path / "search.yaml"
    file.write_text(to_yaml(SEARCH))
    ours(file, 0)  # compiles
    mine = [ours(file, seed) for seed in range(1, RUNS + 1)]
    found = [found_after(course) for course, _ in mine]
    promised = float(np.median([seconds for _, seconds in mine]))
    told = f"{np.median(found):.1f} s (at most {max(found):.1f}), with its promise {promised:.1f} s"
    FIGURES.append(f"{'(s, S) of 20,000 orders: backsim':<58} {told}")
    limit = TIMES * float(np.median(found))
    medians = {}
    for each in 30, 100:
        other = [found_after(theirs(seed, each, limit)) for seed in range(1, RUNS + 1)]
        medians[each] = min(float(np.median(other)), limit)
        said = ", ".join(f"{seconds:.0f}" for seconds in sorted(other))
        FIGURES.append(f"  Optuna, TPE on means of {each}, stopped at {limit:.0f} s: {said} s")
    for each, seconds in medians.items():
        times = seconds / float(np.median(found))
        aim(f"  seconds, Optuna on means of {each} / ours", times, "times", least=TIMES)
