"""stockpyl's published systems in both tools: the same cost and the same fill rate."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

pytest.importorskip("stockpyl")

from tests.validation.stockpyl_systems import (
    COLUMNS,
    SYSTEMS,
    by_backsim,
    by_stockpyl,
    difference,
    row,
    table,
)

PAGE = Path(__file__).parents[2] / "docs" / "validation.md"

PERIODS, REPLICATIONS = 150, 12
FALSE_ALARMS = 0.01
"""Chance that any of the tests below says that equal means differ."""
QUICK = ("problem_4_8a", "example_6_1")


def compare(name: str, periods: int, replications: int, tests: int) -> None:
    """Welch's test of both means.  Source: Welch, Biometrika 34 (1947) 28-35."""
    from scipy.stats import t

    one = by_stockpyl(SYSTEMS[name], periods, replications, seed=11)
    other = by_backsim(SYSTEMS[name], periods, replications, seed=11)
    critical = float(t.ppf(1 - FALSE_ALARMS / tests / 2, replications - 1))
    for what in ("cost", "fill_rate"):
        apart, error = difference(getattr(one, what), getattr(other, what))
        assert abs(apart) <= critical * error + 1e-9, f"{name} {what}: {apart} +- {error}"
        values = getattr(other, what)
        assert error <= 0.05 * abs(math.fsum(values) / len(values))  # near enough to see a mistake


@pytest.mark.parametrize("name", QUICK)
def test_a_system_costs_the_same(name: str):
    compare(name, PERIODS, REPLICATIONS, tests=2 * len(QUICK))


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_costs_the_same(name: str):
    compare(name, 500, 20, tests=2 * len(SYSTEMS))


# -- the table of docs/validation.md ---------------------------------------------------------------


def printed() -> list[list[str]]:
    """The cells of the table in the docs, without its head."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = lines.index(f"| {' | '.join(COLUMNS)} |")
    rows = [line for line in lines[first + 2 :] if line.startswith("|")]
    assert lines[first + 2 : first + 2 + len(rows)] == rows  # one table
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def interval(cell: str) -> tuple[float, float]:
    mean, half = (float(part) for part in cell.replace(",", "").split("±"))
    return mean - half, mean + half


def test_the_table_in_the_docs_holds_every_system():
    assert [cells[0] for cells in printed()] == list(SYSTEMS)
    assert len(SYSTEMS) >= 12
    for name, *measured, _, _ in printed():
        for one, other in (measured[:2], measured[2:]):
            (low, high), (other_low, other_high) = interval(one), interval(other)
            assert max(low, other_low) <= min(high, other_high), f"{name}: {one}, {other}"


@pytest.mark.parametrize("name", ["problem_4_8a", "problem_4_7b", "example_6_1"])
def test_the_table_in_the_docs_is_what_backsim_says(name: str):
    """Its figures are the same to the last digit on every machine."""
    (cells,) = (cells for cells in printed() if cells[0] == name)
    assert row(name, ["backsim"])[1:3] == [cells[2], cells[4]]


@pytest.mark.slow
def test_the_table_in_the_docs_is_what_is_printed():
    """All but the seconds."""
    lines = [line.strip("|").split("|") for line in list(table())[2:]]
    assert [[cell.strip() for cell in cells[:5]] for cells in lines] == [c[:5] for c in printed()]
