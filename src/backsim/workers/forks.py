"""Workers that are copies of this process (fork): they start in milliseconds, with all it knows.

A copy has the compiled kernel, the models and a user's rules, also those of a script.  Results are
sent as they are finished, those of an instant together.  A worker that dies is replaced and its job
done again, once; workers end with their parent, whatever ends it.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import Any, TypeVar

from backsim.errors import BacksimError

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2
"""Jobs that a worker has at hand, so that it never waits for the next."""
END = None
TOGETHER = 0.05
"""Seconds for which a worker may hold back results that it has finished."""


DEATH_OF_PARENT = 1
"""PR_SET_PDEATHSIG of Linux's prctl: the signal that a process is sent when its parent has died."""


class WorkerError(BacksimError):
    """Workers die again and again on the same job."""


def can_fork() -> bool:
    """Whether a copy of this process is safe: on Linux, with no other thread at work in it."""
    return sys.platform == "linux" and threading.active_count() == 1


@dataclass
class _Worker:
    process: Any
    pipe: Any
    jobs: deque[Any] = field(default_factory=deque)

    def give(self, job: Any) -> None:
        self.jobs.append(job)
        with suppress(OSError):  # it has died: noticed when the pipe is read
            self.pipe.send(job)


def play_in_forks(
    play: Callable[[Job], Iterable[Result]], jobs: Sequence[Job], workers: int
) -> Iterator[list[Result]]:
    """The results of the jobs, each as it is finished, in no particular order."""
    pool = _Pool(play, jobs)
    try:
        for _ in range(workers):
            pool.start()
        yield from pool.results()
    finally:
        pool.stop()


class _Pool:
    """Worker processes, and the jobs still to be done."""

    def __init__(self, play: Callable[[Any], Iterable[Any]], jobs: Sequence[Any]) -> None:
        self.play = play
        self.waiting = deque(jobs)
        self.again: set[Any] = set()
        self.workers: list[_Worker] = []
        self.context = multiprocessing.get_context("fork")

    def start(self) -> None:
        ours, theirs = self.context.Pipe()
        inherited = [worker.pipe for worker in self.workers] + [ours]
        process = self.context.Process(
            target=_serve, args=(self.play, theirs, inherited, os.getpid()), daemon=True
        )
        with warnings.catch_warnings():
            # The threads that Python warns of are the linear algebra library's, which knows forks.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        self.feed(worker)

    def feed(self, worker: _Worker) -> None:
        while self.waiting and len(worker.jobs) < AHEAD:
            worker.give(self.waiting.popleft())

    def results(self) -> Iterator[list[Any]]:
        while any(worker.jobs for worker in self.workers):
            by_pipe = {worker.pipe: worker for worker in self.workers if worker.jobs}
            for pipe in connection.wait(list(by_pipe)):
                worker = by_pipe[pipe]
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):
                    self.replace(worker)
                    continue
                if isinstance(message, Exception):
                    raise message
                if message is END:
                    worker.jobs.popleft()
                    self.feed(worker)
                else:
                    yield message

    def replace(self, worker: _Worker) -> None:
        """A worker has died: do its jobs again."""
        self.workers.remove(worker)
        worker.process.join()
        first = worker.jobs[0]
        if first in self.again:
            raise WorkerError(
                f"a worker process died twice at {first} "
                f"({_how(worker.process.exitcode)}); finished results are kept"
            )
        self.again.add(first)
        self.waiting.extendleft(reversed(worker.jobs))
        self.start()

    def stop(self) -> None:
        for worker in self.workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        return f"{name}, out of memory?" if name == "SIGKILL" else name
    return f"exit code {code}"


def _end_with(parent: int) -> None:
    """End this process when its parent does, in the middle of a job too."""
    ctypes.CDLL(None).prctl(DEATH_OF_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it has died before it was asked
        os._exit(0)


def _serve(
    play: Callable[[Any], Iterable[Any]], pipe: Any, inherited: Sequence[Any], parent: int
) -> None:
    """A worker's life: play jobs until the parent closes the pipe or is gone."""
    _end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    for other in inherited:
        other.close()
    try:
        while True:
            job = pipe.recv()
            try:
                for results in _in_batches(play(job)):
                    pipe.send(results)
            except Exception as error:
                pipe.send(error)
            pipe.send(END)
    except (EOFError, OSError):
        os._exit(0)


def _in_batches(results: Iterable[Result]) -> Iterator[list[Result]]:
    """Results in lists: the parent is woken, and writes to the disk, once a list."""
    batch: list[Result] = []
    sent = time.perf_counter()
    try:
        for result in results:
            batch.append(result)
            if time.perf_counter() - sent >= TOGETHER:
                yield batch
                batch, sent = [], time.perf_counter()
    except Exception:
        if batch:
            yield batch  # what was finished before the error
        raise
    if batch:
        yield batch
