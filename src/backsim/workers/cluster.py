"""Jobs on a cluster of dask workers (extra `backsim[dask]`)."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from backsim.errors import InputError
from backsim.results.madewith import Provenance, versions_that_count
from backsim.results.metrics import own_code_is_portable
from backsim.rules.files import loaded_files
from backsim.workers.forks import WorkerError
from backsim.workers.pool import NO_RULES, Placed, in_turn, numbered, pack, play_packed

Job = TypeVar("Job")
Result = TypeVar("Result")

TIMEOUT = 30.0
"""Seconds to wait for the scheduler, for a worker, and for the workers' answers to the probe."""


def play_on_cluster(
    play: Callable[[Job], Iterable[Result]],
    jobs: Sequence[Job],
    address: str,
    rules: Mapping[str, str] = NO_RULES,
    timeout: float = TIMEOUT,
) -> Iterator[list[Result]]:
    """The results of the jobs, as each is finished, in no particular order.

    A probe first checks that every worker has the same backsim.  A job whose worker dies is done
    again by another.  Raises InputError: no dask, no scheduler, no workers, other versions.
    """
    with connected(address, rules, timeout) as cluster:
        yield from _played(cluster.client, pack(play, rules), jobs)


def in_order_on_cluster(
    play: Callable[[Job], Result],
    jobs: Iterable[Job],
    address: str,
    rules: Mapping[str, str] = NO_RULES,
) -> Iterator[Result]:
    """What comes of each job, in the order of the jobs.  See `play_on_cluster`."""
    return in_turn(play_on_cluster(Placed(play), numbered(jobs), address, rules))


@dataclass(frozen=True)
class Cluster:
    """Workers that have the same backsim, for many batches of jobs."""

    client: Any
    rules: Mapping[str, str]

    @property
    def threads(self) -> int:
        """Jobs that all workers play beside each other."""
        return max(1, int(sum(self.client.nthreads().values())))

    def in_order(self, play: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
        """What comes of each job, in the order of the jobs.  See `play_on_cluster`."""
        packed = pack(Placed(play), self.rules)
        return in_turn(_played(self.client, packed, numbered(jobs)))


@contextmanager
def connected(
    address: str, rules: Mapping[str, str] = NO_RULES, timeout: float = TIMEOUT
) -> Iterator[Cluster]:
    """The workers of a scheduler, which are asked once whether they have the same backsim.

    Raises InputError: no dask, no scheduler, no workers, other versions.
    """
    if not own_code_is_portable():
        raise InputError("--dask: expected rules in files (--rules FILE), got a script's own")
    with _client(address, timeout) as client:
        check_workers(client, address, timeout, rules)
        yield Cluster(client, rules)


def _played(client: Any, packed: bytes, jobs: Sequence[Any]) -> Iterator[list[Any]]:
    from distributed import KilledWorker, as_completed

    # A job of its own, named by its content: as an argument it would be called "packed" each time,
    # and a batch would meet what an earlier one has left under that name.
    held = client.submit(bytes, packed)
    futures = client.map(play_packed, jobs, packed=held, pure=False, retries=1)
    try:
        for future, results in as_completed(futures, loop=client.loop, with_results=True):
            yield results
            future.release()
    except KilledWorker as error:
        raise WorkerError(
            f"--dask: workers died again and again on one job ({error}); finished results are kept"
        ) from None
    finally:
        client.cancel(futures)


@contextmanager
def _client(address: str, timeout: float) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--dask: expected dask: pip install 'backsim[dask]'") from None
    try:
        client = Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"--dask: expected the address of a scheduler, such as tcp://10.0.0.1:8786, "
            f"got {address!r} ({_first_line(error)})"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=5)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def check_workers(
    client: Any, address: str, timeout: float, rules: Mapping[str, str] = NO_RULES
) -> None:
    """Ask every worker which backsim it has, and which rules.

    Raises InputError unless they are those of this process.
    """
    from distributed import TimeoutError as Late

    try:
        client.wait_for_workers(1, timeout=timeout)
    except (Late, TimeoutError):
        raise InputError(f"--dask: expected workers at {address}, found none") from None
    files = list(loaded_files())
    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    asked = {
        worker: client.submit(_by_value(_probe), files, list(rules), workers=[worker], pure=False)
        for worker in workers
    }
    expected = {"versions": versions_that_count(), "rules": dict(rules)}
    for worker, future in asked.items():
        try:
            answer = future.result(timeout=timeout)
        except (Late, TimeoutError):
            raise InputError(
                f"--dask: expected an answer of worker {worker} within {timeout:g} s, got none"
            ) from None
        _compare(worker, expected, answer)


def _compare(worker: str, expected: Mapping[str, Any], answer: Any) -> None:
    if isinstance(answer, str):
        raise InputError(f"--dask: expected backsim on worker {worker}, got {answer}")
    changes = Provenance.from_dict(answer).changes(Provenance.from_dict(expected))
    differ = [(change.name, change.now, change.before) for change in changes]
    if answer["rules"] != expected["rules"]:
        differ.append(("rules", expected["rules"], answer["rules"]))
    for name, wanted, found in differ:
        raise InputError(f"--dask: expected {name} {wanted} on worker {worker}, got {found}")


def _by_value(function: Any) -> Any:
    """The function, to be sent with its code: a worker without backsim must be able to run it."""
    copy = types.FunctionType(function.__code__, {"__builtins__": __builtins__}, "probe")
    copy.__module__ = "__main__"
    return copy


def _probe(files: list[str], rules: list[str]) -> Any:
    """On a worker: its versions and rules; or why it has none."""
    try:
        from backsim.results import madewith
        from backsim.rules import own
        from backsim.rules.files import load_rules

        load_rules(files)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return {"versions": madewith.versions_that_count(), "rules": own.now(rules)}
