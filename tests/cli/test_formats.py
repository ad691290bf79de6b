"""`--format`: one meaning in every command.  The keys of JSON are an interface, kept in a file."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.experiment import shop

from backsim.cli import run as cli

KEYS = Path(__file__).with_name("json_keys.json")
KITCHEN = Path(__file__).parents[2] / "docs" / "examples" / "kitchen.yaml"
COMMANDS = {
    "run": ["run", "shop.yaml", "--seed", "1", "-n", "2", "--engine", "simpy"],
    "compare": [
        "compare",
        "experiment.yaml",
        "--fresh",
        "--workers",
        "1",
        "-n",
        "2",
        "--engine",
        "simpy",
    ],
    "diff": ["diff", "one", "other"],
    "regret": ["regret", "shop.yaml", "--seed", "1", "-n", "1", "--against", "fcfs"],
    "allocate": ["allocate", "book", "--rule", "fcfs"],
    "outlook": [
        "outlook",
        "book",
        str(KITCHEN),
        "--seed",
        "1",
        "-n",
        "2",
        "--engine",
        "simpy",
        "--against",
        "fcfs",
    ],
    "selftest": ["selftest", "09_deterministic_single_period", "--fast", "--workers", "1"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with something for every command."""
    folder = tmp_path_factory.mktemp("formats")
    shop.write(folder, title="Which order?", constraints="fill_rate[gold] >= 0")
    here = Path.cwd()
    os.chdir(folder)
    try:
        for out, *more in (("one",), ("other", "--set", "costs.holding=0.2")):
            run = ["run", "shop.yaml", "--seed", "1", "-n", "2", "--engine", "simpy"]
            assert cli([*run, "--out", out, *more]) == 0
        assert cli(["allocate", "--template", "book"]) == 0
    finally:
        os.chdir(here)
    return folder


def keys(value: Any, place: str = "") -> set[str]:
    """The paths of all keys, `policies[].cost`; not those within a provenance, nor metrics."""
    if isinstance(value, dict) and not place.startswith(("provenance.", "units.")):
        inner = {path for key, one in value.items() for path in keys(one, f"{place}{key}.")}
        return {f"{place}{key}" for key in value} | inner
    if isinstance(value, list):
        return {path for one in value for path in keys(one, f"{place[:-1]}[].")}
    return set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_keys_of_json_stay(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli([*COMMANDS[name], "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(keys(found)) == json.loads(KEYS.read_text())[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_csv_has_a_field_for_every_heading(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli([*COMMANDS[name], "--format", "csv"]) == 0
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert rows
    assert all(len(row) == len(head) for row in rows)


def test_csv_without_rows_has_its_headings(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli(["diff", "shop.yaml", "shop.yaml", "--format", "csv"]) == 0
    assert (
        capsys.readouterr().out == "policy,metric,one,other,difference,low,high,significant,unit\n"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_markdown_is_tables(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli([*COMMANDS[name], "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    rules = [i for i, line in enumerate(lines) if line.startswith("|-") and set(line) <= set("|-:")]
    assert rules
    for i in rules:
        assert lines[i - 1].count("|") == lines[i].count("|") == lines[i + 1].count("|")


@pytest.mark.parametrize("name", COMMANDS)
def test_latex_is_tables(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert cli([*COMMANDS[name], "--format", "latex"]) == 0
    text = capsys.readouterr().out
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") > 0
    assert text.count(r"\toprule") == text.count(r"\bottomrule")


def all_of(terminal: int) -> bytes:
    """What is written to the other end of a terminal until that is closed."""
    parts = []
    with suppress(OSError):  # so Linux says that it is closed
        while part := os.read(terminal, 65536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts)


def on_a_terminal(arguments: list[str], columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that a command writes to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    with ThreadPoolExecutor(1) as reader:
        written = reader.submit(all_of, ours)
        with open(theirs, "w", encoding="utf-8") as terminal:
            monkeypatch.setattr(sys, "stdout", terminal)
            assert cli(arguments) == 0
    return written.result().decode().splitlines()


@pytest.mark.parametrize("name", ["run", "compare", "allocate", "diff"])
def test_nothing_is_wider_than_80_columns(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    lines = on_a_terminal(COMMANDS[name], 80, monkeypatch)
    assert max(map(len, lines)) <= 80
    if name == "compare":
        text = "\n".join(lines)
        assert "total cost" in text
        assert "verdict" in text
        assert "(no room for " in text
        assert "±" in text


MONTHS = """\
time_unit: months
currency: EUR
horizon: 24
products: [desk]
sites: [main]
suppliers: {maker: {lead_time: 1}}
customers: {shops: {demand: {arrivals: {poisson: {rate: 9}}, products: [desk]}}}
costs: {holding: 1}
policy: {reorder: {rule: base_stock, S: 9}}
"""
TWO = """\
scenario: desks.yaml
seed: 1
replications: 2
objective: minimise cost.total
policies: {less: {policy.reorder.S: 8}, more: {policy.reorder.S: 12}}
"""


def test_units_have_the_scenarios_time_unit_and_currency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("desks.yaml").write_text(MONTHS)
    Path("two.yaml").write_text(TWO)
    for out, more in (("one", "1"), ("other", "2")):
        run = ["run", "desks.yaml", "--seed", "1", "-n", "2", "--engine", "simpy"]
        assert cli([*run, "--out", out, "--set", f"costs.holding={more}"]) == 0
    capsys.readouterr()
    assert cli(["diff", "one", "other", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["metrics"]
    assert {r["metric"]: r["unit"] for r in rows}["cost.total"] == "EUR per month"
    assert cli(["diff", "one", "other"]) == 0
    line = next(x for x in capsys.readouterr().out.splitlines() if x.startswith("cost.total "))
    assert line.endswith(" EUR per month")
    assert cli(["compare", "two.yaml", "--engine", "simpy", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["units"]["cost.total"] == "EUR per month"
