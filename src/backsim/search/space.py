"""The space of a search: which policies there are, and which are next to which.

A policy is a point: for each axis the place of its value.  Axes of numbers form a lattice, on which
a search moves; axes of choices are gone through, each combination a lattice of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from math import floor, prod
from typing import Any

from backsim.experiment.design import label_of
from backsim.rules import FAMILIES
from backsim.scenario.override import parse_path
from backsim.search.schema import DaysOfDemand, Integers, Range

Point = tuple[int, ...]
"""For each axis the place of its value, from 0."""

MOST_PAIRS = 6
"""Numbers up to which two of them are also moved together in one direction."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What is tried at one path: its values in order, and the axis that they have to exceed."""

    path: str
    values: tuple[Any, ...]
    label: str
    numeric: bool
    above: int | None = None
    within: tuple[int, int] | None = None
    """The choice that has this number, by axis and place: with another there is no such number."""

    def setting(self, place: int) -> Any:
        """The value at a place, as a scenario file says it."""
        return self.values[place]

    def amount(self, place: int) -> float:
        """A number, also of one that is written `{days: 14}`."""
        value = self.values[place]
        return float(value["days"] if isinstance(value, Mapping) else value)


class Space:
    """All policies that a search may try."""

    def __init__(self, axes: tuple[Axis, ...]) -> None:
        self.axes = axes
        self.numeric = tuple(i for i, axis in enumerate(axes) if axis.numeric)
        self.chosen = tuple(i for i, axis in enumerate(axes) if not axis.numeric)

    @classmethod
    def of(cls, dimensions: Mapping[str, Any]) -> Space:
        """The space of `search:` in a file, which has been checked."""
        paths = list(dimensions)
        tails = [path.rpartition(".")[2] for path in paths]
        axes = []
        for path, tail, given in zip(paths, tails, dimensions.values(), strict=True):
            label = path if tails.count(tail) > 1 else tail
            if isinstance(given, Range):
                above = None if given.above is None else paths.index(given.above)
                axes.append(Axis(path, _values(path, given), label, True, above))
            else:
                axes.append(Axis(path, tuple(map(_without_ranges, given)), label, False))
        return cls((*axes, *_nested(dimensions)))

    @property
    def size(self) -> int:
        """How many policies, those included that break a condition between two numbers."""
        return sum(
            prod(len(self.axes[i].values) for i in self.numeric if self.active(i, branch))
            for branch in self.branches()
        )

    def active(self, axis: int, chosen: Mapping[int, int] | Point) -> bool:
        """Whether a policy has a number, which may be one of a choice's own."""
        within = self.axes[axis].within
        return within is None or chosen[within[0]] == within[1]

    def allowed(self, point: Point) -> bool:
        """Whether a point is within all ends, and keeps the conditions between numbers."""
        for i, (axis, place) in enumerate(zip(self.axes, point, strict=True)):
            if not 0 <= place < len(axis.values) or (place and not self.active(i, point)):
                return False
        for axis, place in zip(self.axes, point, strict=True):
            if axis.above is not None:
                other = self.axes[axis.above]
                if axis.amount(place) <= other.amount(point[axis.above]):
                    return False
        return True

    def choices(self, point: Point) -> Point:
        """The places of a point's choices."""
        return tuple(point[i] for i in self.chosen)

    def settings(self, point: Point) -> dict[str, Any]:
        """Path -> value of a point's policy."""
        found: dict[str, Any] = {}
        for i, (axis, place) in enumerate(zip(self.axes, point, strict=True)):
            if axis.within is None:
                found[axis.path] = axis.setting(place)
            elif self.active(i, point):
                owner = self.axes[axis.within[0]].path
                found[owner] = {**found[owner], axis.path: axis.setting(place)}
        return found

    def name(self, point: Point) -> str:
        """What a point's policy is called: `s=10, S=30, fcfs`."""
        labels = {axis.path: axis.label for axis in self.axes}
        return ", ".join(_called(labels[p], value) for p, value in self.settings(point).items())

    def branches(self) -> Iterator[dict[int, int]]:
        """Each combination of choices: axis -> place."""
        places = [range(len(self.axes[i].values)) for i in self.chosen]
        for chosen in product(*places):
            yield dict(zip(self.chosen, chosen, strict=True))

    @property
    def empty(self) -> bool:
        """Whether no point keeps the conditions between numbers."""
        lowest = ([branch.get(i, 0) for i in range(len(self.axes))] for branch in self.branches())
        return all(self.repaired(tuple(places)) is None for places in lowest)

    def some_of(self, branch: Mapping[int, int]) -> Iterator[Point]:
        """A few points of a combination of choices: the middle, and two corners."""
        ends = [len(axis.values) - 1 for axis in self.axes]
        for places in (
            [end // 2 for end in ends],
            [end * (i % 2) for i, end in enumerate(ends)],
            [end * ((i + 1) % 2) for i, end in enumerate(ends)],
        ):
            point = self.repaired(tuple(branch.get(i, place) for i, place in enumerate(places)))
            if point is not None:
                yield point

    def neighbours(self, point: Point, stride: tuple[int, ...]) -> list[Point]:
        """The points one stride away: one number changed, or two of them.

        Two numbers together, because along a constraint one has to give way to another.  Where
        there are many numbers, only against each other.
        """
        steps = []
        for i in self.numeric:
            steps += [{i: stride[i]}, {i: -stride[i]}]
        for i, j in combinations(self.numeric, 2):
            steps += [{i: stride[i], j: -stride[j]}, {i: -stride[i], j: stride[j]}]
            if len(self.numeric) <= MOST_PAIRS:
                steps += [{i: stride[i], j: stride[j]}, {i: -stride[i], j: -stride[j]}]
        moved = [tuple(p + step.get(i, 0) for i, p in enumerate(point)) for step in steps]
        return [other for other in moved if self.allowed(other)]

    def repaired(self, point: Point) -> Point | None:
        """The point with every number within its ends, and raised above the one it must exceed."""
        places = [
            min(max(p, 0), len(a.values) - 1) if self.active(i, point) else 0
            for i, (p, a) in enumerate(zip(point, self.axes, strict=True))
        ]
        for _ in self.axes:
            for i, axis in enumerate(self.axes):
                if axis.above is None:
                    continue
                least = self.axes[axis.above].amount(places[axis.above])
                while axis.amount(places[i]) <= least:
                    places[i] += 1
                    if places[i] == len(axis.values):
                        return None
        found = tuple(places)
        return found if self.allowed(found) else None

    def at_ends(self, point: Point) -> list[str]:
        """The paths of numbers that a wider range may better; 0 as least is taken for natural."""
        found = []
        for i in self.numeric:
            axis, place = self.axes[i], point[i]
            is_last = place == len(axis.values) - 1
            is_first = place == 0 and axis.amount(0) != 0
            if self.active(i, point) and len(axis.values) > 1 and (is_last or is_first):
                found.append(axis.path)
        return found

    def nearest(self, axis: int, value: float) -> int:
        """The place of the value that is nearest to a number."""
        values = self.axes[axis]
        low = values.amount(0)
        step = values.amount(1) - low
        return min(max(round((value - low) / step), 0), len(values.values) - 1)


def _called(label: str, value: Any) -> str:
    """`s=10`, `fcfs`; of several rules `at_order + every(days=7)`; if not alone, its path."""
    if isinstance(value, list | tuple):
        return " + ".join(label_of(label, item) for item in value)
    owner, dot, name = label.rpartition(".")
    found = label_of(label, value)
    return f"{owner}{dot}{found}" if found.startswith(f"{name}=") else found


def _without_ranges(choice: Any) -> Any:
    """A choice without the numbers of its own that are searched."""
    if not isinstance(choice, Mapping):
        return choice
    return {name: given for name, given in choice.items() if not isinstance(given, Range)}


def _nested(dimensions: Mapping[str, Any]) -> Iterator[Axis]:
    """The numbers of choices' own, each an axis that only policies with that choice have."""
    for i, (path, choices) in enumerate(dimensions.items()):
        for place, choice in enumerate(() if isinstance(choices, Range) else choices):
            for name, given in choice.items() if isinstance(choice, Mapping) else ():
                if isinstance(given, Range):
                    values = _values(f"{path}.{name}", given)
                    yield Axis(name, values, name, True, within=(i, place))


def _values(path: str, given: Range) -> tuple[Any, ...]:
    """The numbers between two ends; days of demand as a level is written."""
    low, high, step = given.grid
    count = floor((high - low) / step + 1e-9) + 1
    if isinstance(given, Integers):
        return tuple(range(int(low), int(high) + 1, int(step)))
    numbers = [float(f"{low + step * i:.12g}") for i in range(count)]
    if isinstance(given, DaysOfDemand) and is_level(path):
        return tuple({"days": number} for number in numbers)
    return tuple(numbers)


def is_level(path: str) -> bool:
    """Whether a path is that of a rule's level: `{days: 14}` of it are days of demand."""
    *_, family, name = ("", *map(str, parse_path(path)))
    rules = FAMILIES[family].rules.values() if family in FAMILIES else ()
    return any(p.name == name and p.unit == "units" for rule in rules for p in rule.parameters)
