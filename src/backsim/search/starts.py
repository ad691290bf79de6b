"""Where a search starts: the present policy, the textbook's levels, and points spread evenly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import numpy as np

from backsim.errors import InputError
from backsim.experiment.design import changes_of
from backsim.scenario.demand.rates import mean_demand
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path
from backsim.search.explore import FIRST
from backsim.search.problem import Problem
from backsim.search.space import Axis, Point, is_level
from backsim.streams import generator

SPREAD, MANY = 3, 16
"""Points spread evenly for each number, and one more: of up to two numbers, and of more."""
PART = 0.1
"""The part of the budget that points may be spread for, beyond the few."""
USUAL = 0.95
"""Service of a textbook's level where neither a constraint nor costs say one."""


def starts(problem: Problem) -> list[Point]:
    """The points to start from, each with every combination of choices."""
    space = problem.space
    middle = [len(axis.values) // 2 for axis in space.axes]
    known = [_places(problem, problem.present, middle)]
    textbook = _textbook(problem)
    if textbook is not None:
        known.append(_places(problem, textbook, known[0]))
    known += [middle, *_spread(problem, middle)]
    points = (
        space.repaired(tuple(branch.get(i, place) for i, place in enumerate(places)))
        for branch in space.branches()
        for places in known
    )
    return list(dict.fromkeys(point for point in points if point is not None))


def _places(problem: Problem, model: Model, instead: list[int]) -> list[int]:
    """The places nearest to a model's own values; `instead` where it has none."""
    places = list(instead)
    for i in problem.space.numeric:
        axis = problem.space.axes[i]
        found = list(_resolved(axis, model))
        if found:
            places[i] = problem.space.nearest(i, median(found))
    return places


def _resolved(axis: Axis, model: Model) -> Iterator[float]:
    """The numbers that a resolved model has at a path of `policy` or of a stock point."""
    path = parse_path(axis.path)
    section, below = path[0], path[1:]
    points = model.written.stock
    if section == "stock" and len(below) > 1 and isinstance(below[0], int):
        points, below = points[below[0] : below[0] + 1], below[1:]
    elif section != "policy":
        return
    rates = mean_demand(model.scenario, model.traces)
    for point in points:
        value: Any = point
        for part in below:
            value = _held(value, part)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if isinstance(axis.values[0], Mapping):  # days of demand
            rate = rates.get((point.product, point.site), 0.0)
            rate *= model.scenario.products[point.product].smallest
            if rate:
                yield float(value) / rate
        else:
            yield float(value)


def _held(value: Any, part: str | int) -> Any:
    """What a part of a scenario (a rule, a list, ...) has under a key; None if nothing."""
    held = getattr(value, "params", value)
    if isinstance(held, Mapping):
        return held.get(part)
    if isinstance(part, int):
        return held[part] if isinstance(held, tuple | list) and part < len(held) else None
    return getattr(held, part, None)


def _textbook(problem: Problem) -> Model | None:
    """The scenario with the textbook's levels of its own demand and costs; None if it has none."""
    settings: dict[str, Any] = {}
    service = _service(problem)
    for i in problem.space.numeric:
        axis = problem.space.axes[i]
        if not is_level(axis.path):
            continue
        if axis.above is None:
            settings[axis.path] = {"cycle_service": service}
        else:
            lower = str(parse_path(problem.space.axes[axis.above].path)[-1])
            settings[axis.path] = {"units": _batch(problem.present), "above": lower}
    if not settings:
        return None
    changes = changes_of(settings, ("search",))
    try:
        found = problem.maker.model(problem.base, changes)
    except InputError:
        found = None
    problem.maker.faults = []
    return found


def _service(problem: Problem) -> float:
    """The critical ratio of the scenario's costs, or the service that a constraint asks for."""
    for constraint in problem.asked.constraints:
        rate = constraint.metric.metric in ("fill_rate", "ready_rate", "otif")
        if rate and constraint.relation == ">=" and 0 < constraint.bound < 1:
            return constraint.bound
    costs = problem.present.costs
    holding = float(np.mean(costs["holding"]))
    short = float(np.max(costs["backorder_time"])) or float(np.max(costs["lost_margin"]))
    return min(max(short / (short + holding), 0.5), 0.999) if short and holding else USUAL


def _batch(model: Model) -> int:
    """The economic order quantity of a stock point of mean demand and costs."""
    rates = mean_demand(model.scenario, model.traces)
    rate = sum(rates.values()) / max(1, len(rates))
    holding, ordering = (float(np.mean(model.costs[name])) for name in ("holding", "ordering"))
    return max(1, round(math.sqrt(2 * ordering * rate / holding))) if holding else 1


def _spread(problem: Problem, middle: list[int]) -> Iterator[list[int]]:
    """A Latin hypercube over the numbers."""
    numeric = problem.space.numeric
    count = SPREAD * len(numeric) + 1
    if len(numeric) > 2:  # costs more often have several optima
        most = int(PART * problem.file.replications / (FIRST * len(list(problem.space.branches()))))
        count = max(count, min(MANY * len(numeric) + 1, most))
    random = generator(problem.asked.seed, 0, "starts")
    columns = {
        i: (random.permutation(count) + random.uniform(0, 1, count)) / count for i in numeric
    }
    for n in range(count):
        yield [
            int(columns[i][n] * len(axis.values)) if i in columns else middle[i]
            for i, axis in enumerate(problem.space.axes)
        ]


__all__ = ["starts"]
