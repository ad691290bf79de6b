"""Searches repeated with other random numbers, on models that are plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scipy.stats import binom
from tests.search.laws import Law, played_by

from backsim.results.store import to_yaml
from backsim.search.choice import Choice
from backsim.search.memo import Memo
from backsim.search.optimise import decide
from backsim.search.problem import Problem, load_problem
from backsim.search.worlds import Worlds


@contextmanager
def functions(law: Law, draw: Callable[[Any], Any]) -> Iterator[None]:
    """Replications are those of a law (`played_by`), and no model is made of a point."""

    def model(worlds: Worlds, point: tuple[int, ...]) -> Any:
        return worlds.models.setdefault(point, worlds.problem.present)

    with played_by(law, draw), patch.object(Worlds, "model", model):
        yield


def problems(folder: Path, given: Mapping[str, Any], **fields: Any) -> Callable[[int], Problem]:
    """The problem of a search by its seed."""
    (folder / "scenario.yaml").write_text(to_yaml(given))
    (folder / "search.yaml").write_text(to_yaml({"scenario": "scenario.yaml", **fields}))
    return lambda seed: load_problem(folder / "search.yaml", {"seed": seed})


def decided(problem: Problem) -> tuple[Worlds, Choice]:
    """A search, and what was chosen."""
    worlds, choice, _ = decide(problem, "simpy", Memo(None, problem))
    return worlds, choice


def at_least(right: int, runs: int, share: float = 0.95) -> bool:
    """Whether so many right ones are no less than chance leaves where `share` is promised.

    Wrong with a probability of 0.001 where the share is exactly that.
    """
    return bool(right >= binom.ppf(0.001, runs, share))
