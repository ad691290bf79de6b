"""From a file to a `Model`: read, override, validate, resolve.

Faults come in three rounds, each complete: first the form of every field and every name, then what
the fields mean together, and at last the size of the work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from backsim.errors import InputError
from backsim.kinds import Kind, expect
from backsim.quantities import FINE
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path, put
from backsim.scenario.part import MEMBER, Part
from backsim.scenario.references import unknown_names
from backsim.scenario.resolve import resolve
from backsim.scenario.schema import Scenario
from backsim.scenario.timeunit import in_time_unit
from backsim.scenario.yamlfile import (
    Document,
    Fault,
    FileError,
    Location,
    parse_value,
    read_yaml,
    show,
    spell,
)

Form = TypeVar("Form", bound=Part)


def load(path: str | Path, overrides: Iterable[str] = ()) -> Model:
    """Read a scenario file and resolve it.

    `overrides` are texts `path=value`, as of `--set`.  Raises FileError with every fault found.
    """
    document = read(path, overrides)
    return build(document, Path(path).parent)


def read(path: str | Path, overrides: Iterable[str] = ()) -> Document:
    """Read a scenario file and apply overrides, without checking it."""
    expect(Path(path), Kind.SCENARIO)
    document = read_yaml(Path(path))
    for text in overrides:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set: expected path=value, got {text!r}")
        put(document, parse_path(name.strip()), parse_value(value), f"--set {text}")
    return document


def from_dict(
    values: Mapping[str, Any],
    *,
    name: str = "scenario",
    folder: str | Path = ".",
    changes: Mapping[str, Any] | None = None,
) -> Model:
    """A model from plain values, as a scenario file would hold them.  Raises FileError."""
    document = Document(name, plain(values))
    for path, value in (changes or {}).items():
        put(document, parse_path(path), plain(value), f"--set {path}={show(value)}")
    return build(document, Path(folder))


def build(document: Document, folder: Path) -> Model:
    """Validate and resolve a document.  Raises FileError."""
    scenario, found = check_form(document, Scenario)
    found += unknown_names(document)
    if scenario is None or found:
        raise FileError(document.name, found)
    remake = partial(from_dict, document.values, name=document.name, folder=folder)
    return resolve(scenario, document, folder, remake)


def check_form(document: Document, kind: type[Form]) -> tuple[Form | None, list[Fault]]:
    """A document as a part of that kind, or the faults of its form."""
    try:
        context = FINE if _has_fine_products(document.values) else None
        return kind.model_validate(_frozen(document.values), context=context), []
    except ValidationError as error:
        return None, _faults(document, error)


def _has_fine_products(values: Any) -> bool:
    """Whether quantities of some product may be fractions, or numbers of packs."""
    products = values.get("products") if isinstance(values, Mapping) else None
    parts = products.values() if isinstance(products, Mapping) else ()
    return any(isinstance(part, Mapping) and {"smallest", "packs"} & set(part) for part in parts)


def plain(value: Any) -> Any:
    """A copy as YAML would hold it: text as keys, lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _frozen(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _faults(document: Document, error: ValidationError) -> list[Fault]:
    """Pydantic's errors in our words, each at the place it stands."""
    found = []
    errors = error.errors(include_url=False)
    for e in errors:
        inside = [other for other in errors if other["loc"][: len(e["loc"])] == e["loc"]]
        if e["type"] == "too_short" and len(inside) > 1:
            continue  # it has entries enough, some of them faulty
        path = _path_in_file(document.values, e["loc"])
        expected, got = _say(e)
        found.append(document.fault(path, _in_time_unit(expected, document.values), got))
    return list(dict.fromkeys(found))


def _in_time_unit(expected: str, values: Any) -> str:
    """What was expected, with the unit behind it, `(days)`, in the scenario's unit of time."""
    several = values.get("time_unit") if isinstance(values, Mapping) else None
    if not isinstance(several, str):
        return expected
    return re.sub(r"\([^()]*\)$", lambda unit: in_time_unit(unit[0], several), expected)


def _path_in_file(values: Any, location: Location) -> Location:
    """The location without what the file does not spell: members of unions, short forms."""
    path: Location = ()
    here = values
    for part in location:
        if isinstance(part, str) and part.startswith(MEMBER):
            continue
        if part == "[key]" and not (isinstance(here, dict) and part in here):
            continue  # the key just before is what is wrong
        if isinstance(here, dict) and isinstance(part, str):
            here = here.get(part)
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
        else:
            continue  # below a short form: `products: mug`, or one entry in place of a list
        path = (*path, part)
    return path


def _say(error: Any) -> tuple[str, str]:
    """What pydantic's error means: what was expected, and what was found."""
    context = error.get("ctx", {})
    if error["type"] == "fault":
        return context["expected"], context["found"] or show(error["input"])
    words = {
        "literal_error": str(context.get("expected", "")).replace("'", ""),
        "bool_type": "true or false",
        "string_type": "text",
        "dict_type": "a mapping",
        "mapping_type": "a mapping",
        "model_type": "a mapping",
        "tuple_type": "a list",
        "string_too_short": "text that is not empty",
        "too_short": f"at least {_entries(context.get('min_length', 1))}",
        "too_long": f"at most {_entries(context.get('max_length', 1))}",
    }
    return words.get(error["type"], error["msg"]), show(error["input"])


def _entries(number: int) -> str:
    return "one entry" if number == 1 else f"{number:,} entries"


__all__ = ["Model", "build", "from_dict", "load", "put", "read", "spell"]
