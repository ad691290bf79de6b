"""A search that is killed goes on where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.search.periodic import scenario, search

from backsim.errors import InputError
from backsim.present.records import to_json
from backsim.search import Search
from backsim.search.worlds import Phase

GIVEN = scenario(2, 4.0, {"poisson": {"mean": 5.0}}, 40)
FIELDS = {
    "search": {"policy.reorder.S": {"integers": [13, 19]}},
    "indifference": "8 %",
    "replications": 240,
}


ITEMS = {
    "warm_up": 50,
    "horizon": 400,
    "products": {"bolt": {"costs": {"holding": 0.1}}, "pump": {"costs": {"holding": 1.0}}},
    "suppliers": {"maker": {"lead_time": 5.0}},
    "customers": {
        "all": {
            "demand": {
                "arrivals": {"poisson": {"rate": 3.0}},
                "products": {"bolt": 0.9, "pump": 0.1},
            }
        }
    },
    "policy": {"reorder": {"rule": "base_stock", "S": {"days": 10}}},
    "costs": {"backorder_time": 1.0},
}
LEVELS = {"search": {"stock[*].reorder": {"family": "base_stock"}}, "indifference": "3 %"}


def told(found: Search) -> str:
    """All that a search writes, but what an interruption and `out` change: time, and its page."""
    values = found.to_dict()
    del values["finding"], values["spent"]["seconds"], values["spent"]["known_from_earlier_runs"]
    del values["spent"]["replications"]["shape"]
    return to_json({**values, "promise": found.promise})


KILLED = """
import os, signal, sys
from backsim.search import memo, optimise
memo.SECONDS = 0
def told(done, most, best):
    if done >= {after}:
        os.kill(os.getpid(), signal.SIGKILL)
optimise("search.yaml", out="found", engine="simpy", workers=1, progress=told)
"""
"""A search that is killed when so many replications are done, each on the disk at once."""


def kill(folder: Path, after: int) -> None:
    """Begin the search of a folder, and kill it."""
    code = KILLED.format(after=after)
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    assert done.returncode == -signal.SIGKILL


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kill -9")


def test_after_kill_9(tmp_path: Path) -> None:
    whole = search(tmp_path, GIVEN, **FIELDS)
    kill(tmp_path, after=30)
    again = search(tmp_path, GIVEN, out=tmp_path / "found", **FIELDS)
    assert 30 <= again.spent.known < whole.spent.total
    assert told(again) == told(whole)


def test_levels_of_all_items_after_kill_9(tmp_path: Path) -> None:
    """The bytes of the levels, and all figures, are those of a search that nobody has killed."""
    whole = search(tmp_path, ITEMS, **LEVELS)
    kill(tmp_path, after=8)
    again = search(tmp_path, ITEMS, out=tmp_path / "found", **LEVELS)
    assert 4 < again.spent.known < whole.spent.total
    assert told(again) == told(whole)
    assert again.levels.to_csv() == whole.levels.to_csv()


def test_another_constraint_goes_on_from_the_same_runs(tmp_path: Path) -> None:
    """A run says what every metric is at every level."""
    first = search(tmp_path, ITEMS, out=tmp_path / "found", **LEVELS)
    again = search(
        tmp_path, ITEMS, out=tmp_path / "found", constraints="fill_rate >= 0.5", **LEVELS
    )
    assert again.spent.known >= min(
        first.spent.replications[Phase.SEARCH], again.spent.replications[Phase.SEARCH]
    )
    assert again.levels.equals(first.levels)  # which keep it anyway
    with pytest.raises(InputError, match=r"holds another search: seed changed"):
        search(tmp_path, ITEMS, out=tmp_path / "found", seed=2, **LEVELS)
