"""An experiment ready to be played: engines chosen, and which policies share a tape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from backsim.experiment.describe import describe
from backsim.experiment.tapes import tape_digest
from backsim.experiment.work import Result, jobs_for, plan_work
from backsim.study.experiment import Experiment
from backsim.workers import run_jobs, workers_wanted

Progress = Callable[[int, int], Any]
"""Is told how many replications are done, and how many there will be for all that is known."""


class Playing:
    """Plays what is asked for of an experiment."""

    def __init__(
        self,
        experiment: Experiment,
        workers: int | None,
        engine: str,
        dask: str | None,
    ) -> None:
        """Raises InputError for an unknown engine, RuleError for a rule that cannot be known."""
        self.experiment, self.workers, self.dask = experiment, workers_wanted(workers), dask
        models = [policy.model for policy in experiment.policies]
        first, extend = experiment.stopping.first(), experiment.extend
        self.work = plan_work(models, experiment.seed, engine, first, extend)
        self.groups = _groups(tape_digest(model) for model in models)

    def description(self) -> dict[str, Any]:
        """What the study is of."""
        names = [policy.name for policy in self.experiment.policies]
        engines = {
            name: {"engine": engine, "reason": reason}
            for name, (engine, reason) in zip(names, self.work.engines, strict=True)
        }
        return describe(self.experiment, engines, len(self.groups))

    def batches(self, missing: Sequence[tuple[int, int]]) -> Iterator[list[Result]]:
        """The results of each (policy, replication), some at a time, as they are finished."""
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


def _groups(digests: Iterable[str]) -> list[list[int]]:
    """Places of equal digests together."""
    found: dict[str, list[int]] = {}
    for place, digest in enumerate(digests):
        found.setdefault(digest, []).append(place)
    return list(found.values())
