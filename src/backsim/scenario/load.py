"""From a file to a `Model`: read, override, validate, resolve - with all faults in one go."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from backsim.errors import InputError
from backsim.scenario.model import Model
from backsim.scenario.resolve import resolve
from backsim.scenario.schema import Scenario
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FileError,
    Location,
    parse_path,
    parse_value,
    read_yaml,
    show,
    spell,
)


def load(path: str | Path, overrides: Iterable[str] = ()) -> Model:
    """Read a scenario file and resolve it.

    `overrides` are texts `path=value`, as of `--set`.  Raises FileError with every fault found.
    """
    document = read(path, overrides)
    return build(document, Path(path).parent)


def read(path: str | Path, overrides: Iterable[str] = ()) -> Document:
    """Read a scenario file and apply overrides, without checking it."""
    document = read_yaml(Path(path))
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set: expected path=value, got {text!r}")
        put(document, parse_path(name.strip()), parse_value(value), text)
    return document


def from_dict(
    values: Mapping[str, Any],
    *,
    name: str = "scenario",
    folder: str | Path = ".",
    changes: Mapping[str, Any] | None = None,
) -> Model:
    """A model from plain values, as a scenario file would hold them.  Raises FileError."""
    document = Document(name, copy.deepcopy(dict(values)))
    for path, value in (changes or {}).items():
        put(document, parse_path(path), value, f"{path}={show(value)}")
    return build(document, Path(folder))


def build(document: Document, folder: Path) -> Model:
    """Validate and resolve a document.  Raises FileError."""
    try:
        scenario = Scenario.model_validate(_tuples(document.values))
    except ValidationError as error:
        raise FileError(document.name, _faults(document, error)) from None
    return resolve(scenario, document, folder)


def put(document: Document, path: Location, value: Any, text: str) -> None:
    """Set one field of a document; a path that leads nowhere is refused."""
    here: Any = document.values
    for i, part in enumerate(path[:-1]):
        here = _step(document, here, path[: i + 1], part, text)
    last = path[-1]
    if isinstance(here, list):
        _step(document, here, path, last, text)
        here[int(last)] = value
    elif isinstance(here, dict):
        here[str(last)] = value
    else:
        raise FileError(document.name, [Fault(path[:-1], f"a mapping (from --set {text})", show(here))])
    document.overridden[path] = text


def _step(document: Document, here: Any, path: Location, part: str | int, text: str) -> Any:
    if isinstance(here, dict):
        return here.setdefault(str(part), {})
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return here[part]
    expected = f"a list with an entry {part} or a mapping (from --set {text})"
    raise FileError(document.name, [Fault(path, expected, show(here))])


def _tuples(value: Any) -> Any:
    """Lists as tuples, all the way down: a model is frozen."""
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _faults(document: Document, error: ValidationError) -> list[Fault]:
    """Pydantic's errors in our words, each at the place it stands."""
    found = []
    errors = error.errors(include_url=False)
    for e in errors:
        path = _real_path(document.values, e["loc"])
        if e["type"] == "too_short" and any(
            o is not e and o["loc"][: len(e["loc"])] == e["loc"] for o in errors
        ):
            continue  # its only entries are faulty themselves
        if e["type"] == "unknown_key":
            found.append(document.fault(path, e["msg"], repr(str(path[-1]))))
        elif e["type"] == "missing":
            found.append(document.fault(path, "a value (the field is required)", "none"))
        else:
            found.append(document.fault(path, _expected(e), show(e["input"])))
    return list(dict.fromkeys(found))


def _real_path(values: Any, location: Location) -> Location:
    """The location without the names of union members that pydantic puts in between."""
    path: Location = ()
    here = values
    for i, part in enumerate(location):
        last = i == len(location) - 1
        if isinstance(here, dict) and str(part) in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        elif isinstance(here, dict) and last and part not in _TAGS:
            pass  # a missing key
        else:
            continue  # a union member, or an entry of a list that was written as one value
        path = (*path, part)
    return path


_TAGS = {"word", "number", "cover", "review", "distribution", "process", "trace", "orders"}


def _expected(error: Any) -> str:
    """What pydantic's message means, as what was expected."""
    context = error.get("ctx", {})
    words = {
        "fault": context.get("expected", ""),
        "quantity": context.get("expected", ""),
        "literal_error": str(context.get("expected", "")),
        "bool_type": "true or false",
        "string_type": "text",
        "dict_type": "a mapping",
        "mapping_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
        "tuple_type": "a list",
        "list_type": "a list",
        "string_too_short": "text that is not empty",
        "too_short": f"at least {context.get('min_length')} entries",
        "too_long": f"at most {context.get('max_length')} entries",
        "date_from_datetime_parsing": "a date such as 2024-01-31",
        "date_from_datetime_inexact": "a date such as 2024-01-31",
        "date_type": "a date such as 2024-01-31",
        "date_parsing": "a date such as 2024-01-31",
        "greater_than_equal": f"a number >= {context.get('ge')}",
        "less_than_equal": f"a number <= {context.get('le')}",
        "float_type": "a number",
    }
    return words.get(error["type"], error["msg"])



__all__ = ["Model", "build", "from_dict", "load", "put", "read", "spell"]
