"""Ctrl-C is heard within a second whatever goes on, and no signal leaves a worker behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path
from random import Random

import pytest
from tests.experiment import shop

from backsim import cli
from backsim.results.store import to_yaml

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for processor time")
HEARD = 1.0
"""Seconds of processor time that may pass."""
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def command(*arguments: str) -> subprocess.Popen[str]:
    """A command at work, the first of a session."""
    return subprocess.Popen(
        [sys.executable, "-m", "backsim", *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def spent(process: subprocess.Popen[str]) -> float:
    """Processor time that a process has taken so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS


def interrupted(process: subprocess.Popen[str], after: float) -> float:
    """Press Ctrl-C when so much processor time is spent; how much passes until the end."""
    while process.poll() is None and (before := spent(process)) < after:
        time.sleep(0.005)
    assert process.poll() is None, "it has ended already"
    known = resource.getrusage(resource.RUSAGE_CHILDREN)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode in (130, -signal.SIGINT), said
    assert said.endswith("interrupted\n"), said
    assert "Traceback" not in said
    return now.ru_utime + now.ru_stime - known.ru_utime - known.ru_stime - before


def test_ctrl_c_that_python_drops_is_heard_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It drops what a callback raises, such as those of locks while modules are loaded."""

    def dropped(_: object) -> None:
        raise KeyboardInterrupt

    def work(_: list[str]) -> int:
        thing = set[int]()
        watched = weakref.ref(thing, dropped)
        del thing
        assert watched() is None
        time.sleep(60)
        return 0

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(cli, "run", work)
    started = time.monotonic()
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.INTERRUPTED
    assert time.monotonic() - started < 30
    assert capsys.readouterr().err == "backsim: interrupted\n"


def large(folder: Path) -> str:
    """A scenario of a million orders: one replication takes a second or two."""
    rate = {f"customers.{name}.demand.arrivals.poisson.rate": 5000 for name in ("gold", "silver")}
    model = shop.shop(
        horizon=100, **rate, **{"policy.reorder": {"rule": "base_stock", "S": 50_000}}
    )
    file = folder / "large.yaml"
    file.write_text(to_yaml(model.to_dict()))
    return str(file)


@pytest.mark.parametrize("after", [0.12, 0.2])
def test_ctrl_c_while_the_commands_are_loaded(tmp_path: Path, after: float) -> None:
    assert interrupted(command("run", large(tmp_path), "--seed", "1"), after) < HEARD


def test_ctrl_c_while_it_is_drawn(tmp_path: Path) -> None:
    run = command("run", large(tmp_path), "--seed", "1", "--workers", "1", "-n", "9")
    assert interrupted(run, 1.3) < HEARD


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_ctrl_c_in_any_phase(tmp_path: Path, number: int) -> None:
    """Reading, drawing, compiling, playing, the ledger, metrics, the table."""
    run = command("run", large(tmp_path), "--seed", "1", "--workers", "1", "-n", "99")
    assert interrupted(run, Random(number).uniform(0.1, 8.0)) < HEARD


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_no_worker_is_left_behind(tmp_path: Path, how: signal.Signals) -> None:
    file = shop.write(tmp_path, replications=10_000)
    process = command(
        "compare", str(file), "--engine", "simpy", "--workers", "2", "--out", str(tmp_path / "s")
    )
    deadline = time.monotonic() + 60
    while len(of_session(process.pid)) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate()
    assert process.returncode == -how
    while of_session(process.pid):
        assert time.monotonic() < deadline, "a worker computes on"
        time.sleep(0.01)


def of_session(session: int) -> list[str]:
    """The processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(folder.name)
    return found
