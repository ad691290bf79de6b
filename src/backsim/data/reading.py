"""From the files of a mapping to typed columns; what cannot be read is a fault with its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backsim.data.columns import kinds_of, required_of
from backsim.data.mapping import Mapping as MappingFile
from backsim.data.mapping import TableFile
from backsim.data.moments import DAY, EXCEL, NO_DATE, NOTHING, clock, moment, stamps
from backsim.scenario.traces.rows import TOTAL
from backsim.tables.coded import CodedTable, read_coded
from backsim.tables.dates import AS_WRITTEN, Ambiguous, DateReader, since, spelt, unix_times
from backsim.tables.excel import ERRORS, UNCOMPUTED
from backsim.tables.faults import TableError, Unreadable, shown
from backsim.tables.numbers import POINT, STYLES, Evidence, Style, decide, evidence, readings
from backsim.tables.values import Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NO_TEXT = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML has no place for."""
OF_SCENARIO = frozenset({"product", "successor", "site", "customer_class", "supplier", "group"})
"""Names that a scenario has."""
EARLIEST, LATEST = 0.0, 47_482.0
"""Days since 1970 of 1970-01-01 and 2100-01-01; a date outside is an error of typing."""
SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d\d+")
"""A long number as spreadsheets show it: 4.5E+09."""
NO_WORDS = b"0123456789-+.,:/ "


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A table of the export: a column per field that the mapping names.

    `numbers` are nan where empty; `dates` are days since 1970 on the clock on the wall, nan where
    empty, and `clocked` says whether they have a time of day.  `rows` are those of the file.
    `codes` are names on the lists that a history has of them (`clean`).
    """

    table: str
    place: str
    rows: Codes
    read: int
    names: Mapping[str, Coded]
    numbers: Mapping[str, Floats]
    dates: Mapping[str, Floats]
    clocked: Mapping[str, bool]
    dropped: Mapping[str, int] = field(default_factory=dict)
    codes: dict[str, Codes] = field(default_factory=dict)
    zones: Mapping[str, Floats] = field(default_factory=dict)
    """Of dates that tell it: the offset in days of the clock on the wall from UTC; nan: none."""
    notes: tuple[str, ...] = ()
    """How columns were read that could be more than one thing."""

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, name: str) -> bool:
        """Whether the export has a field."""
        return name in self.names or name in self.numbers or name in self.dates

    def is_empty(self, name: str) -> Flags:
        """Whether each row has nothing in a field of names."""
        return self.names[name].are("")

    def is_any(self, name: str, test: Callable[[str], object]) -> Flags:
        """Whether the text of each row passes a test; each distinct text is tried once."""
        if name not in self.names:
            return np.zeros(len(self), bool)
        return self.names[name].where(test)

    def is_one_of(self, name: str, words: Iterable[str]) -> Flags:
        """Whether the text of each row is one of some words, in capitals or not."""
        wanted = {word.casefold() for word in words}
        return self.is_any(name, lambda text: text.casefold() in wanted)

    def take(self, kept: Flags, reason: str) -> Data:
        """Some of the rows; the others are counted as dropped for a reason."""
        count = int(len(kept) - kept.sum())
        if not count:
            return self
        return Data(
            self.table,
            self.place,
            self.rows[kept],
            self.read,
            {name: Coded(c.codes[kept], c.texts) for name, c in self.names.items()},
            {name: values[kept] for name, values in self.numbers.items()},
            {name: values[kept] for name, values in self.dates.items()},
            self.clocked,
            {**self.dropped, reason: self.dropped.get(reason, 0) + count},
            {name: codes[kept] for name, codes in self.codes.items()},
            {name: zones[kept] for name, zones in self.zones.items()},
            self.notes,
        )


def read_export(mapping: MappingFile, folder: Path) -> dict[str, Data]:
    """The tables of an export.  Raises TableError with all faults of files, or else of columns."""
    raw: dict[str, tuple[TableFile, CodedTable]] = {}
    faults = []
    for entry in mapping.tables:
        path = folder / entry.file
        headings = list(dict.fromkeys(entry.columns.values()))
        try:
            table = read_coded(path, headings, entry.sheet, entry.delimiter, entry.encoding)
            if not len(table) and entry.table == "lines":
                raise Unreadable("at least one row below the header", "none")
            raw[entry.table] = entry, table
        except Unreadable as fault:
            faults.append(fault.at(str(path)))
    if faults:
        raise TableError(faults)
    reader = _Reader(raw, mapping.rules.unreadable == "drop")
    found = {name: reader.data(name) for name in raw}
    if reader.faults:
        raise TableError(reader.faults)
    return found


class _Reader:
    """Reads the columns of all tables; the decimal sign and form of dates are told by all."""

    def __init__(self, raw: Mapping[str, tuple[TableFile, CodedTable]], drops: bool) -> None:
        self.raw, self.drops = raw, drops
        self.faults: list[str] = []
        self.notes: dict[str, list[str]] = {name: [] for name in raw}
        self.kept = {name: ~_totals(entry, table) for name, (entry, table) in raw.items()}
        self.evidence: dict[tuple[str, str], Evidence] = {}
        for name, (entry, table) in raw.items():
            for fld, kind in kinds_of(name).items():
                if kind == "number" and fld in entry.columns:
                    heading = entry.columns[fld]
                    self.evidence[name, heading] = evidence(self._texts(name, table, heading))

    def _texts(
        self, name: str, table: CodedTable, heading: str, among: Flags | None = None
    ) -> list[str]:
        """The distinct texts of a column, in rows that are no totals, and not typed already.

        `among`: only these of the distinct texts.
        """
        coded = table.columns[heading]
        used = np.zeros(len(coded.texts), bool)
        kept = self.kept[name].copy()
        typed = [*table.numbers.get(heading, ()), *table.dates.get(heading, ())]
        kept[typed] = False
        used[coded.codes[kept]] = True
        if among is not None:
            used &= among
        return [text for i in np.flatnonzero(used).tolist() if (text := coded.texts[i])]

    def data(self, name: str) -> Data:
        """A table's typed columns."""
        entry, table = self.raw[name]
        kept = self.kept[name]
        kinds = {f: k for f, k in kinds_of(name).items() if f in entry.columns}
        bad = np.zeros(len(table), bool)
        names, numbers, dates, clocked, told = {}, {}, {}, {}, {}
        for fld, kind in kinds.items():
            heading = entry.columns[fld]
            if kind == "name":
                names[fld] = self._named(table, heading, kept & ~bad, fld, fld in required_of(name))
            elif kind == "number":
                numbers[fld] = self._numbers(name, heading, bad)
            elif kind == "date":
                dates[fld], zones = self._dates(name, heading, bad)
                clocked[fld] = bool(np.nanmax(dates[fld] % 1, initial=0.0) > 0)
                if not np.isnan(zones).all():
                    told[fld] = zones
        if "time" in kinds and "ordered" in dates:
            clock = self._clock(table, entry.columns["time"], kept, bad)
            dates["ordered"] = np.floor(dates["ordered"]) + clock
            clocked["ordered"] = True
        everything = Data(
            *(name, table.place, table.rows, len(table), names, numbers, dates, clocked),
            zones=told,
            notes=tuple(self.notes[name]),
        )
        return everything.take(kept, "a row of totals").take(~bad[kept], "unreadable")

    def _named(self, table: CodedTable, heading: str, kept: Flags, fld: str, needed: bool) -> Coded:
        coded = table.columns[heading]
        everything = "\n".join(coded.texts)

        def fault(expected: str, wrong: Callable[[str], bool]) -> None:
            self._fault(table, heading, coded.where(wrong) & kept, expected, None)

        if needed and ("#" in everything or UNCOMPUTED in everything):
            expected = "a name, not a formula that failed"
            fault(expected, lambda text: text in ERRORS or text.endswith(UNCOMPUTED))
        if needed and "E+" in everything:
            expected = (
                "all digits of a number (import the column as text: a spreadsheet cut them off)"
            )
            fault(expected, lambda text: SHORTENED.fullmatch(text) is not None)
        if fld in OF_SCENARIO and (stars := coded.are("*") & kept).any():
            expected = "a name other than '*', which stands for all in a scenario: rename it"
            stars[np.argmax(stars) + 1 :] = False
            self._fault(table, heading, stars, expected, None)
        if NO_TEXT.search(everything):  # which no scenario file can hold
            expected = "text without control characters"
            fault(expected, lambda text: NO_TEXT.search(text) is not None)
        return coded

    def _numbers(self, name: str, heading: str, bad: Flags) -> Floats:
        entry, table = self.raw[name]
        coded, typed = table.columns[heading], table.numbers.get(heading, {})
        style = self._style(name, entry, table, heading)
        values = np.array([_number(text, style) for text in coded.texts], float)[coded.codes]
        for i, value in typed.items():
            values[i] = value
        wrong = np.isnan(values) & self.kept[name] & ~coded.where(NOTHING.__contains__)
        self._fault(table, heading, wrong, "a number", bad)
        return values

    def _style(self, name: str, entry: TableFile, table: CodedTable, heading: str) -> Style:
        if entry.decimal is not None:
            return STYLES[entry.decimal]
        own = self.evidence[name, heading]
        beside = [e for (t, _), e in self.evidence.items() if t == name and e is not own]
        beyond = [e for (t, _), e in self.evidence.items() if t != name]
        for others in (beside, beyond):
            style = decide(own, others, table.delimiter)
            if style is not None:
                return style
        if own.mixed:
            text = own.comma
            expected = f"one decimal sign in the column, not {own.point} and {own.comma}"
        else:
            text = own.unclear
            expected = f"`decimal` in the mapping, as this may be {readings(text)}"
        self._at(table, heading, text, expected)
        return POINT

    def _dates(self, name: str, heading: str, bad: Flags) -> tuple[Floats, Floats]:
        """(days since 1970, the offset in days of the clock that each was told by; nan: none)."""
        entry, table = self.raw[name]
        coded = table.columns[heading]
        reader = DateReader(entry.date_format)
        known = stamps(coded.texts) if entry.date_format is None else None
        moments = np.full(len(coded.texts), np.nan) if known is None else known
        zones = np.full(len(coded.texts), np.nan)
        try:
            texts = self._texts(name, table, heading, np.isnan(moments))
            texts = [text for text in texts if text not in NO_DATE]
            others = partial(self._other_dates, name, heading)
            reader.learn(texts, others)
        except Ambiguous as error:
            told = " or ".join(error.readings)
            expected = f"`date_format` in the mapping, as this may be {told}"
            self._at(table, heading, error.text, expected)
            return np.full(len(table), np.nan), np.full(len(table), np.nan)
        cells = table.dates.get(heading, {})
        if reader.turned_round(texts, (at for i, at in cells.items() if self.kept[name][i])):
            self._at(table, heading, texts[0], AS_WRITTEN)
        for i in np.flatnonzero(np.isnan(moments)).tolist():
            moments[i], zones[i] = moment(coded.texts[i], reader)
        values, zones = moments[coded.codes], zones[coded.codes]
        for i, at in cells.items():
            values[i] = since(at)
        serials = table.numbers.get(heading, {})
        reader.unix = reader.unix or unix_times(x for x in serials.values() if x)
        for i, serial in serials.items():
            if EXCEL[0] <= serial < EXCEL[1]:
                values[i] = (serial - EXCEL[0]) * DAY
            elif serial and reader.unix:
                values[i], zones[i] = reader.of_unix(serial), 0.0
        if reader.unix:
            self.notes[name].append(
                f"{table.place}: {heading} has Unix times in {reader.unix}: read as times of UTC."
            )
        wrong = np.isnan(values) & self.kept[name] & ~coded.where(NO_DATE.__contains__)
        wrong[list(cells)] = False
        outside = self.kept[name] & ((values < EARLIEST * DAY) | (values >= LATEST * DAY))
        self._fault(table, heading, outside, "a date from 1970 to 2099", bad)
        form = "as YYYY-MM-DD, or `date_format`"
        if entry.date_format or reader.forms:
            forms = (entry.date_format,) if entry.date_format else reader.forms
            form = f"as {' or '.join(map(spelt, forms))}"
        ways = f"a date written {form} (`rules: {{unreadable: drop}}` in a mapping drops others)"
        self._fault(table, heading, wrong, ways, bad)
        return values / DAY, zones

    def _other_dates(self, name: str, heading: str) -> list[str]:
        """The dates of the export's other columns, which may tell how this one's are written."""
        return [
            text
            for other, (entry, table) in self.raw.items()
            for fld, kind in kinds_of(other).items()
            if kind == "date" and fld in entry.columns
            if (other, entry.columns[fld]) != (name, heading)
            for text in self._texts(other, table, entry.columns[fld])
            if text not in NO_DATE
        ]

    def _clock(self, table: CodedTable, heading: str, kept: Flags, bad: Flags) -> Floats:
        coded = table.columns[heading]
        values = np.array([clock(text) for text in coded.texts], float)[coded.codes]
        self._fault(table, heading, np.isnan(values) & kept, "a time of day such as 13:59", bad)
        return np.asarray(np.nan_to_num(values))

    def _fault(
        self, table: CodedTable, heading: str, wrong: Flags, expected: str, bad: Flags | None
    ) -> None:
        """Note each wrong entry; or mark it, where such rows are to be dropped."""
        if self.drops and bad is not None:
            bad |= wrong
            return
        coded = table.columns[heading]
        for i in np.flatnonzero(wrong)[: TableError.MOST + 1].tolist():
            got = shown(coded.texts[coded.codes[i]])
            place = f"{table.place}:{table.rows[i]}"
            self.faults.append(f"{place}: {heading}: expected {expected}, got {got}")

    def _at(self, table: CodedTable, heading: str, text: str, expected: str) -> None:
        """A fault of the first entry that has a text, or begins with it."""
        coded = table.columns[heading]
        code = next(i for i, t in enumerate(coded.texts) if t.startswith(text))
        row = table.rows[int(np.argmax(coded.codes == code))]
        said = f"{heading}: expected {expected}, got {shown(coded.texts[code])}"
        self.faults.append(f"{table.place}:{row}: {said}")


