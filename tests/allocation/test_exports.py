"""Books as people's systems export them: numbers, dates, headings, encodings, merged cells."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from backsim.allocation.book.assemble import read_book
from backsim.allocation.plan.allocate import optimise
from backsim.errors import InputError

TODAY = date(2026, 11, 24)


def write(folder: Path, encoding: str = "utf-8", **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    return folder


OPEN = "id;product;units\nA1;Schraube;1.200\nA2;Schraube;3\n"


@pytest.mark.parametrize(
    "says",
    [
        {"settings": 'name,value\ndecimal,","\n'},
        {"settings": "name;value\ndecimal;comma\n"},
        {"lines": OPEN.replace("3\n", "3,0\n")},  # the column
        {"products": "product;price\nSchraube;0,05\n"},  # the book
        {"lines": "id;product;units;weight\nA1;Schraube;1.200;1\nA2;Schraube;3;2,5\n"},  # the file
    ],
)
def test_thousands_where_the_column_the_file_or_the_book_decides(
    tmp_path: Path, says: dict[str, str]
) -> None:
    files = {"lines": OPEN, "stock": "product;units\nSchraube;1.500\n", **says}
    plan = optimise(read_book(write(tmp_path, **files), TODAY))
    assert plan.book.lines.units.sum() == plan.served.sum() == 1203


def test_a_decimal_sign_given_by_the_caller(tmp_path: Path) -> None:
    write(tmp_path, lines=OPEN, stock="product;units\nSchraube;1.500\n")
    assert read_book(tmp_path, TODAY, decimal=",").sources.units.tolist() == [1500]
    assert read_book(tmp_path, TODAY, decimal=".").sources.units.tolist() == [1.5]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_titles_and_blank_lines(tmp_path: Path, encoding: str) -> None:
    lines = "Offene Aufträge;;\n\nid;product;units\nA1; Büste ;1,5\n;;\n\n"
    found = read_book(write(tmp_path, encoding, lines=lines, stock="product\tunits\nBüste\t2\n"))
    assert found.names.products == ("Büste",)
    assert found.lines.units.tolist() == [1.5]


def test_dates_are_told_by_their_column_or_by_the_others(tmp_path: Path) -> None:
    lines = "id,product,units,ordered,due\nA1,mug,1,03/11/2026,05/12/2026 08:30\n"
    lines += "A2,mug,1,23/11/2026,06/12/2026\n"
    found = read_book(write(tmp_path, lines=lines, stock="product,units\nmug,2\n"), TODAY)
    assert found.lines.ordered.tolist() == [-21.0, -1.0]
    assert found.lines.due.tolist() == [11.0, 12.0]


def test_headings_of_an_export(tmp_path: Path) -> None:
    write(
        tmp_path,
        lines="Beleg;Pos;Material;Menge;Wunsch;Text\n1;1-1;mug;2;1.12.2026;x\n1;1-2;mug;1;31.12.2026;\n",
        stock="product,units\nmug,2\n",
        columns="table,column,heading\nlines,order,Beleg\nlines,id,Pos\nlines,product,Material\n"
        "lines,units,Menge\nlines,due,Wunsch\n",
    )
    found = read_book(tmp_path, TODAY)
    assert found.lines.ids == ("1-1", "1-2")
    assert found.lines.order.tolist() == [0, 0]
    assert found.lines.due.tolist() == [7.0, 37.0]


def workbook(folder: Path, merged: tuple[str, ...] = (), **sheets: list[list[Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()  # its first sheet stays empty
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merged if name == "lines" else ():
            sheet.merge_cells(cells)
    path = folder / "book.xlsx"
    book.save(path)
    return path


HEAD = ["id", "product", "units", "order", "complete", "due"]
STOCK = [["product", "units"], ["desk", 5], ["lamp", 0]]


def test_a_merged_order_number_holds_for_both_lines(tmp_path: Path) -> None:
    lines = [
        HEAD,
        ["1", "desk", 1, "O1", "yes", date(2026, 12, 1)],
        ["2", "lamp", 1, None, None, None],
    ]
    path = workbook(tmp_path, ("D2:D3", "E2:E3", "F2:F3"), lines=lines, stock=STOCK)
    plan = optimise(read_book(path, TODAY))
    assert plan.book.lines.due.tolist() == [7.0, 7.0]
    assert plan.served.tolist() == [0.0, 0.0]  # the lamp is out


def test_merged_units_are_refused(tmp_path: Path) -> None:
    lines = [HEAD[:3], ["1", "desk", 4], ["2", "lamp", None]]
    path = workbook(tmp_path, ("C2:C3",), lines=lines, stock=STOCK)
    with pytest.raises(InputError) as error:
        read_book(path, TODAY)
    assert str(error.value) == (
        f"{path}:lines:3: units: expected units of each row, not one merged cell, got '4'"
    )


@pytest.mark.parametrize("form", [None, "%d/%m/%Y", "%d.%m.%y"])
def test_a_real_date_is_a_date_whatever_the_format(tmp_path: Path, form: str | None) -> None:
    lines = [
        HEAD,
        ["1", "desk", 1, "a", "", date(2026, 12, 1)],
        ["2", "desk", 1, "b", "", datetime(2026, 12, 3, 15, 30)],
    ]
    found = read_book(workbook(tmp_path, lines=lines, stock=STOCK), TODAY, form)
    assert found.lines.due.tolist() == [7.0, 9.0]


def test_real_dates_and_texts_in_one_column(tmp_path: Path) -> None:
    lines = [
        HEAD,
        ["1", "desk", 1, "a", "", date(2026, 12, 1)],
        ["2", "desk", 1, "b", "", "05.12.2026"],
        ["3", "desk", 1, "c", "", "25.12.2026"],
    ]
    found = read_book(workbook(tmp_path, lines=lines, stock=STOCK), TODAY)
    assert found.lines.due.tolist() == [7.0, 11.0, 31.0]


def test_zeros_that_a_cell_shows_belong_to_the_name(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(tmp_path, lines=[["id", "product", "units"], [1, 123, 2]], stock=STOCK)
    book = openpyxl.load_workbook(path)
    book["lines"]["B2"].number_format = "00000"
    book["stock"]["A3"] = "00123"
    book.save(path)
    assert read_book(path, TODAY).lines.product.tolist() == [0]


def test_a_number_in_a_column_of_dates(tmp_path: Path) -> None:
    lines = [HEAD, ["1", "desk", 1, "a", "", 46000]]
    with pytest.raises(InputError, match="due: expected a date written as YYYY-MM-DD"):
        read_book(workbook(tmp_path, lines=lines, stock=STOCK), TODAY)


def test_an_old_workbook_by_the_name_of_a_csv_file(tmp_path: Path) -> None:
    write(tmp_path, stock="product,units\nmug,2\n")
    (tmp_path / "lines.csv").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(InputError, match=r"saved as \.xlsx, got an old \.xls workbook"):
        read_book(tmp_path, TODAY)
