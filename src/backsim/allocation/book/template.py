"""A small book to start from: a file for each table, and a page that says what the columns mean."""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path
from typing import IO

from backsim.allocation.book.columns import TABLES, TableSpec
from backsim.allocation.book.settings import setting_columns
from backsim.errors import InputError
from backsim.files import check_folder, write_text

KINDS = {
    "name": "text",
    "names": "texts with ; between",
    "units": "number >= 0",
    "number": "number >= 0",
    "share": "number from 0 to 1",
    "days": "number >= 0",
    "date": "date",
    "yes": "yes or no",
}

EXAMPLE: dict[str, list[dict[str, str]]] = {
    "lines": [
        {
            "id": "1001-1",
            "product": "kettle",
            "units": "30",
            "customer": "Adler",
            "class": "wholesale",
            "order": "1001",
            "ordered": "2026-11-02",
            "due": "2026-11-10",
        },
        {
            "id": "1002-1",
            "product": "kettle",
            "units": "8",
            "customer": "Berg",
            "class": "retail",
            "order": "1002",
            "ordered": "2026-11-05",
            "due": "2026-11-12",
            "promised": "2026-11-28",
        },
        {
            "id": "1002-2",
            "product": "toaster",
            "units": "5",
            "customer": "Berg",
            "class": "retail",
            "order": "1002",
            "ordered": "2026-11-05",
            "due": "2026-11-12",
            "substitutes": "none",
        },
        {
            "id": "1003-1",
            "product": "toaster",
            "units": "12",
            "customer": "Castro",
            "class": "retail",
            "site": "south",
            "order": "1003",
            "ordered": "2026-11-09",
            "due": "2026-11-20",
            "tolerance": "30",
        },
        {
            "id": "1004-1",
            "product": "kettle",
            "units": "20",
            "customer": "Dorn",
            "class": "wholesale",
            "site": "south",
            "order": "1004",
            "ordered": "2026-11-11",
            "due": "2026-12-04",
            "smallest": "10",
        },
    ],
    "stock": [
        {"product": "kettle", "units": "25"},
        {"product": "kettle", "units": "4", "site": "south"},
        {"product": "toaster", "units": "0"},
        {"product": "toaster pro", "units": "6"},
    ],
    "inbound": [
        {
            "id": "P-77",
            "product": "kettle",
            "units": "24",
            "arrives": "2026-12-09",
            "expedited": "2026-12-01",
            "expedite_cost": "1.5",
        },
        {
            "id": "P-78",
            "product": "toaster",
            "units": "10",
            "arrives": "2026-12-03",
            "site": "south",
        },
    ],
    "lanes": [
        {"from": "main", "to": "south", "days": "2", "transfer": "0.8"},
        {"from": "south", "to": "main", "days": "2", "transfer": "0.8"},
    ],
    "substitutes": [{"product": "toaster", "instead": "toaster pro", "cost": "4"}],
    "classes": [
        {"class": "retail", "rank": "1", "weight": "1.2", "lost": "40"},
        {"class": "wholesale", "rank": "2", "weight": "0.5", "lost": "25"},
    ],
    "products": [
        {"product": "kettle", "price": "38"},
        {"product": "toaster", "price": "29"},
        {"product": "toaster pro", "price": "45"},
    ],
    "settings": [{"name": "today", "value": "2026-11-24"}],
}


def write_template(folder: Path) -> list[Path]:
    """Write the example book into a folder that has none.  Raises InputError."""
    taken = [folder / f"{name}.csv" for name in TABLES if (folder / f"{name}.csv").exists()]
    if taken:
        raise InputError(f"{taken[0]}: expected a folder without a book, got one that has it")
    check_folder(folder)
    written = [folder / f"{name}.csv" for name in TABLES if name in EXAMPLE]
    for path in written:
        write_text(path, partial(_write_example, path.stem))
    readme = folder / "README.md"
    text = "\n".join(["# A book of open orders", "", *describe()])
    write_text(readme, lambda file: file.write(text))
    return [*written, readme]


def _write_example(name: str, file: IO[str]) -> None:
    writer = csv.DictWriter(file, [column.name for column in TABLES[name].columns], "")
    writer.writeheader()
    writer.writerows(EXAMPLE[name])


def describe() -> list[str]:
    """What each table and column means, as Markdown."""
    lines = [
        "Tables are CSV files (or sheets of one .xlsx). How numbers and dates are written is found "
        "from them; where they can be read in two ways, the settings decimal and date_format say "
        "which.",
        "",
    ]
    for spec in TABLES.values():
        lines += _table(spec)
    lines += ["Settings:", ""]
    lines += [f"- `{name}`: {column.doc}" for name, column in setting_columns().items()]
    return [*lines, ""]


def _table(spec: TableSpec) -> list[str]:
    needed = "" if spec.required else " (may be left out)"
    head = [f"## {spec.name}: {spec.doc}{needed}", "", "| column | values | meaning | if empty |"]
    rows = [
        f"| `{c.name}` | {KINDS[c.kind]} | {c.doc} | {c.default or 'must be given'} |"
        for c in spec.columns
    ]
    return [*head, "|---|---|---|---|", *rows, ""]
