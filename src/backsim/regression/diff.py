"""Two scenarios or two results side by side: fields, origin, and metrics with paired intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backsim.errors import InputError, listed
from backsim.experiment.changes import differences as field_differences
from backsim.experiment.changes import shown
from backsim.regression.saved import Key, Saved, is_scenario, read_saved
from backsim.results.spec import MetricSpec
from backsim.results.units import unit_words
from backsim.scenario.load import load
from backsim.scenario.yamlfile import spell
from backsim.statistics import Difference, differences


@dataclass(frozen=True, slots=True)
class Field:
    """A field that differs; None where it is not there."""

    policies: tuple[str, ...]
    path: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class MetricDifference:
    """A metric that differs: means, and the paired difference other - one."""

    policy: str
    spec: MetricSpec
    unit: str
    """In words, with the time unit and the currency; of both, where they are not the same."""
    one: float
    other: float
    difference: Difference | None
    """None with fewer than two pairs."""


@dataclass(frozen=True)
class Diff:
    """What differs between two scenarios or two results."""

    fields: tuple[Field, ...]
    origin: tuple[tuple[str, Any, Any], ...] = ()
    metrics: tuple[MetricDifference, ...] = ()
    compared: int = 0
    """Metrics compared."""
    only_one: tuple[str, ...] = ()
    only_other: tuple[str, ...] = ()
    """Policies that only one of them has."""
    paired: bool = True
    """The same seed: replication by replication the same random numbers."""
    confidence: float = 0.95

    @property
    def same(self) -> bool:
        """Nothing differs but where they come from."""
        return not (self.fields or self.metrics or self.only_one or self.only_other)


def diff(one: Path, other: Path, confidence: float = 0.95) -> Diff:
    """Compare two scenario files, or two results.

    Raises InputError when they are not two of a kind, or cannot be read.
    """
    if is_scenario(one) != is_scenario(other):
        raise InputError(f"diff: expected two scenarios or two results, got {one} and {other}")
    if is_scenario(one):
        first = load(one).to_dict()
        pairs = field_differences(first, load(other).to_dict())
        return Diff(tuple(Field((), spell(p, first), shown(a), shown(b)) for p, a, b in pairs))
    return diff_results(read_saved(one), read_saved(other), confidence)


def diff_results(one: Saved, other: Saved, confidence: float = 0.95) -> Diff:
    """Compare two results; the intervals of all metrics that differ hold together (Bonferroni).

    Raises InputError when a result is not what was written.
    """
    for saved in (one, other):
        if saved.edited:
            raise InputError(
                f"{saved.path.parent}: {listed(saved.edited)} changed after `backsim run --out` "
                "wrote the folder; `backsim reproduce` says what the values are"
            )
    common = [name for name in one.models if name in other.models]
    fields: dict[tuple[str, str, str], list[str]] = {}
    for name in common:
        was, now = one.scenarios[name]["scenario"], other.scenarios[name]["scenario"]
        for path, a, b in field_differences(was, now):
            fields.setdefault((spell(path, was), shown(a), shown(b)), []).append(name)
    changed = [(name, key) for name in common for key in _moved(one, other, name)]
    return Diff(
        tuple(Field(tuple(n for n in names if n), *field) for field, names in fields.items()),
        tuple(_origin(one, other)),
        tuple(_metric(one, other, *pair, confidence, len(changed)) for pair in changed),
        sum(len(_keys(one, name) | _keys(other, name)) for name in common),
        tuple(name for name in one.models if name not in common),
        tuple(name for name in other.models if name not in common),
        one.seed == other.seed,
        confidence,
    )


def _origin(one: Saved, other: Saved) -> Iterator[tuple[str, Any, Any]]:
    """Seed, number of replications, engine, versions and platform where they differ."""
    told = (
        ("seed", one.seed, other.seed),
        ("replications", one.replications, other.replications),
        ("engine", _engines(one), _engines(other)),
    )
    yield from ((what, a, b) for what, a, b in told if a != b)
    yield from ((c.what, c.before, c.now) for c in one.origin.changes(other.origin))


def _engines(saved: Saved) -> str:
    return " and ".join(sorted(set(saved.engines.values())))


def _keys(saved: Saved, policy: str) -> dict[Key, None] | Any:
    """Each metric that has a value, in order; the only site, product or class is as all."""
    found = (metrics for (name, _), metrics in saved.values.items() if name == policy)
    keys = dict.fromkeys(key for metrics in found for key in metrics)
    members = Counter(dimension for dimension, _ in dict.fromkeys(key[1:] for key in keys))
    return {key: None for key in keys if not key[1] or members[key[1]] > 1}.keys()


def _moved(one: Saved, other: Saved, policy: str) -> Iterator[Key]:
    """The metrics that both have and that differ, in the replications that both have."""
    theirs = _keys(other, policy)
    for key in _keys(one, policy):
        if key in theirs:
            a, b = _both(one, other, policy, key)
            if not np.array_equal(a, b, equal_nan=True):
                yield key


def _both(one: Saved, other: Saved, policy: str, key: Key) -> tuple[Any, Any]:
    count = min(one.replications, other.replications)
    return one.array(policy, key)[:count], other.array(policy, key)[:count]


def _metric(
    one: Saved, other: Saved, policy: str, key: Key, confidence: float, number: int
) -> MetricDifference:
    a, b = _both(one, other, policy, key)
    found = None
    if (~np.isnan(a - b)).sum() > 1:
        found = differences([a, b], 0, confidence, number).comparisons[0]
    spec = MetricSpec(*key)
    units = dict.fromkeys(unit_words(spec.unit, s.models[policy].scenario) for s in (one, other))
    return MetricDifference(policy, spec, " and ".join(units), _mean(a), _mean(b), found)


def _mean(values: Any) -> float:
    return float(np.nanmean(values)) if (~np.isnan(values)).any() else float("nan")
