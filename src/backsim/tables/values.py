"""A table's texts as numbers and moments, each distinct text read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from backsim.tables.dates import AS_WRITTEN, Ambiguous, DateReader, Moment, since
from backsim.tables.numbers import STYLES, Evidence, Style, decide, evidence, readings
from backsim.tables.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

Column = tuple[str, str]
"""(table, column)"""


class Unclear(Exception):
    """A column cannot be read in one way: a text that shows it, and what is asked for."""

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(expected)
        self.text, self.expected = text, expected


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """A column as codes into its distinct texts."""

    codes: NDArray[np.int64]
    texts: list[str]

    @staticmethod
    def of(texts: Sequence[str]) -> Coded:
        """The codes of texts, in order of first appearance."""
        known = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        codes = np.fromiter(map(known.__getitem__, texts), np.int64, len(texts))
        return Coded(codes, list(known))

    def are(self, text: str) -> NDArray[np.bool_]:
        """Which entries are that text."""
        if text not in self.texts:
            return np.zeros(len(self.codes), bool)
        return np.asarray(self.codes == self.texts.index(text))

    def where(self, test: Callable[[str], object]) -> NDArray[np.bool_]:
        """Which entries pass a test; each distinct text is tried once."""
        passes = np.array([bool(test(text)) for text in self.texts], bool)
        return np.asarray(passes[self.codes])


class Numerals:
    """The decimal sign of each column of numbers, from all of a file's or a book's."""

    def __init__(self, tables: Mapping[str, tuple[Table, Iterable[str]]], decimal: str | None):
        self.given = None if decimal is None else STYLES[decimal]
        self._delimiter = {name: table.delimiter for name, (table, _) in tables.items()}
        self._evidence: dict[Column, Evidence] = {}
        if self.given is None:
            for name, (table, columns) in tables.items():
                for column in columns:
                    if column in table.columns:
                        self._evidence[name, column] = evidence(untyped(table, column))

    def style(self, table: str, column: str) -> Style:
        """The style of a column.  Raises Unclear."""
        if self.given is not None:
            return self.given
        own = self._evidence.get((table, column), Evidence())
        beside = [e for (t, _), e in self._evidence.items() if t == table and e is not own]
        beyond = [e for (t, _), e in self._evidence.items() if t != table]
        for others in (beside, beyond):
            found = decide(own, others, self._delimiter[table])
            if found is not None:
                return found
        if own.mixed:
            expected = (
                f"one decimal sign in the column (`decimal`), not {own.point} and {own.comma}"
            )
            raise Unclear(own.comma, expected)
        expected = f"the setting `decimal` ('.' or ','), as this may be {readings(own.unclear)}"
        raise Unclear(own.unclear, expected)


def untyped(table: Table, column: str) -> Iterable[str]:
    """The distinct texts of a column that are not a number or date already."""
    texts, typed = table.columns[column], set(table.numbers.get(column, ()))
    typed |= set(table.dates.get(column, ()))
    if not typed:
        return dict.fromkeys(texts)
    return dict.fromkeys(text for i, text in enumerate(texts) if i not in typed)


def read_moments(
    table: Table, column: str, reader: DateReader
) -> tuple[list[Moment | None], NDArray[np.int64]]:
    """(the distinct moments of a column, each entry's place among them); None: cannot be read.

    The reader has to know the column's form.  A cell that is a date already is that date.
    """
    coded = Coded.of(table.columns[column])
    moments = [_moment(text, reader) for text in coded.texts]
    codes = coded.codes
    dates: Mapping[int, datetime] = table.dates.get(column, {})
    if dates:
        codes = codes.copy()
        for entry, at in dates.items():
            codes[entry] = len(moments)
            moments.append((since(at), None))
    for entry in table.numbers.get(column, ()):
        codes[entry] = len(moments)
        moments.append(None)
    return moments, codes


def _moment(text: str, reader: DateReader) -> Moment | None:
    try:
        return reader.read(text) if text else None
    except (ValueError, OverflowError):
        return None


def learn(
    table: Table, column: str, reader: DateReader, others: Callable[[], Iterable[str]] = tuple
) -> None:
    """Let a reader find the form of a column; `others` tells the dates elsewhere in the file.

    Raises Unclear.
    """
    texts = [text for text in untyped(table, column) if text]
    try:
        reader.learn(texts, others)
    except Ambiguous as error:
        told = " or ".join(error.readings)
        text = next(t for t in texts if t.startswith(error.text))
        raise Unclear(text, f"a `date_format`, as this may be {told}") from None
    if reader.turned_round(texts, table.dates.get(column, {}).values()):
        raise Unclear(texts[0], AS_WRITTEN)


__all__ = ["Ambiguous", "Coded", "Numerals", "Unclear", "learn", "read_moments", "untyped"]
