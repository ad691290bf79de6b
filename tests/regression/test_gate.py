"""The gate works: it fails for a planted fault, naming the metric, and not without one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.experiment import shop
from tests.regression import gate, made

import backsim
from backsim.cli import run as cli
from backsim.experiment.load import load_experiment
from backsim.experiment.play import play
from backsim.regression.check import make_baseline
from backsim.regression.fingerprint import digests, made_with
from backsim.regression.judge import judge
from backsim.results.store import to_yaml
from backsim.scenario.yamlfile import Document

SOURCE = Path(backsim.__file__).parent

FAULTS = {
    "serve last-come first": (
        "shop",
        "rules/priority.py",
        '    """First come, first served."""\n    return line.time',
        '    """First come, first served."""\n    return -line.time',
        ["plain: fairness: ", "plain: wait_p99: "],
    ),
    "order one unit in a thousand less": (
        "bulk",
        "rules/reorder.py",
        "(int((r - position) // Q) + 1) * int(Q) if position <= r",
        "(int((r - position) // Q) + 1) * (int(Q) - int(Q) // 1000) if position <= r",
        [
            "few: units_per_purchase: 1,000 -> 999 units",
            "many: units_per_purchase: 2,000 -> 1,998 units",
        ],
    ),
    "forget one unit in a thousand at the receipt": (
        "bulk",
        "kernel/supply/receiving.py",
        "    stock.on_hand += purchase.units",
        "    stock.on_hand += purchase.units - purchase.units // 1000",
        [
            "ledger: nails at main: "
            "initial + received + returned = shipped + expired + recalled + on hand: "
        ],
    ),
    "draw every lead time as the first stock point does": (
        "shop",
        "streams/tape.py",
        '{f"lead_time/{place}": lane.time ',
        '{f"lead_time/{place}": model.scenario.stock[0].lead_time ',
        ["plain: mean_wait[product:mug]: ", "classes: mean_wait[product:mug]: "],
    ),
    "draw lead times from the stream of services": (
        "shop",
        "streams/tape.py",
        'f"lead_time/{place}"',
        'f"service/{place}"',
        ["plain: the random numbers of lead times have changed", "classes: the random numbers of"],
    ),
    "a cost off by 1 %": (
        "shop",
        "results/metrics/money.py",
        'return rates["holding"] * ',
        'return 1.01 * rates["holding"] * ',
        ["plain: cost.holding: ", "classes: cost.holding: "],
    ),
}
"""Name -> experiment, file, what it says, what it says with the fault, and what is told."""

SHOP = {
    **shop.SHOP,
    "horizon": 200,
    "suppliers": {
        "far": {"lead_time": {"gamma": {"mean": 6, "cv": 0.5}}},
        "near": {"lead_time": 2},
    },
    "stock": [
        {"products": "plate", "supplier": "far"},
        {"products": "mug", "supplier": "near"},
    ],
    "policy": {"reorder": {"rule": "base_stock", "S": 20}, "priority": "fcfs"},
}
BULK = {
    "horizon": 400,
    "products": "nails",
    "suppliers": {"mill": {"lead_time": 3}},
    "customers": {
        "builder": {
            "demand": {"arrivals": {"poisson": {"rate": 2}}, "products": "nails", "size": 50}
        }
    },
    "policy": {"reorder": {"rule": "r_nQ", "r": 400, "Q": 1000}},
}
EXPERIMENTS = {
    "shop": (
        SHOP,
        {
            "policies": gate.POLICIES,
            "replications": 16,
            "metrics": ["cost.total", "fill_rate", "mean_wait", "mean_wait[product:mug]"],
        },
    ),
    "bulk": (
        BULK,
        {"policies": {"few": {}, "many": {"policy.reorder.Q": 2000}}, "replications": 4},
    ),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two experiments with their baselines, and a copy of backsim's source."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "scenarios").mkdir()
    for name, (scenario, fields) in EXPERIMENTS.items():
        (folder / "scenarios" / f"{name}.yaml").write_text(to_yaml(scenario))
        file = folder / f"{name}.yaml"
        file.write_text(to_yaml({"scenario": f"scenarios/{name}.yaml", **fields}))
        assert cli(["check", str(file), "--update", "--workers", "1"]) == 0
    # One in a thousand is less than the margin; in bulk, it shall not be.
    gate.replace(
        folder / "baselines" / "bulk.yaml",
        ('purchase: {up: "0.5 %", down: "0.5 %"}', 'purchase: {up: "0.05 %", down: "0.05 %"}'),
    )
    shutil.copytree(SOURCE, folder / "source" / "backsim")
    return folder


def check(folder: Path, name: str) -> tuple[int, str]:
    """Run the copy of backsim on the experiment: exit code, and what it says."""
    command = [sys.executable, "-m", "backsim", "check", f"{name}.yaml", "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "source")}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(guarded: Path, fault: str) -> None:
    name, place, right, wrong, told = FAULTS[fault]
    file = guarded / "source" / "backsim" / place
    text = file.read_text()
    gate.replace(file, (right, wrong))
    try:
        code, said = check(guarded, name)
    finally:
        file.write_text(text)
    assert code == 1, said
    lines = [line.strip() for line in said.splitlines()]
    for start in told:
        assert any(line.startswith(start) for line in lines), said


def test_the_copy_without_a_fault_passes(guarded: Path) -> None:
    for name in ("shop", "bulk"):
        code, said = check(guarded, name)
        assert (code, said.split("(")[0]) == (0, f"{name}: ok: same as the baseline ")


def alarms(folder: Path, seeds: int, rates: dict[float, int]) -> dict[float, int]:
    """How many of so many baselines raise an alarm, by error rate, though nothing has changed.

    The random world is another one: were it the same, every digest would be equal.
    """
    (folder / "scenario.yaml").write_text(to_yaml({**SHOP, "horizon": 40}))
    file = folder / "x.yaml"
    fields = {"policies": gate.POLICIES, "replications": 4}
    file.write_text(to_yaml({"scenario": "scenario.yaml", **fields}))
    experiment = load_experiment(file)
    found = dict.fromkeys(rates, 0)
    for seed in range(seeds):
        before = play(replace(experiment, seed=seed), workers=1)
        baseline = make_baseline(before, "x")
        again = judge(before, digests(before), made_with(), baseline, Document("x", {}))
        assert again.exact
        assert again.same
        other = play(replace(experiment, seed=seed + seeds), workers=1)
        now = [made.digests()] * 2
        for rate in rates:
            stated = baseline.model_copy(update={"error_rate": rate})
            judgement = judge(other, now, made_with(), stated, Document("x", {}))
            assert not judgement.exact
            found[rate] += judgement.failed
    return found


def test_nothing_changed_raises_no_more_alarms_than_stated(tmp_path: Path) -> None:
    """10 seeds; at the stated rates more alarms have a chance below 1 in 1,000."""
    most = {0.01: 2, 0.2: 7}
    found = alarms(tmp_path, 10, most)
    assert all(found[rate] <= most[rate] for rate in most), found


@pytest.mark.slow
def test_nothing_changed_raises_no_more_alarms_than_stated_over_200_seeds(tmp_path: Path) -> None:
    """200 seeds; at the stated rates more alarms have a chance below 1 in 1,000."""
    most = {0.01: 8, 0.2: 58}
    found = alarms(tmp_path, 200, most)
    assert all(found[rate] <= most[rate] for rate in most), found
