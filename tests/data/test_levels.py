"""Levels proposed for an ERP: what formulas say of them, and what simulation says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from backsim.api import Run, simulate
from backsim.backtest.simulated import tables_of
from backsim.cli import run as cli
from backsim.data.calibrate import Calibration, calibrate
from backsim.data.fit.theory import Planned
from backsim.data.levels import Proposal, by_group, levels_rows, proposal
from backsim.data.scenariofile import scenario_text
from backsim.data.writing import write_export
from backsim.scenario import from_dict, load

COSTS = {"cheap": 1, "fair": 5, "dear": 60}
LOW, QUANTITY = 30, 20


def values(low: dict[str, int], review: Any = 1) -> dict[str, Any]:
    """Three products, equally in demand, that differ in what they cost; reviews at midnight."""
    return {
        "start": "2024-01-01",
        "warm_up": 100,
        "horizon": 100 + 1500,
        "products": {name: {"costs": {"purchase": cost}} for name, cost in COSTS.items()},
        "suppliers": {"maker": {"lead_time": {"discrete": {"values": [6, 9, 10, 11, 14]}}}},
        "customers": {
            "all": {
                "demand": {
                    "arrivals": {"poisson": {"rate": 4.5}},
                    "products": list(COSTS),
                    "size": {"geometric": {"mean": 2}},
                }
            }
        },
        "policy": {"review": review},
        "stock": [
            {"products": name, "reorder": {"rule": "s_S", "s": s, "S": s + QUANTITY}}
            for name, s in low.items()
        ],
    }


def played(low: dict[str, int], review: Any = 1) -> Run:
    return simulate(from_dict(values(low, review)), seed=4, engine="simpy")


@pytest.fixture(scope="module")
def run() -> Run:
    return played(dict.fromkeys(COSTS, LOW))


@pytest.fixture(scope="module")
def export(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(run, tmp_path_factory.mktemp("export"))


def exported(run: Run, folder: Path) -> Path:
    """Purchases and receipts have days only."""
    tables = tables_of(run)
    for name in ("ordered", "received"):
        tables["purchases"][name] = tables["purchases"][name].dt.floor("D")
    write_export(tables, "plain", folder)
    return folder


@pytest.fixture(scope="module")
def found(export: Path) -> Calibration:
    return calibrate(export)


def test_a_poisson_base_stock_by_hand():
    """One unit per order, S = s + 1, no lead time: what a day asks beyond S - 1 is not served."""
    one = np.ones(1)
    planned = Planned(one, one * 6, one * 6, one, one * 0, age=0.0)
    low = np.array([9.0])
    fill = planned.fill_rate(low, low + 1)
    assert fill[0] == pytest.approx(0.916, abs=0.01)  # Poisson of mean 6: P(X <= 9) = 0.916
    assert planned.on_hand(low, low + 1)[0] == pytest.approx(4.08, abs=0.03)


def test_formulas_say_what_simulation_says(run: Run, found: Calibration):
    same(proposal(found), found, run, 0.03, 0.06)


@pytest.mark.parametrize(
    ("on", "low"), [("monday", 45), (["monday", "wednesday", "friday"], 35)], ids=str
)
def test_formulas_know_the_days_of_review(tmp_path: Path, on: Any, low: int):
    """Reviews on Mondays alone need a week of demand more: without it, 9 points too much."""
    weekly = played(dict.fromkeys(COSTS, low), {"dates": on})
    found = calibrate(exported(weekly, tmp_path))
    assert found.calendars.reviews.gaps.tolist() == ([7] if on == "monday" else [2, 2, 3])
    same(proposal(found), found, weekly, 0.04, 0.09)


def test_lots_multiples_and_least_orders_that_no_master_tells(tmp_path: Path):
    """Lots of 20 at 30 or less; up to 45 in multiples of 3; up to 40, at least 5."""
    true = values(dict.fromkeys(COSTS, LOW), {"period": 1, "first": 0.99})
    true["stock"] = [
        {"products": "cheap", "reorder": {"rule": "r_nQ", "r": 30, "Q": 20}},
        {"products": "fair", "reorder": {"rule": "base_stock", "S": 45}, "multiple": 3},
        {"products": "dear", "reorder": {"rule": "base_stock", "S": 40}, "least_order": 5},
    ]
    model = from_dict(true)
    found = calibrate(exported(simulate(model, seed=4, engine="simpy"), tmp_path / "export"))
    path = tmp_path / "scenario.yaml"
    path.write_text(scenario_text(found))
    fitted = load(path)
    cheap, fair, dear = (
        next(p for p in fitted.scenario.stock if p.products == (name,)) for name in COSTS
    )
    assert (cheap.reorder.rule, cheap.reorder.params["Q"]) == ("r_nQ", 20)
    assert cheap.reorder.params["r"] == pytest.approx(30, abs=1)
    assert fair.reorder.params["S"] == pytest.approx(45, abs=1)
    assert dear.reorder.params["S"] == pytest.approx(40, abs=1)
    assert (fair.multiple, dear.least_order) == (3, 5)
    for name in COSTS:
        was, now = (
            simulate(m, seed=1).metrics.get("units_per_purchase", "product", name)
            for m in (model, fitted)
        )
        assert now == pytest.approx(was, rel=0.05), name


def same(made: Proposal, found: Calibration, run: Run, fills: float, stocks: float) -> None:
    for name, fill, value in zip(
        found.history.products, made.today.fill[:, 0], made.today.value[:, 0], strict=True
    ):
        assert fill == pytest.approx(run.metrics.get("fill_rate", "product", name), abs=fills)
        stock = run.metrics.get("mean_on_hand", "product", name) * COSTS[name]
        assert value == pytest.approx(stock, rel=stocks), name


def test_the_same_service_needs_less_stock(run: Run, found: Calibration):
    """The cheap product has more stock, the dear one less; simulated, as many units are served."""
    rows = {row["product"]: row for row in levels_rows(found)}
    shift = {n: row["proposed_reorder_point"] - row["reorder_point"] for n, row in rows.items()}
    assert shift["dear"] < 0 < shift["cheap"]
    assert rows["dear"]["proposed_up_to"] == rows["dear"]["proposed_reorder_point"] + QUANTITY
    assert rows["dear"]["reason"].startswith("lower: ")
    assert rows["cheap"]["reason"].startswith("raise: ")
    after = played({name: LOW + shift[name] for name in COSTS})
    assert after.metrics["fill_rate"] == pytest.approx(run.metrics["fill_rate"], abs=0.03)

    def value(one: Run) -> float:
        return sum(
            one.metrics.get("mean_on_hand", "product", name) * cost for name, cost in COSTS.items()
        )

    assert value(after) < 0.85 * value(run)
    assert rows["dear"]["proposed_fill_rate"] >= rows["dear"]["fill_rate"] - 0.1
    (total,) = by_group(found)
    assert total[3] >= total[2] - 1e-3
    assert total[5] / total[4] == pytest.approx(value(after) / value(run), abs=0.05)


def test_the_list_is_written_for_the_erp(export: Path, tmp_path: Path):
    assert cli(["calibrate", str(export), "--out", str(tmp_path)]) == 0
    with (tmp_path / "levels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["product"] for row in rows] == ["cheap", "dear", "fair"]
    assert all(float(row["proposed_stock_value"]) > 0 for row in rows)
    book = openpyxl.load_workbook(tmp_path / "levels.xlsx")
    assert book.sheetnames == ["levels", "levelgroups"]
    heads = [cell.value for cell in book["levels"][1]]
    assert heads[3:9] == ["s today", "S today", "known from", "s proposed", "S proposed", "reason"]
    assert book["levels"]["D2"].value == LOW
