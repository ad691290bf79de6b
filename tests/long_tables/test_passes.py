"""Compiled passes over long tables find what numpy finds, to the bit."""

from __future__ import annotations

import itertools
from pathlib import Path

import numba  # noqa: F401 (passes are compiled where it is loaded)
import numpy as np
import pytest

import backsim
from backsim import long_tables
from backsim.entities import Line, dtype
from backsim.long_tables import added_up, in_order, places_of, scanned, squares_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of any length are read by the compiled passes."""
    monkeypatch.setattr(long_tables, "LONG", 0)


@pytest.mark.parametrize("waits", [0.0, 0.1, 0.6, 1.0])
def test_lines_are_read_once(waits: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    lines = np.zeros(5_003, dtype(Line))
    for name in lines.dtype.names or ():
        lines[name] = rng.integers(1, 100, len(lines))
    lines["filled"] = lines["units"] - (rng.random(len(lines)) < waits)
    found = []
    for least in (10**9, 0):
        monkeypatch.setattr(long_tables, "LONG", least)
        found.append(scanned(lines, lines["units"].copy()))
    one, other = found
    assert len(one.later) == pytest.approx(waits * len(lines), abs=150)
    assert (one.later == np.flatnonzero(lines["filled"] != lines["units"])).all()
    for name, column in one._asdict().items():
        pairs = [(column, getattr(other, name))]
        if name == "often":
            pairs = [(column[key], other.often[key]) for key in (*column, *other.often)]
        for first, second in pairs:
            assert first.dtype == second.dtype
            assert (first == second).all()


@pytest.mark.parametrize(("first", "second"), [(0, 9), (9, 0), (5_000, 40), (3_000, 3_000)])
@pytest.mark.usefixtures("compiled")
def test_two_runs_are_merged(first: int, second: int) -> None:
    rng = np.random.default_rng(first)
    runs = [np.sort(rng.integers(0, 2_000, size).astype(float)) for size in (first, second)]
    times = np.concatenate(runs)
    found = in_order(times, np.array([first, first + second]))
    assert (found == np.argsort(times, kind="stable")).all()


@pytest.mark.usefixtures("compiled")
def test_edges_and_sums() -> None:
    rng = np.random.default_rng(3)
    values, edges = (np.sort(rng.integers(0, 50, size).astype(float)) for size in (400, 90))
    assert (places_of(values, edges) == np.searchsorted(values, edges)).all()
    codes, units = rng.integers(0, 11, 300), rng.integers(0, 9, 300)
    expected = [units[codes == code].sum() for code in range(10)]
    assert (added_up(codes, units, 10) == expected).all()


def test_squares_of_periods() -> None:
    rng = np.random.default_rng(5)
    times, units = np.sort(rng.integers(0, 400, 900) / 4), rng.integers(0, 9, 900)
    edges = 7.0 + 2.5 * (np.arange(31) - 1e-9)
    place = np.searchsorted(times, edges)
    of_period = [units[a:b].sum() for a, b in itertools.pairwise(place)]
    expected = sum(of_period), sum(each * each for each in of_period)
    assert squares_of(times, units, (7.0, 2.5, 30, 1e-9)) == expected
    assert expected[0] > 0


@pytest.mark.parametrize("name", ["quickstart", "parcels"])
def test_whole_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = backsim.load(SCENARIOS / f"{name}.yaml")
    found = []
    for least in (10**9, 0):
        monkeypatch.setattr(long_tables, "LONG", least)
        run = backsim.simulate(model, seed=3, engine="compiled")
        found.append((run.log.digest, run.metrics.rows()))
    assert found[0] == found[1]
