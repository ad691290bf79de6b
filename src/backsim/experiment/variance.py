"""Where the variance of a result comes from: demand, supply, or what customers do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from backsim.engines.choose import choose, compile_kernel, own_rules
from backsim.errors import InputError
from backsim.results.metrics import views_of
from backsim.results.run import play_and_check
from backsim.results.spec import MetricSpec, parse_metric
from backsim.rules.own import digests_of
from backsim.scenario.model import Model
from backsim.statistics.screening import Indices, variance_indices
from backsim.streams import draw
from backsim.streams.sources import SOURCES, Source
from backsim.workers import in_order, workers_wanted

PLAYED = len(SOURCES) + 2
"""Runs of a base point: a world, the same with one source of another, and the other."""


def variance(
    model: Model,
    metric: str = "cost.total",
    *,
    points: int = 64,
    seed: int = 1,
    engine: str = "auto",
    workers: int | None = None,
    confidence: float = 0.95,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[Source, Indices]:
    """The shares of a metric's variance between replications by source of chance.

    The first index is what a source explains alone, the total index what it explains together with
    the others.  Each of `points` base points plays 5 runs: a world, the world with demand, supply
    or behaviour of another one, and that other world; the intervals are by the jackknife.

    Raises InputError: an unknown metric, too few points, or a run without a value.
    Source: Saltelli et al., Computer Physics Communications 181 (2010) 259-270, with groups of
    streams as inputs.
    """
    if points < 4:
        raise InputError(f"points: expected at least 4, got {points}")
    spec = parse_metric(metric, views_of(model))
    name, reason = choose(model, engine, points * PLAYED)
    play = partial(_value, model, spec, seed, name, reason)
    rules = digests_of(own_rules(model))
    values = []
    jobs = range(points * PLAYED)
    compiled = name == "compiled"
    if compiled:  # once, and not in every worker
        compile_kernel(model)
    for value in in_order(play, jobs, workers_wanted(workers), rules=rules, threads=compiled):
        values.append(value)
        progress(len(values), len(jobs))
    if np.isnan(values).any():
        raise InputError(f"{spec}: expected a value in every run, got none in some")
    found = variance_indices(len(SOURCES), np.array(values), confidence)
    return dict(zip(SOURCES, found, strict=True))


def _value(
    model: Model, spec: MetricSpec, seed: int, engine: str, reason: str, number: int
) -> float:
    """The metric of one run, by its number in the design."""
    point, place = divmod(number, PLAYED)
    world, other = 2 * point, 2 * point + 1
    if place == PLAYED - 1:
        tape = draw(model, seed, other)
    else:
        others = {SOURCES[place - 1]: other} if place else {}
        tape = draw(model, seed, world, others)
    run = play_and_check(model, tape, engine, reason)
    return float(run.metrics.get(spec.metric, spec.dimension, spec.member))
