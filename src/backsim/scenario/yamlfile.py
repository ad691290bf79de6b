"""A YAML file as plain values, with the position of every value.  Nothing in it is executed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, Self

from backsim.errors import MOST_FAULTS, InputError, first_of, short
from backsim.scenario.fastyaml import NotPlainError, plain_values
from backsim.scenario.yamlwords import in_plain_words, mark_of

MAX_BYTES = 50_000_000
MAX_VALUES = 1_000_000
MAX_ALIASED = 10_000
MAX_DEPTH = 50

Location = tuple[str | int, ...]
Positions = dict[Location, tuple[int, int]]
"""Line and column, from 1, of each value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: the field's path, what was expected, what was found, and where."""

    path: Location
    expected: str
    found: str = ""
    line: int = 0
    column: int = 0
    source: str = ""
    """The change that made the field what it is, when it is not as the file says."""


class FileError(InputError):
    """A file is wrong.  Each fault reads `file:line:column: field.path: expected ..., got ...`."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(sorted(faults, key=lambda f: (f.line, f.column)))
        said = [self._say(fault) for fault in self.faults]
        super().__init__("\n".join(first_of(said, MOST_FAULTS, "faults")))

    def _say(self, fault: Fault) -> str:
        where = f"{self.name}:{fault.line}:{fault.column}" if fault.line else self.name
        path = f"{short(spell(fault.path))}: " if fault.path else ""
        found = f", got {_one_line(fault.found)}" if fault.found else ""
        source = f" (from {_one_line(fault.source)})" if fault.source else ""
        return f"{where}: {path}expected {_one_line(fault.expected)}{source}{found}"


def _one_line(text: str) -> str:
    return short(text if "\n" not in text else " ".join(text.split()))


class WrittenInt(int):
    """A whole number that a file writes in another way than Python would: 00123, 0x1F, 1_000.

    Where a name is meant, it is the text that counts.
    """

    written: str

    def __new__(cls, value: int, written: str) -> Self:
        """A number and its text."""
        found = super().__new__(cls, value)
        found.written = written
        return found

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]
        return int(self), self.written

    def __str__(self) -> str:
        return self.written


class _Keyed(WrittenInt):
    """As the key of a mapping: 00123 and 123 are two keys."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)


@dataclass(slots=True)
class Document:
    """A file's values as plain Python, and where each of them stands."""

    name: str
    values: dict[str, Any]
    locate: Callable[[], Positions] = dict
    overridden: dict[Location, str] = field(default_factory=dict)

    @property
    def positions(self) -> Positions:
        """Line and column of each value that still is as the file says."""
        known = self.locate()
        self.locate = partial(_itself, known)
        if not self.overridden:
            return known
        return {p: at for p, at in known.items() if not any(_within(p, o) for o in self.overridden)}

    def fault(self, path: Location, expected: str, found: Any = "") -> Fault:
        """A fault at a path: where it stands, or else the nearest part around it."""
        shown = found if isinstance(found, str) else show(found)
        known, positions = path, self.positions
        while known not in positions and known not in self.overridden and known:
            known = known[:-1]
        text = self.overridden.get(known)
        if text is None and path not in positions:  # an override made something below it
            text = next((t for p, t in self.overridden.items() if path and _within(p, path)), None)
        if text is not None:
            return Fault(path, expected, shown, source=text)
        line, column = positions.get(known, (0, 0))
        return Fault(path, expected, shown, line, column)

    def entry(self, path: Location, index: int) -> Location:
        """The place of an entry of a list, which may be written as one entry in place of a list."""
        here: Any = self.values
        for part in path:
            here = here[part]
        return (*path, index) if isinstance(here, list) else path

    def override(self, path: Location, text: str) -> None:
        """Note that a field no longer is what the file says, but what `text` says."""
        self.overridden = {p: t for p, t in self.overridden.items() if not _within(p, path)}
        self.overridden[path] = text


