"""From an experiment file, or from models, to an `Experiment`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from backsim.errors import InputError
from backsim.experiment.policies import make_policies, make_screening
from backsim.experiment.schema import ExperimentFile, View
from backsim.experiment.view import make_experiment
from backsim.kinds import Kind, expect
from backsim.scenario.load import check_form, from_dict, load, plain
from backsim.scenario.model import Model
from backsim.scenario.override import put
from backsim.scenario.yamlfile import Document, FileError, Location, parse_value, read_yaml, show
from backsim.study.experiment import Experiment, Policy


def load_experiment(
    path: str | Path, overrides: Iterable[str] = (), fields: Mapping[str, Any] | None = None
) -> Experiment:
    """Read an experiment file and make every policy's model.

    `overrides` are texts `path=value`, as of `--set`: fields of the scenario that differ in every
    policy.  `fields` are fields of the experiment in place of the file's, such as `seed`.  Raises
    FileError with every fault found.
    """
    expect(Path(path), Kind.EXPERIMENT)
    document = read_yaml(Path(path))
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set: expected path=value, got {text!r}")
        put(document, ("set", name.strip()), parse_value(value), f"--set {text}")
    for name, value in (fields or {}).items():
        put_field(document, (name,), value)
    return _made(document, Path(path).parent)


def experiment_from(scenario: Model | Mapping[str, Any] | str | Path, **fields: Any) -> Experiment:
    """An experiment from plain Python: a model, a file or a mapping, and fields of an experiment.

    As `experiment_from(model, factors={"policy.reorder.S": [10, 20]}, replications=20)`; `fields`
    are those of an experiment file.  Raises FileError with every fault found.
    """
    if isinstance(scenario, Mapping):
        base = from_dict(scenario)
    else:
        base = scenario if isinstance(scenario, Model) else load(scenario)
    document = Document("experiment", {"scenario": base.name or "scenario"})
    for name, value in fields.items():
        put_field(document, (name,), value)
    return _made(document, base.folder, base)


def _made(document: Document, folder: Path, base: Model | None = None) -> Experiment:
    file, faults = check_form(document, ExperimentFile)
    if file is None or faults:
        raise FileError(document.name, faults)
    policies = make_policies(file, document, folder, base)
    made = make_experiment(file, document, policies)
    return replace(made, screening=make_screening(file, document, folder, policies))


def experiment_of_models(
    models: Mapping[str, Model], fields: Mapping[str, Any] | None = None
) -> Experiment:
    """An experiment that compares models by name.  Raises FileError."""
    document = Document("compare", {})
    for name, value in (fields or {}).items():
        put_field(document, (name,), value)
    if len(models) < 2:
        document.values["models"] = list(models)
        raise FileError("compare", [document.fault(("models",), "at least two", str(len(models)))])
    view, faults = check_form(document, View)
    if view is None or faults:
        raise FileError("compare", faults)
    policies = tuple(Policy(name, {}, model) for name, model in models.items())
    return make_experiment(view, document, policies)


def put_field(document: Document, place: Location, value: Any) -> None:
    """Put a field that was given beside a file in its place."""
    put(document, place, plain(value), f"{place[0]}={show(value)}")
