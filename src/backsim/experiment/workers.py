"""Jobs beside each other on this machine."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from functools import lru_cache

from backsim.experiment.forks import can_fork, play_in_forks
from backsim.experiment.work import Job, Result, Work
from backsim.results.metrics import own_code_is_portable
from backsim.rules.files import loaded_files
from backsim.rules.own import load_same


def way_to_run(work: Work) -> str:
    """How jobs run beside each other: forks where that is safe, else threads or processes.

    Threads only where all is compiled: the compiled engine releases Python's lock, but measuring a
    short replication does not, and takes longer.
    """
    if can_fork():
        return "forks"
    compiled = all(name == "compiled" for name, _ in work.engines)
    return "threads" if compiled or not own_code_is_portable() else "processes"


def play_locally(
    work: Work, jobs: Sequence[Job], workers: int, way: str | None = None
) -> Iterator[list[Result]]:
    """The results of the jobs, as each is finished, in no particular order.

    `way` is forks, threads or processes; the best of them if none is named.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from ([result] for job in jobs for result in work.play(job))
        return
    work.compile()
    way = way or way_to_run(work)
    if way == "forks":
        yield from play_in_forks(work, jobs, workers)
        return
    from joblib import Parallel, delayed

    settings = {"return_as": "generator_unordered", "batch_size": 1}
    if way == "threads":
        calls = (delayed(play_all)(work, job) for job in jobs)
        yield from Parallel(workers, backend="threading", **settings)(calls)
        return
    packed, files = pickle.dumps(work), loaded_files()
    packets = (delayed(play_packed)(job, packed, files) for job in jobs)
    yield from Parallel(workers, backend="loky", **settings)(packets)


def play_all(work: Work, job: Job) -> list[Result]:
    """All results of a job."""
    return list(work.play(job))


def play_packed(job: Job, packed: bytes, rule_files: Sequence[str]) -> list[Result]:
    """All results of a job, in another process."""
    work = _unpacked(packed)
    load_same(rule_files, work.rules)
    return play_all(work, job)


@lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Work:
    work: Work = pickle.loads(packed)
    return work
