"""Play an experiment: every policy, replication by replication, into a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from backsim.engines.choose import processes_of
from backsim.errors import InputError
from backsim.experiment.changes import StudyError
from backsim.experiment.collected import Collected
from backsim.experiment.comparison import Comparison
from backsim.experiment.describe import experiment_of
from backsim.experiment.kept import STUDY_FILE, Kept, read_kept
from backsim.experiment.load import experiment_of_models, load_experiment
from backsim.experiment.playing import Playing, Progress
from backsim.experiment.shards import work
from backsim.experiment.store import Store, in_memory, open_study
from backsim.files import check_folder
from backsim.scenario.load import model_of
from backsim.scenario.model import Model
from backsim.study.experiment import Experiment
from backsim.study.stopping.rule import Verdict


def compare(
    what: str | Path | Experiment | Mapping[str, Model | Mapping[str, Any] | str | Path],
    *,
    workers: int | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    fresh: bool = False,
    dask: str | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
    extend: Sequence[Callable[..., Any]] = (),
    **fields: Any,
) -> Comparison:
    """Play policies against the same random worlds and compare them.

    `what` is an experiment file, or models (or scenario files) by name.  `fields` are fields of an
    experiment: replications, seed, metrics, objective, constraints, reference, confidence, title.
    `out` is a folder for the study: what is finished there is not played again, unless `fresh`.
    `workers` are all cores if None; results do not depend on them.  `dask` is the address of a
    cluster's scheduler.  `store` is a folder or URL of `backsim work`, whose results are used, and
    which what is missing is added to.  `progress` is told (done, total) replications.  `extend` are
    SimPy processes to run alongside the model in every run.

    Raises InputError for bad input, StudyError when the study in `out` cannot be gone on with.
    """
    if isinstance(what, Experiment):
        experiment = what
    elif isinstance(what, Mapping):
        models = {str(name): model_of(model, str(name)) for name, model in what.items()}
        experiment = experiment_of_models(models, fields)
    else:
        experiment = load_experiment(_file(what), fields=fields)
    if extend := processes_of(extend):
        experiment = replace(experiment, extend=(*experiment.extend, *extend))
    return play(
        experiment,
        workers=workers,
        engine=engine,
        out=out,
        fresh=fresh,
        dask=dask,
        store=store,
        progress=progress,
    )


def _file(given: Any) -> str | Path:
    if not isinstance(given, str | Path):
        kind = type(given).__name__
        expected = "an experiment, its file, or models by name"
        raise InputError(f"compare: expected {expected}, got {kind}")
    return given


def play(
    experiment: Experiment,
    *,
    workers: int | None = None,
    engine: str = "auto",
    out: str | Path | None = None,
    fresh: bool = False,
    dask: str | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Play an experiment, or go on with the study in folder `out`, or with the parts in `store`.

    Every finished (policy, replication) is committed to the study before it counts.
    """
    if store is not None:
        if fresh:
            raise InputError("--fresh: a store is written once; name another with --store")
        done = work(experiment, store, workers=workers, engine=engine, dask=dask, progress=progress)
        assert done.verdict is not None
        with read_kept(store) as kept:
            return _study_of(kept, kept.description, experiment, done.verdict)
    path = None
    if out is not None:
        check_folder(Path(out))
        path = Path(out) / STUDY_FILE
    with open_study(path, fresh) if path is not None else in_memory() as opened:
        return _Player(Playing(experiment, workers, engine, dask), opened, progress).study()


class _Player:
    """A study in the making."""

    def __init__(self, playing: Playing, store: Store, progress: Progress | None) -> None:
        self.experiment, self.playing, self.store = playing.experiment, playing, store
        self.progress = progress or (lambda done, total: None)
        self.collected = Collected(self.experiment)

    def study(self) -> Comparison:
        description = self.playing.description()
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
        for results in self.playing.batches(missing):
            self.store.add(results)
            for result in results:
                self.collected.take(result)
            done += len(results)
            self.progress(done, total)


def load_study(path: str | Path) -> Comparison:
    """The study of a folder, its file or a URL, with as many replications as are finished.

    Raises StudyError when it cannot be read, FileError when its data files are gone.
    """
    with read_kept(path) as kept:
        description = kept.description
        experiment = _described(kept.name, description)
        return _study_of(kept, description, experiment)


def _study_of(
    kept: Kept,
    description: Mapping[str, Any],
    experiment: Experiment,
    verdict: Verdict | None = None,
) -> Comparison:
    """The study of what is kept, as its stopping rule has it unless the verdict is known."""
    collected = Collected(experiment, description["numbers"]["metrics"])
    for result in kept.results():
        collected.take(result)
    if verdict is not None:
        return _study(collected, verdict.counts, description, verdict)
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


__all__ = ["Progress", "compare", "load_study", "play"]
