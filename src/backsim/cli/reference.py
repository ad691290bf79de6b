"""The reference page: every field, distribution, rule and metric, from where each is declared."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from backsim.cli.show import parameter
from backsim.results.metrics import groups
from backsim.rules import FAMILIES
from backsim.scenario.distributions.base import REGISTRY
from backsim.scenario.jsonschema import json_schema

HEAD = """# Reference

Every field, distribution, rule and metric. Made by `backsim reference` from where each is declared.
A distribution may be a plain number, which is always that value. `{days: 14}` may stand for a
number of units: so many days of mean demand at the stock point. A level of a reorder rule may
also be written as [Above](#above), [Target](#target) or [SafetyStock](#safetystock)."""


def reference() -> str:
    """The page, in Markdown."""
    parts = [HEAD, *_fields(), *_distributions(), *_rules(), *_metrics()]
    return "\n".join(parts) + "\n"


def _fields() -> Iterator[str]:
    schema = json_schema()
    hidden = {cls.__name__ for cls in REGISTRY.values()}
    parts = {"Scenario": schema, **schema["$defs"]}
    yield "\n## Fields"
    for name, part in parts.items():
        if part.get("type") != "object" or name in hidden or not name[0].isupper():
            continue
        yield f"\n### {name}\n\n{part.get('description', '')}\n"
        if part.get("properties"):
            yield from _table(part)


def _table(part: dict[str, Any]) -> Iterator[str]:
    yield "| field | value | default | meaning |"
    yield "|---|---|---|---|"
    required = part.get("required", [])
    for field, value in part["properties"].items():
        default = "required" if field in required else _default(value.get("default"))
        meaning = " ".join(value.get("description", "").split())
        yield f"| `{field}` | {_kind(value)} | {default} | {meaning} |"


def _default(value: Any) -> str:
    if value is None or value in ({}, [], ""):
        return ""
    if isinstance(value, dict):
        inner = value.get("rule", value.get("value"))
        return f"`{inner:g}`" if isinstance(inner, float) else f"`{inner}`" if inner else ""
    if isinstance(value, list):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(value: dict[str, Any]) -> str:
    """A property's type in a few words."""
    unit = f" ({value['unit']})" if value.get("unit") else ""
    members = _members(value)
    if any(m.get("$ref", "").endswith("/exponential_") for m in members):
        words = [_one(m) for m in members if "const" in m or "enum" in m]
        return " or ".join([*words, "distribution" + unit])
    if any("rule" in m.get("properties", {}) or "reorder_" in m.get("$ref", "") for m in members):
        return "rule"
    kinds = dict.fromkeys(_one(m) for m in members if m.get("type") != "null")
    text = " or ".join(kind for kind in kinds if kind)
    return text if text.endswith(unit) else text + unit


def _members(value: dict[str, Any]) -> list[dict[str, Any]]:
    for key in ("anyOf", "oneOf", "allOf"):
        if key in value:
            return [m for member in value[key] for m in _members(member)]
    return [value]


def _one(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})" if name[0].isupper() else "rule"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    kind = {"integer": "whole number", "string": "text", "array": "list", "object": "mapping"}
    text = kind.get(value.get("type", ""), value.get("type", ""))
    if value.get("format") == "date":
        text = "date"
    inner = value.get("additionalProperties") or value.get("items")
    if isinstance(inner, dict):
        members = dict.fromkeys(map(_one, _members(inner)))
        text += f" of {' or '.join(members)}" if any("[" in m for m in members) else ""
    signs = {
        "exclusiveMinimum": "> ",
        "minimum": ">= ",
        "exclusiveMaximum": "< ",
        "maximum": "<= ",
    }
    bounds = [f"{sign}{value[key]:g}" for key, sign in signs.items() if key in value]
    unit = f" ({value['unit']})" if value.get("unit") else ""
    return " ".join([text, ", ".join(bounds)]).strip() + unit


def _distributions() -> Iterator[str]:
    yield "\n## Distributions\n"
    yield "| name | parameters | meaning |"
    yield "|---|---|---|"
    for name, cls in REGISTRY.items():
        meaning = " ".join((inspect.getdoc(cls) or "").split())
        yield f"| `{name}` | {', '.join(f'`{field}`' for field in cls.model_fields)} | {meaning} |"


def families() -> str:
    """The families of rules and what each offers, as a table in Markdown."""
    rows = ["| family | what it answers | offers |", "|---|---|---|"]
    for family in FAMILIES.values():
        offers = ", ".join(f"`{name}`" for name in family.offers)
        rows.append(f"| `{family.name}` | {' '.join(family.doc.split())} | {offers} |")
    return "\n".join(rows) + "\n"


def _rules() -> Iterator[str]:
    for family in FAMILIES.values():
        yield f"\n## Rules: {family.name}\n\n{family.doc}\n"
        yield f"Offered arguments: {', '.join(f'`{name}`' for name in family.offers)}."
        for rule in family.rules.values():
            yield f"\n### {rule.name}\n\n{rule.doc}"
            for p in rule.parameters:
                yield f"\n- `{p.name}`: {parameter(p)}"


SLASH = "&#124;"
"""A vertical bar within a table."""


def _metrics() -> Iterator[str]:
    yield "\n## Metrics\n"
    for group, members in groups().items():
        yield f"\n### {group.capitalize()}\n"
        yield "| metric | unit | better | definition |"
        yield "|---|---|---|---|"
        for m in members:
            yield f"| `{m.name}` | {m.unit} | {m.better} | {m.definition.replace('|', SLASH)} |"
