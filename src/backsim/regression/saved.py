"""Results on disk: what `backsim run --out` and `backsim compare` leave, read back to compare.

The metrics may be those of another version of backsim; each value is known by its name.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from backsim.errors import InputError
from backsim.experiment.describe import experiment_of
from backsim.experiment.kept import STUDY_FILE, holds_parts, read_kept
from backsim.kinds import Kind, expect, kind_of
from backsim.results.madewith import Provenance
from backsim.results.metrics import views_of
from backsim.results.store import edited_since
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model
from backsim.scenario.yamlfile import read_yaml, show
from backsim.study.experiment import Experiment

RUN = ""
"""The name of the one policy of a run."""

Key = tuple[str, str, str]
"""(metric, dimension, member)"""
Values = Mapping[tuple[str, int], Mapping[Key, float]]
"""(policy, replication) -> the metrics that have a value."""


@dataclass(frozen=True)
class Saved:
    """A result, and where it comes from."""

    path: Path
    models: Mapping[str, Model] = field(repr=False)
    """Policy -> the model, as this version of backsim resolves the explicit scenario."""
    scenarios: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """Policy -> the explicit scenario and hashes of its files, as they were."""
    seed: int
    engines: Mapping[str, str]
    origin: Provenance
    """Versions, source, platform, revision."""
    values: Values = field(repr=False)
    experiment: Experiment | None = field(default=None, repr=False)
    """Of a study."""
    edited: tuple[str, ...] = ()
    """Files of a run's folder that are not as they were written."""

    @property
    def replications(self) -> int:
        """The most replications of a policy."""
        return 1 + max((k for _, k in self.values), default=-1)

    def array(self, policy: str, key: Key) -> Any:
        """A metric's value in each replication; nan where it has none."""
        count = self.replications
        return np.array([self.values.get((policy, k), {}).get(key, np.nan) for k in range(count)])


def read_saved(path: Path, in_place: bool = False) -> Saved:
    """Read a result: a folder of `run --out` or `compare --out`, or the file in it that counts.

    With `in_place` the data files of a study are looked for in its own folder.
    Raises InputError: there is none, or it is damaged.
    """
    folder = path if path.is_dir() else path.parent
    study = path if path.suffix == ".sqlite" else folder / STUDY_FILE
    if path.name != "provenance.json" and study.is_file():
        return _study(study, study.parent if in_place else None)
    if holds_parts(folder):
        return _study(folder)
    file = path if path.is_file() else folder / "provenance.json"
    if not file.is_file() or file.suffix != ".json":
        if kind_of(path) in (Kind.SCENARIO, Kind.EXPERIMENT, Kind.BASELINE, Kind.BOOK):
            expect(path, Kind.RUN, Kind.STUDY)
        raise InputError(
            f"{path}: expected a folder of `backsim run --out` or `backsim compare --out`, "
            f"with provenance.json or {STUDY_FILE}"
        )
    return _run(file)


def _run(file: Path) -> Saved:
    told, folder = _json(file), file.parent
    _refuse_processes(file, told, "backsim.simulate(..., extend=...)")
    scenario = told.get("scenario")
    if not isinstance(scenario, dict):
        scenario = read_yaml(folder / "scenario.yaml").values
    name, engine = _field(file, told, "scenario_name", str), _field(file, told, "engine", str)
    seed, digest = _field(file, told, "seed", int), _field(file, told, "scenario_sha256", str)
    traces = _field(file, told, "traces", list)
    if not all(isinstance(t, dict) and isinstance(t.get("sha256"), str) for t in traces):
        raise InputError(f"{file}: traces: expected the sha256 of each data file")
    place = _field(file, told, "folder", str) if "folder" in told else folder
    rules = _field(file, told, "rules", dict) if "rules" in told else {}
    if told.get("versions"):
        _field(file, told, "versions", dict)
    model = from_dict(scenario, name=name, folder=place)
    was = {"scenario": scenario, "sha256": digest, "traces": [t["sha256"] for t in traces]}
    was["rules"] = rules
    values = _replications(folder / "replications.csv")
    origin = Provenance.from_dict(told)
    edited = edited_since(folder, told)
    return Saved(file, {RUN: model}, {RUN: was}, seed, {RUN: engine}, origin, values, None, edited)


