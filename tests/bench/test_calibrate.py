"""A million order lines and a hundred thousand purchases, from files to scenario and page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.bench.figures import aim

from backsim.api import simulate
from backsim.backtest.simulated import tables_of
from backsim.data.writing import write_export
from backsim.scenario import from_dict
from backsim.streams import generator

pytestmark = pytest.mark.bench

PRODUCTS, DAYS, BEFORE = 500, 730, 120
LINES = 1_000_000
CALIBRATE = """
import resource, sys, time
from backsim.cli import run
start = time.perf_counter()
assert run(["calibrate", sys.argv[1], "--out", sys.argv[2], "--format", "json"]) == 0
used = resource.getrusage(resource.RUSAGE_SELF)  # whose peak would be that of the parent, if more
peak = open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, int(peak) / 1e6)
"""


def large_scenario() -> dict[str, Any]:
    """Two sites, four suppliers, three classes, two years."""
    products = [f"p{i:03d}" for i in range(PRODUCTS)]
    means = {"near": 6, "mid": 12, "far": 30, "sea": 45}
    classes = {"trade": (0.5, 20), "web": (0.3, 5), "shops": (0.2, 12)}
    return {
        "start": "2023-01-02",
        "warm_up": BEFORE,
        "horizon": BEFORE + DAYS,
        "products": {name: {"group": "ABC"[i % 3], "price": 9} for i, name in enumerate(products)},
        "sites": ["north", "south"],
        "suppliers": {
            name: {"lead_time": {"gamma": {"mean": mean, "cv": 0.35}}}
            for name, mean in means.items()
        },
        "customers": {
            name: {
                "tolerance": {"weibull": {"shape": 1.3, "mean": wait}},
                "demand": {
                    "arrivals": {"poisson": {"rate": LINES / DAYS / 1.5 * share}},
                    "products": {p: 1 + i % 9 for i, p in enumerate(products)},
                    "sites": {"north": 0.6, "south": 0.4},
                    "lines": {"geometric": {"mean": 1.5}},
                    "size": {"geometric": {"mean": 3}},
                },
            }
            for name, (share, wait) in classes.items()
        },
        "stock": [
            {
                "products": products[k::4],
                "supplier": name,
                "reorder": {"rule": "s_S", "s": {"days": mean}, "S": {"days": 6, "above": "s"}},
            }
            for k, (name, mean) in enumerate(means.items())
        ],
    }


def test_a_million_order_lines(tmp_path: Path) -> None:
    """In a process of its own, the time to import everything included."""
    run = simulate(from_dict(large_scenario()), seed=1, engine="compiled")
    tables = tables_of(run)
    assert len(tables["lines"]) > 0.98 * LINES
    assert len(tables["purchases"]) > 95_000
    export = tmp_path / "export"
    write_export(tables, "plain", export, "light", generator(1, 0, "dirt"))
    command = [sys.executable, "-c", CALIBRATE, str(export), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, busy, memory = map(float, done.stdout.splitlines()[-1].split())
    aim("calibrate, a million order lines, time", seconds, "s", most=30)
    aim("calibrate, a million order lines, processor time", busy, "s", most=30)
    aim("calibrate, a million order lines, memory", memory, "GB", most=2)
