"""`backsim reproduce` and `backsim diff` as a user meets them."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.regression import gate

from backsim.cli import run as cli
from backsim.experiment.store import open_study, read_study


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario, two runs of it and a study."""
    folder = tmp_path_factory.mktemp("prepared")
    file = str(gate.write(folder, replications=3).with_name("shop.yaml"))
    arguments = ["run", file, "--seed", "3", "-n", "3", "--set", "horizon=60"]
    assert cli([*arguments, "--out", str(folder / "a")]) == 0
    assert cli([*arguments, "--out", str(folder / "b"), "--set", "costs.holding=0.2"]) == 0
    study = ["compare", str(folder / "experiment.yaml"), "--workers", "1", "--out"]
    assert cli([*study, str(folder / "s")]) == 0
    return folder


@pytest.fixture(autouse=True)
def in_a_copy(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a copy, and is in it."""
    shutil.copytree(prepared, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")


def edit(file: str, **changes: object) -> None:
    """Change fields of a provenance."""
    told = json.loads(Path(file).read_text())
    assert set(changes) <= set(told)
    Path(file).write_text(json.dumps(told | changes))


@pytest.mark.parametrize(
    ("result", "start"),
    [
        ("a", "a/provenance.json: bit-identical: "),
        ("a/provenance.json", "a/provenance.json: bit-identical: "),
        ("s", "s/study.sqlite: bit-identical: "),
        ("s/study.sqlite", "s/study.sqlite: bit-identical: "),
    ],
)
def test_the_same(result: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["reproduce", result, "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(start)
    assert said.endswith(" runs\n")
    assert "depends on" not in said


def test_an_edited_value(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("a/replications.csv")
    rows = list(csv.reader(file.read_text().splitlines()))
    row = next(r for r in rows if r[1:4] == ["mean_wait", "class", "gold"])
    before, row[4] = row[4], "0.5"
    file.write_text("\n".join(",".join(r) for r in rows) + "\n")
    assert cli(["reproduce", "a", "--workers", "1"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"a/provenance.json: 1 of {len(rows) - 1:,} values differ",
        f"  mean_wait[gold], replication 0: 0.5 -> {before}",
        "scenario, versions, platform, engine and code are unchanged: the result was edited, or "
        "there is a defect in backsim",
    ]


@pytest.mark.parametrize("file", ["replications.csv", "metrics.csv"])
def test_a_file_of_values_that_lacks_a_metric(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there is right: that does not say that it is all there was."""
    lines = (Path("a") / file).read_text().splitlines(keepends=True)
    (Path("a") / file).write_text("".join(line for line in lines if "mean_wait," not in line))
    assert cli(["reproduce", "a", "--workers", "1"]) == 1
    said = capsys.readouterr().out
    assert f"bit-identical, but {file} changed after `backsim run --out` wrote the folder" in said


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("replications.csv", ",class,gold,", ",class,gold,1"),
        ("scenario.yaml", "holding: 0.1", "holding: 0.2"),
        ("provenance.json", '"seed": 3', '"seed": 4'),
        ("provenance.json", '"sha256": {', '"sha257": {'),
    ],
)
def test_no_difference_is_made_of_an_edited_result(
    file: str, old: str, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["diff", "a", "b"]) == 0
    capsys.readouterr()
    path = Path("a") / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert cli(["diff", "a", "b"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("backsim: a: ")
    assert f"{file} changed after `backsim run --out`" in said or "sha257" in new


def test_what_differs_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(Path("a/provenance.json").read_text())
    versions = told["versions"] | {"numpy": "1.0"}
    then = {"source": "old", "python": "3.1", "arithmetic": "abacus", "engine": "compiled"}
    edit("a/provenance.json", versions=versions, **then)
    gate.replace(Path("a/scenario.yaml"), ("holding: 0.1", "holding: 0.2"))
    assert cli(["reproduce", "a", "--workers", "1", "--engine", "simpy"]) == 1
    said = capsys.readouterr().out
    assert "cost.holding, replication " in said
    for text in (
        f"  version of numpy: 1.0 -> {told['versions']['numpy']}",
        f"  backsim's code: old -> {told['source']}",
        f"  Python: 3.1 -> {told['python']}",
        f"  platform: abacus -> {told['arithmetic']}",
        "  engine: compiled -> simpy",
    ):
        assert text in said.splitlines()


def test_a_scenario_that_resolves_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    """As after a change of a default: the explicit form of then gives another one now."""
    gate.replace(Path("a/scenario.yaml"), ("overtaking: ", "# overtaking: "))
    assert cli(["reproduce", "a", "--workers", "1"]) == 0
    assert "  scenario: stock[0].overtaking (mug at main): not there -> " in capsys.readouterr().out


@pytest.mark.parametrize("none", [False, True])
def test_a_study_with_a_changed_result(none: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Written with all its digests, as if that had been the result."""
    file = Path("s/study.sqlite")
    with read_study(file) as study:
        description, results = study.description, list(study.results())
    place = next(i for i, r in enumerate(results) if (r.policy, r.replication) == (1, 2))
    metrics = bytearray(results[place].metrics)
    metrics[0] ^= 1  # the last bit of one value
    if none:
        metrics[:8] = np.array([np.nan], "<f8").tobytes()
    results[place] = replace(results[place], metrics=bytes(metrics))
    with open_study(file, fresh=True) as study:
        study.begin(description)
        study.add(results)
    assert cli(["reproduce", "s", "--workers", "1"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("s/study.sqlite: 1 of ")
    assert said[1].startswith(f"  classes: fill_rate, replication 2: {'nan' if none else '0.'}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reproduce", "nowhere"], "nowhere: expected a folder of `backsim run --out` or"),
        (["reproduce", "shop.yaml"], "shop.yaml is a scenario: use `backsim run shop.yaml`"),
        (["reproduce", "broken"], "broken/provenance.json: expected JSON ("),
        (["reproduce", "bare"], "bare/provenance.json: scenario_name: expected text, got nothing"),
        (["reproduce", "no_values"], "no_values/replications.csv: expected a readable file"),
        (["reproduce", "no_scenario"], "no_scenario/scenario.yaml: expected a readable file"),
        (["diff", "a", "shop.yaml"], "diff: expected two scenarios or two results, got a and"),
        (["diff", "shop.yaml", "none.yaml"], "diff: expected two scenarios or two results"),
    ],
)
def test_bad_input(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("broken", "bare", "no_values", "no_scenario"):
        shutil.copytree("a", name)
    Path("broken/provenance.json").write_text("{")
    Path("bare/provenance.json").write_text("{}")
    Path("no_values/replications.csv").unlink()
    Path("no_scenario/scenario.yaml").unlink()
    assert cli(arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"backsim: {message}")
    assert said.out == ""


def test_scenarios_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("shop.yaml", "other.yaml")
    gate.replace(Path("other.yaml"), ("holding: 0.1", "holding: 0.2"))
    assert cli(["diff", "shop.yaml", "other.yaml"]) == 0
    said = capsys.readouterr().out.split()
    assert said[-3:] == ["costs.holding", "0.1", "0.2"]
    assert cli(["diff", "shop.yaml", "shop.yaml"]) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_runs_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["diff", "a", "b", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fields"] == [
        {"field": "costs.holding", "one": "0.1", "other": "0.2", "policies": []}
    ]
    assert found["paired"]
    assert found["origin"] == []
    metrics = {m["metric"]: m for m in found["metrics"]}
    assert set(metrics) == {
        *("cost.holding", "cost.holding[product:mug]", "cost.holding[product:plate]"),
        *("cost.total", "cost.total[product:mug]", "cost.total[product:plate]"),
        *("profit", "profit[product:mug]", "profit[product:plate]"),
        *("cost_to_serve", "cost_to_serve[gold]", "cost_to_serve[silver]"),
        *("cost_to_serve[product:mug]", "cost_to_serve[product:plate]"),
    }
    holding = metrics["cost.holding"]
    assert holding["difference"] == pytest.approx(holding["one"])  # twice as much
    assert holding["low"] < holding["difference"] < holding["high"]
    assert cli(["diff", "a", "b"]) == 0
    said = capsys.readouterr().out
    assert "Metrics that differ (14 of " in said
    assert "on the same random numbers" in said


def test_studies_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("experiment.yaml")
    gate.replace(file, ("classes:", "by class:"), ("objective:", "seed: 2\nobjective:"))
    assert cli(["compare", "experiment.yaml", "--workers", "1", "--out", "t"]) == 0
    capsys.readouterr()
    assert cli(["diff", "s", "t"]) == 0
    said = capsys.readouterr().out
    assert "only in s: policy classes" in said
    assert "only in t: policy by class" in said
    assert "of different seeds, so independent" in said
    assert ["seed", "1", "2"] in [line.split() for line in said.splitlines()]
    assert cli(["diff", "s", "s"]) == 0
    assert capsys.readouterr().out.startswith("no difference: ")
