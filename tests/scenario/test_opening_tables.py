"""The opening from tables: as written out, and faults that say where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backsim.errors import InputError
from backsim.scenario.load import from_dict
from backsim.scenario.model import Model

ORDERS = """Beleg;Artikel;Menge;Datum;Zusage
7;mug;3;20.11.2026;26.11.2026
7;jug;1;20.11.2026;26.11.2026
8;mug;1.200;18.11.2026;
"""
COLUMNS = {"order": "Beleg", "product": "Artikel", "units": "Menge", "ordered": "Datum"}


def load(folder: Path, tables: dict[str, Any], opening: Any = None, **fields: Any) -> Model:
    return from_dict(
        {
            "horizon": 30,
            "start": "2026-11-24",
            "products": ["mug", "jug"],
            "suppliers": {"maker": {"lead_time": {"exponential": {"mean": 5}}}},
            "customers": {
                "all": {"demand": {"arrivals": {"poisson": {"rate": 1}}, "products": "mug"}}
            },
            "policy": {"reorder": "none"},
            "opening": {"tables": tables, **(opening or {})},
            **fields,
        },
        folder=folder,
    )


def write(folder: Path, text: str) -> dict[str, Any]:
    (folder / "table.csv").write_text(text)
    return {"file": "table.csv"}


def test_orders_of_another_system(tmp_path: Path):
    """Semicolons, German dates, 1.200 read by the sign that is said, and columns by their names."""
    table = {**write(tmp_path, ORDERS), "columns": {**COLUMNS, "promised": "Zusage"}}
    model = load(tmp_path, {"orders": {**table, "decimal": ","}})
    assert model.to_dict()["opening"]["orders"] == [
        {"customer": "all", "lines": {"mug": 3, "jug": 1}, "age": 4.0, "promised": 2.0},
        {"customer": "all", "lines": {"mug": 1200}, "age": 6.0},
    ]


def test_rows_come_after_what_is_written_out(tmp_path: Path):
    table = write(tmp_path, "product,units,ordered,due\nmug,2,-3,5\n") | {"date_format": "days"}
    written = {"orders": [{"customer": "all", "lines": {"jug": 1}}]}
    found = load(tmp_path, {"orders": table}, written).to_dict()["opening"]["orders"]
    assert found == [
        {"customer": "all", "lines": {"jug": 1}, "age": 0.0},
        {"customer": "all", "lines": {"mug": 2}, "age": 3.0, "due": 5.0},
    ]


def test_stock_and_purchases_become_those_of_the_stock_points(tmp_path: Path):
    (tmp_path / "stock.csv").write_text("product,units\nmug,7\njug,0\n")
    table = write(tmp_path, "product,units,ordered,arrives\nmug,5,2026-11-20,\njug,6,,2026-11-30\n")
    model = load(tmp_path, {"stock": {"file": "stock.csv"}, "purchases": table})
    mug, jug = model.scenario.stock
    assert (mug.initial, jug.initial) == (7, 0)
    assert [(p.units, p.age, p.arrives) for p in mug.inbound] == [(5, 4.0, None)]
    assert jug.inbound[0].arrives is not None
    assert jug.inbound[0].arrives.least() == 6.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("product,units\nmgu,1\n", r"tables\.orders\.file: expected known products .*in line 2"),
        ("product,units\nmug,1.5\n", "expected whole units, got '1.5' in line 2"),
        ("product,units\nmug,many\n", "expected numbers in units, got 'many' in line 2"),
        ("product,units\nmug,0\n", r"lines\.mug: a whole number > 0 \(units\), got line 2"),
        ("product\nmug\n", "expected a column 'units'"),
        ("product,units,ordered\nmug,1,2026-13-40\n", "expected dates in ordered"),
        ("product,units,ordered\nmug,1,03.04.2026\n", "date_format"),
        ("product,units,site\nmug,1,north\n", r"known sites \(main\), got 'north' in line 2"),
        ("product,units,ordered,promised\nmug,1,2026-11-20,2026-11-10\n", "`promised` no earlier"),
        ("product,units,tolerance,ordered\nmug,1,3,2026-11-20\n", "longer than 4 days.*line 2"),
        ("", "an empty file"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        load(tmp_path, {"orders": write(tmp_path, text)})


def test_a_file_that_does_not_exist_and_dates_without_a_start(tmp_path: Path):
    with pytest.raises(InputError, match=r"opening\.tables\.stock\.file: expected a file that"):
        load(tmp_path, {"stock": {"file": "nowhere.csv"}})
    table = write(tmp_path, "product,units,ordered\nmug,1,2026-11-20\n")
    with pytest.raises(InputError, match="expected `start`, the date of day 0"):
        load(tmp_path, {"orders": table}, start=None)
