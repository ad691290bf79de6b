"""The numbers and rules of a scenario file that the what-if page lets one change."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backsim.errors import InputError, nearest
from backsim.quantities import from_percent
from backsim.results.units import unit_words
from backsim.scenario.jsonschema import json_schema
from backsim.scenario.model import Model
from backsim.scenario.override import parse_path
from backsim.scenario.yamlfile import Location, spell

SECTIONS = ("policy", "stock", "suppliers", "customers", "products", "costs", "purchase_limits")
"""Where a scenario file holds what a planner decides or doubts, in that order."""
OFFERED = ("priority", "overtaking")
"""Rules of `policy` that are offered even where the file does not name them."""
DATA = ("trace", "orders")
"""What was recorded, below a class's `demand`: offered only where it is asked for."""
MOST_WEIGHTS = 12
"""Products of a class whose weights are offered: of more, one alone changes next to nothing."""
SLOW = ("lp",)
"""Rules that no page can wait for."""
MOST = 40
"""Fields of a page, unless they are asked for."""
TIMES = 3
"""A slider ends at so many times the number in the file."""

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Knob:
    """A field that can be changed: a number between two others, or one of some choices."""

    path: str
    """As of `--set`."""
    group: str
    label: str
    unit: str
    meaning: str
    value: Any
    """What the file says."""
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value of the file, with what the schema says of it."""

    path: Location
    value: Any
    fitting: Schema
    others: Sequence[Schema]
    meaning: str


def knobs_of(
    values: Mapping[str, Any],
    model: Model,
    change: Callable[[str, Any], object],
    fields: Sequence[str] = (),
) -> tuple[list[Knob], int]:
    """The knobs of a scenario file's values, and how many more there are.

    Only those at or below `fields`, if any are named.  `change` sets a field, and raises InputError
    where the scenario refuses a choice.  Raises InputError for a field that has no knob.
    """
    schema = json_schema()
    found: list[Knob] = []
    for section in SECTIONS:
        below = values.get(section)
        if section == "policy":
            below = {**_absent(schema), **(below or {})}
        for leaf in _leaves(below, schema["properties"][section], (section,), schema["$defs"], ""):
            knob = _knob(leaf, values, model)
            if knob is not None:
                found.append(knob)
    below = Counter(parse_path(knob.path)[:-1] for knob in found)
    chosen = _named(found, fields) if fields else [k for k in found if not _is_data(k, below)]
    most = len(chosen) if fields else MOST
    fitting = [_with_choices_that_fit(knob, change) for knob in chosen[:most]]
    return [k for k in fitting if len(k.choices) != 1], len(chosen[most:])


def _absent(schema: Schema) -> dict[str, Any]:
    """The rules of `policy` that a file need not name, as they are then."""
    fields = schema["$defs"]["Policy"]["properties"]
    defaults = {name: fields[name]["default"] for name in OFFERED}
    return {n: d["rule"] if isinstance(d, dict) else d for n, d in defaults.items()}


def _is_data(knob: Knob, below: Mapping[Location, int]) -> bool:
    """Whether a knob was recorded, or is one of many weights (`below`: knobs of each place)."""
    path = parse_path(knob.path)
    recorded = path[2:3] == ("demand",) and any(part in DATA for part in path[3:5])
    weight = path[2:3] == ("demand",) and path[-2] == "products"
    return recorded or (weight and below[path[:-1]] > MOST_WEIGHTS)


def _named(found: Sequence[Knob], fields: Sequence[str]) -> list[Knob]:
    """The knobs at or below the fields."""
    paths = [knob.path for knob in found]
    chosen: dict[str, Knob] = {}
    for field in fields:
        around = tuple(map(str, parse_path(field)))
        here = {
            knob.path: knob
            for knob in found
            if tuple(map(str, parse_path(knob.path)))[: len(around)] == around
        }
        if not here:
            near = nearest(field, paths)
            raise InputError(
                f"--field: expected a number or rule of the file ({near}), got {field}"
            )
        chosen |= here
    return list(chosen.values())


def _with_choices_that_fit(knob: Knob, change: Callable[[str, Any], object]) -> Knob:
    """A knob without the choices that the scenario refuses."""
    fitting = []
    for choice in knob.choices:
        try:
            if choice != knob.value:
                change(knob.path, choice)
            fitting.append(choice)
        except InputError:
            continue
    return replace(knob, choices=tuple(fitting)) if knob.choices else knob


# -- what the schema says --------------------------------------------------------------------------


def _leaves(
    value: Any, schema: Schema, path: Location, defs: Schema, meaning: str
) -> Iterator[_Leaf]:
    """The numbers and words below a value, with the part of the schema that each fits."""
    forms = list(_forms(schema, defs))
    if any("pattern" in form for form in forms):  # a share, which may be in percent
        value = from_percent(value)
    meaning = schema.get("description", meaning)
    fitting = next((form for form in forms if _fits(value, form)), None)
    if fitting is None:
        return
    if isinstance(value, dict):
        if "rule" in value:
            yield _Leaf((*path, "rule"), value["rule"], fitting, forms, meaning)
        for key, item in value.items():
            inner = fitting.get("properties", {}).get(key) or fitting.get("additionalProperties")
            if key != "rule" and isinstance(inner, dict):
                yield from _leaves(item, inner, (*path, key), defs, meaning)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            if isinstance(item, dict):  # lists of plain numbers are data
                yield from _leaves(item, fitting.get("items", {}), (*path, place), defs, meaning)
    else:
        yield _Leaf(path, value, fitting, forms, meaning)


def _forms(schema: Schema, defs: Schema) -> Iterator[Schema]:
    """What a schema allows, one form after the other."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]] | {
            key: said for key, said in schema.items() if key != "$ref"
        }
    several = schema.get("anyOf") or schema.get("oneOf")
    if several is None or "properties" in schema:  # what then differs is which keys go together
        yield schema
        return
    for form in several:
        yield from _forms(form, defs)


