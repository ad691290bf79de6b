"""Damaged files: whatever happens to a book or a trace, it is read or refused with its name."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from backsim.allocation.book.assemble import read_book
from backsim.cli import run as cli
from backsim.errors import InputError
from backsim.scenario import from_dict
from backsim.tables.dates import DateReader
from backsim.tables.delimited import read_delimited
from backsim.tables.excel import read_workbook
from backsim.tables.faults import Unreadable
from backsim.tables.table import find_header

openpyxl = pytest.importorskip("openpyxl")
SEEDS = range(40)
LINES = [["id", "product", "units", "due"]]
LINES += [[f"L{i}", f"p{i % 4}", i + 1, date(2026, 12, 1 + i)] for i in range(12)]
STOCK = [["product", "units"], *([f"p{i}", 5] for i in range(4))]
TEXT = "\n".join(",".join(map(str, row)) for row in LINES).encode()

Damage = Callable[[bytes, np.random.Generator], bytes]


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed."""
    found = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 12)):
        found[place] = rng.integers(0, 256)
    return bytes(found)


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: rng.integers(0, len(data))]


def double(data: bytes, rng: np.random.Generator) -> bytes:
    """A piece of the file, put in somewhere else."""
    start, place = rng.integers(0, len(data), 2)
    return data[:place] + data[start : start + rng.integers(1, 200)] + data[place:]


def inside(data: bytes, rng: np.random.Generator) -> bytes:
    """A part of the workbook changed and packed again, so that the damage is in its XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        victim = rng.choice([name for name in old.namelist() if "sheet" in name or "work" in name])
        for name in old.namelist():
            part = old.read(name)
            damage = (flip, cut, double, swap)[rng.integers(0, 4)]
            new.writestr(name, damage(part, rng) if name == victim else part)
    return out.getvalue()


def swap(data: bytes, rng: np.random.Generator) -> bytes:
    """XML that is still XML, of other contents."""
    pairs = [(b't="n"', b't="d"'), (b"<v>", b"<v>x"), (b'r="B', b'r="ZZZZ'), (b'r="2"', b'r="-2"')]
    pairs += [(b's="', b's="9'), (b't="inlineStr"', b't="s"'), (b"sheetData", b"sheetDatum")]
    old, new = pairs[rng.integers(0, len(pairs))]
    return data.replace(old, new)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for name, rows in (("lines", LINES), ("stock", STOCK)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.merge_cells("D3:D4")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def whole() -> bytes:
    return workbook()


def read_or_refuse(read: Callable[[], object], name: str) -> None:
    """Anything but an InputError that names the file is a failure."""
    said = name
    try:
        read()
    except InputError as error:
        said = str(error)
    assert name in said
    assert len(said) < 10_000


def trace(folder: Path, file: str) -> object:
    columns = {"time": "due", "product": "product", "units": "units"}
    return from_dict(
        {
            "horizon": 9,
            "products": "traced",
            "suppliers": {"s": {}},
            "customers": {"c": {"demand": {"trace": {"file": file, "columns": columns}}}},
            "policy": {"reorder": {"rule": "base_stock", "S": 1}},
        },
        folder=folder,
        name=file,
    )


@pytest.mark.parametrize("damage", [flip, cut, double, inside])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_workbook(tmp_path: Path, whole: bytes, damage: Damage, seed: int) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(damage(whole, np.random.default_rng(seed)))
    read_or_refuse(lambda: read_book(path, date(2026, 11, 24)), "book.xlsx")
    read_or_refuse(lambda: trace(tmp_path, "book.xlsx"), "book.xlsx")


@pytest.mark.parametrize("damage", [flip, cut, double])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["csv", "gz"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file(
    tmp_path: Path, damage: Damage, pack: Callable[[bytes], bytes], seed: int
) -> None:
    name = "lines.csv.gz" if pack is gzip.compress else "lines.csv"
    (tmp_path / name).write_bytes(damage(pack(TEXT), np.random.default_rng(seed)))
    (tmp_path / "stock.csv").write_text("product,units\np0,5\np1,5\np2,5\np3,5\n")
    read_or_refuse(lambda: read_book(tmp_path, date(2026, 11, 24)), name)
    read_or_refuse(lambda: trace(tmp_path, name), name)


def test_the_command_says_where(tmp_path: Path, whole: bytes, capsys: pytest.CaptureFixture[str]):
    path, out = tmp_path / "book.xlsx", io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, part.replace(b"</row>", b"</rwo>") if "sheet2" in name else part)
    path.write_bytes(out.getvalue())
    assert cli(["allocate", str(path)]) == 2
    assert (
        f"{path}:1: expected a sheet 'lines' that is whole (ParseError)" in capsys.readouterr().err
    )


def test_a_file_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsim.tables.opening.MOST_BYTES", 1000)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a" * 2000))
    with pytest.raises(Unreadable, match="at most 1,000 bytes when decompressed"):
        read_delimited(tmp_path / "a.csv.gz", [])


def test_a_sheet_with_rows_beyond_what_excel_knows(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backsim.tables.excel.MOST_ROWS", 5)
    with pytest.raises(Unreadable, match="at most 5 rows in a sheet"):
        read_workbook(tmp_path / "book.xlsx", whole)


def test_the_declared_delimiter(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\na;b\n1,5;2\n")
    headed = find_header(read_delimited(tmp_path / "a.csv", ["a", "b"]), ["a", "b"])
    table = headed.table({"a": "a"})
    assert (table.columns, table.rows) == ({"a": ["1,5"]}, [3])


def test_a_time_that_does_not_exist() -> None:
    reader = DateReader(None)
    reader.learn(["2026-01-01 24:00"])
    for text in ("2026-01-01 24:00", "2026-01-01 10:60", "2026-01-01 13:00 pm"):
        with pytest.raises(ValueError, match=text[11:13]):
            reader.read(text)
