"""Play an experiment: every policy, replication by replication, into a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backsim.experiment.collected import Collected
from backsim.experiment.comparison import Comparison
from backsim.experiment.describe import describe, experiment_of
from backsim.experiment.load import experiment_of_models, load_experiment
from backsim.experiment.store import Store, StudyError, in_memory, open_study, read_study
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Result, jobs_for, plan_work
from backsim.files import check_folder
from backsim.scenario.load import load
from backsim.scenario.model import Model
from backsim.study.experiment import Experiment
from backsim.study.stopping.rule import Verdict
from backsim.workers import run_jobs, workers_wanted

STUDY_FILE = "study.sqlite"

Progress = Callable[[int, int], Any]
"""Is told how many replications are done, and how many there will be for all that is known."""


def compare(
    what: str | Path | Experiment | Mapping[str, Model | str | Path],
    *,
    workers: int | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    fresh: bool = False,
    dask: str | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Comparison:
    """Play policies against the same random worlds and compare them.

    `what` is an experiment file, or models (or scenario files) by name.  `fields` are fields of an
    experiment: replications, seed, metrics, objective, constraints, reference, confidence, title.
    `out` is a folder for the study: what is finished there is not played again, unless `fresh`.
    `workers` are all cores if None; results do not depend on them.  `dask` is the address of a
    cluster's scheduler.  `progress` is told (done, total) replications.

    Raises InputError for bad input, StudyError when the study in `out` cannot be gone on with.
    """
    if isinstance(what, Experiment):
        experiment = what
    elif isinstance(what, Mapping):
        models = {n: m if isinstance(m, Model) else load(m) for n, m in what.items()}
        experiment = experiment_of_models(models, fields)
    else:
        experiment = load_experiment(what, fields=fields)
    return play(
        experiment,
        workers=workers,
        engine=engine,
        out=out,
        fresh=fresh,
        dask=dask,
        progress=progress,
    )


def play(
    experiment: Experiment,
    *,
    workers: int | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    fresh: bool = False,
    dask: str | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Play an experiment, or go on with the study in folder `out`.

    Every finished (policy, replication) is committed to the study before it counts.
    """
    path = None
    if out is not None:
        check_folder(Path(out))
        path = Path(out) / STUDY_FILE
    with open_study(path, fresh) if path is not None else in_memory() as store:
        return _Player(experiment, store, workers, engine, dask, progress).study()


class _Player:
    """A study in the making."""

    def __init__(
        self,
        experiment: Experiment,
        store: Store,
        workers: int | None,
        engine: str,
        dask: str | None,
        progress: Progress | None,
    ) -> None:
        self.experiment, self.store = experiment, store
        self.workers, self.dask = workers_wanted(workers), dask
        self.progress = progress or (lambda done, total: None)
        models = [policy.model for policy in experiment.policies]
        self.work = plan_work(models, experiment.seed, engine, experiment.stopping.first())
        self.groups = _groups(tape_digest(model) for model in models)
        self.collected = Collected(experiment)

    def study(self) -> Comparison:
        names = [policy.name for policy in self.experiment.policies]
        engines = {
            name: {"engine": engine, "reason": reason}
            for name, (engine, reason) in zip(names, self.work.engines, strict=True)
        }
        description = describe(self.experiment, engines, len(self.groups))
        self.store.begin(description)
        for result in self.store.results():
            self.collected.take(result)
        verdict = self.experiment.first_verdict()
        while not verdict.enough:
            self.fill(verdict)
            verdict = self.experiment.judge(verdict, self.collected.array)
        return _study(self.collected, verdict.counts, description, verdict)

    def fill(self, verdict: Verdict) -> None:
        """Play what the verdict asks for and is not there."""
        there, missing = self.collected.split(verdict)
        done, total = len(there), len(there) + len(missing)
        self.progress(done, total)
        for results in self.played(missing):
            self.store.add(results)
            for result in results:
                self.collected.take(result)
            done += len(results)
            self.progress(done, total)

    def played(self, missing: Sequence[tuple[int, int]]) -> Iterator[list[Result]]:
        jobs = jobs_for(self.groups, missing, self.work, self.workers)
        rules = self.work.rules
        if not jobs:
            return iter(())
        if self.dask is not None:
            from backsim.workers.cluster import play_on_cluster

            return play_on_cluster(self.work.play, jobs, self.dask, rules)
        self.work.compile()
        compiled = self.work.compiled
        return run_jobs(self.work.play, jobs, self.workers, rules=rules, threads=compiled)


def load_study(path: str | Path) -> Comparison:
    """The study that a folder (or its file) holds, with as many replications as are finished.

    Raises StudyError when it cannot be read, FileError when its data files are gone.
    """
    path = Path(path)
    with read_study(path / STUDY_FILE if path.is_dir() else path) as store:
        description = store.description
        experiment = _described(store.name, description)
        collected = Collected(experiment, description["numbers"]["metrics"])
        for result in store.results():
            collected.take(result)
    verdict = experiment.first_verdict()
    while not verdict.enough:
        if collected.split(verdict)[1]:  # it was interrupted
            return _study(collected, collected.leading(), description, None)
        verdict = experiment.judge(verdict, collected.array)
    return _study(collected, verdict.counts, description, verdict)


def _described(name: str, description: Mapping[str, Any]) -> Experiment:
    """The experiment of a study that is to be read."""
    if not description:
        raise StudyError(f"{name}: expected a study with results, found none")
    return experiment_of(description)


def _study(
    collected: Collected,
    counts: tuple[int, ...],
    description: Mapping[str, Any],
    verdict: Verdict | None,
) -> Comparison:
    numbers, view = dict(description["numbers"]), dict(description["view"])
    policies = numbers.pop("policies")
    provenance = {
        **numbers,
        **view.pop("environment"),
        "experiment": view,
        "scenarios": {name: policy["scenario"] for name, policy in policies.items()},
    }
    return Comparison(
        collected.experiment, counts, collected.values, collected.shapes, provenance, verdict
    )


def _groups(digests: Iterable[str]) -> list[list[int]]:
    """Places of equal digests together."""
    found: dict[str, list[int]] = {}
    for place, digest in enumerate(digests):
        found.setdefault(digest, []).append(place)
    return list(found.values())


__all__ = ["STUDY_FILE", "Progress", "compare", "load_study", "play"]
