"""What the many things a policy can be cost: those who use all of them, and those who use none."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.bench.figures import FIGURES, aim

import backsim
from backsim.engines import compiled
from backsim.engines.link import SWITCHES
from backsim.engines.setup import set_up
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.streams import draw

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent
ROOT = HERE.parents[1]

BEFORE = "7ac8b85"
"""The revision before customers were told anything, suppliers were late or sites supplied sites."""

LOOP = """
import sys, time, backsim
from backsim.engines import compiled, simpy
from backsim.streams import draw
model = backsim.load(sys.argv[1])
tape = draw(model, 1)
compiled.run(model, tape)
def timed(work):
    start = time.perf_counter(); work(); return time.perf_counter() - start
Run = getattr(compiled, "CompiledRun", None) or compiled.Arena  # an earlier name
print(min(timed(Run(model, tape, False).run) for _ in range(7)))
model = model.replace(horizon=10_000.0)
tape = draw(model, 1)
print(min(timed(lambda: simpy.run(model, tape)) for _ in range(7)))
"""


def test_everything_on() -> None:
    """Orders a second with every part of the kernel that one site can use, but for later ones.

    A linear program is a solver's work, and has a figure of its own.
    """
    model = backsim.load(HERE / "everything_on.yaml")
    assert set(SWITCHES) - set_up(model).switches == {
        *("DECIDES", "DELAYS", "ECHELON", "RECORDS", "ROUTES", "TRANSFERS"),
        *("BUDGETS", "CALENDARS", "CHANGES", "CONSOLIDATES", "EXPIRES", "GOODWILL", "GROUPS"),
        *("KITS", "OPENS", "RETURNS", "SEASONS"),  # came later
    }
    tape = draw(model, 1)
    compiled.run(model, tape)
    loops, wholes = [], []
    for _ in range(5):
        arena = compiled.CompiledRun(model, tape, False)
        start = time.perf_counter()
        arena.run()
        loops.append(time.perf_counter() - start)
        start = time.perf_counter()
        log = compiled.run(model, draw(model, 1))
        check_ledger(model, log)
        measure(model, log)
        wholes.append(time.perf_counter() - start)
    rate = tape.orders / min(wholes)
    FIGURES.append(f"everything on, with tape, ledger and metrics: {rate:,.0f} orders/s")
    aim("everything on, event loop", tape.orders / min(loops), "orders/s", least=1.5e6)


def test_nothing_on(tmp_path: Path) -> None:
    """The time of one product that uses none of it, against that of the code before it existed."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", BEFORE, "src"], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip(f"revision {BEFORE} is not at hand")
    subprocess.run(["tar", "-x", "-C", str(tmp_path)], input=archive.stdout, check=True)

    def seconds(source: Path) -> list[float]:
        command = [sys.executable, "-c", LOOP, str(HERE / "one_product.yaml")]
        environ = {"PYTHONPATH": str(source), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        return [float(line) for line in done.stdout.split()]

    pairs = [(seconds(ROOT / "src"), seconds(tmp_path / "src")) for _ in range(4)]
    for i, engine in enumerate(("compiled", "SimPy")):
        ratio = min(now[i] for now, _ in pairs) / min(before[i] for _, before in pairs)
        aim(f"none of it on, time against {BEFORE}, {engine}", ratio, "times", most=1.10)
