"""Run a result again, and say whether it is the same, and if not, what it depends on differs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backsim.api import replicate
from backsim.engines.choose import choose
from backsim.experiment.changes import differences, shown
from backsim.experiment.play import play
from backsim.regression.saved import RUN, Key, Saved, Values
from backsim.results.madewith import Provenance, here
from backsim.results.metrics import METRICS, Metrics, views_of
from backsim.results.provenance import rule_digests
from backsim.results.revision import revision
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import spell
from backsim.study.stopping.fixed import Fixed

MOST = 5


@dataclass(frozen=True, slots=True)
class Deviation:
    """A value that is not what it was; None for one that there is not, nan if there was none."""

    policy: str
    replication: int
    key: Key
    before: float
    now: float | None

    @property
    def size(self) -> float:
        """Change as a share of the value; infinite for one that is gone."""
        if self.now is None or self.before == 0 or math.isnan(self.before):
            return float("inf")
        return abs(self.now - self.before) / abs(self.before)


@dataclass(frozen=True)
class Rerun:
    """What came of running a result again."""

    saved: Saved
    compared: int
    """Values compared."""
    deviations: tuple[Deviation, ...]
    changed: tuple[str, ...]
    """What the result depends on and is not as it was, in words."""

    @property
    def same(self) -> bool:
        """Every value is what it was, to the bit, and no file of values has been edited."""
        return not self.deviations and not self.edited

    @property
    def edited(self) -> tuple[str, ...]:
        """The files of values that are not as they were written: they may lack some."""
        return tuple(name for name in self.saved.edited if name.endswith(".csv"))


def rerun(saved: Saved, workers: int | None = None, engine: str | None = None) -> Rerun:
    """Run a result again with its own engine, or another, and compare value by value.

    Raises InputError when it cannot be run.
    """
    values, engines = _again(saved, workers, engine)
    deviations = tuple(_deviations(saved.values, values))
    compared = sum(len(metrics) for metrics in saved.values.values())
    folder = next(iter(saved.models.values())).folder
    now = dataclasses.replace(here(), revision=revision(folder))
    return Rerun(saved, compared, deviations, tuple(_changed(saved, now, engines)))


def _again(
    saved: Saved, workers: int | None, engine: str | None
) -> tuple[Values, Mapping[str, str]]:
    if saved.experiment is not None:
        experiment = dataclasses.replace(saved.experiment, stopping=Fixed(saved.replications))
        used = set(saved.engines.values())
        wanted = engine or (used.pop() if len(used) == 1 else "auto")
        study = play(experiment, workers=workers, engine=wanted)
        frame = {
            (policy.name, k): _named(study, place, k)
            for place, policy in enumerate(experiment.policies)
            for k in range(study.counts[place])
        }
        engines = {n: e["engine"] for n, e in study.provenance["engines"].items()}
        return frame, engines
    model, count = saved.models[RUN], saved.replications
    name, _ = choose(model, engine or saved.engines[RUN], count)
    runs = replicate(model, seed=saved.seed, replications=count, workers=workers, engine=name)
    values = {
        (RUN, run.replication): {(m, d, i): value for m, d, i, value in run.metrics.rows()}
        for run in runs
    }
    return values, {RUN: name}


def _named(study: Any, place: int, replication: int) -> dict[Key, float]:
    model = study.policies[place].model
    table = study.values[place, replication]
    metrics = Metrics(views_of(model), dict(zip(METRICS, table, strict=True)))
    return {(m, d, i): value for m, d, i, value in metrics.rows()}


def _deviations(before: Values, now: Values) -> Iterator[Deviation]:
    known = {key for metrics in before.values() for key in metrics}
    names, views = {key[0] for key in known}, {key[1:] for key in known}
    for (policy, replication), metrics in before.items():
        again = now.get((policy, replication), {})
        for key, value in again.items():
            if key not in metrics and key[0] in names and key[1:] in views:
                yield Deviation(policy, replication, key, math.nan, value)
        for key, value in metrics.items():
            if again.get(key) != value:
                yield Deviation(policy, replication, key, value, again.get(key))


def _rules(was: Mapping[str, Any], model: Model) -> str:
    """The rules that differ from those of a result."""
    before, now = was["rules"], rule_digests(model)
    names = dict.fromkeys([*before, *now])
    return ", ".join(name for name in names if before.get(name) != now.get(name))


def _changed(saved: Saved, now: Provenance, engines: Mapping[str, str]) -> Iterator[str]:
    """What the result depends on and is not as it was."""
    for policy, was in saved.scenarios.items():
        of = f" of '{policy}'" if policy else ""
        model = saved.models[policy]
        found = list(differences(was["scenario"], model.to_dict()))
        for path, old, new in found[:MOST]:
            yield f"scenario{of}: {spell(path, was['scenario'])}: {shown(old)} -> {shown(new)}"
        if len(found) > MOST:
            yield f"scenario{of}: {len(found) - MOST} more fields"
        if was["traces"] != model.file_digests:
            yield f"scenario{of}: its data files"
        if was["rules"] != rule_digests(model):
            yield f"scenario{of}: your rules, or what they use ({_rules(was, model)})"
        for name, told in rule_digests(model).items():
            if told.startswith("unknown"):
                yield f"scenario{of}: rule {name}: cannot be told, {told}"
    for change in saved.origin.changes(now):
        yield f"{change.what}: {change.before} -> {change.now}"
    for policy, engine in engines.items():
        before = saved.engines.get(policy, "unknown")
        if before != engine:
            of = f" of '{policy}'" if policy else ""
            yield f"engine{of}: {before} -> {engine}"
