"""One executor behind every `workers`: the same results, in order, however jobs are run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from operator import neg
from typing import Any

import pytest
from tests.experiment import shop

import backsim
from backsim.errors import InputError
from backsim.hindsight import regrets
from backsim.workers import Way, in_order, pool, run_jobs

WAYS: list[Way] = ["forks", "threads", "processes"]


@pytest.mark.parametrize("way", WAYS)
def test_results_come_in_the_order_of_their_jobs(way: Way) -> None:
    assert list(in_order(neg, range(20), 3, way=way)) == [-k for k in range(20)]


def test_one_worker_plays_only_what_is_asked_for() -> None:
    played: list[int] = []
    results = in_order(lambda job: played.append(job) or job, range(5), 1)
    assert [next(results), next(results)] == [0, 1]
    assert played == [0, 1]


def test_threads_play_no_further_ahead_than_they_are_many() -> None:
    """Runs of a million orders took all memory, as they were played faster than they were read."""
    begun: list[int] = []
    results = in_order(lambda job: begun.append(job) or job, range(20), 3, way="threads")
    for taken, result in enumerate(results):
        assert result == taken
        time.sleep(0.005)  # time to run ahead in
        assert len(begun) <= taken + 1 + 3


@pytest.mark.parametrize("way", WAYS)
def test_an_error_ends_the_work(way: Way) -> None:
    with pytest.raises(InputError, match="job 3 is no good"):
        list(in_order(picky, range(6), 2, way=way))


def picky(job: int) -> int:
    if job == 3:
        raise InputError("job 3 is no good")
    return job


def test_a_job_may_have_many_results_or_none() -> None:
    found = [r for some in run_jobs(range, [0, 1, 3], 2, way="forks") for r in some]
    assert sorted(found) == [0, 0, 1, 2]


@pytest.mark.parametrize("engine", ["simpy", "compiled"])
@pytest.mark.parametrize("fork", [True, False])
def test_replications_are_the_same_with_any_workers(
    engine: str, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "can_fork", lambda: fork)

    def digests(workers: int) -> list[str]:
        runs = backsim.replicate(
            shop.shop(), seed=3, replications=4, workers=workers, engine=engine
        )
        return [run.log.digest for run in runs]

    assert digests(2) == digests(1)


@pytest.mark.parametrize("fork", [True, False])
def test_bounds_are_the_same_with_any_workers(fork: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "can_fork", lambda: fork)
    told: list[tuple[int, int]] = []

    def found(workers: int) -> Iterator[Any]:
        for regret in regrets(
            shop.shop(), seed=1, replications=2, rules=["fcfs"], workers=workers,
            progress=lambda done, total: told.append((done, total)),
        ):  # fmt: skip
            yield regret.rule, regret.bounds

    assert list(found(2)) == list(found(1))
    assert told == [(k, 4) for k in range(1, 5)] * 2


def test_runs_come_from_other_processes_whole() -> None:
    """A run whose ledger has been checked there can be measured here."""
    here, there = (
        list(backsim.replicate(shop.shop(), seed=1, replications=3, workers=w, engine="simpy"))
        for w in (1, 2)
    )
    assert [run.metrics["fill_rate"] for run in here] == [run.metrics["fill_rate"] for run in there]
