"""Jobs beside each other: in copies of this process, in threads or in other processes."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.pool import ThreadPool
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from backsim.errors import InputError
from backsim.results.metrics import own_code_is_portable
from backsim.rules.files import loaded_files
from backsim.rules.own import load_same
from backsim.workers.forks import can_fork, play_in_forks

Job = TypeVar("Job")
Result = TypeVar("Result")
Way = Literal["forks", "threads", "processes"]
NO_RULES: Mapping[str, str] = MappingProxyType({})


def workers_wanted(workers: int | None) -> int:
    """How many workers: as asked for; all cores for None and -1.  Raises InputError."""
    asked = -1 if workers is None else workers
    whole = hasattr(asked, "__index__") and not isinstance(asked, bool)
    if not whole or asked == 0 or asked < -1:
        raise InputError(f"workers: expected at least 1, or -1 for all cores, got {workers!r}")
    return int(asked) if asked > 0 else os.cpu_count() or 1


def way_to_run(threads: bool) -> Way:
    """How jobs run beside each other: forks where that is safe, else threads or processes.

    Threads where they pay, as the jobs release Python's lock: what is compiled does.
    """
    if can_fork():
        return "forks"
    return "threads" if threads or not own_code_is_portable() else "processes"


def run_jobs(
    play: Callable[[Job], Iterable[Result]],
    jobs: Sequence[Job],
    workers: int,
    *,
    rules: Mapping[str, str] = NO_RULES,
    threads: bool = False,
    way: Way | None = None,
) -> Iterator[list[Result]]:
    """The results of the jobs, as each is finished, in no particular order.

    `rules` are a user's rules and their fingerprints, which another process must have, too;
    `threads` says that the jobs mostly release Python's lock.  `way` is the best if none is named;
    for processes, `play` and jobs must be such as pickle knows.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from ([result] for job in jobs for result in play(job))
        return
    way = way or way_to_run(threads)
    if way == "forks":
        yield from play_in_forks(play, jobs, workers)
        return
    if way == "threads":
        yield from _in_threads(play, jobs, workers)
        return
    from joblib import Parallel, delayed

    packed = pack(play, rules)
    packets = (delayed(play_packed)(job, packed) for job in jobs)
    settings = {"return_as": "generator_unordered", "batch_size": 1}
    yield from Parallel(workers, backend="loky", **settings)(packets)


def _in_threads(
    play: Callable[[Job], Iterable[Result]], jobs: Sequence[Job], workers: int
) -> Iterator[list[Result]]:
    """The results in the order of the jobs, which begin no sooner than there is room for them.

    Results may be as large as a run: whoever takes them sets the pace.
    """
    with ThreadPool(workers) as pool:
        begun = deque(pool.apply_async(_all, (play, job)) for job in jobs[:workers])
        for job in jobs[workers:]:
            yield begun.popleft().get()
            begun.append(pool.apply_async(_all, (play, job)))
        while begun:
            yield begun.popleft().get()


def in_order(
    play: Callable[[Job], Result],
    jobs: Iterable[Job],
    workers: int,
    *,
    rules: Mapping[str, str] = NO_RULES,
    threads: bool = False,
    way: Way | None = None,
) -> Iterator[Result]:
    """What comes of each job, in the order of the jobs.  See `run_jobs`."""
    how: dict[str, Any] = {"rules": rules, "threads": threads, "way": way}
    return in_turn(run_jobs(Placed(play), numbered(jobs), workers, **how))


def in_turn(batches: Iterable[Sequence[tuple[int, Result]]]) -> Iterator[Result]:
    """The results of `Placed` in the order of their `numbered` jobs."""
    found: dict[int, Result] = {}
    due = 0
    for results in batches:
        found.update(results)
        while due in found:
            yield found.pop(due)
            due += 1


def numbered(jobs: Iterable[Job]) -> list[Numbered[Job]]:
    """Jobs with their places."""
    return [Numbered(place, job) for place, job in enumerate(jobs)]


@dataclass(frozen=True, slots=True)
class Numbered(Generic[Job]):
    """A job and its place among others."""

    place: int
    job: Job

    def __str__(self) -> str:
        return f"job {self.place}"


@dataclass(frozen=True, slots=True)
class Placed(Generic[Job, Result]):
    """A function of jobs that says of each result where it belongs."""

    play: Callable[[Job], Result]

    def __call__(self, numbered: Numbered[Job]) -> Iterator[tuple[int, Result]]:
        """The place and what comes of it."""
        yield numbered.place, self.play(numbered.job)


def pack(play: Callable[[Job], Iterable[Result]], rules: Mapping[str, str]) -> bytes:
    """What another process needs in order to play jobs: the function, and a user's rules."""
    return pickle.dumps((play, loaded_files(), dict(rules)))


def play_packed(job: Any, packed: bytes) -> list[Any]:
    """All results of a job, in another process."""
    play, files, rules = _unpacked(packed)
    load_same(files, rules)
    return _all(play, job)


@lru_cache(maxsize=1)  # rules that are loaded again are those of no model from before
def _unpacked(packed: bytes) -> Any:
    return pickle.loads(packed)


def _all(play: Callable[[Job], Iterable[Result]], job: Job) -> list[Result]:
    return list(play(job))
