"""The library's verbs: load a model, simulate it, replicate it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from backsim.engines.choose import choose, own_rules, processes_of, workers_for
from backsim.errors import InputError
from backsim.results.run import Run, play_and_check
from backsim.results.summary import Replications
from backsim.rules.own import digests_of
from backsim.scenario.load import load, model_of
from backsim.scenario.model import Model
from backsim.streams import draw, seed_of, whole_number
from backsim.workers import Way, in_order, workers_wanted

__all__ = ["Model", "Run", "load", "replicate", "simulate"]


def simulate(
    model: Model | Mapping[str, Any] | str | Path,
    *,
    seed: int | None = None,
    replication: int = 0,
    engine: str = "auto",
    record: bool = False,
    extend: Sequence[Callable[..., Any]] = (),
) -> Run:
    """Simulate one replication.

    `model` is a Model, a scenario file, or a mapping of what stands in one.  Without a seed one is
    drawn (see `run.seed`).  `record` keeps the event log from the start; without it `run.events`
    plays the replication again.
    `extend` are SimPy processes to run alongside the model: functions that take a `Live` and yield
    SimPy events.

    Raises InputError for bad input, LedgerError when units do not add up.
    """
    model, extend = model_of(model), processes_of(extend)
    name, reason = choose(model, engine, 1, bool(extend))
    tape = draw(model, seed_of(seed), whole_number("replication", replication))
    return play_and_check(model, tape, name, reason, record, extend)


def replicate(
    model: Model | Mapping[str, Any] | str | Path,
    *,
    seed: int | None = None,
    replications: int,
    workers: int | None = 1,
    engine: str = "auto",
    record: bool = False,
    extend: Sequence[Callable[..., Any]] = (),
) -> Replications:
    """Simulate independent replications 0, 1, ...: iterate over the runs, or take `summary()`.

    `workers` run in parallel: threads for the compiled engine, processes for SimPy; -1 uses all
    cores, None chooses.  The results do not depend on the number of workers.  `extend` are SimPy
    processes to run alongside the model in each replication.  Raises as `simulate` does.
    """
    model, extend = model_of(model), processes_of(extend)
    if whole_number("replications", replications) < 1:
        raise InputError(f"replications: expected at least 1, got {replications}")
    wanted = workers_wanted(workers)
    name, reason = choose(model, engine, replications, bool(extend))
    seed = seed_of(seed)
    if workers is None:
        wanted = workers_for(model, name, replications)
    play = partial(_one, model, seed, name, reason, record, extend)
    way: Way | None = "threads" if name == "compiled" else None  # logs are long to send
    rules = digests_of(own_rules(model))
    runs = in_order(play, range(replications), wanted, rules=rules, way=way)
    return Replications(runs, model, replications)


def _one(
    model: Model,
    seed: int,
    engine: str,
    reason: str,
    record: bool,
    extend: Sequence[Callable[..., Any]],
    replication: int,
) -> Run:
    return play_and_check(model, draw(model, seed, replication), engine, reason, record, extend)