def _fits(value: Any, form: Schema) -> bool:
    """Whether a value has a form, as far as its shape tells."""
    kind = form.get("type")
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return "number" in (kind or ()) or (kind == "integer" and value % 1 == 0)
    if isinstance(value, str):
        return value in form.get("enum", (form.get("const"),))
    if isinstance(value, list):
        return kind == "array"
    if kind != "object":
        return False
    known = form.get("properties", {})
    if isinstance(form.get("additionalProperties"), dict) and not known:
        return True
    rule = known.get("rule", {}).get("const")
    return rule in (None, value.get("rule")) and set(form.get("required", ())) <= set(value) <= set(
        known
    )


def _choices(leaf: _Leaf) -> tuple[Any, ...]:
    """What a word may be replaced by: other words, or rules that take the same parameters."""
    if leaf.path[-1] != "rule":
        return tuple(word for word in leaf.fitting.get("enum", ()) if word not in SLOW)
    given = set(leaf.fitting["properties"])
    same = [
        form["properties"]["rule"]["const"]
        for form in leaf.others
        if "const" in form.get("properties", {}).get("rule", {})
        and set(form.get("required", ())) <= given <= set(form["properties"])
    ]
    return tuple(rule for rule in same if rule not in SLOW)


# -- a knob ----------------------------------------------------------------------------------------


def _knob(leaf: _Leaf, values: Mapping[str, Any], model: Model) -> Knob | None:
    """A leaf as a knob; None where there is nothing to choose."""
    group, label = _words(leaf.path, values)
    unit = unit_words(leaf.fitting.get("unit", ""), model.scenario)
    meaning = " ".join(leaf.meaning.split())
    unit = "" if label.endswith(unit) else unit  # `reorder S days`
    knob = Knob(spell(leaf.path), group, label, unit, meaning, leaf.value)
    if isinstance(leaf.value, str):
        choices = _choices(leaf)
        if len(choices) < 2 or leaf.value not in choices:
            return None
        return replace(knob, unit="", choices=choices)
    low, high, step = bounds(leaf.value, leaf.fitting)
    return replace(knob, low=low, high=high, step=step)


def bounds(value: float, form: Schema) -> tuple[float, float, float]:
    """(low, high, step) of a slider for a number, within what the schema allows."""
    most = form.get("maximum", form.get("exclusiveMaximum"))
    size = abs(value) or 1.0
    step = 10.0 ** min(_last_digit(value), math.floor(math.log10(size)) - 1)
    if form.get("type") == "integer" or (form.get("unit") == "units" and value % 1 == 0):
        step = max(1.0, round(step))
    least = form.get("minimum", form.get("exclusiveMinimum"))
    low = -TIMES * size if least is None and value < 0 else max(0.0, least or 0.0)
    if "exclusiveMinimum" in form or form.get("minimum") == 1:
        low = max(low, step)
    high = most if most is not None else TIMES * size if value else 10.0
    if "exclusiveMaximum" in form and most is not None:
        high -= step
    low, high = (round(x / step) * step for x in (low, high))
    return tuple(float(f"{x:.12g}") for x in (min(low, value), max(high, value), step))  # type: ignore[return-value]


def _last_digit(value: float) -> int:
    """The power of ten of the last digit that a number is written with."""
    text = f"{abs(float(value)):.12f}".rstrip("0")
    whole, _, part = text.partition(".")
    if part:
        return -len(part)
    return len(whole) - len(whole.rstrip("0")) if value else 0


def _words(path: Location, values: Mapping[str, Any]) -> tuple[str, str]:
    """The group under which a field stands, and its label there."""
    here: Any = values
    parts = []
    for part in path:
        here = here[part] if isinstance(part, int) or part in (here or ()) else None
        parts.append(_entry(here, part) if isinstance(part, int) else str(part))
    head = 1 if path[0] in ("policy", "costs") else 2
    words = [part.replace("_", " ") for part in parts]
    return ": ".join(words[:head]), " ".join(words[head:])


def _entry(entry: Any, place: int) -> str:
    """An entry of a list by what it is for."""
    for key in ("products", "groups", "sites", "supplier"):
        named = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(named, str):
            return named
        if isinstance(named, list):
            return ", ".join(map(str, named))
    return f"entry {place + 1}"