def _refuse_processes(file: Path, told: Mapping[str, Any], call: str) -> None:
    """Raise InputError for a result with processes that no scenario names: they are not known."""
    if beside := told.get("extend"):
        every = beside if isinstance(beside, list) else [beside]
        names = ", ".join(str(one.get("process")) for one in every if isinstance(one, dict))
        raise InputError(
            f"{file}: processes ran alongside the model ({names}): run it again from Python, with "
            f"{call}"
        )


Typed = TypeVar("Typed")


def _field(file: Path, told: Mapping[str, Any], name: str, kind: type[Typed]) -> Typed:
    """A field of a provenance.  Raises InputError when it is not there, or of another kind."""
    words = {str: "text", int: "a whole number", list: "a list", dict: "a mapping"}
    value = told.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        found = "nothing" if name not in told else show(value)
        raise InputError(f"{file}: {name}: expected {words[kind]}, got {found}")
    return value


def _json(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file}: expected JSON ({error})") from None
    if not isinstance(told, dict):
        raise InputError(f"{file}: expected the provenance of a run, got {type(told).__name__}")
    # What `backsim run --format json` prints holds it with the metrics.
    inner = told.get("provenance")
    return inner if isinstance(inner, dict) else told


def _replications(file: Path) -> Values:
    """The values of each replication, as `run --out` wrote them."""
    values: dict[tuple[str, int], dict[Key, float]] = {}
    line = 0
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.DictReader(stream)
            for row in rows:
                line = rows.line_num
                key = row["metric"], row["dimension"], row["member"]
                if None in key:
                    raise ValueError
                values.setdefault((RUN, int(row["replication"])), {})[key] = float(row["value"])
    except OSError as error:
        raise InputError(f"{file}: expected a readable file ({error.strerror})") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise InputError(
            f"{file}:{line or 1}: expected the columns replication, metric, dimension, member, "
            "value"
        ) from None
    if not values:
        raise InputError(f"{file}: expected at least one value, found none")
    _check_numbers(file, [replication for _, replication in values])
    return values


def _check_numbers(file: Path, numbers: list[int]) -> None:
    """Replications are numbered from 0 without a gap: one that is not would run for ever."""
    wrong = [n for n in numbers if not 0 <= n < len(numbers)]
    if wrong:
        raise InputError(
            f"{file}: expected replications 0 to {len(numbers) - 1}, as many as there are, "
            f"got {show(wrong[0])}"
        )


def _study(file: Path, folder: Path | None = None) -> Saved:
    with read_kept(file) as kept:
        description = kept.description
        results = list(kept.results())
    if not description or not results:
        raise InputError(f"{file}: expected a study with results, found none")
    _refuse_processes(file, description["numbers"], "backsim.compare(..., extend=...)")
    experiment = experiment_of(description, folder)
    names, metrics = [p.name for p in experiment.policies], description["numbers"]["metrics"]
    views = [views_of(policy.model) for policy in experiment.policies]
    for policy in range(len(names)):
        _check_numbers(file, [r.replication for r in results if r.policy == policy])
    values: dict[tuple[str, int], dict[Key, float]] = {}
    for result in results:
        table = np.frombuffer(result.metrics, "<f8").reshape(len(metrics), -1)
        keys = ((m, *view) for m in metrics for view in views[result.policy])
        values[names[result.policy], result.replication] = {
            key: float(value)
            for key, value in zip(keys, table.ravel(), strict=True)
            if not np.isnan(value)
        }
    environment = dict(description["view"]["environment"])
    engines = environment.get("engines", {})
    return Saved(
        file,
        {p.name: p.model for p in experiment.policies},
        description["numbers"]["policies"],
        experiment.seed,
        {name: told["engine"] for name, told in engines.items()},
        Provenance.from_dict(environment),
        values,
        experiment,
    )


def is_scenario(path: Path) -> bool:
    """Whether a path is a scenario file rather than a result."""
    return path.is_file() and path.suffix in (".yaml", ".yml")
