"""What is around the policy found: policies beside it, and the scenario a little different."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.search.space import Point, Space
from backsim.search.variation import Variation, variations
from backsim.search.worlds import Phase, Spent, Worlds
from backsim.statistics import Estimate, estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

REPLICATIONS = 20
"""Of each policy around the one found."""
ACROSS = (-2, -1, 0, 1, 2)
"""Steps to either side, of two numbers; twice as many of one."""
STEP = 0.05
"""A step as a part of the range of a number, at least one place."""
MOST_SLICES = 10
MOVES = 6
"""Steps to a better policy, where the scenario is different, at most."""


@dataclass(frozen=True)
class Slice:
    """Policies that differ from the one found in one number or two."""

    axes: tuple[int, ...]
    points: tuple[Point, ...]
    apart: tuple[Estimate, ...]
    """The objective less that of the policy found, paired."""
    violates: tuple[bool, ...]
    """Whether each violates a constraint, by how far it is from the policy found."""


@dataclass(frozen=True)
class Changed:
    """The scenario with one parameter different: what the policy costs, and what is better then."""

    variation: Variation
    cost: Estimate
    """The objective of the policy found."""
    better: Point
    """The best policy that a few steps from it lead to; the same where none is better."""
    saving: Estimate
    """The objective of that one less that of the policy found, paired."""
    violates: bool = False
    """Whether the policy found violates a constraint there."""


@dataclass(frozen=True)
class Shape:
    """The surface around a policy, and its sensitivity."""

    cost: Estimate
    """The objective of the policy found, in the same worlds."""
    slices: tuple[Slice, ...]
    changed: tuple[Changed, ...]


def shape_of(worlds: Worlds, best: Point) -> Shape:
    """What is around the policy found, as far as the budget goes."""
    slices: list[Slice] = []
    for axes in _axes(worlds.problem.space, best):
        points = tuple(_around(worlds.problem.space, best, axes))
        try:
            worlds.play(Phase.SHAPE, [best, *points], REPLICATIONS)
        except Spent:
            break
        known = tuple(p for p in points if np.isfinite(_objective(worlds, p)).all())
        apart = tuple(_apart(worlds, p, best) for p in known)
        chance = _chance(worlds, best)
        violates = tuple(_worth(worlds, p, chance)[0] > 0 for p in known)
        slices.append(Slice(axes, known, apart, violates))
    changed: list[Changed] = []
    with suppress(Spent):
        for one in variations(worlds.problem.present):
            found = _changed(worlds, one, best)
            changed += [] if found is None else [found]
    return Shape(_cost(worlds, best), tuple(slices), tuple(changed))


def _axes(space: Space, best: Point) -> list[tuple[int, ...]]:
    """Every pair of the policy's numbers; the number, where there is one."""
    numbers = [axis for axis in space.numeric if space.active(axis, best)]
    several = min(2, len(numbers))
    return list(combinations(numbers, several))[:MOST_SLICES] if several else []


def _step(space: Space, axis: int) -> int:
    return max(1, round(STEP * len(space.axes[axis].values)))


def _around(space: Space, best: Point, axes: tuple[int, ...]) -> Iterator[Point]:
    steps = ACROSS if len(axes) > 1 else tuple(range(2 * ACROSS[0], 2 * ACROSS[-1] + 1))
    for moved in product(steps, repeat=len(axes)):
        places = list(best)
        for axis, by in zip(axes, moved, strict=True):
            places[axis] += by * _step(space, axis)
        point = tuple(places)
        if space.allowed(point):
            yield point


def _objective(worlds: Worlds, point: Point) -> Floats:
    return worlds.values(Phase.SHAPE, point, REPLICATIONS)[:, 0]


def _cost(worlds: Worlds, point: Point) -> Estimate:
    return estimate(_objective(worlds, point).tolist(), worlds.problem.asked.confidence)


def _apart(worlds: Worlds, point: Point, other: Point) -> Estimate:
    values = _objective(worlds, point) - _objective(worlds, other)
    return estimate(values.tolist(), worlds.problem.asked.confidence)


def _changed(worlds: Worlds, variation: Variation, best: Point) -> Changed | None:
    """Steps to better policies in a scenario that is different, with the policies' own numbers.

    Raises Spent.
    """
    problem = replace(worlds.problem, varied=variation.of)
    other = Worlds(
        problem, worlds.engine, worlds.budget, worlds.memo, worlds.workers, variation.name
    )
    other.cluster = worlds.cluster
    other.play(Phase.SHAPE, [best], REPLICATIONS)
    here, chance = best, _chance(worlds, best)
    for _ in range(MOVES):
        near = [p for p in _beside(problem.space, here) if other.model(p) is not None]
        other.play(Phase.SHAPE, near, REPLICATIONS)
        worth = {p: _worth(other, p, chance) for p in (here, *near)}
        after = min(worth, key=worth.__getitem__)
        if after == here:
            break
        here = after
    if not np.isfinite(_objective(other, best)).all():
        return None
    apart, lacks = _apart(other, here, best), _worth(other, best, chance)[0]
    return Changed(variation, _cost(other, best), here, apart, lacks > 0)


def _beside(space: Space, point: Point) -> list[Point]:
    stride = tuple(_step(space, axis) for axis in range(len(point)))
    return space.neighbours(point, stride)


def _chance(worlds: Worlds, best: Point) -> Floats:
    """By how much the policy found is off in these few worlds, against those of the choice."""
    known = worlds.values(Phase.CHOICE, best)
    here = worlds.values(Phase.SHAPE, best, REPLICATIONS)
    if not (len(known) and len(here)):
        return np.zeros(here.shape[1])
    off = np.nanmean(here, axis=0) - np.nanmean(known, axis=0)
    return np.asarray(np.nan_to_num(off))


def _worth(worlds: Worlds, point: Point, chance: Floats) -> tuple[float, float]:
    """What constraints lack, then the objective: the less the better."""
    rows = worlds.values(Phase.SHAPE, point, REPLICATIONS) - chance
    problem = worlds.problem
    values: Any = problem.sign * rows[:, 0]
    return problem.lacks(rows), float(values.mean()) if np.isfinite(values).all() else float("inf")
