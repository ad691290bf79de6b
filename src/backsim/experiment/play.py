"""Play an experiment: every policy, replication by replication, into a study."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backsim.experiment.describe import describe
from backsim.experiment.experiment import Experiment, Fixed
from backsim.experiment.load import experiment_of_models, load_experiment
from backsim.experiment.stopping import Verdict, first_verdict, judge
from backsim.experiment.store import Store, in_memory, open_study
from backsim.experiment.study import Study
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Job, Result, Work, jobs_for, plan_work
from backsim.experiment.workers import play_locally, workers_wanted
from backsim.results.metrics import METRICS, views_of
from backsim.results.spec import MetricSpec
from backsim.results.store import check_folder
from backsim.scenario.load import load
from backsim.scenario.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
) -> Study:
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
) -> Study:
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
        rule = experiment.stopping
        count = rule.count if isinstance(rule, Fixed) else rule.least
        self.work = plan_work(models, experiment.seed, engine, count)
        self.groups = _groups(tape_digest(model) for model in models)
        self.views = [views_of(model) for model in models]
        self.values: dict[tuple[int, int], NDArray[np.float64]] = {}
        self.shapes: dict[tuple[int, int], bytes] = {}

    def study(self) -> Study:
        description = describe(self.experiment)
        self.store.begin(description)
        for result in self.store.results():
            self.take(result)
        verdict = first_verdict(self.experiment)
        while not verdict.enough:
            self.fill(verdict)
            verdict = judge(self.experiment, verdict, self.array)
        provenance = {
            **{key: value for key, value in description["numbers"].items() if key != "policies"},
            **description["view"]["environment"],
            "engines": {
                policy.name: {"engine": name, "reason": reason}
                for policy, (name, reason) in zip(
                    self.experiment.policies, self.work.engines, strict=True
                )
            },
            "tapes": len(self.groups),
        }
        return Study(self.experiment, verdict.counts, self.values, self.shapes, provenance, verdict)

    def fill(self, verdict: Verdict) -> None:
        """Play what the verdict asks for and is not there."""
        wanted = [
            (policy, replication)
            for policy, count in enumerate(verdict.counts)
            for replication in range(count)
        ]
        missing = [pair for pair in wanted if pair not in self.values]
        done, total = len(wanted) - len(missing), len(wanted)
        self.progress(done, total)
        for results in self.played(missing):
            self.store.add(results)
            for result in results:
                self.take(result)
            done += len(results)
            self.progress(done, total)

    def played(self, missing: Sequence[tuple[int, int]]) -> Iterator[list[Result]]:
        jobs = jobs_for(self.groups, missing, self.work, self.workers)
        if self.dask is not None:
            from backsim.experiment.cluster import play_on_cluster

            return play_on_cluster(self.work, jobs, self.dask) if jobs else iter(())
        return play_locally(self.work, jobs, self.workers)

    def take(self, result: Result) -> None:
        """Keep a result in memory, too."""
        key = result.policy, result.replication
        if result.policy < len(self.views):
            shape = len(METRICS), len(self.views[result.policy])
            self.values[key] = np.frombuffer(result.metrics, "<f8").reshape(shape)
            self.shapes[key] = result.profile

    def array(self, spec: MetricSpec) -> NDArray[np.float64]:
        """A metric's values so far, (policies, replications)."""
        counts = [0] * len(self.views)
        for policy, replication in self.values:
            counts[policy] = max(counts[policy], replication + 1)
        return Study(self.experiment, tuple(counts), self.values, {}, {}).array(spec)


def _groups(digests: Iterable[str]) -> list[list[int]]:
    """Places of equal digests together."""
    found: dict[str, list[int]] = {}
    for place, digest in enumerate(digests):
        found.setdefault(digest, []).append(place)
    return list(found.values())


__all__ = ["STUDY_FILE", "Job", "Progress", "Work", "compare", "play"]
