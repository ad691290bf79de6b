"""A small book to start from: a file for each table, and a page that says what the columns mean."""

from __future__ import annotations

import csv
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
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

EXAMPLE = resources.files("backsim.allocation.book") / "example"
"""A file for each table, with the columns that it needs."""


def write_template(folder: Path) -> list[Path]:
    """Write the example book into a folder that has none.  Raises InputError."""
    taken = [folder / f"{name}.csv" for name in TABLES if (folder / f"{name}.csv").exists()]
    if taken:
        raise InputError(f"{taken[0]}: expected a folder without a book, got one that has it")
    check_folder(folder)
    written = [folder / f"{name}.csv" for name in TABLES if _example(name).is_file()]
    for path in written:
        write_text(path, partial(_write_example, path.stem))
    readme = folder / "README.md"
    text = "\n".join(["# A book of open orders", "", *describe()])
    write_text(readme, text)
    return [*written, readme]


def _example(name: str) -> Traversable:
    return EXAMPLE / f"{name}.csv"


def _write_example(name: str, file: IO[str]) -> None:
    writer = csv.DictWriter(file, [column.name for column in TABLES[name].columns], "")
    writer.writeheader()
    writer.writerows(csv.DictReader(_example(name).read_text("utf-8").splitlines()))


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
