"""A YAML file as plain values, with the position of every value.  Nothing in it is executed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backsim.errors import InputError

MAX_BYTES = 50_000_000
MAX_VALUES = 2_000_000

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: the field's path, what was expected, what was found, and where."""

    path: Location
    expected: str
    found: str = ""
    line: int = 0
    column: int = 0


class FileError(InputError):
    """A file is wrong.  All its faults, each as `file:line:column: field.path: expected ..., got ...`."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.name = name
        self.faults = tuple(sorted(faults, key=lambda f: (f.line, f.column)))
        super().__init__("\n".join(self._say(fault) for fault in self.faults))

    def _say(self, fault: Fault) -> str:
        where = f"{self.name}:{fault.line}:{fault.column}" if fault.line else self.name
        path = f"{spell(fault.path)}: " if fault.path else ""
        found = f", got {fault.found}" if fault.found else ""
        return f"{where}: {path}expected {fault.expected}{found}"


@dataclass(slots=True)
class Document:
    """A file's values as plain Python, and where each of them stands."""

    name: str
    values: dict[str, Any]
    positions: dict[Location, tuple[int, int]] = field(default_factory=dict)
    overridden: dict[Location, str] = field(default_factory=dict)

    def fault(self, path: Location, expected: str, found: Any = "", key: bool = False) -> Fault:
        """A fault at a path: where the value stands, or else the nearest part around it."""
        shown = found if isinstance(found, str) else show(found)
        known = path
        while known and known not in self.positions and known not in self.overridden:
            known = known[:-1]
        if known in self.overridden:
            return Fault(path, f"{expected} (from --set {self.overridden[known]})", shown)
        line, column = self.positions.get(known, (0, 0))
        return Fault(path, expected, shown, line, column)


def show(value: Any) -> str:
    """A value as an error message shows it, on one line and short."""
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, Mapping | list | tuple):
        text = f"a {'mapping' if isinstance(value, Mapping) else 'list'} of {len(value)}"
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def spell(path: Location) -> str:
    """A path as people write it: customers.gold.demand[0].size"""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def parse_path(text: str) -> Location:
    """The path that `spell` would print as `text`; `a.0.b` is read as `a[0].b`."""
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    if not parts or re.sub(r"\[\d+\]|[^.\[\]]+|\.", "", text):
        raise InputError(f"--set: expected a path such as policy.reorder.s, got {text!r}")
    return tuple(int(i) if i else int(n) if n.isdigit() else n for i, n in parts)


def read_yaml(path: Path, name: str | None = None) -> Document:
    """Read a file.  Raises FileError: unreadable, not YAML, duplicate keys, not a mapping."""
    shown = name or str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileError(shown, [Fault((), f"a file of at most {MAX_BYTES:,} bytes")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(shown, [Fault((), f"a readable file ({error.strerror})")]) from None
    except UnicodeDecodeError as error:
        raise FileError(shown, [Fault((), f"UTF-8 text (byte {error.start})")]) from None
    return parse_yaml(text, shown)


def parse_yaml(text: str, name: str) -> Document:
    """Read a document from text."""
    tree = _load(text, name)
    document = Document(name, {})
    values = _Plain(document).convert(tree, ())
    if not isinstance(values, dict):
        raise FileError(name, [Fault((), "a mapping of fields", show(values), 1, 1)])
    document.values = values
    return document


def parse_value(text: str) -> Any:
    """A value of `--set path=value`, read as YAML."""
    return _Plain(Document("--set", {})).convert(_load(text, "--set"), ())


def _load(text: str, name: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import DuplicateKeyError
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt", pure=True).load(text)
    except DuplicateKeyError as error:
        key = re.search(r'duplicate key "(.*?)"', str(error.problem))
        what = f"each key once, {key.group(1) if key else 'a key'!r} stands twice"
        raise FileError(name, [_marked(error, what)]) from None
    except MarkedYAMLError as error:
        what = f"YAML ({error.problem or error.context})".replace("\n", " ")
        raise FileError(name, [_marked(error, what)]) from None
    except (YAMLError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileError(name, [Fault((), f"YAML ({first})")]) from None


def _marked(error: Any, what: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    return Fault((), what, "", mark.line + 1 if mark else 0, mark.column + 1 if mark else 0)


class _Plain:
    """Turns ruamel's values into plain ones, noting positions and counting as it goes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0

    def convert(self, value: Any, path: Location) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            self._refuse(path, f"at most {MAX_VALUES:,} values in a file")
        tag = getattr(value, "tag", None)
        if tag is not None and tag.value is not None:
            self._refuse(path, f"plain YAML, not the tag {tag.value}")
        if isinstance(value, Mapping):
            return {self._key(k, path): self._item(value, k, path) for k in value}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._entry(value, i, path) for i in range(len(value))]
        return self._scalar(value)

    def _item(self, mapping: Any, key: Any, path: Location) -> Any:
        inner = (*path, self._key(key, path))
        if hasattr(mapping, "lc") and mapping.lc.data and key in mapping.lc.data:
            line, column = mapping.lc.key(key)
            self.document.positions[inner] = (line + 1, column + 1)
        return self.convert(mapping[key], inner)

    def _entry(self, sequence: Any, index: int, path: Location) -> Any:
        inner = (*path, index)
        if hasattr(sequence, "lc") and sequence.lc.data and index in sequence.lc.data:
            line, column = sequence.lc.item(index)
            self.document.positions[inner] = (line + 1, column + 1)
        return self.convert(sequence[index], inner)

    def _key(self, key: Any, path: Location) -> str:
        if isinstance(key, bool | float) or not isinstance(key, str | int):
            self._refuse(path, "text as keys", key)
        return str(key)

    def _scalar(self, value: Any) -> Any:
        for kind in (bool, int, float, str):
            if isinstance(value, kind):
                return kind(value)
        if isinstance(value, datetime.datetime):
            return datetime.datetime.fromisoformat(value.isoformat())
        return value

    def _refuse(self, path: Location, expected: str, found: Any = "") -> None:
        raise FileError(self.document.name, [self.document.fault(path, expected, found)])
