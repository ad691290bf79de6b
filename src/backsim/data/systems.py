"""Exports of common systems: a mapping for each to start from, and guesses from headings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

from backsim.data.columns import TABLES, required_of
from backsim.errors import InputError, few
from backsim.files import check_folder, write_text
from backsim.tables.coded import open_sheets
from backsim.tables.faults import TableError, Unreadable
from backsim.tables.opening import ENDINGS
from backsim.tables.table import Headed, find_header

Entry = dict[str, Any]
"""A table of a mapping as plain values: table, file, columns."""
MAPPING = "mapping.yaml"
SETTINGS = ("once", "rows")
"""What a system's table has besides its file and headings, as in a mapping."""
MOST_HEADINGS = 8
MOST_FILES = 4
IDENTIFYING = 3
"""Headings that must be known before a file is taken for a table."""


@cache
def systems() -> dict[str, dict[str, Entry]]:
    """By system and table: the file and the headings, the first of which is usual."""
    from ruamel.yaml import YAML

    text = files("backsim.data").joinpath("systems.yaml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Entry]] = YAML(typ="safe", pure=True).load(text)
    words: dict[str, Any] = found.pop("words")
    for entry in found["plain"].values():
        for field, headings in entry["columns"].items():
            entry["columns"][field] = [*headings, *words.get(field, ())]
    return found


def template(system: str) -> list[Entry]:
    """The tables of a system's export, under their usual headings.  Raises InputError."""
    if system not in systems():
        raise InputError(f"template: expected {', '.join(systems())}, got {system!r}")
    return [
        {
            "table": table,
            "file": entry["file"],
            **{name: entry[name] for name in SETTINGS if name in entry},
            "columns": {field: _first(heading) for field, heading in entry["columns"].items()},
        }
        for table, entry in systems()[system].items()
    ]


def _first(heading: str | Sequence[str]) -> str:
    return heading if isinstance(heading, str) else heading[0]


def write_template(system: str, folder: Path) -> Path:
    """Write a mapping for a system's export into a folder.  Raises InputError."""
    entries = template(system)
    path = folder / MAPPING
    if path.exists():
        raise InputError(f"{path}: expected a folder without a mapping, got one that has it")
    check_folder(folder)
    head = (
        f"# The files of an export from {system}, and the headings of their columns.\n"
        "# Leave out what you do not have; only `lines` is needed. Then: backsim calibrate "
        f"{MAPPING} --out DIR\n"
    )
    text = head + to_yaml({"tables": entries})
    write_text(path, text)
    return path


def to_yaml(values: Mapping[str, Any]) -> str:
    """A mapping as YAML, a line for the columns of each table."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(dict(values), stream)
    return stream.getvalue()


@dataclass(frozen=True, slots=True)
class Guess:
    """A mapping guessed from a folder: its tables, and what was guessed, in words."""

    tables: list[Entry]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _File:
    """A file, or a sheet of a workbook that has several."""

    path: Path
    headings: list[str]
    row: int
    sheet: str = ""

    @property
    def name(self) -> str:
        """What it is called in notes."""
        return f"{self.path.name}, sheet {self.sheet}" if self.sheet else self.path.name


@dataclass(frozen=True, slots=True)
class _Match:
    """How well a file's headings are those of a system's table."""

    system: str
    table: str
    file: _File
    columns: dict[str, str]

    @property
    def entry(self) -> Entry:
        """The table of a mapping."""
        known = systems()[self.system][self.table]
        told = {name: known[name] for name in SETTINGS if name in known}
        if "once" in told:
            told["once"] = [name for name in told["once"] if name in self.columns]
        place = {"file": self.file.path.name}
        if self.file.sheet:
            place["sheet"] = self.file.sheet
        return {"table": self.table, **place, **told, "columns": self.columns}

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Named like the table's file; the share of its headings that are known; how many."""
        known = Path(systems()[self.system][self.table]["file"]).stem.lower()
        name = self.file.sheet or self.file.path.name.split(".")[0]
        named = name.lower() == known.split(".")[0]
        return named, len(self.columns) / max(1, len(self.file.headings)), len(self.columns)


def guess(folder: Path) -> Guess:
    """The tables of a folder, each file the table that its headings fit best.

    One system is taken for all files: the one whose headings are found most.  Raises InputError.
    """
    found = list(_files(folder))
    if not found:
        there = sorted(path.name for path in folder.iterdir())
        raise InputError(
            f"{folder}: expected CSV files or Excel workbooks (.xlsx), got "
            f"{few(there, MOST_FILES) or 'none'}"
        )
    best: list[_Match] = []
    for system in systems():
        chosen = _assign([m for file in found for m in _matches(system, file)])
        if _known(chosen) > _known(best):
            best = chosen
    if "lines" not in {match.table for match in best}:
        names = "; ".join(
            f"{file.name} (row {file.row}: {few(file.headings, MOST_HEADINGS)})"
            for file in found[:MOST_FILES]
        )
        raise InputError(
            f"{folder}: expected a file of order lines, found none by its headings in {names}. "
            f"It needs {', '.join(required_of('lines'))} and when it was ordered, in one row: "
            "write a mapping (backsim calibrate --template plain DIR) and give that"
        )
    notes = [
        f"{match.file.name} is taken for {match.table}{_as_of(match.system)}: "
        + ", ".join(f"{field} = {heading}" for field, heading in match.columns.items())
        for match in best
    ]
    unused = {
        match.file.name: [h for h in match.file.headings if h not in match.columns.values()]
        for match in best
    }
    if any(unused.values()):
        listing = "; ".join(f"{name}: {', '.join(of)}" for name, of in unused.items() if of)
        notes.append(f"Columns that are not used (a mapping can name them): {listing}.")
    taken = {(match.file.path, match.file.sheet) for match in best}
    notes += [
        f"{f.name} is not used: its headings are those of no table"
        for f in found
        if (f.path, f.sheet) not in taken
    ]
    tables = [match.entry for match in best]
    return Guess(tables, notes)


def _as_of(system: str) -> str:
    return "" if system == "plain" else f", as {system} writes it"


def _files(folder: Path) -> Iterator[_File]:
    wanted = {
        heading
        for tables in systems().values()
        for entry in tables.values()
        for headings in entry["columns"].values()
        for heading in ([headings] if isinstance(headings, str) else headings)
    }
    for path in sorted(folder.iterdir()):
        if not path.name.lower().endswith(ENDINGS) or path.name.startswith("."):
            continue
        try:
            sheets = open_sheets(path, wanted)
            for name, sheet in sheets.items():
                names, row = _header(find_header(sheet, ()), wanted)
                names = [heading for heading in names if heading]
                yield _File(path, names, row, name if len(sheets) > 1 else "")
        except Unreadable as fault:
            raise TableError([fault.at(str(path))]) from None


def _header(first: Headed, wanted: set[str]) -> tuple[list[str], int]:
    """The row near the top that has most of the headings that are known, and its number."""
    known = {_bare(heading) for heading in wanted}
    below = ([field.strip() for field in row] for row in islice(first.sheet.rows, 10))
    rows = [(names, first.row + i) for i, names in enumerate([first.names, *below])]
    return max(rows, key=lambda row: sum(_bare(name) in known for name in row[0]))


def _bare(heading: str) -> str:
    """A heading without what people write in several ways: `Order no.` and `order_no` are one.

    So are `Quantité` and `quantite`.
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", heading.lower()))


def _matches(system: str, file: _File) -> Iterator[_Match]:
    by_name = {_bare(name): name for name in reversed(file.headings)}
    for table, entry in systems()[system].items():
        columns = {}
        for field, headings in entry["columns"].items():
            names = [headings] if isinstance(headings, str) else headings
            there = [by_name[_bare(name)] for name in names if _bare(name) in by_name]
            if there:
                columns[field] = there[0]
        needed = required_of(table)
        if all(name in columns for name in needed) and len(columns) >= min(
            IDENTIFYING,
            len(TABLES[table].model_fields),
            2 + (table not in ("prices", "suppliers", "customers")),
        ):
            yield _Match(system, table, file, columns)


def _assign(matches: list[_Match]) -> list[_Match]:
    """Each file at most one table, and each table at most one file, the best first.

    Where heads of orders would leave no file of lines, these are in that of the heads.
    """
    chosen: list[_Match] = []
    for match in sorted(matches, key=lambda m: m.rank, reverse=True):
        if all(m.table != match.table and m.file != match.file for m in chosen):
            chosen.append(match)
    tables = {match.table for match in chosen}
    if "orders" in tables and "lines" not in tables:
        return _assign([match for match in matches if match.table != "orders"])
    order = list(TABLES)
    return sorted(chosen, key=lambda m: order.index(m.table))


def _known(matches: list[_Match]) -> int:
    return sum(len(match.columns) for match in matches)


__all__ = ["MAPPING", "Guess", "guess", "systems", "template", "to_yaml", "write_template"]
