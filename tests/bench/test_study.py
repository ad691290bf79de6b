"""How fast a study is: `make bench` prints the figures and fails when one misses its aim."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.bench.figures import FIGURES, aim

from backsim.experiment import Experiment, load_experiment
from backsim.experiment.export import write_csv
from backsim.experiment.play import play
from backsim.experiment.work import Job, plan_work
from backsim.results.run import play_and_check
from backsim.streams import draw
from backsim.study.stopping.fixed import Fixed

pytestmark = pytest.mark.bench
HERE = Path(__file__).parent
ROUNDS = 3


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    """20 policies x 50 replications x 20,000 orders, the kernel compiled beforehand."""
    made = load_experiment(HERE / "twenty_policies.yaml")
    play(replace(made, stopping=Fixed(2)), workers=1, engine="compiled")
    return made


def seconds(experiment: Experiment, workers: int, folder: Path | None = None) -> float:
    """Seconds to play an experiment, kept on disk."""
    started = time.perf_counter()
    play(experiment, workers=workers, engine="compiled", out=folder, fresh=True)
    return time.perf_counter() - started


def test_twenty_million_orders(experiment: Experiment, tmp_path: Path) -> None:
    """The whole study on two workers, with results.csv and the report."""
    assert len(experiment.policies) == 20
    orders = experiment.policies[0].model.expected_orders
    assert orders == pytest.approx(20_000)
    started = time.perf_counter()
    study = play(experiment, workers=2, engine="compiled", out=tmp_path)
    played = time.perf_counter() - started
    write_csv(study, tmp_path / "results.csv")
    study.report(tmp_path / "report.html")
    took = time.perf_counter() - started
    aim("20 policies x 50 replications x 20,000 orders, played", played, "s", most=5)
    aim("the same with results.csv and report.html", took, "s", most=5)


LOOP = """
import time
start = time.perf_counter()
sum(range(60_000_000))
print(time.perf_counter() - start)
"""


def machine() -> float:
    """What two processes that share nothing gain over one: no study can gain more."""

    def seconds_each(count: int) -> float:
        command = [sys.executable, "-c", LOOP]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(count)]
        return max(float(process.communicate()[0]) for process in running)

    alone = min(seconds_each(1) for _ in range(ROUNDS))
    return 2 * alone / min(seconds_each(2) for _ in range(ROUNDS))


def test_two_workers(experiment: Experiment, tmp_path: Path) -> None:
    """How much faster two workers are than one: the best of several pairs, each side by side."""
    some = replace(experiment, stopping=Fixed(20))
    pairs = [
        (seconds(some, 1, tmp_path / f"one{i}"), seconds(some, 2, tmp_path / f"two{i}"))
        for i in range(ROUNDS)
    ]
    FIGURES.append(f"two processes that share nothing / one, on this machine: {machine():.2f}")
    ratio = min(one for one, _ in pairs) / min(two for _, two in pairs)
    aim("two workers / one, 20 policies x 20 replications", ratio, "times", least=1.7)


def test_overhead(experiment: Experiment) -> None:
    """Milliseconds a replication beyond drawing, playing and measuring it."""
    some = replace(experiment, stopping=Fixed(5))
    models = [policy.model for policy in some.policies]
    work = plan_work(models, some.seed, "compiled", 5)

    def bare() -> float:
        started = time.perf_counter()
        for replication in range(5):
            tape = draw(models[0], some.seed, replication)
            for model, (engine, reason) in zip(models, work.engines, strict=True):
                _ = play_and_check(model, tape, engine, reason, linked=work.linked).metrics
        return time.perf_counter() - started

    list(work.play(Job(0, (0,))))
    alone = min(bare() for _ in range(ROUNDS))
    kept = min(seconds(some, 1) for _ in range(ROUNDS))
    aim("overhead of a study a replication", 1e3 * (kept - alone) / 100, "ms", most=5)
