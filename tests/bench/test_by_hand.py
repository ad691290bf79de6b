"""The same model written by hand, in C and in SimPy, beside ours: ratios that hold on any machine.

What is written by hand knows one model, keeps no log, checks no ledger and gives three figures.
"""

from __future__ import annotations

import gc
import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.bench import by_hand
from tests.bench.figures import FIGURES

import backsim
from backsim.engines import compiled
from backsim.engines import simpy as reference
from backsim.results.ledger import check_ledger
from backsim.results.metrics import measure
from backsim.scenario.model import Model
from backsim.streams import draw

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent
DAYS, SHORT = 200_000.0, 20_000.0


@pytest.fixture(scope="module")
def model() -> Model:
    return backsim.load(HERE / "one_product.yaml")


def processor_time(work: Callable[[], object], rounds: int = 4) -> float:
    """The least seconds of the processor: other work on the machine does not count."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def whole(model: Model) -> None:
    """Tape, events, ledger and metrics."""
    log = compiled.run(model, draw(model, 1))
    check_ledger(model, log)
    measure(model, log)


def agree(model: Model, found: tuple[float, ...], within: float) -> None:
    """What is written by hand is the same model."""
    metrics = backsim.simulate(model, seed=1, engine="compiled").metrics
    ours = [metrics[name] for name in ("fill_rate", "cancel_rate", "mean_on_hand")]
    assert found[0] == pytest.approx(model.expected_orders, rel=0.01)
    assert found[1:3] == pytest.approx(ours[:2], abs=within)
    assert found[3] == pytest.approx(ours[2], rel=within)


def test_c(model: Model, tmp_path: Path) -> None:
    """Against C with an event heap and a record per order."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc)")
    program = tmp_path / "by_hand"
    build = [compiler, "-O2", "-o", str(program), str(HERE / "by_hand.c"), "-lm"]
    subprocess.run(build, check=True)

    def play() -> tuple[float, ...]:
        done = subprocess.run([program, str(DAYS), "1"], capture_output=True, check=True)
        return tuple(map(float, done.stdout.split()))

    runs = [play() for _ in range(4)]
    agree(model, runs[0][:4], 0.02)
    alone = min(run[4] for run in runs) / runs[0][0]
    orders = draw(model, 1).orders
    ours = processor_time(lambda: whole(model)) / orders
    tape = draw(model, 1)
    loop = processor_time(lambda: compiled.run(model, tape)) / orders
    FIGURES.append(f"{'C by hand, one product':<58} {1e9 * alone:>14,.1f} ns per order")
    FIGURES.append(f"{'  tape, events, ledger and metrics / C':<58} {ours / alone:>14,.2f} times")
    FIGURES.append(f"{'  events alone / C, which draws too':<58} {loop / alone:>14,.2f} times")


def seconds_by_hand(collects: bool) -> tuple[float, tuple[float, ...]]:
    """Seconds of the processor of SimPy by hand, and what it found."""
    if not collects:
        gc.disable()
    return processor_time(lambda: by_hand.play(SHORT, 1), 3), by_hand.play(SHORT, 1)


def seconds_of_ours() -> float:
    """Seconds of the processor of our SimPy engine."""
    short = backsim.load(HERE / "one_product.yaml").replace(horizon=SHORT)
    tape = draw(short, 1)
    return processor_time(lambda: reference.run(short, tape), 3)


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a work gives in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as own:
        return own.submit(work, *arguments).result()


def test_simpy(model: Model) -> None:
    """Against SimPy with a record per order, each in a process of its own.

    What Python's search for garbage costs depends on all that a process holds.  Ours does without
    (`backsim.garbage`); by hand it is on, as in any script, and off.
    """
    short = model.replace(horizon=SHORT)
    ours = alone(seconds_of_ours) / draw(short, 1).orders
    for collects in (True, False):
        seconds, found = alone(seconds_by_hand, collects)
        agree(short, found, 0.02)
        by_hand_s = seconds / found[0]
        told = "SimPy by hand, one product" + ("" if collects else ", no search for garbage")
        FIGURES.append(f"{told:<58} {1e6 * by_hand_s:>14,.2f} us per order")
        FIGURES.append(f"{'  our SimPy engine / this':<58} {ours / by_hand_s:>14,.2f} times")
