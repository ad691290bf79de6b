"""Baseline files: what is written is read, and each fault is told where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.regression import made

from backsim.errors import InputError
from backsim.experiment.load import load_experiment
from backsim.regression.baseline import baseline_file, read_baseline, write_baseline

ROOT = Path(__file__).parents[2]

COST = [10.0, 12.25]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A baseline on disk."""
    monkeypatch.chdir(tmp_path)
    write_baseline(made.baseline(a={"cost.total": COST, "fill_rate[gold]": COST}), Path("b.yaml"))
    return Path("b.yaml")


@pytest.mark.parametrize("name", ["a", "no", "null", "1", 'a "b": c', "ä, {x}", "%", "- a", "#x"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    baseline = made.baseline(**{name: {"cost.total": COST, "mean_wait": [float("nan"), 1e-12]}})
    path = tmp_path / "sub" / "b.yaml"
    assert write_baseline(baseline, path)
    assert read_baseline(path)[0] == baseline
    assert not write_baseline(baseline, path)


FAULTS = [
    ("seed: 1", "sed: 1", '11:1: sed: expected a known key (seed), got \'sed\''),
    ("replications: 2", "replications: 1", "12:1: replications: expected a whole number >= 2 and "),
    ('{up: "0.5 %", down: none}', '{up: "0.5", down: none}', "15:18: margins.\"cost.total\".up: "
     "expected a number above 0, a share of the mean such as 0.5 %, or none, got '0.5'"),
    ("10 12.25", "10 x", "expected numbers with spaces between them, got '10 x'"),
    ("10 12.25", "10", "12:1: replications: expected 1 or 2, as many as each metric has values "
     "(--update makes as many as it says), got 2"),
    ("margins:", "margins", "expected correct YAML"),
    ("  a:", "  a: b", "expected correct YAML"),
    ("scenario:", "scenaro:", "expected a known key (scenario)"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_one_fault(file: Path, old: str, new: str, message: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        read_baseline(file)
    assert str(error.value).startswith("b.yaml:")
    assert message in str(error.value)


def test_a_margin_for_each_metric(file: Path) -> None:
    file.write_text(file.read_text().replace('  "cost.total": {up: "0.5 %", down: none}\n', ""))
    read, document = read_baseline(file)
    values = {"cost.total": COST, "fill_rate[gold]": COST}
    with pytest.raises(InputError, match=r"b.yaml:14:1: margins: expected a margin for cost.total"):
        made.judge(made.study(a=values), [made.digests()] * 2, made.NOW, read, document)


@pytest.mark.parametrize("experiment", sorted((ROOT / "experiments").glob("*.yaml")))
def test_every_shipped_experiment_has_a_baseline(experiment: Path) -> None:
    baseline, _ = read_baseline(baseline_file(experiment, None))
    assert baseline.experiment == experiment.stem
    assert set(baseline.policies) == {p.name for p in load_experiment(experiment).policies}
