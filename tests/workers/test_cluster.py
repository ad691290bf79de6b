"""A cluster of separate processes on the loopback: the same numbers, also when a worker dies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from operator import add
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from tests.experiment import shop
from tests.search.periodic import search
from tests.search.test_killed import FIELDS, GIVEN, ITEMS, LEVELS

from backsim.errors import InputError
from backsim.experiment.play import play
from backsim.search import worlds
from backsim.workers import cluster

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

QUIET = {
    **os.environ,
    "DASK_DISTRIBUTED__DASHBOARD__ENABLED": "False",
    "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error",
}


def start(stack: ExitStack, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of the cluster, which ends with the test."""
    command = [sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]]
    process = subprocess.Popen(
        command, env=QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Any]]:
    """The address of a scheduler, and a function that starts a worker."""
    file = tmp_path_factory.mktemp("dask") / "scheduler.json"
    with ExitStack() as stack:
        start(
            stack,
            "dask_scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"),
            *("--scheduler-file", str(file)),
        )
        deadline = time.monotonic() + 60
        while not (file.exists() and file.stat().st_size):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        found = re.search(r'"address": "(tcp://[\d.:]+)"', file.read_text())
        assert found is not None

        def worker() -> subprocess.Popen[bytes]:
            return start(
                stack,
                "dask_worker",
                found[1],
                *("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"),
                *("--local-directory", str(file.parent)),
            )

        yield found[1], worker


def test_no_scheduler(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--dask: expected the address of a scheduler, such as"):
        list(cluster.play_on_cluster(*work_of(tmp_path), "tcp://127.0.0.1:1", timeout=1))


def work_of(folder: Path) -> tuple[Any, Any]:
    from backsim.experiment.work import Job, plan_work

    models = [policy.model for policy in shop.experiment(folder).policies]
    return plan_work(models, 1, "simpy", 2).play, [Job(k, (0, 1, 2)) for k in range(2)]


def test_the_same_numbers_though_a_worker_dies(tmp_path: Path, scheduler: tuple[str, Any]) -> None:
    address, worker = scheduler
    with pytest.raises(InputError, match=r"--dask: expected workers at tcp://.*, found none"):
        list(cluster.play_on_cluster(*work_of(tmp_path), address, timeout=0.5))
    first = worker()
    experiment = shop.experiment(tmp_path, replications=30, set={"horizon": 600})
    local = play(experiment, workers=1, engine="simpy")

    def kill(done: int, total: int) -> None:
        if done == 0:
            worker()
        if done >= 15 and first.poll() is None:
            first.kill()
            first.wait()

    out = tmp_path / "study"
    there = play(experiment, engine="simpy", dask=address, out=out, progress=kill)
    assert first.poll() is not None
    assert np.array_equal(there.array("cost.total"), local.array("cost.total"))
    # Nothing is left to do, so that nobody is asked.
    again = play(experiment, engine="simpy", dask="tcp://127.0.0.1:1", out=out)
    assert np.array_equal(again.array("mean_wait"), local.array("mean_wait"))


def test_levels_of_all_items_on_a_cluster(tmp_path: Path, scheduler: tuple[str, Any]) -> None:
    """The same levels, at the same cost, as on one machine."""
    address, worker = scheduler
    worker()
    here, there = (
        search(tmp_path, ITEMS, dask=dask, **LEVELS, replications=200) for dask in (None, address)
    )
    assert there.levels.equals(here.levels)
    assert here.cost is not None
    assert there.cost == here.cost
    assert there.spent.replications == here.spent.replications


def test_a_search_on_a_cluster(tmp_path: Path, scheduler: tuple[str, Any]) -> None:
    """The same policy, at the same cost, though every batch is played elsewhere."""
    address, worker = scheduler
    worker()
    here = search(tmp_path, GIVEN, **FIELDS)
    with patch.object(worlds, "WORTH", 0.0):
        there = search(tmp_path, GIVEN, dask=address, **FIELDS)
    assert there.choice == here.choice
    assert there.cost == here.cost
    assert there.spent.replications == here.spent.replications


def test_workers_of_another_version_are_refused(
    tmp_path: Path, scheduler: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, worker = scheduler
    worker()
    versions = cluster.versions_that_count()
    monkeypatch.setattr(cluster, "versions_that_count", lambda: {**versions, "backsim": "0.0"})
    with pytest.raises(InputError, match=r"--dask: expected backsim 0\.0 on worker tcp:.*, got "):
        list(cluster.play_on_cluster(*work_of(tmp_path), address))


def test_a_worker_without_backsim_says_so() -> None:
    """The probe carries its own code, so that it also runs where backsim is not installed."""
    import cloudpickle

    packed = cloudpickle.dumps(cluster._by_value(cluster._probe))
    hidden = "import sys, pickle; sys.modules['backsim'] = None"
    code = f"{hidden}\nprint(pickle.loads({packed!r})([], []))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ModuleNotFoundError: ")
    with pytest.raises(InputError, match="expected backsim on worker w, got ModuleNotFoundError"):
        cluster._compare("w", {}, done.stdout.strip())


def test_large_functions_are_not_taken_for_each_other(scheduler: tuple[str, Any]) -> None:
    """dask keeps what is above 100 kB apart from the jobs, under a name that is ours to choose."""
    address, worker = scheduler
    worker()
    with cluster.connected(address) as found:
        for letter in "xyxz":
            play = partial(add, letter * 200_000)
            ends = [text[-3:] for text in found.in_order(play, ["1", "2", "3", "4"])]
            assert ends == [2 * letter + n for n in "1234"]
