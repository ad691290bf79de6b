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
from backsim.scenario.load import check_form, load, model_of, plain
from backsim.scenario.model import Model
from backsim.scenario.override import put
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FileError,
    Location,
    parse_value,
    read_yaml,
    show,
)
from backsim.study.experiment import Experiment, Policy


def load_experiment(
    path: str | Path, overrides: Iterable[str] = (), fields: Mapping[str, Any] | None = None
) -> Experiment:
    """Read an experiment file and make every policy's model.

    `overrides` are texts `path=value`, as of `--set`: fields of the scenario that differ in every
    policy.  `fields` are fields of the experiment in place of the file's, such as `seed`.  Raises
    FileError with every fault found.
    """
    document = read_yaml(expect(path, Kind.EXPERIMENT))
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
    base = model_of(scenario, "scenario")
    document = Document("experiment", {"scenario": base.name or "scenario"})
    for name, value in fields.items():
        put_field(document, (name,), value)
    return _made(document, base.folder, base)


def _made(document: Document, folder: Path, base: Model | None = None) -> Experiment:
    file, faults = _form(document)
    if file is None:
        raise FileError(document.name, faults)
    skipped: tuple[str, ...] = ()
    try:
        policies = make_policies(file, document, folder, base)
    except FileError as error:
        if error.name != document.name and not faults:  # the scenario's own
            raise
        faults += error.faults if error.name == document.name else ()
        policies = _stand_in(file, folder, base)
        if not policies:
            raise FileError(document.name, faults) from None
        skipped = POLICIES
    try:
        made = make_experiment(file, document, policies)
    except FileError as error:
        faults += [fault for fault in error.faults if fault.path[0] not in skipped]
    if faults:
        raise FileError(document.name, list(dict.fromkeys(faults)))
    return replace(made, screening=make_screening(file, document, folder, policies))


POLICIES = ("reference", "replications")
"""Fields that cannot be judged without the policies."""


def _form(document: Document) -> tuple[ExperimentFile | None, list[Fault]]:
    """The file's form and its faults; without the fields at fault where the rest is one."""
    file, faults = check_form(document, ExperimentFile)
    wrong = {str(fault.path[0]) for fault in faults if fault.path}
    if file is not None or wrong & {"scenario", "policies", "factors", "design", "set"}:
        return file, faults
    sound = {name: value for name, value in document.values.items() if name not in wrong}
    return check_form(Document(document.name, sound), ExperimentFile)[0], faults


def _stand_in(file: ExperimentFile, folder: Path, base: Model | None) -> tuple[Policy, ...]:
    """The scenario alone, by which metrics can be judged where the policies cannot be made."""
    name = file.scenario if isinstance(file.scenario, str) else next(iter(file.scenario.values()))
    try:
        return (Policy("", {}, base or load(folder / name)),)
    except InputError:
        return ()


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
    put(document, place, plain(value), f"{place[0]}={show(plain(value))}")
