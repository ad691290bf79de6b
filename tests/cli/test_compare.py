"""`backsim compare` as a user meets it: output, files, exit codes."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from tests.experiment import shop

from backsim.cli import run as cli
from backsim.cli.commands.compare import _name_of
from backsim.experiment.play import load_study


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return str(shop.write(tmp_path, title="Which [order]", constraints="fill_rate[gold] >= 0"))


def test_table_finding_and_files(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["compare", file, "--workers", "1"]) == 0
    shown = capsys.readouterr()
    for text in ("Which [order]", "3 policies, 4 replications", "seed 1", "fcfs (reference)", "±"):
        assert text in shown.out
    assert "fill rate of gold >= 0" in shown.out
    folder = Path("studies/experiment")
    assert {f.name for f in folder.iterdir()} >= {"study.sqlite", "results.csv", "report.html"}
    with (folder / "results.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {r["policy"] for r in rows} == {"fcfs", "classes", "lean"}
    assert not [f for f in folder.iterdir() if f.name.startswith(".")]


def test_a_study_has_the_name_of_its_file_or_else_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`new` and `calibrate` call every experiment so: two folders must not share a study."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    assert _name_of(Path("shop/experiment.yaml")) == "shop"
    assert _name_of(Path("shop/levels.yaml")) == "levels"
    assert _name_of(Path("experiment.yaml")) == "experiment"
    assert _name_of(tmp_path / "experiment.yaml") == "experiment"


def test_the_tables_as_a_workbook(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    assert cli(["compare", file, "--workers", "1", "--excel", "tables.xlsx"]) == 0
    finding = openpyxl.load_workbook("tables.xlsx")["finding"]["A2"].value
    assert finding in " ".join(capsys.readouterr().out.split())
    assert cli(["compare", file, "--workers", "1", "--excel", "tables.xls"]) == 2
    assert "tables.xls: expected a name that ends in .xlsx" in capsys.readouterr().err


def test_the_study_as_slides(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    pptx = pytest.importorskip("pptx")
    assert cli(["compare", file, "--workers", "1", "--pptx", "study.pptx"]) == 0
    shown = capsys.readouterr()
    assert "study.pptx" in shown.err
    slides = pptx.Presentation("study.pptx").slides
    words = " ".join(s.text_frame.text for s in slides[0].shapes if s.has_text_frame)
    assert "Which [order]" in words
    assert len(slides) >= 4
    assert cli(["compare", file, "--workers", "1", "--pptx", "study.ppt"]) == 2
    assert "study.ppt: expected a name that ends in .pptx" in capsys.readouterr().err


def test_options_go_before_the_file(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--workers", "1", "-n", "2", "--seed", "9", "--set", "horizon=50"]
    assert cli(["compare", file, *arguments, "--out", "o", "--format", "json", "--parquet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [p["policy"] for p in found["policies"]] == ["fcfs", "classes", "lean"]
    assert found["policies"][0]["replications"] == 2
    assert found["provenance"]["seed"] == 9
    assert found["provenance"]["experiment"]["settings"]["fcfs"] == {"policy.priority": "fcfs"}
    explicit = load_study("o").policies[1].model.to_dict()
    assert found["provenance"]["scenarios"]["classes"] == explicit
    page = Path("o/report.html").read_text(encoding="utf-8")
    block = page.split('<script type="application/json" id="explicit">')[1].split("</script>")[0]
    assert json.loads(block) == found["provenance"]
    frame = pd.read_parquet("o/results.parquet")
    pd.testing.assert_frame_equal(frame, pd.read_csv("o/results.csv", na_filter=False))


def test_csv_is_a_row_a_policy(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["compare", file, "--workers", "1", "--format", "csv"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["policy"] for row in rows] == ["fcfs", "classes", "lean"]
    assert float(rows[0]["cost.total_half_width"]) > 0


def test_a_changed_study_is_refused_and_fresh_begins_anew(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli(["compare", file, "--workers", "1"]) == 0
    capsys.readouterr()
    assert cli(["compare", file, "--workers", "1", "--seed", "2"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "seed: 1 in the study, 2 now" in said.err
    assert cli(["compare", file, "--workers", "1", "--seed", "2", "--fresh"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "nowhere.yaml: expected a readable file"),
        (["FILE", "-n", "1"], "replications: expected a whole number >= 2 and <= 1e+06"),
        (
            ["FILE", "--set", "polcy.review=1"],
            "expected a known key (policy) for polcy (from --set polcy.review=1)",
        ),
        (["FILE", "--set", "horizon"], "--set: expected path=value, got 'horizon'"),
        (["FILE", "--workers", "0"], "workers: expected at least 1, or -1 for all cores, got 0"),
        (["FILE", "--out", "FILE"], "expected a folder to write to (File exists)"),
    ],
)
def test_bad_input(
    file: str, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert cli(["compare", *(file if a == "FILE" else a for a in arguments)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_interrupted_it_ends_at_once_and_keeps_what_is_done(file: str) -> None:
    command = [sys.executable, "-m", "backsim", "compare", file]
    command += ["-n", "100000", "--engine", "simpy", "--workers", "2"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        study = Path("studies/experiment/study.sqlite-wal")
        deadline = time.monotonic() + 300
        try:
            while not (study.exists() and study.stat().st_size > 100_000):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=300)
        finally:
            process.kill()
    assert process.returncode == 130
    assert said == "backsim: interrupted\n"


def test_the_schema_of_experiments(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["schema", "--experiment"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"policies", "factors", "replications", "constraints"} <= set(schema["properties"])


def test_regret_in_the_report(file: str) -> None:
    assert cli(["compare", file, "--workers", "1", "--bound", "2"]) == 0
    bounds = pd.read_csv("studies/experiment/bounds.csv")
    assert bounds.groupby("policy").size().to_dict() == {"classes": 2, "fcfs": 2, "lean": 2}
    page = Path("studies/experiment/report.html").read_text(encoding="utf-8")
    assert "Regret in hindsight" in page
    assert cli(["compare", file, "--workers", "1"]) == 0
    page = Path("studies/experiment/report.html").read_text(encoding="utf-8")
    assert "Regret in hindsight" not in page
