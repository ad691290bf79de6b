"""A study that is killed, again and again: what is finished stays, and the end is the same.

The process is a copy of the tests' own, so that it is at work within milliseconds; when it dies is
drawn.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.experiment import shop

from backsim.experiment import load_study
from backsim.experiment.parts import FILE, STUDY
from backsim.experiment.places import UNFINISHED
from backsim.experiment.play import play
from backsim.experiment.shards import Shard, work

pytest.importorskip("pyarrow")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="copies of this process are killed"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of copies in a process with threads
]

FIELDS: dict[str, Any] = {"replications": 12, "set": {"horizon": 40}}
Study = Callable[[Path], object]


def in_sqlite(folder: Path, workers: int) -> object:
    return play(
        shop.experiment(folder, **FIELDS), workers=workers, engine="simpy", out=folder / "study"
    )


def in_parts(folder: Path, workers: int) -> object:
    return work(
        shop.experiment(folder, **FIELDS), folder / "study", workers=workers, engine="simpy"
    )


def begin(playing: Callable[[], object]) -> int:
    """Play in a copy of this process, the first of a group; its id."""
    copy = os.fork()
    if copy == 0:
        os.setpgid(0, 0)
        code = 3
        try:
            playing()
            code = 0
        finally:
            os._exit(code)
    return copy


def kill(copy: int, after: float, how: signal.Signals) -> bool:
    """End a copy after some time; whether it was still at work.  None of its workers lives on."""
    time.sleep(after)
    os.kill(copy, how)
    _, status = os.waitpid(copy, 0)
    deadline = time.monotonic() + 10
    while alive(copy):
        assert time.monotonic() < deadline, "a worker computes on"
        time.sleep(0.002)
    assert os.waitstatus_to_exitcode(status) in (0, -how)
    return os.waitstatus_to_exitcode(status) != 0


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def killed_until_it_ends(
    playing: Callable[[], object], number: int, how: signal.Signals, whole: float
) -> int:
    """Kill it this many times if it takes so long; how many it were."""
    source = Random(number)
    times = 0
    while times < number:
        if not kill(begin(playing), source.uniform(0, 2.5 * whole / number), how):
            break
        times += 1
    return times


def check(folder: Path, playing: Callable[[], object], kept: str, folder_of_whole: Path) -> None:
    """What comes of it after the kills is bit for bit what comes of it without."""
    playing()
    resumed, whole = load_study(folder / "study"), load_study(folder_of_whole / "study")
    assert resumed.counts == whole.counts
    assert resumed.frame().equals(whole.frame())
    assert dict(resumed.shapes) == dict(whole.shapes)
    if kept == "parts":
        files = {f.name: f.read_bytes() for f in (folder / "study").iterdir()}
        left = [name for name in files if name.startswith(UNFINISHED)]
        assert all(FILE.fullmatch(name) for name in set(files) - set(left) - {STUDY})
        for file in (folder_of_whole / "study").glob("*.parquet"):
            assert files[file.name] == file.read_bytes()


def kills(tmp_path: Path, kept: str, workers: int, number: int, how: signal.Signals) -> None:
    how_to_play = in_parts if kept == "parts" else in_sqlite
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    started = time.perf_counter()
    how_to_play(tmp_path / "whole", workers)
    took = time.perf_counter() - started
    killed = tmp_path / "killed"
    times = killed_until_it_ends(lambda: how_to_play(killed, workers), number, how, took)
    assert times >= number // 4
    check(killed, lambda: how_to_play(killed, workers), kept, tmp_path / "whole")


@pytest.mark.parametrize(
    ("kept", "how"), [("sqlite", signal.SIGKILL), ("parts", signal.SIGTERM)], ids=str
)
def test_some_kills(tmp_path: Path, kept: str, how: signal.Signals) -> None:
    kills(tmp_path, kept, 2, 4, how)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kept", ["sqlite", "parts"])
def test_two_hundred_kills(tmp_path: Path, kept: str, workers: int) -> None:
    for number in range(20):
        (tmp_path / str(number)).mkdir()
        kills(tmp_path / str(number), kept, workers, 10, signal.SIGKILL)


def test_shards_that_run_at_the_same_time(tmp_path: Path) -> None:
    """Three shards in one folder, one of which is killed; two of the same block do no harm."""
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    in_parts(tmp_path / "whole", 1)
    asked = shop.experiment(tmp_path / "killed", **FIELDS)

    def shard(number: int) -> Callable[[], object]:
        store = tmp_path / "killed" / "study"
        return lambda: work(asked, store, Shard(number, 2), workers=1, engine="simpy")

    copies = [begin(shard(number)) for number in (1, 2, 2)]
    kill(copies[0], 0.1, signal.SIGKILL)
    for copy in copies[1:]:
        assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 0
    check(tmp_path / "killed", shard(1), "parts", tmp_path / "whole")
