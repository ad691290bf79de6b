"""The trade-off between the objective and a service: the cheapest policy for each of some levels.

The levels are spread evenly between the service of the cheapest policy and the best that the search
has met.  Each is a constraint of a search of its own, on the worlds that are there already.
"""

from __future__ import annotations

import numpy as np

from backsim.search.explore import ENOUGH, Explorer
from backsim.search.problem import Problem
from backsim.search.space import Point
from backsim.search.worlds import Phase, Spent, Worlds
from backsim.statistics import MAXIMISE

LEVELS = 7
"""Levels of service between the cheapest policy's and the best."""


def frontier(worlds: Worlds, start: Point) -> tuple[Point, ...]:
    """The cheapest policies, with ever more service, as far as the budget goes."""
    problem = worlds.problem
    found: list[Point] = []
    try:
        found.append(_cheapest(worlds, problem.at_least(None), start))
        assert problem.service is not None
        visited = worlds.visited(Phase.SEARCH)
        services = {p: s for p in visited if (s := _service(worlds, p)) is not None}
        if found[0] not in services:
            return tuple(found)
        best = (max if problem.service.sense == MAXIMISE else min)(services.values())
        for bound in np.linspace(services[found[0]], best, LEVELS + 2)[1:-1]:
            found.append(_cheapest(worlds, problem.at_least(float(bound)), found[-1]))
    except Spent:
        pass
    return tuple(dict.fromkeys(found))


def _cheapest(worlds: Worlds, problem: Problem, start: Point) -> Point:
    explorer = Explorer(worlds, [start], problem)
    explorer.stride, explorer.count = (1,) * len(problem.space.axes), ENOUGH
    return explorer.run()


def _service(worlds: Worlds, point: Point) -> float | None:
    """The mean of the service; None where there is nothing to measure."""
    found = worlds.values(Phase.SEARCH, point)[:, -1]
    known = found[~np.isnan(found)]
    return float(known.mean()) if len(known) else None
