"""`backsim allocate`: from files to a plan on the console and on disk."""

from __future__ import annotations

import csv
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backsim.allocation.book.columns import TABLES
from backsim.cli import run as cli


@pytest.fixture
def book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "book"
    assert cli(["allocate", "--template", str(folder)]) == 0
    capsys.readouterr()
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_template_is_a_book(book: Path, capsys: pytest.CaptureFixture[str]):
    assert cli(["allocate", str(book)]) == 0
    out = capsys.readouterr().out
    assert (
        "5 open lines, 75 units; 6 sources, 17 options; late until today: 454.80; planned by 'lp'"
        in out
    )
    said = " ".join(out.split())
    assert "6 units of 2 lines are not served: the units go to other lines (6)." in said
    assert ", and no plan can cost less." in said
    for name in ("fcfs", "class_priority", "earliest_due", "pro_rata", "max_min"):
        assert f"\n{name} " in out


def test_template_documents_every_column(book: Path):
    text = (book / "README.md").read_text()
    for table in TABLES.values():
        assert f"## {table.name}: {table.doc}" in text
        assert all(f"| `{column.name}` | " in text for column in table.columns)


def test_template_overwrites_nothing(book: Path, capsys: pytest.CaptureFixture[str]):
    assert cli(["allocate", "--template", str(book)]) == 2
    assert "expected a folder without a book" in capsys.readouterr().err


def test_written_plan(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "out"
    assert cli(["allocate", str(book), "--out", str(out), "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    found = json.loads((out / "summary.json").read_text())
    assert found["cost"] == pytest.approx(402.2)
    assert printed["cost"] == found["cost"]
    shipped = rows(out / "shipments.csv")
    assert sum(float(row["units"]) for row in shipped) == found["units_served"] == 69.0
    kinds = {row["source"]: row["kind"] for row in shipped}
    expected = {"kettle at main": "stock", "P-77": "expedited", "P-78": "inbound"}
    assert {name: kinds[name] for name in expected} == expected
    lost = sum(float(row["unfilled"]) for row in rows(out / "promises.csv"))
    assert lost == found["units_open"] - 69.0
    own = sum(float(row["cost"]) for row in shipped) + found["terms"]["lost"]
    assert own == pytest.approx(found["cost"])
    until_today = 30 * 0.5 * 14 + (8 + 5) * 1.2 * 12 + 12 * 1.2 * 4
    assert found["past_lateness"] == pytest.approx(until_today)
    compared = {row["rule"]: float(row["cost"]) for row in rows(out / "rules.csv")}
    assert compared["lp"] == min(compared.values()) == pytest.approx(found["cost"])
    assert [row["product"] for row in rows(out / "prices.csv")]


def test_the_page_stands_alone_and_quotes_what_it_shows(
    book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    lines = book / "lines.csv"
    lines.write_text(lines.read_text().replace("Adler", "<script>alert(1)</script>"))
    assert cli(["allocate", str(book), "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "plan.html").read_text()

    tags: list[str] = []
    links: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            tags.append(tag)
            links.extend(value for name, value in attrs if name in ("src", "href"))
            assert not any(name.startswith("on") for name, _ in attrs)

    Reader().feed(page)
    assert "table" in tags
    assert tags.count("script") == 1  # which sorts the tables
    assert "<script>alert" not in page
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "http:" not in page
    assert "https:" not in page


def test_pick_lists_by_site(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A file of all picks, and a workbook with a sheet per site."""
    openpyxl = pytest.importorskip("openpyxl")
    out = tmp_path / "out"
    assert cli(["allocate", str(book), "--out", str(out)]) == 0
    picked, shipped = rows(out / "picks.csv"), rows(out / "shipments.csv")
    assert sum(float(row["units"]) for row in picked) == 69.0
    assert {row["site"] for row in picked} == {row["from"] for row in shipped}
    sheets = openpyxl.load_workbook(out / "picks.xlsx")
    assert sheets.sheetnames == ["main", "south"]
    heads = [cell.value for cell in sheets["main"][1]]
    assert heads[:4] == ["leaves", "product", "description", "units"]
    assert sum(sheet.max_row - 1 for sheet in sheets) == len(picked)


def test_another_rule(book: Path, capsys: pytest.CaptureFixture[str]):
    assert cli(["allocate", str(book), "--rule", "fcfs", "--format", "csv"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("line,customer,class,product,units")
    assert cli(["allocate", str(book), "--rule", "class_pro_rata"]) == 0
    assert "The plan of 'class_pro_rata' costs 579.41" in capsys.readouterr().out


def test_a_rule_of_my_own(book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "own.py"
    file.write_text(
        "from backsim import priority\n\n\n@priority\ndef by_customer(line, customer):\n"
        '    """Wholesale first."""\n    return -customer.priority\n'
    )
    options = ["--rules", str(file), "--rule", "by_customer"]
    assert cli(["allocate", str(book), *options]) == 0
    assert "The plan of 'by_customer' costs" in capsys.readouterr().out


def test_no_plan_is_a_clear_error(book: Path, capsys: pytest.CaptureFixture[str]):
    file = book / "classes.csv"
    file.write_text("class,rank,weight,min_fill\nretail,1,2,1\nwholesale,2,1,1\n")
    assert cli(["allocate", str(book)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert (
        captured.err
        == (
            "expected a plan that keeps all of this, and there is none:\n"
            "  class retail: at least 1 of its open units (1 short)\n"
            "  class wholesale: at least 1 of its open units (5 short)\n"
        )
        + captured.err.partition("(5 short)\n")[2]
    )
    assert "with no more than\n" in captured.err


def test_both_solvers(book: Path, capsys: pytest.CaptureFixture[str]):
    from backsim.allocation.solver.pulpform import has_cbc

    if not has_cbc():
        pytest.skip("PuLP brings no CBC here")
    assert cli(["allocate", str(book), "--solver", "cbc"]) == 0
    assert "costs 402.20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected a book"),
        (["none"], "expected a folder with CSV files"),
        (["BOOK", "--rule", "fcsf"], "expected a rule that can order a book (fcfs"),
        (["BOOK", "--rule", "accumulating_priority"], "expected a rule whose parameters have"),
        (["BOOK", "--today", "24.11.2026"], "today: expected a date written as YYYY-MM-DD"),
        (["BOOK", "--date-format", "%d"], "date-format: expected a format with day, month and"),
        (["BOOK", "--solver", "glpk"], "Invalid value"),
        (["BOOK", "--out", "/dev/null/plan"], "expected a folder to write to"),
    ],
)
def test_bad_arguments(
    book: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    assert cli(["allocate", *(str(book) if a == "BOOK" else a for a in arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err
