"""The scenario that begins with what an export left open."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.data.exports import SHOP, write

from backsim.cli import run as cli
from backsim.scenario import load

STOCK = """
    day,product,units
    2024-03-15,mug,3
    2024-03-15,plate,2
"""
LATER = """
    order,line,product,units,ordered,class
    1,1,mug,2,2024-03-04 09:00,trade
    1,2,plate,1,2024-03-04 09:00,trade
    2,1,mug,4,2024-03-05 10:00,web
    3,1,mug,6,2024-03-06 11:00,web
    4,1,mug,7,2024-03-16 12:00,web
    4,2,plate,1,2024-03-16 12:00,web
"""


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Of order 4, two of seven mugs were shipped; of purchase P2, five of twelve have come."""
    purchases = (
        SHOP["purchases.csv"]
        .replace(",received", ",confirmed")
        .replace("2024-03-15,12,", "2024-03-15,12,2024-03-25")
    )
    files = {
        **SHOP,
        "lines.csv": LATER,
        "shipments.csv": SHOP["shipments.csv"] + "4,1,2,2024-03-16\n",
        "purchases.csv": purchases,
        "receipts.csv": "purchase,received,units\nP1,2024-03-14,12\nP2,2024-03-16,5",
        "stock.csv": STOCK,
    }
    export, folder = write(tmp_path / "export", files), tmp_path / "out"
    assert cli(["calibrate", str(export), "--out", str(folder)]) == 0
    return folder


def test_what_is_open_is_in_its_tables(out: Path):
    assert rows(out / "open_orders.csv") == [
        {
            "order": "4",
            "product": product,
            "site": "main",
            "customer": "web",
            "units": units,
            "ordered": "2024-03-16 12:00:00",
        }
        for product, units in (("mug", "5"), ("plate", "1"))
    ]
    (purchase,) = rows(out / "open_purchases.csv")
    assert (purchase["product"], purchase["units"]) == ("mug", "7")
    assert (purchase["ordered"][:10], purchase["expected"][:10]) == ("2024-03-16", "2024-03-25")
    assert {row["product"]: row["units"] for row in rows(out / "open_stock.csv")} == {
        "mug": "6",  # 3 counted, 5 came, 2 left
        "plate": "2",
    }


def test_the_book_has_the_numbers_that_planners_know(out: Path):
    """Without a date wanted, lines are due when their class is; here nothing tells it."""
    lines = rows(out / "book" / "lines.csv")
    assert [(row["id"], row["order"], row["product"], row["units"]) for row in lines] == [
        ("4-1", "4", "mug", "5"),
        ("4-2", "4", "plate", "1"),
    ]
    assert {(row["ordered"], row["due"]) for row in lines} == {("2024-03-16", "")}
    (purchase,) = rows(out / "book" / "inbound.csv")
    assert (purchase["id"], purchase["units"]) == ("P2-1", "7")
    assert (purchase["ordered"], purchase["arrives"]) == ("2024-03-16", "2024-03-25")
    assert rows(out / "book" / "settings.csv") == [{"name": "today", "value": "2024-03-17"}]


def test_the_outlook_reads_the_book_and_the_scenario(out: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["outlook", str(out / "book"), str(out / "scenario.yaml"), "--engine", "simpy"]
    assert cli([*arguments, "-n", "5", "--seed", "1", "--days", "20", "--delay", "0"]) == 0
    assert "4-1" in capsys.readouterr().out
    assert cli(["allocate", str(out / "book")]) == 0


def test_it_begins_with_them(out: Path):
    """On the day after the export, with nothing that is not counted."""
    model = load(out / "today.yaml")
    scenario = model.scenario
    assert (scenario.start.isoformat(), scenario.warm_up) == ("2024-03-17", 0)
    assert {p.product: p.initial for p in scenario.stock} == {"mug": 6, "plate": 2}
    arguments = ["run", str(out / "today.yaml"), "-n", "2", "--engine", "simpy", "--seed", "1"]
    assert cli(arguments) == 0
