"""Check experiments against their baselines, or write the baselines."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backsim.errors import BacksimError, InputError
from backsim.experiment.load import load_experiment
from backsim.experiment.play import play
from backsim.kinds import Kind, kind_of
from backsim.regression.baseline import (
    Baseline,
    PolicyResults,
    baseline_file,
    read_baseline,
    spell_value,
    values_digest,
    write_baseline,
)
from backsim.regression.fields import against
from backsim.regression.fingerprint import digests, fields, made_with
from backsim.regression.judge import checked, gone_policies, judge
from backsim.regression.margins import default_margin
from backsim.regression.optimum import check_search, update_search
from backsim.regression.outcome import Check, Settings, command
from backsim.report.objective import objective_warnings
from backsim.scenario.yamlfile import Document, FileError
from backsim.study.experiment import Experiment
from backsim.study.stopping.fixed import Fixed
from backsim.study.study import Study


def check_all(files: Sequence[Path], settings: Settings, update: bool = False) -> Iterator[Check]:
    """Check each experiment, or write its baseline; a fault of one does not stop the others.

    Raises InputError when two experiments would share a baseline.
    """
    places: dict[Path, Path] = {}
    for file in files:
        other = places.setdefault(baseline_file(file, settings.folder), file)
        if other is not file and other.resolve() != file.resolve():
            raise InputError(f"check: expected files of different names, got {other} and {file}")
    return (_guarded(file, settings, update) for file in dict.fromkeys(places.values()))


def _guarded(file: Path, settings: Settings, update: bool) -> Check:
    place, started = baseline_file(file, settings.folder), time.perf_counter()
    check = Check(file, place, settings=settings)
    try:
        made = _verb(file, update)(file, settings)
    except InputError as error:
        made = dataclasses.replace(check, error=str(error), bad_input=True)
    except BacksimError as error:
        made = dataclasses.replace(check, error=str(error))
    return dataclasses.replace(made, seconds=time.perf_counter() - started)


def _verb(file: Path, update: bool) -> Callable[[Path, Settings], Check]:
    """What to do with a file: experiments and searches are checked in their own ways."""
    if kind_of(file) is not Kind.SEARCH:
        return update_one if update else check_one
    return update_search if update else check_search


def check_one(file: Path, settings: Settings) -> Check:
    """Run an experiment and compare it with its baseline.

    Raises InputError for bad input, BacksimError when a run fails.
    """
    place = baseline_file(file, settings.folder)
    if not place.is_file():
        load_experiment(file)  # its own faults come first
        raise InputError(
            f"{place}: expected the baseline of {file}, found none; "
            f"to make it: {command('check', file, settings, '--update')}"
        )
    baseline, document = read_baseline(place)
    experiment = load_experiment(file, fields={"replications": baseline.replications})
    _check_same(experiment, file, baseline, document)
    study = _play(experiment, settings)
    judgement = judge(study, digests(study), made_with(), baseline, document)
    return Check(
        file,
        place,
        judgement,
        replications=baseline.replications,
        error_rate=baseline.error_rate,
        warnings=objective_warnings(study),
        strict=settings.strict,
        settings=settings,
    )


def update_one(file: Path, settings: Settings) -> Check:
    """Run an experiment and write its baseline, keeping what a person may have edited.

    Raises InputError for bad input, also when there is a baseline that cannot be read.
    """
    place = baseline_file(file, settings.folder)
    old = None
    if place.is_file():
        try:
            old, _ = read_baseline(place, whole=False)
        except FileError as error:
            raise InputError(
                f"{error}\n{place}: correct it, or delete it to have it written again"
            ) from None
        if old.experiment != file.stem:
            old = None
    count = settings.replications or (old.replications if old else None)
    fields = {} if count is None else {"replications": count}
    experiment = load_experiment(file, fields=fields)
    first = Fixed(experiment.stopping.first())
    experiment = dataclasses.replace(experiment, stopping=first)
    study = _play(experiment, settings)
    made = make_baseline(study, file.stem, old)
    written = write_baseline(made, place)
    return Check(file, place, updated=written, warnings=objective_warnings(study))


def make_baseline(study: Study, name: str, old: Baseline | None = None) -> Baseline:
    """The baseline of a study; margins and error rate of an old one are kept."""
    experiment = study.experiment
    objective = experiment.objective
    senses = {objective.metric: objective.sense} if objective else {}
    specs = checked(study)
    margins = {
        str(spec): old.margins[str(spec)]
        if old and str(spec) in old.margins
        else default_margin(spec, senses)
        for spec in specs
    }
    arrays = {str(spec): study.array(spec) for spec in specs}
    told = fields(study)
    first = next(iter(told.values()))
    policies = {}
    for place, (policy, found) in enumerate(zip(study.policies, digests(study), strict=True)):
        values = {
            text: " ".join(map(spell_value, of_all[place]))
            for text, of_all in arrays.items()
            if (~np.isnan(of_all[place])).sum() > 1
        }
        covered = found.model_copy(update={"values": values_digest(values)})
        sets = against(first, told[policy.name])
        policies[policy.name] = PolicyResults(digests=covered, sets=sets, values=values)
    kept: dict[str, Any] = {"error_rate": old.error_rate} if old else {}
    return Baseline(
        format=1,
        experiment=name,
        seed=experiment.seed,
        replications=study.counts[0],
        margins=margins,
        made_with=made_with(),
        fields=first,
        policies=policies,
        **kept,
    )


def worst(checks: Iterable[Check]) -> int:
    """The exit code of all checks: 2 if any input is bad, else 1 if any has failed, else 0."""
    return max((check.code for check in checks), default=0)


def _play(experiment: Experiment, settings: Settings) -> Study:
    return play(experiment, workers=settings.workers, engine=settings.engine)


def _check_same(experiment: Experiment, file: Path, baseline: Baseline, document: Document) -> None:
    """Raise FileError when the baseline is another experiment's."""
    faults = gone_policies(experiment, baseline, document)
    if baseline.experiment != file.stem:
        found = f"that of '{baseline.experiment}'"
        faults.append(document.fault(("experiment",), f"the baseline of '{file.stem}'", found))
    if baseline.seed != experiment.seed:
        expected = f"the experiment's seed, {experiment.seed} (--update makes a new baseline)"
        faults.append(document.fault(("seed",), expected, str(baseline.seed)))
    if faults:
        raise FileError(document.name, faults)
