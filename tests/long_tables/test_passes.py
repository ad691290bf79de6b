"""Compiled passes over long tables find what numpy finds, to the bit."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numba  # noqa: F401 (passes are compiled where it is loaded)
import numpy as np
import pytest

import backsim
from backsim import long_tables
from backsim.entities import Line, dtype
from backsim.long_tables import added_up, in_order, inverted, places_of, scanned, squares_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def read_from(monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    """Tables of at least so many rows are read by the compiled passes."""
    monkeypatch.setattr(long_tables, "LONG", least)
    monkeypatch.setattr(long_tables, "SHORT", least)


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
        read_from(monkeypatch, least)
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
    merged, order = in_order(times, np.array([first, first + second]))
    assert (order == np.argsort(times, kind="stable")).all()
    assert (merged == np.sort(times)).all()


@pytest.mark.parametrize(
    "sizes", [(3, 0, 5), (0, 0, 0, 1), (40_000, 2, 9_000, 30_000), (50,) * 200]
)
@pytest.mark.parametrize("kind", ["spread", "on few days", "in a corner", "alike", "without end"])
@pytest.mark.usefixtures("compiled")
def test_any_number_of_runs_is_merged(sizes: tuple[int, ...], kind: str) -> None:
    rng = np.random.default_rng(len(sizes))
    runs = [np.sort(rng.random(size)) * 1e6 - 1e5 for size in sizes]
    if kind == "on few days":
        runs = [np.rint(run / 1e5) for run in runs]
    elif kind == "in a corner":  # all but one in a single slot
        runs = [np.r_[run / 1e12, 1e9][: len(run)] for run in runs]
    elif kind == "alike":
        runs = [np.zeros(size) for size in sizes]
    elif kind == "without end":
        runs = [np.r_[run[:-1], np.inf][: len(run)] for run in runs]
    times = np.concatenate(runs)
    merged, order = in_order(times, np.cumsum(sizes))
    assert (order == np.argsort(times, kind="stable")).all()
    assert (merged == np.sort(times)).all()


@pytest.mark.usefixtures("compiled")
def test_edges_and_sums() -> None:
    rng = np.random.default_rng(3)
    values, edges = (np.sort(rng.integers(0, 50, size).astype(float)) for size in (400, 90))
    assert (places_of(values, edges) == np.searchsorted(values, edges)).all()
    codes, units = rng.integers(0, 11, 300), rng.integers(0, 9, 300)
    expected = [units[codes == code].sum() for code in range(10)]
    assert (added_up(codes, units, 10) == expected).all()


def test_steps_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(11)
    for steps in (np.ones(1), np.array([0.25, 0.25, 0.5, 1.0]), np.sort(np.r_[rng.random(300), 1])):
        edges = np.r_[0.0, steps[:-1], np.nextafter(steps, 0.0), rng.random(500)]
        found = []
        for least in (10**9, 0):
            read_from(monkeypatch, least)
            found.append(inverted(edges[edges < 1], steps).tolist())
        assert found[0] == found[1]
        assert found[0] == np.searchsorted(steps, edges[edges < 1], "right").tolist()


@pytest.mark.usefixtures("compiled")
def test_squares_of_periods() -> None:
    rng = np.random.default_rng(5)
    times, units = np.sort(rng.integers(0, 400, 900) / 4), rng.integers(0, 9, 900)
    edges = 7.0 + 2.5 * (np.arange(31) - 1e-9)
    place = np.searchsorted(times, edges)
    of_period = [units[a:b].sum() for a, b in itertools.pairwise(place)]
    expected = sum(of_period), sum(each * each for each in of_period)
    assert squares_of(times, units, (7.0, 2.5, 30, 1e-9)) == expected
    assert expected[0] > 0


READ = """
import json, sys
if sys.argv[1] == "compile":
    import numba
import numpy as np
from backsim import long_tables
from backsim.entities import Line, dtype

long_tables.LONG = 100
asked = []
pass_of = long_tables.machine_pass
long_tables.machine_pass = lambda each, *more, **options: (
    asked.append((each.__name__, (found := pass_of(each, *more, **options)) is not None)), found
)[1]
times = np.arange(500.0)
found = [
    long_tables.scanned(np.ones(500, dtype(Line)), np.arange(500, dtype="i4")).later,
    *long_tables.in_order(times % 250, np.array([250, 500])),
    *long_tables.in_order(times % 250, np.array([200, 250, 500])),
    long_tables.places_of(times, times[::3].copy()),
    long_tables.added_up(np.arange(500) % 7, np.arange(500), 7),
    long_tables.inverted(times / 500, np.array([0.1, 0.3, 0.35, 1.0])),
    *long_tables.outcomes(np.ones(500, dtype(Line))),
    long_tables.squares_of(times, np.arange(500), (10.0, 7.0, 50, 0.0)) or (),
]
print(json.dumps([[list(map(float, x)) for x in found], asked, "numba" in sys.modules]))
"""


def test_passes_that_are_kept_need_no_numba(tmp_path: Path) -> None:
    """All of them: none calls what only numba has."""
    found = []
    for how in ("numpy", "compile", "kept"):
        done = subprocess.run(
            [sys.executable, "-c", READ, how],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        )
        found.append(json.loads(done.stdout))
    (by_numpy, tried, _), (compiled, at_hand, loaded), (kept, asked, again) = found
    assert (loaded, again) == (True, False)
    assert {name for name, _ in asked} == {
        "scan",
        "merge",
        "find",
        "square",
        "add_up",
        "interleave",
        "read",
        "invert",
    }
    assert not any(there for _, there in tried)
    assert all(there for _, there in (*at_hand, *asked))
    assert kept == compiled
    assert kept[:-1] == by_numpy[:-1]  # of the squares numpy does not say


def test_tables_that_are_not_long_are_read_so_where_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = []
    monkeypatch.setattr(long_tables, "_read", long_tables._Read())
    monkeypatch.setattr(long_tables, "OFTEN", 250)
    monkeypatch.setattr(long_tables, "SHORT", 100)
    monkeypatch.setattr(long_tables, "machine_pass", lambda *_, compile_it: told.append(compile_it))
    for rows in (100, 100, 100, 99, 100):
        in_order(np.arange(float(rows)), np.array([50, rows]))
    assert told == [False, False]


def test_many_lines_pay_for_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(long_tables, "_read", long_tables._Read())
    monkeypatch.setattr(long_tables, "PAID", 250)
    monkeypatch.setattr(long_tables, "LONG", 100)
    monkeypatch.setattr(long_tables, "machine_pass", lambda *_, compile_it: told.append(compile_it))
    for _ in range(3):
        in_order(np.arange(100.0), np.array([50, 100]))
    assert told == [False, False, True]


@pytest.mark.parametrize("name", ["quickstart", "parcels"])
def test_whole_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = backsim.load(SCENARIOS / f"{name}.yaml")
    found = []
    for least in (10**9, 0):
        read_from(monkeypatch, least)
        run = backsim.simulate(model, seed=3, engine="compiled")
        found.append((run.log.digest, run.metrics.rows()))
    assert found[0] == found[1]