class FaultFinder:
    """Notes all that is wrong with a file, to tell of it together."""

    document: Document
    faults: list[Fault]

    def fault(self, path: Location, expected: str, found: Any = "") -> None:
        """Note a fault of the file."""
        self.faults.append(self.document.fault(path, expected, found))

    def stop_at_faults(self) -> None:
        """Raise FileError if there are faults: of those of one place that expect the same, one."""
        if self.faults:
            first: dict[Any, Fault] = {}
            for fault in self.faults:
                first.setdefault((fault.path, fault.expected), fault)
            raise FileError(self.document.name, list(first.values()))


def _within(path: Location, other: Location) -> bool:
    """Whether a path is another one or below it."""
    return path[: len(other)] == other


def show(value: Any) -> str:
    """A value as an error message shows it: as YAML, on one line and short."""
    text = _flow(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _flow(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    if isinstance(value, int) and value.bit_length() > 4000:
        return f"a number of about {value.bit_length() * 0.30103:,.0f} digits"
    return repr(value) if isinstance(value, str) else str(value)


def spell(path: Location, values: Any = None) -> str:
    """A path as people write it: customers.gold.demand[0].size

    A quote in a name is doubled: `products."1/2"" pipe".price`.  With the values of the scenario,
    a stock point has its name: `stock[3].initial (mug at hub)`.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            doubled = part.replace('"', '""')
            name = f'"{doubled}"' if not part or set(part) & set('.[]"') else part
            text += f".{name}" if text else name
    return text + _stock_point(path, values)


def _stock_point(path: Location, values: Any) -> str:
    """` (mug at hub)`: which stock point a path is in."""
    try:
        here = path.index("stock")
        for part in path[: here + 2]:
            values = values[part]
        return f" ({', '.join(values['products'])} at {', '.join(values['sites'])})"
    except (LookupError, TypeError, ValueError):
        return ""


def _meant(path: Path) -> str:
    """A file of nearly that name, for a message; nothing if there is none."""
    if path.exists() or not path.parent.is_dir():
        return ""
    there = {file.stem: file for file in path.parent.iterdir() if file.suffix == path.suffix}
    near = get_close_matches(path.stem, list(there), n=1, cutoff=0.75)
    return f"; did you mean {there[near[0]]}?" if near else ""


def read_yaml(path: Path) -> Document:
    """Read a file.  Raises FileError: unreadable, not YAML, duplicate keys, not a mapping."""
    name = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(name, [Fault((), f"a file of at most {MAX_BYTES:,} bytes")])
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        reason = f"{error.strerror}{_meant(path)}"
        raise FileError(name, [Fault((), f"a readable file ({reason})")]) from None
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise FileError(
            name, [_at(before, "UTF-8 text", f"the byte {data[error.start]:#x}")]
        ) from None
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Document:
    """Read a document from text.  Where its values stand is looked up once there is a fault."""
    document = Document(name, {}, partial(_positions_in, text, name))
    try:
        values = plain_values(text, parse_value, MAX_VALUES, MAX_DEPTH)
    except NotPlainError:
        values, positions = _located(text, name)
        document.locate = partial(_itself, positions)
    if not isinstance(values, dict):
        found = "an empty file" if values is None else show(values)
        raise FileError(
            name, [document.fault((), "a mapping of fields, such as `horizon: 365`", found)]
        )
    document.values = values
    return document


def _located(text: str, name: str) -> tuple[Any, Positions]:
    """Values, and where each of them stands.  Raises FileError."""
    found = _Plain(name)
    return found.convert(_load(text, name), ()), found.positions


def _positions_in(text: str, name: str) -> Positions:
    return _located(text, name)[1]


def _itself(positions: Positions) -> Positions:
    return positions


def parse_value(text: str) -> Any:
    """A value of `--set path=value`, read as YAML."""
    return _located(text, f"--set ...={text}")[0]


def _load(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    class AsWritten(RoundTripConstructor):
        """A date that does not exist is then a fault of its field, not of the file."""

        def construct_yaml_int(self, node: Any) -> Any:
            """A whole number, with its text where that is not how Python writes it."""
            value = int(super().construct_yaml_int(node))
            return value if str(value) == node.value else _Keyed(value, node.value)

    AsWritten.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    AsWritten.add_constructor("tag:yaml.org,2002:int", AsWritten.construct_yaml_int)
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = AsWritten
    try:
        return yaml.load(text)
    except DuplicateKeyError as error:
        key = re.search(r'duplicate key "(.*?)"', str(error.problem))
        fault = _marked(
            error, "each key once", f"{key.group(1) if key else 'a key'!r} a second time"
        )
    except MarkedYAMLError as error:
        fault = _marked(error, *in_plain_words(error))
    except ReaderError as error:
        found = f"the character {ord(text[error.position]):#x}"
        fault = _at(text[: error.position], "text without control characters", found)
    except RecursionError:
        fault = Fault((), f"at most {MAX_DEPTH} levels of nesting")
    except (YAMLError, ValueError) as error:
        fault = Fault((), f"correct YAML ({' '.join(str(error).split())})")
    raise FileError(name, [fault])


def _marked(error: Any, expected: str, found: str) -> Fault:
    mark = mark_of(error)
    return Fault((), expected, found, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0)


def _at(before: str, expected: str, found: str) -> Fault:
    """A fault just after some text."""
    line = before.count("\n") + 1
    return Fault((), expected, found, line, len(before) - before.rfind("\n"))


class _Plain:
    """Turns ruamel's values into plain ones, noting positions and counting as it goes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.positions: Positions = {(): (1, 1)}
        self.count = 0
        self.seen: set[int] = set()
        self.aliased = 0

    def convert(self, value: Any, path: Location) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(path[:1], f"at most {MAX_VALUES:,} values in a file")
        if len(path) > MAX_DEPTH:
            self._refuse(path[:1], f"at most {MAX_DEPTH} levels of nesting")
        tag = getattr(value, "tag", None)
        if tag is not None and tag.value is not None:
            self._refuse(path, "plain YAML without tags", f"the tag {tag.value}")
        if isinstance(value, Mapping):
            self._count_aliases(value, path)
            return self._mapping(value, path)
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            self._count_aliases(value, path)
            return [self._entry(value, i, path) for i in range(len(value))]
        return self._scalar(value, path)

    def _count_aliases(self, container: Any, path: Location) -> None:
        """Aliases of aliases make a short file endless."""
        self.aliased += id(container) in self.seen
        self.seen.add(id(container))
        if self.aliased > MAX_ALIASED:
            self._refuse(path[:1], f"at most {MAX_ALIASED:,} mappings and lists by alias")

    def _mapping(self, mapping: Any, path: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key in mapping:
            inner = (*path, self._key(key, path))
            if key in (mapping.lc.data or ()):
                line, column = mapping.lc.key(key)
                self.positions[inner] = (line + 1, column + 1)
            if inner[-1] in values:
                self._refuse(inner, "each key once", f"{inner[-1]!r} a second time")
            values[str(inner[-1])] = self.convert(mapping[key], inner)
        return values

    def _entry(self, sequence: Any, index: int, path: Location) -> Any:
        inner = (*path, index)
        if index in (sequence.lc.data or ()):
            line, column = sequence.lc.item(index)
            self.positions[inner] = (line + 1, column + 1)
        return self.convert(sequence[index], inner)

    def _key(self, key: Any, path: Location) -> str:
        if isinstance(key, bool | float) or not isinstance(key, str | int):
            self._refuse(path, "text as keys (write it in quotes)", show(key))
        return str(key)

    def _scalar(self, value: Any, path: Location) -> Any:
        from ruamel.yaml.scalarbool import ScalarBoolean

        if isinstance(value, ScalarBoolean):  # an int to Python: a bool with an anchor
            return bool(value)
        if isinstance(value, WrittenInt):
            return WrittenInt(int(value), value.written)
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        if value is None:
            return value
        return self._refuse(path, "plain YAML without tags", "binary data or another tagged value")

    def _refuse(self, path: Location, expected: str, found: str = "") -> NoReturn:
        raise FileError(
            self.name,
            [Document(self.name, {}, lambda: self.positions).fault(path, expected, found)],
        )
