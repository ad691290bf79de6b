"""A search that is killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.search.periodic import scenario, search

from backsim.results.store import to_yaml

GIVEN = scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 300)
FIELDS = {"search": {"policy.reorder.S": {"integers": [13, 19]}}, "indifference": "5 %"}


def results(file: Path) -> int:
    """How many results are on the disk."""
    if not file.exists():
        return 0
    base = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return int(base.execute("SELECT count(*) FROM results").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet, or just being written
        return 0
    finally:
        base.close()


@pytest.mark.skipif(sys.platform != "linux", reason="kill -9")
def test_after_kill_9(tmp_path: Path) -> None:
    whole = search(tmp_path, GIVEN, **FIELDS)
    (tmp_path / "search.yaml").write_text(to_yaml({"scenario": "scenario.yaml", **FIELDS}))
    command = [sys.executable, "-m", "backsim", "optimise", "search.yaml", "--out", "found"]
    command += ["--engine", "simpy", "--workers", "1"]
    killed = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    file = tmp_path / "found" / "search.sqlite"
    limit = time.monotonic() + 120
    while not results(file):
        assert killed.poll() is None, "it ended before anything was on the disk"
        assert time.monotonic() < limit
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    there = results(file)
    assert 0 < there < whole.spent.total
    subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    found = json.loads((tmp_path / "found" / "search.json").read_text())
    assert found["spent"]["known_from_earlier_runs"] == there
    assert found["settings"] == whole.settings
    spent = found["spent"]["replications"]
    assert spent.pop("shape") > 0  # for the page, which `out` asks for
    assert spent == {
        phase.name.lower(): count
        for phase, count in whole.spent.replications.items()
        if phase.name != "SHAPE"
    }
    assert whole.cost is not None
    assert found["cost"]["mean"] == whole.cost.mean
