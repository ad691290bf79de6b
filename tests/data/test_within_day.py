"""Dates that have only a day: what else is told says what came first within it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from backsim.api import Run, simulate
from backsim.backtest.simulated import Tables, tables_of
from backsim.cli import run as cli
from backsim.data.calibrate import calibrate
from backsim.data.writing import write_export
from backsim.scenario import from_dict


@pytest.fixture(scope="module")
def run() -> Run:
    """Purchases are placed at midnight and arrive four days later at midnight."""
    values = {
        "warm_up": 60,
        "horizon": 60 + 300,
        "products": ["a", "b"],
        "suppliers": {"maker": {"lead_time": 4}},
        "customers": {
            "all": {
                "demand": {"arrivals": {"poisson": {"rate": 6}}, "products": ["a", "b"]},
            }
        },
        "policy": {"review": 1, "reorder": {"rule": "s_S", "s": 10, "S": 40}},
    }
    return simulate(from_dict(values), seed=1, engine="simpy")


def days_only(tables: Tables, **earlier: int) -> Tables:
    """Dates without a time of day, some columns noted some days earlier."""
    for frame in tables.values():
        for name in frame:
            if pd.api.types.is_datetime64_any_dtype(frame[name]):
                frame[name] = frame[name].dt.floor("D")
    for name, days in earlier.items():
        tables["purchases"][name] -= pd.Timedelta(days=days)
    return tables


@pytest.mark.parametrize(
    ("earlier", "placed", "received"),
    [
        ({}, "morning", "morning"),
        ({"ordered": 1}, "evening", "morning"),
        ({"ordered": 1, "received": 1}, "evening", "evening"),
    ],
)
def test_the_order_of_events_is_the_one_that_explains_them(
    run: Run, tmp_path: Path, earlier: dict[str, int], placed: str, received: str
):
    """However they are noted, the lead time is four days."""
    write_export(days_only(tables_of(run), **earlier), "plain", tmp_path)
    found = calibrate(tmp_path)
    within = found.history.within_day
    assert (within.placed, within.received) == (placed, received)
    (supplier,) = found.lead_times
    assert supplier.fit is not None
    assert supplier.fit.mean.value == pytest.approx(4)
    assert "bring the position to its usual level" in within.words[0]


def test_a_mapping_says_it_better(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_export(days_only(tables_of(run)), "plain", tmp_path / "export")
    assert cli(["calibrate", str(tmp_path / "export"), "--out", str(tmp_path / "out")]) == 0
    mapping = tmp_path / "out" / "mapping.yaml"
    mapping.write_text(mapping.read_text() + "within_day: {placed: evening}\n")
    capsys.readouterr()
    within = calibrate(mapping).history.within_day
    assert (within.placed, within.received) == ("evening", "morning")
    assert within.words[0].startswith("Purchases count as placed in the evening. ")


@pytest.mark.parametrize("column", ["ordered", "received"])
def test_a_time_of_day_of_one_of_both_is_of_no_use(run: Run, tmp_path: Path, column: str):
    """Purchases noted at 15:00 and receipts by the day, or the other way round: four days."""
    tables = days_only(tables_of(run))
    tables["purchases"][column] += pd.Timedelta(hours=15)
    write_export(tables, "plain", tmp_path)
    found = calibrate(tmp_path)
    assert not found.history.exact
    (supplier,) = found.lead_times
    assert supplier.fit is not None
    assert supplier.fit.mean.value == pytest.approx(4)