def _totals(entry: TableFile, table: CodedTable) -> Flags:
    """Rows of totals: they say so, and have nothing in a column that every row needs.

    Where they say so in such a column, as a subtotal in place of the product, in any column.
    """
    needed = {entry.columns[name] for name in required_of(entry.table)}
    says, named, lacks, empty = (np.zeros(len(table), bool) for _ in range(4))
    for heading, coded in table.columns.items():
        if "".join(coded.texts).encode().translate(None, NO_WORDS):
            totals = [i for i, t in enumerate(coded.texts) if t[:1].isalpha() and _says_total(t)]
            says |= (here := np.isin(coded.codes, totals))
            named |= here & (heading in needed)
        empty |= (nothing := coded.are(""))
        lacks |= nothing & (heading in needed)
    return (says & lacks) | (named & empty)


def _says_total(text: str) -> bool:
    return TOTAL.fullmatch(text.strip(" :.*-=")) is not None


def _number(text: str, style: Style) -> float:
    try:
        value = style.read(text)
    except ValueError:
        return float("nan")
    return value if abs(value) <= 1e12 else float("nan")


def distinct(parts: Iterable[Coded]) -> tuple[list[str], list[Codes]]:
    """Several columns of names on one list of names: the list, and each column's codes into it.

    Numbers are alike with zeros before them and without, as spreadsheets take them away.
    """
    columns = list(parts)
    alike = [_without_zeros(coded.texts) for coded in columns]
    if any(len(set(texts)) < len(texts) for texts in alike):  # they tell numbers apart
        alike = [coded.texts for coded in columns]
    known: dict[str, int] = {}
    names: list[str] = []
    found = []
    for coded, texts in zip(columns, alike, strict=True):
        place = np.array([known.setdefault(t, len(known)) for t in texts], np.int64)
        if len(known) > len(names):
            names += [
                t for t, p in zip(coded.texts, place.tolist(), strict=True) if p >= len(names)
            ]
        found.append(place[coded.codes] if len(place) else coded.codes)
    return names, found


def _without_zeros(texts: list[str]) -> list[str]:
    if not any(text[:1] == "0" for text in texts):
        return texts
    return [text.lstrip("0") or "0" if text.isdecimal() else text for text in texts]


__all__ = ["Data", "distinct", "read_export"]
