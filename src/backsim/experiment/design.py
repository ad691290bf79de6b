"""From factors to combinations: every level with every other, or a sample evenly spread."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from backsim.experiment.schema import Range, Sampled
from backsim.scenario.yamlfile import Location, show
from backsim.statistics.screening import radial
from backsim.streams import generator
from backsim.study.screening import MORRIS, SOBOL, Screening


@dataclass(frozen=True, slots=True)
class Change:
    """One scenario field that a level sets, and where the experiment file says so."""

    path: str
    value: Any
    place: Location


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a factor: its label (or number), and what it sets."""

    label: Any
    changes: tuple[Change, ...]
    named: bool = False
    """Its label is a name that the file gives it."""

    @property
    def setting(self) -> Any:
        """What tables say of it: the number that it sets, or its label."""
        number = len(self.changes) == 1 and isinstance(self.changes[0].value, int | float)
        return self.changes[0].value if number and not self.named else self.label


@dataclass(frozen=True, slots=True)
class Combination:
    """A policy before its model is made: name, settings, and what it sets."""

    name: str
    settings: Mapping[str, Any]
    changes: tuple[Change, ...]


def levels_of(factor: str, value: Any) -> tuple[Level, ...]:
    """The levels of a factor that has some: a list of values of a path, or named levels."""
    place = ("factors", factor)
    if isinstance(value, Mapping):
        return tuple(
            Level(name, changes_of(settings, (*place, name)), named=True)
            for name, settings in value.items()
        )
    return tuple(
        Level(label_of(factor, item), (Change(factor, item, (*place, i)),))
        for i, item in enumerate(value)
    )


def changes_of(settings: Mapping[str, Any], place: Location) -> tuple[Change, ...]:
    """The changes that paths and values make, as they stand at a place of the file."""
    return tuple(Change(path, value, (*place, path)) for path, value in settings.items())


def label_of(path: str, value: Any) -> str:
    """How a value of a path is called: `fcfs`, `s=10`, `S=s+14 days`, `s_S(s=10, S=30)`."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("rule"), str):
        rest = ", ".join(f"{k}={_spoken(v)}" for k, v in value.items() if k != "rule")
        return f"{value['rule']}({rest})" if rest else str(value["rule"])
    return f"{path.rpartition('.')[2]}={_spoken(value)}"


def _spoken(value: Any) -> str:
    """A value in few words: `14 days`, `s+14 days` for a level; else as YAML."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and set(value) in (
        {"days"},
        {"days", "above"},
        {"units", "above"},
    ):
        unit = "days" if "days" in value else "units"
        above = f"{value['above']}+" if "above" in value else ""
        return f"{above}{show(value[unit])} {unit}"
    return show(value)


def full(factors: Mapping[str, tuple[Level, ...]]) -> list[Combination]:
    """Each level with each level of the other factors."""
    return [
        _combined(dict(zip(factors, chosen, strict=True))) for chosen in product(*factors.values())
    ]


def sample(factors: Mapping[str, tuple[Level, ...] | Range], design: Sampled) -> list[Combination]:
    """Points spread evenly over all factors at once; the same point twice is one policy."""
    found: dict[str, Combination] = {}
    for chosen in _drawn(factors, design):
        combination = _combined(chosen)
        found.setdefault(combination.name, combination)
    return list(found.values())


def _drawn(
    factors: Mapping[str, tuple[Level, ...] | Range], design: Sampled
) -> Iterator[dict[str, Level]]:
    """The level of each factor at each point of a design."""
    for point in _points(design, len(factors)):
        yield {
            factor: _at(factor, levels, float(u))
            for (factor, levels), u in zip(factors.items(), point, strict=True)
        }


def screening_of(
    factors: Mapping[str, tuple[Level, ...] | Range], design: Sampled, names: Sequence[str]
) -> Screening | None:
    """The design with the place of each point's policy; None for a sample of another kind."""
    if design.kind not in (MORRIS, SOBOL):
        return None
    places = {name: place for place, name in enumerate(names)}
    found, units = [], []
    for chosen in _drawn(factors, design):
        found.append(places[_combined(chosen).name])
        units.append(tuple(_unit(factors[f], level) for f, level in chosen.items()))
    kind: Any = design.kind
    return Screening(kind, tuple(factors), tuple(units), tuple(found))


def _unit(levels: tuple[Level, ...] | Range, level: Level) -> float:
    """Where a level or value lies between the ends of its factor, after rounding."""
    if not isinstance(levels, Range):
        return levels.index(level) / max(1, len(levels) - 1)
    low, high, value = levels.min, levels.max, float(level.label)
    if levels.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)


def _points(design: Sampled, count: int) -> Any:
    """Points of the unit cube, of shape (points, factors)."""
    from scipy.stats import qmc

    source = generator(design.seed, 0, "design")
    if design.kind == "latin_hypercube":
        return qmc.LatinHypercube(count, seed=source).random(design.base_points)
    radial_design = design.kind in (MORRIS, SOBOL)
    sequence = qmc.Sobol(2 * count if radial_design else count, seed=source)
    drawn = sequence.random_base2(design.base_points.bit_length() - 1)
    if not radial_design:
        return drawn
    return radial(drawn[:, :count], drawn[:, count:], design.kind == SOBOL)


def _at(factor: str, levels: tuple[Level, ...] | Range, u: float) -> Level:
    """The level or value of a factor at a point of [0, 1)."""
    if not isinstance(levels, Range):
        return levels[int(u * len(levels))]
    low, high = levels.min, levels.max
    if levels.whole:  # each whole number has an equal share (of the logarithm)
        low, high = low - 0.5, high + 0.5
    if levels.log:
        value = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    else:
        value = low + u * (high - low)
    rounded: float = round(value) if levels.whole else float(f"{value:.6g}")
    return Level(rounded, (Change(factor, rounded, ("factors", factor)),))


def _combined(chosen: Mapping[str, Level]) -> Combination:
    """One level of each factor as a combination."""
    names = [
        level.label if isinstance(level.label, str) else label_of(factor, level.label)
        for factor, level in chosen.items()
    ]
    return Combination(
        " / ".join(names),
        {factor: level.setting for factor, level in chosen.items()},
        tuple(change for level in chosen.values() for change in level.changes),
    )
